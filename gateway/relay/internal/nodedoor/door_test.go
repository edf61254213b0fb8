package nodedoor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is a pool and a server on loopback TCP.
type pair struct {
	pool   *Pool
	server *Server
	dials  atomic.Int64
	work   sync.WaitGroup
	door   net.Listener
}

func newPair(t testing.TB, handle Handler) *pair {
	t.Helper()
	p := &pair{server: NewServer(handle)}
	var err error
	if p.door, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p.work.Go(func() {
		for {
			c, err := p.door.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.server.Serve(c) })
		}
	})
	p.pool = NewPool(1, func(ctx context.Context, _ uint16) (net.Conn, error) {
		p.dials.Add(1)
		return new(net.Dialer).DialContext(ctx, "tcp", p.door.Addr().String())
	}, func(_ uint16, id uint64) { p.server.Left(1, id) })
	t.Cleanup(func() {
		p.pool.Close()
		p.server.Close()
		p.door.Close()
		p.work.Wait()
	})
	return p
}

// mem is a body over a reader; whole ones say so with their type.
type mem struct {
	io.Reader
	size   int64
	closed atomic.Int64
}

func (m *mem) Size() int64  { return m.size }
func (m *mem) Close() error { m.closed.Add(1); return nil }

func bodyOf(s string) *mem { return &mem{Reader: strings.NewReader(s), size: int64(len(s))} }

type wholeMem struct {
	mem
	b []byte
}

func (w *wholeMem) Bytes() []byte { return w.b }

func wholeOf(b []byte) *wholeMem {
	return &wholeMem{mem: mem{Reader: bytes.NewReader(b), size: int64(len(b))}, b: b}
}

// echo answers with the body of the request, streamed.
func echo(_ context.Context, channel uint64, req *shape.Request) (*shape.Response, shape.Ticket, error) {
	resp := &shape.Response{Status: 200 + int(channel), Fields: req.Fields}
	if req.Body != nil {
		resp.Body = &mem{Reader: req.Body, size: req.Body.Size()}
	}
	return resp, shape.Ticket{1}, nil
}

// TestBodies: every kind of body of every size comes back, on one connection where they follow each other.
func TestBodies(t *testing.T) {
	p := newPair(t, echo)
	for _, size := range []int{0, 1, 100, small, small + 1, writeBytes, 1 << 20} {
		data := strings.Repeat("x", size)
		for name, b := range map[string]shape.Body{
			"length": bodyOf(data), "chunked": &mem{Reader: strings.NewReader(data), size: -1}, "whole": wholeOf([]byte(data)), "none": nil,
		} {
			req := &shape.Request{Body: b, Hello: shape.Hello{Fields: shape.Fields{{Name: "A", Value: "b"}}}}
			resp, ticket, err := p.pool.Exchange(t.Context(), 2, 7, req)
			if err != nil || resp.Status != 207 || ticket != (shape.Ticket{1}) || resp.Fields.Get("a") != "b" {
				t.Fatalf("%s of %d: %+v, %v", name, size, resp, err)
			}
			got := ""
			if resp.Body != nil {
				all, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				got = string(all)
				resp.Body.Close()
				resp.Body.Close()
			}
			if want := data; name != "none" && got != want || name == "none" && got != "" {
				t.Errorf("%s of %d: %d bytes came back", name, size, len(got))
			}
		}
	}
	if all, idle := p.pool.Open(); all > 2 || idle != all {
		t.Errorf("%d connections are open, %d of them idle, after %d dials", all, idle, p.dials.Load())
	}
}

// TestHeadTooLarge: a head that does not fit is refused where it comes from, and the connection goes on.
func TestHeadTooLarge(t *testing.T) {
	long := shape.Fields{{Name: "A", Value: strings.Repeat("x", maxHead)}}
	p := newPair(t, func(context.Context, uint64, *shape.Request) (*shape.Response, shape.Ticket, error) {
		return &shape.Response{Status: 200, Fields: long, Body: bodyOf("x")}, shape.Ticket{}, nil
	})
	if _, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{Hello: shape.Hello{Fields: long}}); !fail.Is(err, fail.HeadTooLarge) {
		t.Errorf("a request: %v", err)
	}
	if _, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{}); !fail.Is(err, fail.BadAnswer) {
		t.Errorf("a response: %v", err)
	}
	if n := p.dials.Load(); n != 1 {
		t.Errorf("%d dials", n)
	}
}

