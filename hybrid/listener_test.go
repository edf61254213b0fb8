package hybrid_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
)

// TestComesBack: after a loss a listener tries at once, then with growing pauses, with its id and a new token each time,
// whatever the no; and a channel that was lost at once counts as another no.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, heard := newFake(t), newEvents()
		defer f.close()
		l, err := f.listen(heard.option())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		heard.next(t, hybrid.Online)
		pause(t.Context(), time.Minute)
		f.answers(status(503, "Starting"))
		lost := time.Now()
		f.net.Reset("gateway", "inside")
		want := []struct {
			code  fail.Code
			pause time.Duration
		}{
			{fail.Aborted, 0},
			{fail.Starting, time.Second},
			{fail.Starting, 2 * time.Second},
			{fail.InvalidSignature, 5 * time.Second},
			{fail.UnknownEntity, 10 * time.Second},
			{fail.UnknownEntity, 30 * time.Second},
			{fail.UnknownEntity, 30 * time.Second},
			{fail.UnknownEntity, 30 * time.Second},
		}
		at := lost
		for i, w := range want {
			ev := heard.next(t, hybrid.Offline)
			if e, ok := errors.AsType[*hybrid.Error](ev.Err); !ok || e.Code != w.code || e.Op != "listen" || e.TrackingID == "" {
				t.Errorf("loss %d: %#v, want %s", i, ev.Err, w.code)
			}
			least := w.pause
			if most := least + max(least/4, 100*time.Millisecond); ev.Retry < least || ev.Retry > most {
				t.Errorf("loss %d: pause %v, want %v to %v", i, ev.Retry, least, most)
			}
			switch i {
			case 2:
				f.answers(status(401, "InvalidSignature"))
			case 3:
				f.answers(status(404, "UnknownEntity"))
			case len(want) - 1:
				f.answers(f.welcome)
			}
			at = at.Add(ev.Retry)
			if !heardAt(t, f, i+2, at) {
				return
			}
		}
		heard.next(t, hybrid.Online)
		checkKnocks(t, f, l)

		f.net.Reset("gateway", "inside") // at once: the ladder goes on
		if ev := heard.next(t, hybrid.Offline); ev.Retry < 30*time.Second {
			t.Errorf("a channel that was lost at once: pause %v", ev.Retry)
		}
		heard.next(t, hybrid.Online)
		pause(t.Context(), time.Minute)
		f.net.Reset("gateway", "inside") // later: it begins anew
		if ev := heard.next(t, hybrid.Offline); ev.Retry > time.Second {
			t.Errorf("a channel that was steady: pause %v", ev.Retry)
		}
		heard.next(t, hybrid.Online)
	})
}

// heardAt waits for handshake n, counted from 1, and compares when it came.
func heardAt(t *testing.T, f *fake, n int, at time.Time) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for len(f.seen()) < n {
		if !pause(ctx, 10*time.Millisecond) {
			t.Errorf("handshake %d did not come", n)
			return false
		}
	}
	if came := f.seen()[n-1].at; came.Sub(at).Abs() > time.Millisecond {
		t.Errorf("handshake %d came %v after its time", n, came.Sub(at))
	}
	return true
}

// checkKnocks: one id, the listen action, and a token that was made for each.
func checkKnocks(t *testing.T, f *fake, l *hybrid.Listener) {
	t.Helper()
	tokens := map[string]bool{}
	for _, k := range f.seen() {
		if k.id != l.ID() || k.path != "/$hc/hyco" || !strings.Contains(k.query, "sb-hc-action=listen") {
			t.Errorf("handshake %+v, want the id %s", k, l.ID())
		}
		tokens[k.token] = true
	}
	if len(tokens) < len(f.seen())-2 { // two within a second are the same
		t.Errorf("%d tokens for %d handshakes", len(tokens), len(f.seen()))
	}
}

// TestFirstRefusalIsFinal: Listen does not try again.
func TestFirstRefusalIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		f.answers(status(503, "Starting"))
		_, err := f.listen()
		e, ok := errors.AsType[*hybrid.Error](err)
		if !ok || e.Code != fail.Starting || !e.Temporary() || e.TrackingID != "11111111-2222-4333-8444-555555555555" || len(f.seen()) != 1 {
			t.Errorf("%#v after %d handshakes", err, len(f.seen()))
		}
	})
}

