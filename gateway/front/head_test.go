package front

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/leg"
)

func TestSlowHead(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":         "",
		"part of a line":  "GET / HT",
		"part of a head":  "GET / HTTP/1.1\r\nHost: gw\r\n",
		"all but the end": "GET / HTTP/1.1\r\nHost: gw\r\nX: y\r\n\r",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := open(t, nil)
				start := time.Now()
				got := ask(t, w.dial(t, "80"), sent)
				if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
					t.Errorf("answered after %v, want 10 s", took)
				}
				checkRefusal(t, got, 408, fail.SlowHead)
				if r := w.seen.refusals(); len(r) != 1 || r[0].Code != fail.SlowHead || r[0].Door != HTTP || r[0].Status != 408 {
					t.Errorf("the hook saw %+v", r)
				}
			})
		})
	}
}

// TestDribbledHead sends a byte a second: what has come does not move the deadline.
func TestDribbledHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		c := w.dial(t, "80")
		done := make(chan struct{})
		go func() {
			defer close(done)
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for range 30 {
				<-tick.C
				if _, err := c.Write([]byte("G")); err != nil {
					return
				}
			}
			t.Error("the server took 30 bytes in 30 s")
		}()
		defer func() { <-done }()
		b, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		checkRefusal(t, string(b), 408, fail.SlowHead)
	})
}

// checkRefusal holds an answer of the front against reference section 5.
func checkRefusal(t *testing.T, got string, status int, code fail.Code) {
	t.Helper()
	r := bufio.NewReader(strings.NewReader(got))
	resp, body := answer(t, r, "GET")
	if resp.StatusCode != status || resp.Header.Get("Causeway-Error") != string(code) {
		t.Fatalf("answer %.300q, want %d %s", got, status, code)
	}
	if !resp.Close || resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Via") != "" {
		t.Errorf("header %v", resp.Header)
	}
	_, phrase, _ := strings.Cut(resp.Status, " ")
	if !strings.Contains(phrase, ". TrackingId:") || !strings.Contains(phrase, ", SystemTracker:") {
		t.Errorf("reason phrase %q", phrase)
	}
	var parsed struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(body), &parsed); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	_, name := Status(code)
	if parsed.Error.Message != phrase {
		t.Errorf("message %q, phrase %q", parsed.Error.Message, phrase)
	}
	if want := bodyCode(status); parsed.Error.Code != want || status == 404 && want != name {
		t.Errorf("body code %q, want %q", parsed.Error.Code, want)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("behind the answer: %q %v", rest, err)
	}
}

