package peer

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// Lines as the server writes them.
const (
	connected  = `{"id":1,"connect":{"client":"c","version":"6","ping":25,"pong":true}}`
	subscribed = `{"id":2,"subscribe":{}}`
	published  = `{"push":{"channel":"bench","pub":{"data":"0a-_Z","info":{"client":"c"}}}}`
	denied     = `{"id":2,"error":{"code":103,"message":"permission denied"}}`
)

// TestReplies takes messages of the server apart: one line or several, of every kind.
func TestReplies(t *testing.T) {
	for _, row := range []struct {
		in, want string
	}{
		{published, "take 0a-_Z"},
		{published + "\n" + published, "take 0a-_Z, take 0a-_Z"},
		{connected + "\n" + subscribed + "\n" + published + "\n", "online, take 0a-_Z"},
		{"{}", "pong"},
		{"{}\n" + published + "\n{}", "pong, take 0a-_Z, pong"},
		{denied, "refused"},
		{connected, ""},
		{"", ""},
		{`{"push":{"disconnect":{"code":3008}}}`, `take {"push":{"disconnect":{"code":3008}}}`},
		{`{"push":{"pub":{"data":"0a`, `take {"push":{"pub":{"data":"0a`},
		{`{"push":{"channel":"bench","pub":{"data":"","info":{}}}}`, "take "},
	} {
		var got []string
		replies{
			take: func(m []byte) { got = append(got, "take "+string(m)) },
			pong: func() { got = append(got, "pong") },
			online: func(err error) {
				if err != nil {
					got = append(got, "refused")
				} else {
					got = append(got, "online")
				}
			},
		}.read([]byte(row.in))
		if all := strings.Join(got, ", "); all != row.want {
			t.Errorf("%q: %q, want %q", row.in, all, row.want)
		}
	}
}

// BenchmarkReplies is what it takes to find one message of the load, of sixteen that came together.
func BenchmarkReplies(b *testing.B) {
	line := strings.Replace(published, "0a-_Z", strings.Repeat("a", 128), 1) + "\n"
	together := []byte(strings.Repeat(line, 16))
	n := 0
	r := replies{take: func([]byte) { n++ }}
	for i := 0; i < b.N; i += 16 {
		r.read(together)
	}
	if n < b.N {
		b.Errorf("%d of %d", n, b.N)
	}
}

// answers is what a server of a test does with one connection.
type answers func(t *testing.T, c *websocket.Conn)

// serve runs a server, and gives its address. It ends with its connections when the test does.
func (a answers) serve(t *testing.T) string {
	t.Helper()
	var up websocket.Upgrader
	var all sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all.Add(1)
		defer all.Done()
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		a(t, c)
	}))
	t.Cleanup(func() {
		s.Close()
		all.Wait()
	})
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// hears reads commands, which are text, and compares them.
func hears(t *testing.T, c *websocket.Conn, want ...string) {
	t.Helper()
	for _, w := range want {
		kind, got, err := c.ReadMessage()
		if err != nil || kind != websocket.TextMessage || string(got) != w {
			t.Errorf("%q of kind %d, %v; want %q", got, kind, err, w)
		}
	}
}

// says writes lines as one message.
func says(t *testing.T, c *websocket.Conn, lines ...string) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(strings.Join(lines, "\n"))); err != nil {
		t.Error(err)
	}
}

const helloCommand, subscription = `{"id":1,"connect":{}}`, `{"id":2,"subscribe":{"channel":"bench"}}`

// TestCentrifugoListener: it is online when its subscription is answered, gets messages and answers pings.
func TestCentrifugoListener(t *testing.T) {
	answered := make(chan struct{})
	address := answers(func(t *testing.T, c *websocket.Conn) {
		hears(t, c, helloCommand, subscription)
		says(t, c, connected)
		says(t, c, subscribed, published)
		says(t, c, "{}", published)
		hears(t, c, "{}")
		close(answered)
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the end: %v", err)
		}
	}).serve(t)
	var got []string
	l, err := centrifugo(address).Listen("any", func(m []byte) { got = append(got, string(m)) })
	if err != nil {
		t.Fatal(err)
	}
	<-answered
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, []string{"0a-_Z", "0a-_Z"}) {
		t.Errorf("%q", got)
	}
}

// TestCentrifugoRefuses: a subscription that is refused, or a connection that ends before it, is no listener.
func TestCentrifugoRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		does answers
		want string
	}{
		"refused": {func(t *testing.T, c *websocket.Conn) {
			hears(t, c, helloCommand, subscription)
			says(t, c, connected, denied)
			_, _, _ = c.ReadMessage() // until the listener goes
		}, "permission denied"},
		"ended": {func(t *testing.T, c *websocket.Conn) { hears(t, c, helloCommand) }, "subscribe: "},
	} {
		if l, err := centrifugo(row.does.serve(t)).Listen("any", nil); err == nil || l != nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	if _, err := centrifugo("ws://127.0.0.1:1/").Listen("any", nil); err == nil {
		t.Error("nobody was there")
	}
}

// TestCentrifugoSender publishes what is written, answers pings, and ends when a message is refused.
func TestCentrifugoSender(t *testing.T) {
	ponged := make(chan struct{})
	address := answers(func(t *testing.T, c *websocket.Conn) {
		hears(t, c, helloCommand, `{"id":2,"publish":{"channel":"bench","data":"abc"}}`)
		says(t, c, connected, `{"id":2,"publish":{}}`, "{}")
		hears(t, c, "{}")
		close(ponged)
		hears(t, c, `{"id":2,"publish":{"channel":"bench","data":"de"}}`)
		says(t, c, denied)
		_, _, _ = c.ReadMessage() // until the sender goes
	}).serve(t)
	s, err := centrifugo(address).Send()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.WriteString(s, "abc"); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	over := make(chan error)
	go func() {
		_, err := s.Read(make([]byte, 10))
		over <- err
	}()
	<-ponged
	if _, err := io.WriteString(s, "de"); err != nil {
		t.Error(err)
	}
	if err := <-over; err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("%v", err)
	}
	if _, err := io.WriteString(s, "f"); err == nil {
		t.Error("written behind the end")
	}
	s.Close()
}