// TestForeignGateway: without the header of ours, the code comes of status and reason.
func TestForeignGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		for _, c := range []struct {
			status string
			code   fail.Code
		}{
			{"401 InvalidSignature: The token has an invalid signature. TrackingId:a_G1", fail.InvalidSignature},
			{"401 ExpiredToken: The token is expired. TrackingId:a_G1", fail.ExpiredToken},
			{"401 Authorization failed for specified action: Listen. TrackingId:a_G1", fail.RightMissing},
			{"401 Unauthorized", fail.MalformedToken},
			{"404 Endpoint does not exist. TrackingId:a_G1", fail.UnknownEntity},
			{"403 MaximumListenersPerEndpoint quota exceeded. TrackingId:a_G1", fail.ListenerLimit},
			{"503 Service Unavailable", fail.Overloaded},
			{"504 Gateway Timeout. TrackingId:a_G1", fail.AcceptTimeout},
			{"301 Moved", fail.Rejected},
			{"200 OK", fail.Rejected},
		} {
			f.answers(func(w http.ResponseWriter, _ *http.Request) {
				raw(t, w, "HTTP/1.1 "+c.status+"\r\nContent-Length: 0\r\n\r\n")
			})
			_, err := f.listen()
			e, ok := errors.AsType[*hybrid.Error](err)
			if !ok || e.Code != c.code || !strings.HasPrefix(c.status, strconv.Itoa(e.Status)+" "+e.Reason) {
				t.Errorf("%s: %#v", c.status, err)
			}
			if stranger := !strings.Contains(c.status, "TrackingId"); stranger != strings.Contains(e.Do, "no relay") {
				t.Errorf("%s: advice %q", c.status, e.Do)
			}
		}
	})
}

// TestLaterGateway: a code that this version does not know is none; the status decides.
func TestLaterGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		f.answers(status(http.StatusServiceUnavailable, "MercuryRetrograde"))
		_, err := f.listen()
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || e.Code != fail.Overloaded || !e.Temporary() || e.Do == "" {
			t.Errorf("%#v", err)
		}
	})
}

// raw writes an answer with its own reason phrase, which net/http cannot.
func raw(t *testing.T, w http.ResponseWriter, answer string) {
	t.Helper()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(answer))
}

// TestDeadGateway: a gateway that is gone without a word is noticed by its silence, and the listener returns.
func TestDeadGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, heard := newFake(t), newEvents()
		defer f.close()
		l, err := f.listen(heard.option(), hybrid.WithKeepAlive(30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var pings int
		channel := f.channel(1)
		channel.SetPingHandler(func(string) error {
			pings++
			return channel.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second))
		})
		go func() { _, _, _ = channel.ReadMessage() }()
		pause(t.Context(), 10*time.Minute)
		if synctest.Wait(); len(heard) != 1 || pings < 19 {
			t.Fatalf("%d events and %d pings in ten minutes", len(heard), pings)
		}
		heard.next(t, hybrid.Online)
		cut := time.Now()
		f.net.Partition("gateway", "inside")
		ev := heard.next2(t, 10*time.Minute)
		if e, ok := errors.AsType[*hybrid.Error](ev.Err); !ok || ev.Kind != hybrid.Offline || e.Code != fail.Idle {
			t.Errorf("%v %v", ev.Kind, ev.Err)
		}
		if took := time.Since(cut); took < time.Minute || took > 2*time.Minute {
			t.Errorf("noticed after %v", took)
		}
		pause(t.Context(), 5*time.Second)
		f.net.Heal("gateway", "inside")
		if ev := heard.next2(t, 10*time.Minute); ev.Kind != hybrid.Online {
			t.Errorf("%v %v", ev.Kind, ev.Err)
		}
	})
}

// next2 is next for any kind, in a bubble's time.
func (e events) next2(t *testing.T, patience time.Duration) hybrid.Event {
	t.Helper()
	select {
	case ev := <-e:
		return ev
	case <-time.After(patience):
		t.Fatal("no event")
		return hybrid.Event{}
	}
}

