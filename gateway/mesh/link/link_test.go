package link

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is the door of node 2 on a network in memory and what was refused there.
type bench struct {
	*testing.T

	n    *netx.Network
	door *Link

	mu      sync.Mutex
	refused []error
	served  chan net.Conn
}

const doorAddr = "two:1"

// stage runs f in a bubble. change may turn the parameters of the door.
func stage(t *testing.T, change func(*Params), f func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, n: netx.New(), served: make(chan net.Conn, 2000)}
		l, err := b.n.Listen(doorAddr)
		if err != nil {
			t.Fatal(err)
		}
		p := b.params("two", l)
		if change != nil {
			change(&p)
		}
		if b.door, err = New(p); err != nil {
			t.Fatal(err)
		}
		defer b.door.Close()
		f(b)
	})
}

func (b *bench) params(host string, l net.Listener) Params {
	return Params{
		Listener: l,
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return b.n.Host(host).DialContext(ctx, "tcp", addr)
		},
		Addr: func(n mesh.Num) (string, bool) { return doorAddr, n == 2 },
		Refused: func(err error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.refused = append(b.refused, err)
		},
	}
}

func (b *bench) serve() {
	b.door.Serve(func(c net.Conn, _ shape.Preface) { b.served <- c })
}

// raw dials the door without a preface.
func (b *bench) raw() net.Conn {
	b.Helper()
	c, err := b.n.Host("one").DialContext(b.Context(), "tcp", doorAddr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// closed fails unless the door ends the connection, and tells after how long.
func (b *bench) closed(c net.Conn) time.Duration {
	b.Helper()
	start := time.Now()
	c.SetReadDeadline(start.Add(time.Hour))
	if n, err := c.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		b.Errorf("read %d, %v, want the connection closed", n, err)
	}
	return time.Since(start)
}

func (b *bench) wantRefused(count int, text string) {
	b.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.refused) != count {
		b.Fatalf("%d were refused, want %d: %v", len(b.refused), count, b.refused)
	}
	if count > 0 && !strings.Contains(b.refused[count-1].Error(), text) {
		b.Errorf("refused because of %v, want %q", b.refused[count-1], text)
	}
}

func TestNewRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial := func(context.Context, string) (net.Conn, error) { return nil, io.EOF }
	addr := func(mesh.Num) (string, bool) { return "", false }
	for _, p := range []Params{{}, {Listener: l, Dial: dial}, {Listener: l, Addr: addr}} {
		if _, err := New(p); err == nil {
			t.Errorf("%+v was taken", p)
		}
	}
	if _, err := New(Params{Listener: l, Dial: dial, Addr: addr}); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("an open door for anybody: %v", err)
	}
	wrapped, err := New(Params{Listener: l, Dial: dial, Addr: addr, Wrap: func(context.Context, net.Conn, bool) (net.Conn, error) {
		return nil, io.EOF
	}})
	if err != nil {
		t.Fatalf("an authenticated door: %v", err)
	}
	wrapped.Close()
}

func TestSilentArrivalIsClosed(t *testing.T) {
	stage(t, nil, func(b *bench) {
		b.serve()
		preface, err := Append(nil, shape.Preface{Door: "https", Replay: []byte("GET")})
		if err != nil {
			b.Fatal(err)
		}
		for i, cut := range []int{0, 3, 4, len(preface) - 4, len(preface) - 1} {
			c := b.raw()
			c.Write(preface[:cut])
			if d := b.closed(c); d != DefaultTimeout {
				b.Errorf("silence after %d bytes was borne for %v, want %v", cut, d, DefaultTimeout)
			}
			b.wantRefused(i+1, "deadline exceeded")
		}
	})
}

func TestSlowArrivalIsClosed(t *testing.T) {
	stage(t, nil, func(b *bench) {
		b.serve()
		c := b.raw()
		start := time.Now()
		for range 1000 { // a byte a second: each is progress, all together are too slow
			if _, err := c.Write([]byte{0}); err != nil {
				break
			}
			<-time.After(time.Second)
		}
		if d := time.Since(start); d > DefaultTimeout+2*time.Second {
			b.Errorf("a slow preface was borne for %v", d)
		}
	})
}

