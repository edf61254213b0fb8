package web_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bridge/connect/web"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// body is a request's body in memory.
type body struct {
	io.Reader

	size int64
}

func (b *body) Size() int64  { return b.size }
func (b *body) Close() error { return nil }

// server runs a handler and gives a web.Server in front of it; dials counts its connections.
func server(t *testing.T, h http.Handler, p web.Params) (s *web.Server, dials *atomic.Int64) {
	t.Helper()
	origin := httptest.NewServer(h)
	t.Cleanup(origin.Close)
	dials = new(atomic.Int64)
	p.Dial = func(ctx context.Context) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, "tcp", origin.Listener.Addr().String())
	}
	p.Host, p.Origin = "origin:80", "http://origin:80"
	return start(t, p), dials
}

func start(t *testing.T, p web.Params) *web.Server {
	t.Helper()
	var runs sync.WaitGroup
	p.Go = runs.Go
	s := web.New(p)
	t.Cleanup(runs.Wait)
	t.Cleanup(s.Close)
	return s
}

// echo answers with what came.
func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err == nil {
		_, _ = w.Write(b)
	}
}

func request(method, target string, b shape.Body) *shape.Request {
	return &shape.Request{Hello: shape.Hello{Target: target}, Method: method, Body: b}
}

// read gives the whole of an answer.
func read(t *testing.T, r *shape.Response) string {
	t.Helper()
	if r.Body == nil {
		return ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPaths: what is cut off a path and what is put there, both ways.
func TestPaths(t *testing.T) {
	paths := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		fmt.Fprint(w, r.RequestURI)
	})
	for _, row := range []struct{ from, to, target, want, location, back string }{
		{"/web", "", "/web", "/", "/login", "/web/login"},
		{"/web", "", "/WEB/x", "/x", "/", "/web/"},
		{"/web", "", "/website/x", "/website/x", "//other/x", "//other/x"},
		{"/a/b", "/app", "/a/b/x%20y?q=1", "/app/x%20y?q=1", "/app/z?q#f", "/a/b/z?q#f"},
		{"/a/b", "/app", "/a/b", "/app", "/apple", "/apple"},
		{"/web", "/app", "/web/", "/app/", "http://origin:80/app/x", "/web/x"},
		{"/web", "/app", "/web", "/app", "http://elsewhere/app/x", "http://elsewhere/app/x"},
		{"/web", "/app", "/web", "/app", "relative", "relative"},
		{"/web", "", "/web/a b/\u00fc", "/a%20b/%C3%BC", "/", "/web/"}, // as the relay decodes it
		{"/web", "/web", "/web/x", "/web/x", "http://origin:80", "http://origin:80"},
		{"/web", "", "/web/x", "/x", "http://origin:80", "/web/"},
	} {
		s, _ := server(t, paths, web.Params{From: row.from, To: row.to})
		join := "?"
		if strings.Contains(row.target, "?") {
			join = "&"
		}
		suffix := join + "to=" + strings.NewReplacer("#", "%23", "?", "%3F").Replace(row.location)
		r, err := s.Exchange(t.Context(), request("GET", row.target+suffix, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r); got != row.want+suffix || r.Fields.Get("Location") != row.back {
			t.Errorf("%+v: %s, Location %s", row, got, r.Fields.Get("Location"))
		}
	}
}

// TestFields: what is set, taken out and kept.
func TestFields(t *testing.T) {
	var seen http.Header
	var host string
	note := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen, host = r.Header.Clone(), r.Host })
	fields := shape.Fields{
		{Name: "Host", Value: "relay"}, {Name: "X-Set", Value: "old"}, {Name: "x-set", Value: "older"}, {Name: "X-Gone", Value: "1"}, {Name: "Expect", Value: "100-continue"},
		{Name: "Connection", Value: "X-Hop"}, {Name: "X-Hop", Value: "1"}, {Name: "X-Kept", Value: "1"},
	}
	for _, keep := range []bool{false, true} {
		s, _ := server(t, note, web.Params{KeepHost: keep, Add: []shape.Field{{Name: "X-Set", Value: "new"}, {Name: "X-New", Value: "1"}}, Remove: []string{"x-gone", "host"}})
		r := request("GET", "/", nil)
		r.Fields = fields
		response, err := s.Exchange(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		read(t, response)
		want := map[bool]string{false: "origin:80", true: "relay"}[keep]
		if host != want || len(seen["X-Set"]) != 1 || seen.Get("X-Set") != "new" || seen.Get("X-New") != "1" || seen.Get("X-Kept") != "1" {
			t.Errorf("host %s, %v", host, seen)
		}
		for _, name := range []string{"X-Gone", "Expect", "X-Hop", "Connection"} {
			if _, there := seen[name]; there {
				t.Errorf("%s: %v", name, seen)
			}
		}
	}
	if len(fields) != 8 || fields[1].Value != "old" {
		t.Errorf("the sender's own fields were changed: %v", fields)
	}
}