// TestRenews: a new token is shown with a quarter of the old one's life left, day after day; failures are told and tried
// again.
func TestRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, heard := newFake(t), newEvents()
		defer f.close()
		var ttl atomic.Int64 // 0: the source is broken
		ttl.Store(int64(time.Hour))
		l, err := f.listen(heard.option(), hybrid.WithKeepAlive(0), hybrid.WithTokenSource(func(_ context.Context, audience string) (string, time.Time, error) {
			if audience != "http://gateway/hyco/" {
				t.Errorf("audience %s", audience)
			}
			life := time.Duration(ttl.Load())
			if life == 0 {
				return "", time.Time{}, errors.New("the vault is closed")
			}
			return "token", time.Now().Add(life), nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		heard.next(t, hybrid.Online)
		last := time.Now() // a look for the channel may take time
		channel := f.channel(1)
		renewed := func(want time.Duration) {
			t.Helper()
			_, b, err := channel.ReadMessage()
			if err != nil || string(b) != `{"renewToken":{"token":"token"}}` {
				t.Fatalf("%s %v", b, err)
			}
			if took := time.Since(last); took != want {
				t.Errorf("renewed after %v, want %v", took, want)
			}
			last = time.Now()
		}
		for range 24 {
			renewed(45 * time.Minute)
		}
		ttl.Store(0)
		if ev := heard.next2(t, time.Hour); ev.Kind != hybrid.RenewalFailed || !strings.Contains(ev.Err.Error(), "the vault is closed") {
			t.Errorf("%v %v", ev.Kind, ev.Err)
		}
		ttl.Store(int64(2 * time.Minute))
		renewed(45*time.Minute + 15*time.Minute*3/4)
		renewed(90 * time.Second)
	})
}

// TestClose: the goodbye, its bound, and what it does not wait for.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		l, err := f.listen()
		if err != nil {
			t.Fatal(err)
		}
		channel, said := f.channel(1), make(chan error, 1)
		go func() {
			_, _, err := channel.ReadMessage() // and answers
			said <- err
		}()
		accepting := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			accepting <- err
		}()
		closeWithin(t, l, 0)
		if err := <-said; !websocket.IsCloseError(err, websocket.CloseNormalClosure) || !strings.Contains(err.Error(), "Normal Closure") {
			t.Errorf("the gateway heard %v", err)
		}
		if err := <-accepting; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v", err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept behind Close: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	})
}

// TestCloseDoesNotHang: gateways that do not answer, are away, or hold the handshake.
func TestCloseDoesNotHang(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *fake)
		most  time.Duration
	}{
		{"no answer", func(*fake) {}, 5 * time.Second},
		{"cut off", func(f *fake) { f.net.Partition("gateway", "inside") }, 5 * time.Second},
		{"pings and no answer", func(f *fake) {
			channel, done := f.channel(1), f.t.Context().Done()
			go func() {
				for tick := time.NewTicker(time.Second); ; {
					select {
					case <-tick.C:
					case <-done:
						return
					}
					if channel.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
						return
					}
				}
			}()
		}, 5 * time.Second},
		{"away", func(f *fake) { f.net.Kill("gateway") }, 0},
		{"a handshake that hangs", func(f *fake) {
			f.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			f.net.Reset("gateway", "inside")
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				defer f.close()
				l, err := f.listen()
				if err != nil {
					t.Fatal(err)
				}
				c.spoil(f)
				pause(t.Context(), 50*time.Second) // less than the gateway's silence takes to notice
				closeWithin(t, l, c.most)
				f.net.Heal("gateway", "inside")
			})
		})
	}
}

func closeWithin(t *testing.T, l *hybrid.Listener, most time.Duration) {
	t.Helper()
	began := time.Now()
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if took := time.Since(began); took > most {
		t.Errorf("Close took %v", took)
	}
}

// TestControlMessages: what a gateway may send beside offers does no harm, and HTTP requests are answered.
func TestControlMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, heard := newFake(t), newEvents()
		defer f.close()
		l, err := f.listen(heard.option())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		heard.next(t, hybrid.Online)
		channel := f.channel(1)
		for _, text := range []string{"", "no JSON", `{"unknown":{}}`, `{"injectFault":{"delay":"1"}}`, `{"accept":{"address":"http://elsewhere/","id":"x_G1"}}`} {
			if err := channel.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		_ = channel.WriteMessage(websocket.BinaryMessage, []byte("stray"))
		_ = channel.WriteMessage(websocket.TextMessage, []byte(`{"request":{"address":"wss://gateway/$hc/hyco?sb-hc-action=request&sb-hc-id=q_G1","id":"q_G1","requestTarget":"/hyco","method":"POST","remoteEndpoint":{"address":"1.2.3.4","port":5},"requestHeaders":{},"body":true}}`))
		_ = channel.WriteMessage(websocket.BinaryMessage, []byte(`{"accept":"in a body"}`))
		_, b, err := channel.ReadMessage()
		for _, part := range []string{`"requestId":"q_G1"`, "501", "RequestHandler has not been configured", "TrackingId:q_G1, Address:https:", "/hyco, Timestamp:", "causeway listen NAME --target http:"} {
			if err != nil || !strings.Contains(string(b), part) {
				t.Errorf("no %s in %s %v", part, b, err)
			}
		}
		if _, b, err = channel.ReadMessage(); err != nil || !strings.HasPrefix(string(b), `{"error":{"code":"NotImplemented","message":"The listener RequestHandler`) {
			t.Errorf("body %s %v", b, err)
		}
		if ev := heard.next2(t, time.Minute); ev.Kind != hybrid.SenderLost || !strings.Contains(ev.Err.Error(), "x_G1") {
			t.Errorf("%v %v", ev.Kind, ev.Err)
		}
		_ = channel.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1011, "NameRenewalFailed"), time.Now().Add(time.Second))
		ev := heard.next2(t, time.Minute)
		if e, ok := errors.AsType[*hybrid.Error](ev.Err); !ok || ev.Kind != hybrid.Offline || e.Code != fail.Internal || e.Reason != "NameRenewalFailed" {
			t.Errorf("%v %#v", ev.Kind, ev.Err)
		}
		_ = channel.SetReadDeadline(time.Now().Add(time.Minute))
		if _, _, err := channel.ReadMessage(); !websocket.IsCloseError(err, 1011) {
			t.Errorf("the gateway's Close was answered by %v", err)
		}
		var timeout net.Error
		if _, err := channel.NetConn().Read(make([]byte, 1)); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("the connection stays open: %v", err)
		}
	})
}