func TestBadPrefaceIsClosed(t *testing.T) {
	stage(t, func(p *Params) { p.Door = func(name string) bool { return name == "https" } }, func(b *bench) {
		b.serve()
		ftp, err := Append(nil, shape.Preface{Door: "ftp"})
		if err != nil {
			b.Fatal(err)
		}
		for i, bad := range [][]byte{
			[]byte("GET / HTTP/1.1\r\n\r\n"), wire(`{"v":2}`), wire("{" + strings.Replace(fine, `"hop":1`, `"hop":2`, 1) + "}"), ftp,
		} {
			c := b.raw()
			c.Write(bad)
			if d := b.closed(c); d != 0 {
				b.Errorf("%q was borne for %v", bad, d)
			}
			b.wantRefused(i+1, "not a preface")
		}
		if len(b.served) != 0 {
			b.Errorf("%d were served", len(b.served))
		}
	})
}

func TestArrivalsWaitForServe(t *testing.T) {
	stage(t, nil, func(b *bench) {
		good, err := Append(nil, shape.Preface{Door: "https"})
		if err != nil {
			b.Fatal(err)
		}
		tooEarly := b.raw()
		tooEarly.Write(good)
		b.closed(tooEarly)
		b.wantRefused(1, "deadline exceeded")
		early := b.raw()
		early.Write(good)
		synctest.Wait()
		b.serve()
		b.door.Serve(func(net.Conn, shape.Preface) { b.Error("the second Serve counts") })
		c := <-b.served
		early.Write([]byte("x"))
		if n, err := c.Read(make([]byte, 9)); n != 1 || err != nil {
			b.Errorf("read %d, %v", n, err)
		}
		c.Close()
	})
}

func TestHandshakesAreBounded(t *testing.T) {
	stage(t, nil, func(b *bench) {
		b.serve()
		for range maxPending {
			b.raw()
		}
		synctest.Wait()
		if d := b.closed(b.raw()); d != 0 {
			b.Errorf("one too many was borne for %v", d)
		}
		b.wantRefused(1, "handshakes are open")
		<-time.After(DefaultTimeout + time.Second) // the silent ones are gone: there is room again
		good, err := Append(nil, shape.Preface{Door: "https"})
		if err != nil {
			b.Fatal(err)
		}
		b.raw().Write(good)
		(<-b.served).Close()
	})
}

func TestCloseEndsHandshakes(t *testing.T) {
	stage(t, nil, func(b *bench) {
		b.serve()
		c := b.raw()
		synctest.Wait()
		if err := b.door.Close(); err != nil {
			b.Error(err)
		}
		if d := b.closed(c); d != 0 {
			b.Errorf("a handshake outlived Close by %v", d)
		}
		if err := b.door.Close(); err != nil {
			b.Errorf("second close: %v", err)
		}
	})
}

// TestAcceptGoesOn: an Accept that fails for a while (no file descriptors) does not end the door.
func TestAcceptGoesOn(t *testing.T) {
	stage(t, func(p *Params) { p.Listener = &tired{Listener: p.Listener, left: 3} }, func(b *bench) {
		b.serve()
		good, err := Append(nil, shape.Preface{Door: "https"})
		if err != nil {
			b.Fatal(err)
		}
		b.raw().Write(good)
		(<-b.served).Close()
		b.wantRefused(3, "too many open files")
	})
}

type tired struct {
	net.Listener
	left int
}

func (l *tired) Accept() (net.Conn, error) {
	if l.left--; l.left >= 0 {
		return nil, errors.New("too many open files")
	}
	return l.Listener.Accept()
}

func TestDialFails(t *testing.T) {
	stage(t, nil, func(b *bench) {
		l, err := b.n.Listen("one:1")
		if err != nil {
			b.Fatal(err)
		}
		one, err := New(b.params("one", l))
		if err != nil {
			b.Fatal(err)
		}
		defer one.Close()
		dial := func(ctx context.Context, to mesh.Num, p shape.Preface, code fail.Code) {
			b.Helper()
			if c, err := one.Dial(ctx, to, p); !fail.Is(err, code) {
				b.Errorf("dial: %v, %v, want %s", c, err, code)
			}
		}
		good := shape.Preface{Door: "https"}
		dial(b.Context(), 3, good, fail.NodeLost)
		dial(b.Context(), 2, shape.Preface{}, fail.Internal)
		b.n.Partition("one", "two")
		start := time.Now()
		dial(b.Context(), 2, good, fail.NodeLost)
		if d := time.Since(start); d != DefaultTimeout {
			b.Errorf("a dial into nothing took %v, want %v", d, DefaultTimeout)
		}
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		dial(ctx, 2, good, fail.NodeLost)
		b.n.Refuse("one", "two")
		dial(b.Context(), 2, good, fail.NodeLost)
	})
}

