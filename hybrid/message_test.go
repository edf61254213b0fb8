package hybrid_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// written is what a listener wrote down.
type written struct {
	mu   sync.Mutex
	all  []string
	wake chan struct{}
}

func newWritten() *written { return &written{wake: make(chan struct{}, 1)} }

func (w *written) add(s string) {
	w.mu.Lock()
	w.all = append(w.all, s)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *written) list() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

// wait waits until there are n.
func (w *written) wait(t *testing.T, n int) []string {
	t.Helper()
	limit := time.After(patience)
	for {
		if all := w.list(); len(all) >= n {
			return all
		}
		select {
		case <-w.wake:
		case <-limit:
			t.Fatalf("%d of %d messages came: %q", len(w.list()), n, w.list())
		}
	}
}

// casting makes the entities of these tests.
func (s *set) casting() {
	s.Add(&entity.Entity{Name: "one", Kind: entity.OneWay})
	s.Add(&entity.Entity{Name: "news", Kind: entity.Event, AnonymousSenders: true})
}

// receiver listens with WithReceiver.
func (s *set) receiver(name string, f func(*hybrid.Message) error) (*hybrid.Listener, *written) {
	s.t.Helper()
	w := newWritten()
	l, err := hybrid.Listen(s.context(), s.listen, hybrid.WithEntity(name), s.trust(), s.road(), hybrid.WithReceiver(func(_ context.Context, m *hybrid.Message) error {
		if f != nil {
			if err := f(m); err != nil {
				return err
			}
		}
		w.add(string(m.Data))
		return nil
	}))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = l.Close() })
	return l, w
}

// connected listens as a listener of connections, as every SDK can.
func (s *set) connected(name string) (*hybrid.Listener, *written) {
	s.t.Helper()
	w := newWritten()
	l, err := hybrid.Listen(s.context(), s.listen, hybrid.WithEntity(name), s.trust(), s.road())
	if err != nil {
		s.t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.AcceptConn()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				for {
					text, data, err := c.ReadMessage(nil)
					if err != nil {
						return
					}
					w.add(fmt.Sprintf("%v:%s", text, data))
				}
			})
		}
	})
	s.t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l, w
}