// TestPool: connections are kept for the next request; one that the server gave up meanwhile is not used.
func TestPool(t *testing.T) {
	s, dials := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/close" {
			w.Header().Set("Connection", "close")
		}
		echo(w, r)
	}), web.Params{})
	for i := range 20 {
		b := strings.Repeat("x", i*100)
		for _, size := range []int64{int64(len(b)), -1} {
			r, err := s.Exchange(t.Context(), request("POST", "/", &body{strings.NewReader(b), size}))
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, r); got != b {
				t.Errorf("%d bytes of %d", len(got), len(b))
			}
		}
	}
	if dials.Load() != 1 {
		t.Errorf("%d connections for requests one by one", dials.Load())
	}
	for range 3 {
		r, err := s.Exchange(t.Context(), request("GET", "/close", nil))
		if err != nil {
			t.Fatal(err)
		}
		read(t, r)
	}
	if dials.Load() != 3 { // the first of the three had the kept one
		t.Errorf("%d connections", dials.Load())
	}
	var runs sync.WaitGroup
	for range 32 {
		runs.Go(func() {
			for range 20 {
				r, err := s.Exchange(t.Context(), request("POST", "/", &body{strings.NewReader("y"), 1}))
				if err != nil {
					t.Error(err)
					return
				}
				if got := read(t, r); got != "y" {
					t.Errorf("%q", got)
				}
			}
		})
	}
	runs.Wait()
	if dials.Load() > 3+32 {
		t.Errorf("%d connections for 32 at a time", dials.Load())
	}
}

// TestGoneWhileKept: a server that closes kept connections, and one that closes them as the request comes, costs no request that
// has no body.
func TestGoneWhileKept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var runs sync.WaitGroup
	runs.Go(func() { // each connection answers once, and hangs up when the second request is there
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			runs.Go(func() {
				defer c.Close()
				in := bufio.NewReader(c)
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				_, _ = in.ReadByte()
			})
		}
	})
	t.Cleanup(runs.Wait)
	t.Cleanup(func() { l.Close() })
	s := start(t, web.Params{Host: "h", Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}})
	for range 5 {
		r, err := s.Exchange(t.Context(), request("GET", "/", nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r); got != "ok" {
			t.Errorf("%q", got)
		}
	}
	_, err = s.Exchange(t.Context(), request("POST", "/", &body{strings.NewReader("once"), 4}))
	if no, ok := errors.AsType[*fail.Error](err); !ok || no.Status != http.StatusBadGateway {
		t.Errorf("a request with a body was said twice, or not refused: %v", err)
	}
}

