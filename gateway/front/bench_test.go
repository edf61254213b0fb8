package front

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hello is the answer of a management endpoint: small, typed, of known length.
func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"state":"ready"}`)
}

const usual = "GET /$api/status HTTP/1.1\r\nHost: localhost:8443\r\nUser-Agent: bench\r\nAccept: application/json\r\n\r\n"

// BenchmarkGet is one keep-alive GET over loopback TCP: net/http's server against ours.
func BenchmarkGet(b *testing.B) {
	b.Run("net-http", func(b *testing.B) {
		l := listen(b)
		srv := &http.Server{
			Handler: http.HandlerFunc(hello), ReadHeaderTimeout: time.Minute, IdleTimeout: time.Minute,
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		}
		done := make(chan error, 1)
		go func() { done <- srv.Serve(l) }()
		getLoop(b, l)
		srv.Close()
		<-done
	})
	b.Run("front", func(b *testing.B) {
		l := listen(b)
		s, err := New(Params{Doors: []Door{{Name: HTTP, Listener: l}}, Handler: http.HandlerFunc(hello)})
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Run(b.Context()) }()
		getLoop(b, l)
		s.Close()
		<-done
	})
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// getLoop sends the request and reads one answer, over and over, allocating nothing itself.
func getLoop(b *testing.B, l net.Listener) {
	b.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	request, end, buf := []byte(usual), []byte(`ready"}`), make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		n, err := c.Read(buf)
		if err != nil || !bytes.HasSuffix(buf[:n], end) {
			b.Fatal(n, err)
		}
	}
}

// TestReadHeadAllocates bounds what a request costs before it is routed: the codec's head (two allocations) and nothing of ours.
func TestReadHeadAllocates(t *testing.T) {
	s, err := New(Params{Handler: http.HandlerFunc(hello)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	feed := &endless{text: usual}
	l := s.crowd.open(feed)
	defer s.crowd.served()
	c := newConn(s, HTTP, l)
	got := testing.AllocsPerRun(1000, func() {
		head, err := c.nextHead(false)
		if err != nil || c.route(head) != nil {
			t.Fatal(head, err)
		}
	})
	if got > 2 {
		t.Errorf("%v allocations a head, want the codec's 2", got)
	}
}

// endless is a connection on which the same text comes for ever, once a read.
type endless struct {
	net.Conn
	text string
}

func (e *endless) Read(p []byte) (int, error)      { return copy(p, e.text), nil }
func (e *endless) SetReadDeadline(time.Time) error { return nil }
func (e *endless) Close() error                    { return nil }
func (e *endless) LocalAddr() net.Addr             { return &net.TCPAddr{} }

// FuzzServe puts any bytes to a front. Whatever they are, the connection comes to its end, every answer can be read by net/http's
// client, and after an answer that says so nothing follows.
func FuzzServe(f *testing.F) {
	for _, list := range requests {
		f.Add(strings.Join(list, ""))
	}
	f.Add(upgrade + "x")
	f.Add("GET / HTTP/1.1\nHost: gw\n\n")
	f.Add(strings.Replace(chunks("hello"), "5;ext", "+5;ext", 1))
	w := open(f, nil)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 64<<10 {
			return
		}
		c := w.dial(t, "80")
		go func() {
			io.WriteString(c, text) // the server may end first
			c.(interface{ CloseWrite() error }).CloseWrite()
		}()
		r := bufio.NewReader(c)
		for {
			if _, err := r.Peek(1); err != nil {
				break
			}
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatalf("%q: an answer cannot be read: %v", text, err)
			}
			if resp.StatusCode == http.StatusContinue {
				continue
			}
			if strings.Contains(text, "HEAD") {
				break // its answer announces a body that does not come
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if resp.Close {
				ended(t, r)
				break
			}
		}
		c.Close()
	})
}