// TestDialToADoorThatDoesNotRead: the preface is written under the deadline too.
func TestDialToADoorThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := netx.New()
		l, err := n.Listen("one:1")
		if err != nil {
			t.Fatal(err)
		}
		var far net.Conn
		p := (&bench{T: t, n: n}).params("one", l)
		p.Dial = func(context.Context, string) (net.Conn, error) {
			near, other := netx.Pipe()
			far = other
			return near, other.SetBuffer(10)
		}
		one, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
		if _, err := one.Dial(t.Context(), 2, shape.Preface{Door: "https"}); !fail.Is(err, fail.NodeLost) {
			t.Errorf("dial: %v, want NodeLost", err)
		}
		if _, err := io.Copy(io.Discard, far); err != nil {
			t.Errorf("the connection was not given up: %v", err)
		}
		far.Close()
	})
}

// sealed is a wrapped connection: it marks that Wrap was used.
type sealed struct {
	net.Conn
	client bool
}

func TestWrap(t *testing.T) {
	wrap := func(_ context.Context, c net.Conn, client bool) (net.Conn, error) {
		who := map[bool]string{true: "client", false: "server"}
		if _, err := io.WriteString(c, who[client]); err != nil {
			return nil, err
		}
		got := make([]byte, 6)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != who[!client] {
			return nil, errors.New("no handshake")
		}
		return &sealed{c, client}, nil
	}
	stage(t, func(p *Params) { p.Wrap = wrap }, func(b *bench) {
		b.serve()
		l, err := b.n.Listen("one:1")
		if err != nil {
			b.Fatal(err)
		}
		p := b.params("one", l)
		p.Wrap = wrap
		one, err := New(p)
		if err != nil {
			b.Fatal(err)
		}
		defer one.Close()
		c, err := one.Dial(b.Context(), 2, shape.Preface{Door: "https"})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		if s, ok := c.(*sealed); !ok || !s.client {
			b.Errorf("dialled %T", c)
		}
		arrived := <-b.served
		defer arrived.Close()
		below, _ := arrived.(*Conn).Unwrap()
		if s, ok := below.(*sealed); !ok || s.client {
			b.Errorf("served %T", below)
		}
		bad := b.raw()
		io.WriteString(bad, "nobody")
		got := make([]byte, 6)
		io.ReadFull(bad, got)
		b.closed(bad)
		b.wantRefused(1, "no handshake")
	})
}

func TestConn(t *testing.T) {
	a, far := netx.Pipe()
	defer far.Close()
	c := &Conn{Conn: a, replay: []byte("replayed")}
	far.Write([]byte("stream"))
	for _, want := range []string{"rep", "lay", "ed", "str", "eam"} {
		b := make([]byte, 3)
		if n, err := c.Read(b); err != nil || string(b[:n]) != want {
			t.Fatalf("read %q, %v, want %q", b[:n], err, want)
		}
	}
	if below, rest := c.Unwrap(); below != net.Conn(a) || rest != nil {
		t.Errorf("unwrapped %T and %q", below, rest)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(far); err != nil || len(all) != 0 {
		t.Errorf("read %q, %v after a half-close", all, err)
	}
	c.Close()

	a, far = netx.Pipe()
	defer far.Close()
	c = &Conn{Conn: &sealed{Conn: a}, replay: []byte("abc")} // sealed hides CloseWrite
	c.Read(make([]byte, 1))
	if _, rest := c.Unwrap(); string(rest) != "bc" {
		t.Errorf("the rest is %q", rest)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("without half-close all is closed; write gave %v", err)
	}
}

// TestTCPStaysTCP: what Dial gives and what Serve's connection unwraps to is the kernel's still, which splices it, and where the scheduler
// need not be told of short reads and writes, it is not.
func TestTCPStaysTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door, err := New(Params{
		Listener: l,
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		},
		Addr: func(mesh.Num) (string, bool) { return l.Addr().String(), true },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	served := make(chan net.Conn, 1)
	door.Serve(func(c net.Conn, _ shape.Preface) { served <- c })
	c, err := door.Dial(t.Context(), 1, shape.Preface{Door: "https", Replay: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	below, rest := (<-served).(*Conn).Unwrap()
	defer below.Close()
	if string(rest) != "x" {
		t.Errorf("served with %q", rest)
	}
	for side, c := range map[string]net.Conn{"dialled": c, "served": below} {
		wrapped, ok := c.(interface{ TCP() *net.TCPConn })
		if _, plain := c.(*net.TCPConn); !plain && (!ok || wrapped.TCP() == nil) || nowait.Wrap(c) != c {
			t.Errorf("%s %T", side, c)
		}
		if _, ok := c.(io.ReaderFrom); !ok {
			t.Errorf("%s one that cannot be spliced", side)
		}
	}
}