// TestGarbage: an answer that is none is the loss of the node, and a request that is none ends the connection.
func TestGarbage(t *testing.T) {
	for _, words := range []string{"", "HTTP/1.1 2", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nStatus: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"} {
		door, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var work sync.WaitGroup
		work.Go(func() {
			c, err := door.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1000))
			_, _ = io.WriteString(c, words)
			c.Close()
		})
		pool := NewPool(1, func(ctx context.Context, _ uint16) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", door.Addr().String())
		}, func(uint16, uint64) {})
		_, _, err = pool.Exchange(t.Context(), 2, 0, &shape.Request{})
		if _, untaken := errors.AsType[*shape.Untaken](err); !fail.Is(err, fail.NodeLost) || untaken {
			t.Errorf("%q: %v, untaken %v", words, err, untaken)
		}
		if all, _ := pool.Open(); all != 0 {
			t.Errorf("%q: %d connections are open", words, all)
		}
		pool.Close()
		door.Close()
		work.Wait()
	}
	p := newPair(t, echo)
	for _, words := range []string{"GET\r\n\r\n", "POST / HTTP/1.1\r\nHost: node\r\nChannel: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: node\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"} {
		c, err := net.Dial("tcp", p.door.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, words)
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%q is answered", words)
		}
		c.Close()
	}
}

// TestClosed: a pool that was closed opens nothing.
func TestClosed(t *testing.T) {
	p := newPair(t, echo)
	p.pool.Close()
	if _, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{}); !fail.Is(err, fail.Draining) {
		t.Errorf("%v", err)
	}
	p.server.Close()
	near, far := net.Pipe()
	p.server.Serve(far)
	if _, err := near.Read(make([]byte, 1)); err == nil {
		t.Error("a server that was closed serves")
	}
}

// TestManyAtOnce: exchanges side by side do not mix, and the connections are few afterwards.
func TestManyAtOnce(t *testing.T) {
	p := newPair(t, echo)
	var work sync.WaitGroup
	for i := range 32 {
		work.Go(func() {
			for range 50 {
				data := strings.Repeat(string(rune('a'+i%26)), 100*i)
				resp, _, err := p.pool.Exchange(t.Context(), 2, uint64(i), &shape.Request{Body: bodyOf(data)})
				if err != nil || resp.Status != 200+i {
					t.Errorf("%+v, %v", resp, err)
					return
				}
				if resp.Body == nil {
					continue
				}
				if got, err := io.ReadAll(resp.Body); string(got) != data || err != nil {
					t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
				}
				resp.Body.Close()
			}
		})
	}
	work.Wait()
	if n := p.dials.Load(); n > 64 {
		t.Errorf("%d dials for 32 at a time", n)
	}
}

// TestLost: a node that is gone takes the idle connections with it; a body that is under way goes on.
func TestLost(t *testing.T) {
	p := newPair(t, func(context.Context, uint64, *shape.Request) (*shape.Response, shape.Ticket, error) {
		return &shape.Response{Status: 200, Body: &mem{Reader: strings.NewReader(strings.Repeat("x", 4<<20)), size: -1}}, shape.Ticket{}, nil
	})
	resp, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{})
	if err != nil {
		t.Fatal(err)
	}
	p.pool.Lost(2)
	if got, err := io.ReadAll(resp.Body); len(got) != 4<<20 || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	resp.Body.Close()
	if _, idle := p.pool.Open(); idle != 1 {
		t.Errorf("%d idle", idle)
	}
	p.pool.Lost(2)
	if all, idle := p.pool.Open(); all+idle != 0 {
		t.Errorf("%d open, %d idle", all, idle)
	}
}

// TestBrokenOff: a Read of the request that waits ends with Close, the answer leaves all the same, and the connection goes on.
func TestBrokenOff(t *testing.T) {
	read := make(chan error, 1)
	p := newPair(t, func(ctx context.Context, channel uint64, req *shape.Request) (*shape.Response, shape.Ticket, error) {
		if channel == 1 {
			return echo(ctx, channel, req)
		}
		first := make([]byte, 1)
		if _, err := req.Body.Read(first); err != nil {
			return nil, shape.Ticket{}, err
		}
		began := make(chan struct{})
		go func() {
			close(began)
			_, err := req.Body.Read(first)
			read <- err
		}()
		<-began
		_ = req.Body.Close()
		if err := <-read; err == nil || ctx.Err() != nil {
			t.Errorf("the read gives %v, the context %v", err, ctx.Err())
		}
		return &shape.Response{Status: 200}, shape.Ticket{}, nil
	})
	near, far := net.Pipe()
	go func() { _, _ = io.WriteString(far, "x") }()
	resp, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{Body: &mem{Reader: near, size: -1}})
	far.Close()
	if err != nil || resp.Status != 200 {
		t.Errorf("%+v, %v", resp, err)
	}
	for range 2 {
		resp, _, err = p.pool.Exchange(t.Context(), 2, 1, &shape.Request{Body: bodyOf(strings.Repeat("y", 100<<10))})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); len(got) != 100<<10 || err != nil {
			t.Errorf("then %d bytes, %v", len(got), err)
		}
		resp.Body.Close()
	}
}