func TestBadHeads(t *testing.T) {
	w := open(t, nil)
	for _, c := range []struct {
		name, request string
		status        int
		code          fail.Code
	}{
		{"noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, fail.BadRequest},
		{"bare line feeds", "GET / HTTP/1.1\nHost: gw\n\n", 400, fail.BadRequest},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400, fail.BadRequest},
		{"two lengths", "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, fail.BadRequest},
		{"both framings", "POST / HTTP/1.1\r\nHost: gw\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, fail.BadRequest},
		{"unknown coding", "POST / HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: gzip\r\n\r\n", 501, fail.BadRequest},
		{"version", "GET / HTTP/2.0\r\nHost: gw\r\n\r\n", 505, fail.BadRequest},
		{"long field", "GET / HTTP/1.1\r\nHost: gw\r\nX: " + repeat("x", 40<<10) + "\r\n\r\n", 431, fail.HeadTooLarge},
		{"many fields", "GET / HTTP/1.1\r\nHost: gw\r\n" + repeat("X: y\r\n", 300) + "\r\n", 431, fail.HeadTooLarge},
		{"long target", "GET /" + repeat("x", 20<<10) + " HTTP/1.1\r\nHost: gw\r\n\r\n", 414, fail.HeadTooLarge},
		{"expectation", "POST / HTTP/1.1\r\nHost: gw\r\nExpect: tea\r\nContent-Length: 1\r\n\r\nx", 417, fail.BadRequest},
		{"bad port for net/url", "GET http://gw:80:80/ HTTP/1.1\r\nHost: gw\r\n\r\n", 400, fail.BadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkRefusal(t, ask(t, w.dial(t, "80"), c.request), c.status, c.code)
			checkRefusal(t, ask(t, w.dialTLS(t), c.request), c.status, c.code)
		})
	}
}

// TestHeadsAtTheLimit finds the length at which a head is too long: exactly HeadBytes are taken.
func TestHeadsAtTheLimit(t *testing.T) {
	w := open(t, nil)
	const start, end = "GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\nX: ", "\r\n\r\n"
	fits := start + repeat("x", 32<<10-len(start)-len(end)) + end
	if got := ask(t, w.dial(t, "80"), fits); statusOf(got) != "200" {
		t.Errorf("a head of 32 KiB: %.80q", got)
	}
	checkRefusal(t, ask(t, w.dial(t, "80"), strings.Replace(fits, "X: ", "X: x", 1)), 431, fail.HeadTooLarge)
}

func TestHeadEndsEarly(t *testing.T) {
	w := open(t, nil)
	for request, want := range map[string]string{
		"":                                    "",
		"GET / HTTP/1.1\r\nHost: gw\r\n":      "400",
		"GET / HTTP/1.1\r\nHost: g(w":         "400",
		"GET / HTTP/1.1\r\nHost: gw\r\n\r\nG": "200",
	} {
		c := w.dial(t, "80")
		send(t, c, request)
		c.(interface{ CloseWrite() error }).CloseWrite()
		b, err := io.ReadAll(c)
		if err != nil || statusOf(string(b)) != want {
			t.Errorf("%q: %.80q, %v; want %q", request, b, err, want)
		}
	}
}

// TestSystemTracker shows the address that was asked for and never its query, which may hold a token.
func TestSystemTracker(t *testing.T) {
	w := open(t, nil)
	const rest = " HTTP/1.1\r\nHost: gw:80\r\nExpect: tea\r\n"
	for request, want := range map[string]string{
		"GET /$hc/a/b?sb-hc-token=secret" + rest + "\r\n":                     "SystemTracker:gw:80:/$hc/a/b\r\n",
		"GET /$hc/a?sb-hc-token=secret" + rest + "Upgrade: websocket\r\n\r\n": "SystemTracker:sb://gw:80/$hc/a\r\n",
	} {
		got := ask(t, w.dial(t, "80"), request)
		if !strings.Contains(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%q was answered %q", request, got)
		}
	}
}

func TestIdleConnectionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		for _, dial := range []func() net.Conn{func() net.Conn { return w.dial(t, "80") }, func() net.Conn { return w.dialTLS(t) }} {
			c := dial()
			r := bufio.NewReader(c)
			send(t, c, "GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
			answer(t, r, "GET")
			start := time.Now()
			ended(t, r)
			if took := time.Since(start); took < 59*time.Second || took > 61*time.Second {
				t.Errorf("closed after %v, want 60 s", took)
			}
		}
		if r := w.seen.refusals(); len(r) != 0 {
			t.Errorf("an idle end is no refusal: %+v", r)
		}
	})
}

// TestSecondRequestLate comes after the buffer was given back, and slowly: its head has 10 s of its own.
func TestSecondRequestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		c := w.dial(t, "80")
		r := bufio.NewReader(c)
		for range 3 {
			send(t, c, "GET /late HTTP/1.1\r\n")
			<-time.After(9 * time.Second)
			send(t, c, "Host: gw\r\n\r\n")
			if _, body := answer(t, r, "GET"); body != `GET /late ""` {
				t.Fatalf("body %q", body)
			}
			<-time.After(30 * time.Second)
		}
		start := time.Now()
		got := ask(t, c, "G")
		checkRefusal(t, got, 408, fail.SlowHead)
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("answered after %v, want 10 s", took)
		}
	})
}

// TestIdleHoldsNoBuffer looks, at each read, at what a connection between two requests keeps: a buffer for a moment, then none.
func TestIdleHoldsNoBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := netPipe(t)
		s, err := New(Params{Handler: http.HandlerFunc(echo)})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		probe := &probe{Conn: far}
		probe.c = newConn(s, HTTP, s.crowd.open(probe))
		defer s.crowd.served()
		done := make(chan error)
		go func() { done <- probe.c.awaitNext() }()
		<-time.After(time.Minute / 2)
		send(t, near, "G")
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(probe.held) != 2 || !probe.held[0] || probe.held[1] {
			t.Errorf("had a buffer at its reads: %v, want true, then false", probe.held)
		}
		if got := string(probe.c.in.unread()); got != "G" {
			t.Errorf("the byte that woke it became %q", got)
		}
	})
}