// socket is a WebSocket sender.
func (s *set) socket(name string) *websocket.Conn {
	s.t.Helper()
	d := websocket.Dialer{
		TLSClientConfig: &tls.Config{RootCAs: s.TLS().RootCAs, MinVersion: tls.VersionTLS12}, Subprotocols: []string{"soap", "other"}, NetDialContext: s.connect,
	}
	c, _, err := d.DialContext(s.context(), "wss://"+s.Node(0).Host("https")+"/$hc/"+name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	if c.Subprotocol() != "soap" {
		s.t.Errorf("sub-protocol %q", c.Subprotocol())
	}
	return c
}

// TestEvents: each WebSocket message, and each POST, reaches every listener, in whichever way it takes messages.
func TestEvents(t *testing.T) {
	both(t, func(s *set) {
		s.casting()
		var got hybrid.Message
		_, acknowledged := s.receiver("news", func(m *hybrid.Message) error {
			got = *m
			return nil
		})
		_, connected := s.connected("news")
		c := s.socket("news/deep?x=1")
		for i := range 10 {
			kind := websocket.TextMessage
			if i%2 == 1 {
				kind = websocket.BinaryMessage
			}
			if err := c.WriteMessage(kind, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		if all := strings.Join(acknowledged.wait(t, 10), ""); all != "0123456789" {
			t.Errorf("acknowledged: %s", all)
		}
		if got.Type != "application/octet-stream" || got.Target != "/news/deep?x=1" || got.TrackingID == "" || !got.Remote.IsValid() || got.Fields.Has("Sec-WebSocket-Key") {
			t.Errorf("the last one: %+v", got)
		}
		if all := strings.Join(connected.wait(t, 10), " "); all != "text:0 binary:1 text:2 binary:3 text:4 binary:5 text:6 binary:7 text:8 binary:9" {
			t.Errorf("on a connection: %s", all)
		}
		response := s.post("news", "application/json", `{"a":1}`)
		if response.StatusCode != http.StatusAccepted || response.ContentLength > 0 || response.Header.Get("TrackingId") == "" {
			t.Errorf("POST: %+v", response)
		}
		if all := acknowledged.wait(t, 11); all[10] != `{"a":1}` || got.Type != "application/json" {
			t.Errorf("%q of %q", all[10], got.Type)
		}
		if all := connected.wait(t, 11); all[10] != `text:{"a":1}` {
			t.Errorf("%q", all[10])
		}
	})
}

// post sends by HTTP.
func (s *set) post(name, kind, body string) *http.Response {
	s.t.Helper()
	trust := &tls.Config{RootCAs: s.TLS().RootCAs, MinVersion: tls.VersionTLS12}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, DialContext: s.connect}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(s.context(), http.MethodPost, "https://"+s.Node(0).Host("https")+"/"+name, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	response, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

// TestOneWay: one listener gets it; if it says no the sender hears it, and nobody else gets it; without a listener there is no connection.
func TestOneWay(t *testing.T) {
	both(t, func(s *set) {
		s.casting()
		s.Add(&entity.Entity{Name: "free", Kind: entity.OneWay, AnonymousSenders: true})
		if response := s.post("free", "text/plain", "x"); response.StatusCode != http.StatusNotFound || response.Header.Get("Causeway-Error") != "NoListener" {
			t.Errorf("nobody listens: %+v", response)
		}
		if response := s.post("one", "text/plain", "x"); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("no token: %d", response.StatusCode)
		}
		_, err := hybrid.Dial(s.context(), s.send, hybrid.WithEntity("free"), s.trust())
		if no := new(hybrid.Error); !errors.As(err, &no) || no.Code != fail.NoListener {
			t.Errorf("nobody listens: %v", err)
		}
		_, a := s.receiver("free", func(m *hybrid.Message) error {
			if string(m.Data) == "bad" {
				return errors.New("cannot")
			}
			return nil
		})
		if response := s.post("free", "text/plain", "good"); response.StatusCode != http.StatusAccepted {
			t.Errorf("taken: %+v", response)
		}
		if response := s.post("free", "text/plain", "bad"); response.StatusCode != http.StatusBadGateway || response.Header.Get("Causeway-Error") != "Rejected" {
			t.Errorf("not taken: %+v", response)
		}
		if response := s.post("free", "text/plain", strings.Repeat("x", 64<<10+1)); response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("too long: %+v", response)
		}
		c := s.socket("free")
		for _, text := range []string{"2", "bad", "3"} {
			if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				break
			}
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, _, err = c.ReadMessage()
		if closed := new(websocket.CloseError); !errors.As(err, &closed) || closed.Code != websocket.ClosePolicyViolation {
			t.Errorf("the socket ended with %v", err)
		}
		if all := strings.Join(a.list(), " "); all != "good 2" {
			t.Errorf("arrived: %s", all)
		}
	})
}

// TestReceiverKeepsRequests: a listener that receives messages answers HTTP requests as before.
func TestReceiverKeepsRequests(t *testing.T) {
	both(t, func(s *set) {
		s.receiver("open", nil)
		if response := s.post("open", "text/plain", "x"); response.StatusCode != http.StatusNotImplemented {
			t.Errorf("no exchanger: %d", response.StatusCode)
		}
	})
}

// TestManyListeners: 40 listeners of two kinds; one is closed in the middle; for each what is counted is what it wrote down.
func TestManyListeners(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		s.casting()
		var all []*written
		var listeners []*hybrid.Listener
		for i := range 12 {
			l, w := s.receiver("news", nil)
			c, v := s.connected("news")
			listeners, all = append(listeners, l, c), append(all, w, v)
			_ = i
		}
		const sent = 60
		c := s.socket("news")
		for i := range sent {
			if i == sent/2 {
				all[0].wait(s.t, sent/2)
				all[1].wait(s.t, sent/2)
				_ = listeners[0].Close()
				_ = listeners[1].Close()
			}
			if err := c.WriteMessage(websocket.TextMessage, fmt.Append(nil, i)); err != nil {
				s.t.Fatal(err)
			}
		}
		for i, w := range all {
			want := sent
			if i < 2 {
				want = sent / 2
			}
			got := w.wait(s.t, want)
			for j, text := range got {
				if strings.TrimPrefix(text, "text:") != fmt.Sprint(j) {
					s.t.Fatalf("listener %d: message %d is %q", i, j, text)
				}
			}
			if len(got) != want {
				s.t.Errorf("listener %d: %d messages", i, len(got))
			}
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.ListenersPerEntity = 100 }))
}

// TestConnectionOfMessages: a listener may close the connection that brings it messages; the next message opens another one. One that does not
// open it in time misses the message, and the others do not wait for that.
func TestConnectionOfMessages(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		s.casting()
		l, err := hybrid.Listen(s.context(), s.listen, hybrid.WithEntity("news"), s.trust(), s.road())
		if err != nil {
			s.t.Fatal(err)
		}
		defer l.Close()
		deaf, err := hybrid.Listen(s.context(), s.listen, hybrid.WithEntity("news"), s.trust(), s.road(), hybrid.WithAcceptHook(func(ctx context.Context, _ *hybrid.Request) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}))
		if err != nil {
			s.t.Fatal(err)
		}
		defer deaf.Close()
		_, third := s.receiver("news", nil)
		seen := map[string]bool{}
		for i := range 3 {
			if response := s.post("news/deep", "text/plain", fmt.Sprint(i)); response.StatusCode != http.StatusAccepted {
				s.t.Fatalf("%+v", response)
			}
			c, err := l.AcceptConn()
			if err != nil {
				s.t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			if kind, data, err := c.ReadMessage(nil); err != nil || kind.String() != "text" || string(data) != fmt.Sprint(i) {
				s.t.Errorf("message %d: %v %q, %v", i, kind, data, err)
			}
			if r := c.Request(); r.Target != "/news/deep" || r.Fields.Get("Causeway-Cast") == "" || seen[r.TrackingID] {
				s.t.Errorf("connection %d: %+v", i, r)
			} else {
				seen[r.TrackingID] = true
			}
			if err := c.Close(); err != nil {
				s.t.Error(err)
			}
			third.wait(s.t, i+1)
		}
		s.Await(s.context(), "the word that a listener misses messages", func(line map[string]string) bool {
			return line["msg"] == "listener misses messages" && line["listener"] == deaf.ID() && line["reason"] == "AcceptTimeout"
		})
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Accept = 2 * time.Second }))
}