// TestEnds: a context that ends, a body that is given up, an upload that breaks off: the connection goes, the next request is good.
func TestEnds(t *testing.T) {
	begun := make(chan struct{}, 10)
	s, _ := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex() // net/http would read on before it answers
		switch r.URL.Path {
		case "/slow":
			begun <- struct{}{}
			<-r.Context().Done()
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		case "/early":
			_, _ = io.WriteString(w, "enough")
		default:
			echo(w, r)
		}
	}), web.Params{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := s.Exchange(ctx, request("GET", "/slow", nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	r, err := s.Exchange(t.Context(), request("GET", "/endless", nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, r.Body, 1<<20); err != nil {
		t.Error(err)
	}
	r.Body.Close()
	broken := errors.New("the sender has gone")
	if _, err := s.Exchange(t.Context(), request("POST", "/", &body{io.MultiReader(strings.NewReader("x"), failing{broken}), -1})); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	reader, writer := io.Pipe()
	r, err = s.Exchange(t.Context(), request("POST", "/early", &body{reader, -1}))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); got != "enough" {
		t.Errorf("%q", got)
	}
	writer.Close()
	r, err = s.Exchange(t.Context(), request("POST", "/", &body{strings.NewReader("good"), 4}))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, r); got != "good" {
		t.Errorf("%q", got)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestTLS: the server's certificate is checked by the authorities that were named, and a client certificate is shown.
func TestTLS(t *testing.T) {
	origin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.TLS.PeerCertificates))
	}))
	origin.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	origin.StartTLS()
	t.Cleanup(origin.Close)
	pool := x509.NewCertPool()
	pool.AddCert(origin.Certificate())
	for _, row := range []struct {
		config *tls.Config
		want   string // "": refused
	}{
		{&tls.Config{ServerName: "example.com", MinVersion: tls.VersionTLS12}, ""},
		{&tls.Config{ServerName: "elsewhere", RootCAs: pool, MinVersion: tls.VersionTLS12}, ""},
		{&tls.Config{ServerName: "example.com", RootCAs: pool, MinVersion: tls.VersionTLS12}, "0"},
		{&tls.Config{ServerName: "example.com", RootCAs: pool, Certificates: origin.TLS.Certificates, MinVersion: tls.VersionTLS12}, "1"},
	} {
		s := start(t, web.Params{Host: "h", TLS: row.config, Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", origin.Listener.Addr().String())
		}})
		r, err := s.Exchange(t.Context(), request("GET", "/", nil))
		if row.want == "" {
			if no, ok := errors.AsType[*fail.Error](err); !ok || no.Status != http.StatusBadGateway || !errors.As(err, new(*web.DialError)) {
				t.Errorf("%v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r); got != row.want {
			t.Errorf("%s certificates, want %s", got, row.want)
		}
	}
}

// TestDial: what keeps the server from being reached is told apart, without its address.
func TestDial(t *testing.T) {
	for _, row := range []struct {
		err    error
		status int
	}{
		{errors.New("dial tcp 10.0.0.1:80: no"), http.StatusBadGateway},
		{fmt.Errorf("dial: %w", context.DeadlineExceeded), http.StatusGatewayTimeout},
	} {
		s := start(t, web.Params{Host: "h", Dial: func(context.Context) (net.Conn, error) { return nil, row.err }})
		_, err := s.Exchange(t.Context(), request("GET", "/", nil))
		if no, ok := errors.AsType[*fail.Error](err); !ok || no.Code != fail.Rejected || no.Status != row.status || strings.Contains(no.Text, "10.0.0.1") {
			t.Errorf("%v", err)
		}
	}
}

// TestUpgradeEnds: an upgrade that nobody answers ends with its context; a refusal comes back with its head.
func TestUpgradeEnds(t *testing.T) {
	s, _ := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Sec-Websocket-Key") == "" || r.Header.Get("Sec-Websocket-Version") != "13" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusForbidden)
	}), web.Params{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, _, err := s.Upgrade(ctx, "/hang", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	conn, head, _, err := s.Upgrade(t.Context(), "/no", nil)
	if err != nil || conn != nil || head.Status != http.StatusForbidden {
		t.Errorf("%v, %+v", err, head)
	}
}
