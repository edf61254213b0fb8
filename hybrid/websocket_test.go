package hybrid_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// chat is an application with a WebSocket, as any: it says hello in the sub-protocol's name, and echoes.
func chat(t *testing.T) (h http.Handler, closed <-chan string) {
	t.Helper()
	ends := make(chan string, 16)
	upgrader := websocket.Upgrader{Subprotocols: []string{"chat.v2", "chat.v1"}, EnableCompression: true, ReadBufferSize: 256, WriteBufferSize: 256}
	mux := http.NewServeMux()
	mux.HandleFunc("/forbidden", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "members only", http.StatusForbidden) })
	mux.HandleFunc("/panics", func(http.ResponseWriter, *http.Request) { panic("boom") })
	mux.HandleFunc("/taken", func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = conn.Close() // and no word
		}
	})
	mux.HandleFunc("/chat", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			ends <- err.Error()
			return
		}
		defer conn.Close()
		_ = conn.WriteMessage(websocket.TextMessage, []byte("hello "+conn.Subprotocol()+" "+r.URL.RawQuery+" "+r.Header.Get("X-Custom")))
		for {
			kind, message, err := conn.ReadMessage()
			if err == nil {
				err = conn.WriteMessage(kind, message)
			}
			if err != nil {
				ends <- err.Error()
				return
			}
		}
	})
	return mux, ends
}

// webSockets is a stand for senders with WebSockets.
type webSockets struct {
	t      *testing.T
	dialer websocket.Dialer
	base   string
	stop   func()
}

func (s *webSockets) dial(path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*patience)
	defer cancel()
	return s.dialer.DialContext(ctx, s.base+path, header)
}

// chatOnCluster serves the chat at a hybrid connection that takes anonymous senders, on one node and on two.
func chatOnCluster(t *testing.T, story func(s *webSockets, closed <-chan string, heard events)) {
	t.Helper()
	for nodes := 1; nodes <= 2; nodes++ {
		t.Run(fmt.Sprintf("%d node(s)", nodes), func(t *testing.T) {
			t.Parallel()
			h, closed := chat(t)
			c := testcluster.New(t, nodes)
			c.Add(&entity.Entity{Name: "web", AnonymousSenders: true})
			heard := newEvents()
			ctx, stop := context.WithCancel(t.Context())
			var run sync.WaitGroup
			run.Go(func() {
				err := hybrid.Serve(ctx, c.Node(nodes-1).Ready().ConnectionString, h,
					hybrid.WithEntity("web"), hybrid.WithCAFile(c.CAFile()), heard.option(), hybrid.WithDrain(100*time.Millisecond))
				if err != nil {
					t.Error(err)
				}
			})
			heard.next(t, hybrid.Online)
			end := func() { stop(); run.Wait() }
			t.Cleanup(end)
			story(&webSockets{
				t: t, dialer: websocket.Dialer{TLSClientConfig: c.TLS(), Subprotocols: []string{"chat.v1", "chat.v2"}},
				base: "wss://" + c.Node(0).Host("https"), stop: end,
			}, closed, heard)
		})
	}
}

// TestWebSocketHandler: gorilla's upgrader works in a handler of Serve, for a plain upgrade and for one of the protocol.
func TestWebSocketHandler(t *testing.T) {
	chatOnCluster(t, func(s *webSockets, closed <-chan string, _ events) {
		for _, path := range []string{"/web/chat?x=1", "/$hc/web/chat?x=1&sb-hc-action=connect"} {
			conn, answer, err := s.dial(path, http.Header{"X-Custom": {"yes"}})
			if err != nil {
				s.t.Fatal(path, err, answer)
			}
			_, hello, err := conn.ReadMessage()
			if string(hello) != "hello chat.v2 x=1 yes" || conn.Subprotocol() != "chat.v2" || err != nil {
				s.t.Errorf("%s: %q, sub-protocol %q, %v", path, hello, conn.Subprotocol(), err)
			}
			pongs := make(chan string, 1)
			conn.SetPongHandler(func(data string) error { pongs <- data; return nil })
			for _, n := range []int{0, 1, 125, 126, 40000, 70000, 1 << 20} {
				kind := websocket.TextMessage
				if n > 200 {
					kind = websocket.BinaryMessage
				}
				sent := pattern(n)
				if kind == websocket.TextMessage {
					sent = []byte(strings.Repeat("x", n))
				}
				_ = conn.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(patience))
				if err := conn.WriteMessage(kind, sent); err != nil {
					s.t.Fatal(err)
				}
				got, back, err := conn.ReadMessage()
				if err != nil || got != kind || !bytes.Equal(back, sent) {
					s.t.Fatalf("%d bytes: kind %d, %d bytes, %v", n, got, len(back), err)
				}
				if <-pongs != "are you there" {
					s.t.Error("another pong")
				}
			}
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"), time.Now().Add(patience))
			if end := <-closed; !strings.Contains(end, "4001") || !strings.Contains(end, "bye") {
				s.t.Errorf("the handler saw %s", end)
			}
			var bye *websocket.CloseError
			if _, _, err := conn.ReadMessage(); !errors.As(err, &bye) || bye.Code != 4001 {
				s.t.Errorf("the sender saw %v", err)
			}
			_ = conn.Close()
		}
	})
}

// TestWebSocketRefused: whatever a handler answers but 101 turns the sender away with its status.
func TestWebSocketRefused(t *testing.T) {
	chatOnCluster(t, func(s *webSockets, _ <-chan string, heard events) {
		for path, want := range map[string]string{
			"/web/forbidden": "403 Forbidden", "/web/nowhere": "404 Not Found", "/web/panics": "500 Internal Server Error",
			"/web/taken": "502 The listener closed the connection without an answer",
		} {
			_, answer, err := s.dial(path, nil)
			if !errors.Is(err, websocket.ErrBadHandshake) || answer.Status != want {
				s.t.Errorf("%s: %v %v, want %s", path, err, answer, want)
			}
		}
		if ev := heard.next(s.t, hybrid.RequestFailed); !strings.Contains(ev.Err.Error(), "boom") {
			s.t.Errorf("event %v", ev.Err)
		}
	})
}

// TestWebSocketAtTheEnd: when Serve ends, handlers of WebSockets that are still open are asked to return and their senders see a loss.
func TestWebSocketAtTheEnd(t *testing.T) {
	chatOnCluster(t, func(s *webSockets, closed <-chan string, _ events) {
		conn, _, err := s.dial("/web/chat", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		defer conn.Close()
		if _, _, err := conn.ReadMessage(); err != nil {
			s.t.Fatal(err)
		}
		s.stop()
		if end := <-closed; end == "" {
			s.t.Error("the handler saw nothing")
		}
		if _, _, err := conn.NextReader(); err == nil || errors.Is(err, io.EOF) {
			s.t.Errorf("the sender saw %v", err)
		}
	})
}