// TestAddressesOfOthers: a gateway behind a door that ends TLS says ws, and one of others has no header with the tracking id.
func TestAddressesOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		l, err := f.listen()
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		const id = "00010203-0405-4607-8809-0a0b0c0d0e0f_G1"
		message := `{"accept":{"address":"ws://gateway/$hc/hyco/deep?x=%20&sb-hc-action=accept&sb-hc-id=` + id + `","id":"` + id + `","connectHeaders":{"Sec-WebSocket-Protocol":"a, b"},"remoteEndpoint":{"address":"1.2.3.4","port":5}}}`
		if err := f.channel(1).WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			t.Fatal(err)
		}
		c, err := l.AcceptConn()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Abort()
		if r := c.Request(); c.TrackingID() != id || c.RemoteAddr().String() != "1.2.3.4:5" || r.URL.String() != "/hyco/deep?x=%20" || len(r.Subprotocols) != 2 {
			t.Errorf("%+v %s", r, r.URL)
		}
		sender, err := hybrid.Dial(t.Context(), fakeConnectionString, hybrid.WithNetDial(f.net.Host("inside").DialContext), hybrid.WithTLSConfig(f.trust))
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Abort()
		knocks := f.seen()
		if last := knocks[len(knocks)-1]; sender.TrackingID() == "" || sender.TrackingID() != last.id {
			t.Errorf("tracking id %q, sent %q", sender.TrackingID(), last.id)
		}
	})
}

// TestNoWebSocket: a 101 that is not that of the request is refused.
func TestNoWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		for _, fields := range []string{
			"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: c29tZXRoaW5nIGVsc2U=\r\n",
			"Upgrade: websocket\r\nConnection: Upgrade\r\n",
			"Upgrade: h2c\r\nConnection: Upgrade\r\n",
			strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 40),
		} {
			f.answers(func(w http.ResponseWriter, _ *http.Request) {
				raw(t, w, "HTTP/1.1 101 Switching Protocols\r\n"+fields+"\r\n")
			})
			_, err := hybrid.Dial(t.Context(), fakeConnectionString, hybrid.WithNetDial(f.net.Host("inside").DialContext), hybrid.WithTLSConfig(f.trust))
			if e, ok := errors.AsType[*hybrid.Error](err); !ok || e.Code != "" || e.Status != 0 {
				t.Errorf("%.60q: %v", fields, err)
			}
		}
	})
}

// TestDialIsGivenUp: when its context ends, whatever it waits for, and leaves nothing behind.
func TestDialIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		f.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		began := time.Now()
		_, err := hybrid.Dial(ctx, fakeConnectionString, hybrid.WithNetDial(f.net.Host("inside").DialContext), hybrid.WithTLSConfig(f.trust))
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || !errors.Is(err, context.Canceled) || e.Temporary() || time.Since(began) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		_, err = hybrid.Dial(t.Context(), fakeConnectionString, hybrid.WithNetDial(f.net.Host("inside").DialContext), hybrid.WithTLSConfig(f.trust), hybrid.WithTimeout(time.Second))
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || !e.Timeout() || !e.Temporary() {
			t.Errorf("%v", err)
		}
	})
}
