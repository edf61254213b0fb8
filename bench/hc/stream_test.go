package hc

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// TestFragments: each write is a fragment of its own that a foreign peer reads at once, of every length of head.
func TestFragments(t *testing.T) {
	sizes := []int{1, 125, 126, 65535, 65536}
	seen := make(chan int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(seen)
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, message, err := c.NextReader()
		if err != nil {
			t.Error(err)
			return
		}
		for _, size := range sizes {
			b := make([]byte, size)
			if _, err := io.ReadFull(message, b); err != nil || !bytes.Equal(b, bytes.Repeat([]byte{byte(size)}, size)) {
				t.Errorf("a fragment of %d: %v", size, err)
			}
			seen <- size
		}
		if rest, err := io.ReadAll(message); err != nil || len(rest) > 0 {
			t.Errorf("%d bytes more, %v", len(rest), err)
		}
	}))
	defer server.Close()
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f := &fragments{conn: c.NetConn()}
	for _, size := range sizes {
		if n, err := f.Write(bytes.Repeat([]byte{byte(size)}, size)); err != nil || n != size {
			t.Fatalf("%d of %d: %v", n, size, err)
		}
		if got := <-seen; got != size { // before the next is written
			t.Fatalf("%d was read, %d written", got, size)
		}
	}
	if err := f.end(); err != nil {
		t.Error(err)
	}
	<-seen
}

// TestSend: a request of a stream as the target reads it.
func TestSend(t *testing.T) {
	for body, want := range map[string]string{"": "GET /bench/events HTTP/1.1\r\nHost: h:1\r\n\r\n", "abc": "GET /bench/events HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"} {
		near, far := net.Pipe()
		go func() {
			var r io.Reader
			if body != "" {
				r = strings.NewReader(body)
			}
			if err := send(near, "h:1", &request{Method: "GET", Target: "/bench/events"}, r); err != nil {
				t.Error(err)
			}
			near.Close()
		}()
		if got, err := io.ReadAll(far); err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if (&request{Target: "/bench/x"}).streams() || !(&request{Target: "/bench/volume/3"}).streams() {
		t.Error("what flows is taken for what does not")
	}
}

// TestStreamEndsWithItsSender: a stream whose rendezvous ends is over, at the target too, however much the target has still to say.
func TestStreamEndsWithItsSender(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for range 2 { // the answer's head, and what came of its body with the first event
			if _, m, err := c.NextReader(); err != nil {
				t.Error(err)
			} else if _, err := m.Read(make([]byte, 1)); err != nil {
				t.Error(err)
			}
		}
	}))
	defer gateway.Close()
	target, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	over := make(chan error, 1)
	go func() {
		c, err := target.Accept()
		if err != nil {
			over <- err
			return
		}
		defer c.Close()
		_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for err == nil {
			_, err = io.WriteString(c, "7\r\ndata: x\r\n")
		}
		over <- nil
	}()
	l := &Listener{target: target.Addr().String()}
	if err := l.stream(t.Context(), &request{Method: "GET", Target: "/events"}, "ws"+strings.TrimPrefix(gateway.URL, "http"), nil, nil); err == nil {
		t.Error("it ended in order")
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}