// TestReadEndsWhileClosing: a Close that comes with the last byte leaves no deadline on the connection.
func TestReadEndsWhileClosing(t *testing.T) {
	p := newPair(t, func(_ context.Context, _ uint64, req *shape.Request) (*shape.Response, shape.Ticket, error) {
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = io.Copy(io.Discard, req.Body)
		}()
		_ = req.Body.Close()
		<-over
		return &shape.Response{Status: 200}, shape.Ticket{}, nil
	})
	for i := range 500 {
		if _, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{Body: bodyOf("x")}); err != nil {
			t.Fatalf("exchange %d: %v", i, err)
		}
	}
	if n := p.dials.Load(); n > 10 { // one, and more where the next request was faster than the end of the upload
		t.Errorf("%d dials", n)
	}
}

// TestIdleEnd: a connection that ends while it is idle is forgotten at once.
func TestIdleEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewServer(echo)
		var carried net.Conn
		var work sync.WaitGroup
		pool := NewPool(1, func(context.Context, uint16) (net.Conn, error) {
			near, far := netx.Pipe()
			carried = far
			work.Go(func() { server.Serve(far) })
			return near, nil
		}, func(uint16, uint64) {})
		if _, _, err := pool.Exchange(t.Context(), 2, 0, &shape.Request{}); err != nil {
			t.Fatal(err)
		}
		if all, idle := pool.Open(); all != 1 || idle != 1 {
			t.Errorf("%d open, %d idle", all, idle)
		}
		carried.Close()
		synctest.Wait()
		if all, idle := pool.Open(); all+idle != 0 {
			t.Errorf("then %d open, %d idle", all, idle)
		}
		pool.Close()
		server.Close()
		work.Wait()
	})
}

// endless is a body without an end.
type endless struct{}

func (endless) Size() int64                { return -1 }
func (endless) Read(p []byte) (int, error) { return len(p), nil }
func (endless) Close() error               { return nil }

// TestReadAllocations: in the middle of a body nothing is allocated, at either node.
func TestReadAllocations(t *testing.T) {
	p := newPair(t, func(context.Context, uint64, *shape.Request) (*shape.Response, shape.Ticket, error) {
		return &shape.Response{Status: 200, Body: endless{}}, shape.Ticket{}, nil
	})
	resp, _, err := p.pool.Exchange(t.Context(), 2, 0, &shape.Request{})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b := make([]byte, 32<<10)
	if n := testing.AllocsPerRun(500, func() {
		if _, err := resp.Body.Read(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a read", n)
	}
}

// BenchmarkExchange is an exchange between nodes on loopback TCP: head and body of the request and of the response.
func BenchmarkExchange(b *testing.B) {
	for name, size := range map[string]int{"none": 0, "1KiB": 1 << 10, "64KiB": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			data := make([]byte, size)
			p := newPair(b, func(_ context.Context, _ uint64, req *shape.Request) (*shape.Response, shape.Ticket, error) {
				if req.Body != nil {
					_, _ = io.Copy(io.Discard, req.Body)
				}
				return &shape.Response{Status: 200, Reason: "OK", Body: wholeOf(data)}, shape.Ticket{}, nil
			})
			req := &shape.Request{Method: "POST", Hello: shape.Hello{
				Tracking: "07bb0eeb-9069-4c0a-9267-15badff72ead", Target: "/hyco", Host: "localhost:8443", Door: "https",
				Fields: shape.Fields{{Name: "Host", Value: "localhost:8443"}, {Name: "Accept", Value: "*/*"}, {Name: "User-Agent", Value: "curl/8.0"}, {Name: "Via", Value: "1.1 localhost"}},
			}}
			buf := make([]byte, 64<<10)
			b.SetBytes(int64(2 * size))
			b.ReportAllocs()
			for b.Loop() {
				if size > 0 {
					req.Body = wholeOf(data)
				}
				resp, _, err := p.pool.Exchange(b.Context(), 2, 1, req)
				if err != nil {
					b.Fatal(err)
				}
				if resp.Body == nil {
					continue
				}
				for err == nil {
					_, err = resp.Body.Read(buf)
				}
				resp.Body.Close()
			}
		})
	}
}