// probe notes at each read whether its connection holds a buffer.
type probe struct {
	net.Conn
	c    *conn
	held []bool
}

func (p *probe) Read(b []byte) (int, error) {
	p.held = append(p.held, p.c.in.buf != nil)
	return p.Conn.Read(b)
}

func TestPlainHTTPAtTLSDoor(t *testing.T) {
	w := open(t, nil)
	got := ask(t, w.dial(t, "443"), "GET / HTTP/1.1\r\nHost: gw\r\n\r\n")
	checkRefusal(t, got, 400, fail.BadRequest)
	if !strings.Contains(got, "TLS") {
		t.Errorf("the answer does not say why: %q", got)
	}
}

func TestTLSErrorIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		if got := ask(t, w.dial(t, "443"), "\x16\x03\x01\x00\x02\xff\xff"); strings.HasPrefix(got, "HTTP") {
			t.Errorf("answered in plain: %q", got)
		}
		start := time.Now()
		if got := ask(t, w.dial(t, "443"), ""); got != "" {
			t.Errorf("a silent client was told %q", got)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("a silent client was closed after %v, want 10 s", took)
		}
		w.seen.mu.Lock()
		defer w.seen.mu.Unlock()
		if len(w.seen.tls) != 2 || len(w.seen.refused) != 0 || w.seen.greeted != 0 {
			t.Errorf("hooks saw %v, %v, %d", w.seen.tls, w.seen.refused, w.seen.greeted)
		}
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full *fail.Error
		entered, left := 0, 0
		w := open(t, func(p *Params) {
			p.Enter = func(remote netip.AddrPort) (func(), *fail.Error) {
				if !remote.IsValid() {
					t.Error("no remote address")
				}
				if full != nil {
					return nil, full
				}
				entered++
				return func() { left++ }, nil
			}
			p.Route = takeUpgrades(func(_ context.Context, a *leg.Arrival) { go a.Conn.Read(make([]byte, 1)) })
		})
		c := w.dial(t, "80")
		ask(t, c, "GET / HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n")
		kept := w.dialTLS(t)
		send(t, kept, "GET / HTTP/1.1\r\nHost: gw\r\nUpgrade: x\r\n\r\n")
		synctest.Wait()
		if entered != 2 || left != 1 {
			t.Errorf("entered %d, left %d; the taken connection is still open", entered, left)
		}
		full = fail.New(fail.Overloaded, "")
		checkRefusal(t, ask(t, w.dial(t, "80"), "GET / HTTP/1.1\r\nHost: gw\r\n\r\n"), 503, fail.Overloaded)
		full = fail.New(fail.ConnectionLimit, "Too many connections")
		checkRefusal(t, ask(t, w.dialTLS(t), ""), 403, fail.ConnectionLimit)
		w.Close()
		synctest.Wait()
		if entered != 2 || left != 2 {
			t.Errorf("at the end entered %d, left %d", entered, left)
		}
	})
}

// TestRefusalsAreBounded holds all slots with clients that do not go; the next is closed without TLS and without an answer.
func TestRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, func(p *Params) {
			p.Enter = func(netip.AddrPort) (func(), *fail.Error) { return nil, fail.New(fail.Overloaded, "") }
		})
		for range maxRefusals {
			w.dial(t, "443")
		}
		synctest.Wait()
		if got := ask(t, w.dial(t, "80"), ""); got != "" {
			t.Errorf("answered %q", got)
		}
		if r := w.seen.refusals(); len(r) != 1 || r[0].Status != 0 || r[0].Code != fail.Overloaded {
			t.Errorf("the hook saw %+v", r)
		}
	})
}

// TestRefusalArrives fills the connection with what the server never reads: the answer must come before any reset.
func TestRefusalArrives(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Params{Doors: []Door{{Name: HTTP, Listener: l}}, Handler: http.HandlerFunc(echo)})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(t.Context()) }()
	for range 20 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		got := ask(t, c, "GET / HTTP/1.1\r\nHost: gw\r\nX: "+repeat("x", 200<<10))
		if statusOf(got) != "431" {
			t.Errorf("answer %.80q", got)
		}
		c.Close()
	}
	s.Close()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
}

// takeUpgrades routes every request with an Upgrade field.
func takeUpgrades(take Take) func(*leg.Arrival) Take {
	return func(a *leg.Arrival) Take {
		if a.Head.Fields.Has("Upgrade") {
			return take
		}
		return nil
	}
}
