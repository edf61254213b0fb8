package netx_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/nettest"

	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dialed makes a network of a (who dials) and b, and one connection between them.
func dialed(t testing.TB) (n *netx.Network, a, b *netx.Conn) {
	t.Helper()
	n = netx.New()
	l, err := n.Listen("b:443")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := n.Host("a").DialContext(t.Context(), "tcp", "b:443")
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); d.Close() })
	return n, c.(*netx.Conn), d.(*netx.Conn)
}

func write(t testing.TB, c io.Writer, s string) {
	t.Helper()
	if n, err := io.WriteString(c, s); err != nil || n != len(s) {
		t.Fatalf("write %q: %d, %v", s, n, err)
	}
}

func read(t testing.TB, c io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("read %q, %v, want %q", b, err, want)
	}
}

func fails(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if _, ok := errors.AsType[*net.OpError](err); !ok {
		t.Fatalf("error %T is no *net.OpError", err)
	}
}

// TestConnIsANetConn runs the conformance suite of golang.org/x/net for both ways to a connection.
func TestConnIsANetConn(t *testing.T) {
	t.Run("pipe", func(t *testing.T) {
		nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
			a, b := netx.Pipe()
			return a, b, func() { a.Close(); b.Close() }, nil
		})
	})
	t.Run("network", func(t *testing.T) {
		nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
			n := netx.New()
			l, err := n.Listen("b:0")
			if err != nil {
				return nil, nil, nil, err
			}
			a, err := n.Host("a").DialContext(context.Background(), "tcp", l.Addr().String())
			if err != nil {
				return nil, nil, nil, err
			}
			b, err := l.Accept()
			return a, b, func() { a.Close(); b.Close(); l.Close() }, err
		})
	})
}

func TestAddressesParse(t *testing.T) {
	_, a, b := dialed(t)
	for _, addr := range []net.Addr{a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr()} {
		if _, err := netip.ParseAddrPort(addr.String()); err != nil {
			t.Error(err)
		}
	}
	if a.LocalAddr().String() != b.RemoteAddr().String() || a.RemoteAddr().String() != b.LocalAddr().String() {
		t.Errorf("the ends disagree: %v %v, %v %v", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
	}
	if a.RemoteAddr().(*net.TCPAddr).Port != 443 {
		t.Errorf("port %v, want 443", a.RemoteAddr())
	}
}

func TestListenAndDialByName(t *testing.T) {
	n := netx.New()
	b := n.Host("b")
	for _, addr := range []string{":0", "127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "localhost:0", "b:0", b.Addr().String() + ":7"} {
		l, err := b.Listen("tcp", addr)
		if err != nil {
			t.Errorf("listen %s: %v", addr, err)
			continue
		}
		c, err := n.Host("a").DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Errorf("dial %s: %v", l.Addr(), err)
			continue
		}
		c.Close()
		l.Close()
	}
	one, err := n.Listen("b:80")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	self, err := b.DialContext(t.Context(), "tcp", "localhost:80")
	if err != nil {
		t.Fatalf("a host dials itself: %v", err)
	}
	self.Close()
	n.Host("c")
	for addr, want := range map[string]error{
		"b:80":          syscall.EADDRINUSE,
		"c:80":          syscall.EADDRNOTAVAIL,
		"192.168.1.1:1": syscall.EHOSTUNREACH,
	} {
		_, err := b.Listen("tcp", addr)
		fails(t, err, want)
	}
	_, err = n.Host("a").DialContext(t.Context(), "tcp", "b:81")
	fails(t, err, syscall.ECONNREFUSED)
	var none *net.DNSError
	if _, err := b.DialContext(t.Context(), "tcp", "nobody:80"); !errors.As(err, &none) {
		t.Errorf("dial of no host: %v", err)
	}
	for _, addr := range []string{"b", "b:http", "b:65536", ":1", "10.0.0.1:1"} {
		if _, err := n.Listen(addr); err == nil {
			t.Errorf("listen %q was taken", addr)
		}
	}
}

func TestHalfClose(t *testing.T) {
	_, a, b := dialed(t)
	write(t, a, "last words")
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, err := a.Write([]byte("x"))
	fails(t, err, syscall.EPIPE)
	if all, err := io.ReadAll(b); err != nil || string(all) != "last words" {
		t.Fatalf("read %q, %v", all, err)
	}
	write(t, b, "the other way goes on")
	read(t, a, "the other way goes on")
	b.Close()
	if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatalf("read %d, %v, want EOF", n, err)
	}
}

func TestReset(t *testing.T) {
	resets := map[string]func(n *netx.Network, b *netx.Conn){
		"abort":  func(_ *netx.Network, b *netx.Conn) { b.Abort() },
		"linger": func(_ *netx.Network, b *netx.Conn) { b.SetLinger(0); b.Close() },
		"unread": func(_ *netx.Network, b *netx.Conn) { b.Close() },
		"kill":   func(n *netx.Network, _ *netx.Conn) { n.Kill("b") },
		"middle": func(n *netx.Network, _ *netx.Conn) { n.Reset("a", "b") },
	}
	for name, reset := range resets {
		t.Run(name, func(t *testing.T) {
			n, a, b := dialed(t)
			write(t, b, "lost with the reset")
			write(t, a, "never read")
			reset(n, b)
			_, err := a.Read(make([]byte, 1))
			fails(t, err, syscall.ECONNRESET)
			_, err = a.Write([]byte("x"))
			fails(t, err, syscall.ECONNRESET)
		})
	}
	t.Run("read all, then close is no reset", func(t *testing.T) {
		_, a, b := dialed(t)
		write(t, a, "x")
		read(t, b, "x")
		b.Close()
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatalf("read: %v, want EOF", err)
		}
		write(t, a, "as TCP: the first write leaves, a reset comes back")
		_, err := a.Write([]byte("x"))
		fails(t, err, syscall.ECONNRESET)
	})
}

func TestCloseWakesReadAndWrite(t *testing.T) {
	_, a, _ := dialed(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := a.Read(make([]byte, 1))
		fails(t, err, net.ErrClosed)
	})
	wg.Go(func() {
		_, err := a.Write(make([]byte, netx.DefaultBuffer+1))
		fails(t, err, net.ErrClosed)
	})
	a.Close()
	wg.Wait()
	fails(t, a.Close(), net.ErrClosed)
	fails(t, a.CloseWrite(), net.ErrClosed)
	fails(t, a.SetDeadline(time.Time{}), net.ErrClosed)
}

func TestBufferIsBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a, b := dialed(t)
		b.SetBuffer(10)
		a.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := a.Write(make([]byte, 11))
		fails(t, err, os.ErrDeadlineExceeded)
		if n != 10 {
			t.Fatalf("%d bytes were taken, want the 10 of the buffer", n)
		}
		a.SetWriteDeadline(time.Time{})
		var wg sync.WaitGroup
		wg.Go(func() { write(t, a, "more") })
		synctest.Wait()
		read(t, b, string(make([]byte, 10)))
		read(t, b, "more")
		wg.Wait()
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d = 30 * time.Millisecond
		n, a, b := dialed(t)
		n.Delay("a", "b", d)
		start := time.Now()
		after := func(want time.Duration) {
			t.Helper()
			if got := time.Since(start); got != want {
				t.Fatalf("after %v, want %v", got, want)
			}
		}
		write(t, a, "one")
		write(t, b, "two")
		after(0)
		read(t, b, "one")
		read(t, a, "two")
		after(d)
		n.Delay("a", "b", 0)
		write(t, a, "at once")
		read(t, b, "at once")
		after(d)
		n.Delay("a", "b", d)
		write(t, a, "slow")
		n.Delay("a", "b", 0)
		write(t, a, "never overtakes")
		a.CloseWrite()
		if all, err := io.ReadAll(b); err != nil || string(all) != "slownever overtakes" {
			t.Fatalf("read %q, %v", all, err)
		}
		after(2 * d)
		n.Delay("a", "b", d)
		b.Abort()
		_, err := a.Read(make([]byte, 1))
		fails(t, err, syscall.ECONNRESET)
		after(3 * d)
		l, err := n.Listen("b:80")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := n.Host("a").DialContext(t.Context(), "tcp", "b:80")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		after(5 * d)
	})
}

func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a, b := dialed(t)
		n.Partition("a", "b")
		write(t, a, "held")
		b.SetReadDeadline(time.Now().Add(time.Second))
		_, err := b.Read(make([]byte, 1))
		fails(t, err, os.ErrDeadlineExceeded)
		b.SetReadDeadline(time.Time{})

		l, err := n.Listen("b:80")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.Host("a").DialContext(ctx, "tcp", "b:80")
		fails(t, err, context.DeadlineExceeded)
		n.Refuse("a", "b")
		_, err = n.Host("a").DialContext(t.Context(), "tcp", "b:80")
		fails(t, err, syscall.EHOSTUNREACH)
		n.Partition("a", "b")

		var wg sync.WaitGroup
		wg.Go(func() {
			c, err := n.Host("a").DialContext(t.Context(), "tcp", "b:80")
			if err != nil {
				t.Errorf("dial that waited for heal: %v", err)
				return
			}
			c.Close()
		})
		wg.Go(func() { read(t, b, "held") })
		synctest.Wait()
		n.Heal("a", "b")
		wg.Wait()
	})
}

func TestKillBehindAPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, a, b := dialed(t)
		n.Partition("a", "b")
		n.Kill("b")
		_, err := b.Read(make([]byte, 1))
		fails(t, err, syscall.ECONNRESET)
		a.SetReadDeadline(time.Now().Add(time.Hour))
		_, err = a.Read(make([]byte, 1))
		fails(t, err, os.ErrDeadlineExceeded) // silence: the reset is held too
		a.SetReadDeadline(time.Time{})
		n.Heal("a", "b")
		_, err = a.Read(make([]byte, 1))
		fails(t, err, syscall.ECONNRESET)
	})
}

func TestKillAndRevive(t *testing.T) {
	n := netx.New()
	l, err := n.Listen("b:443")
	if err != nil {
		t.Fatal(err)
	}
	a := n.Host("a")
	queued, err := a.DialContext(t.Context(), "tcp", "b:443")
	if err != nil {
		t.Fatal(err)
	}
	defer queued.Close()
	n.Kill("b")
	_, err = queued.Read(make([]byte, 1))
	fails(t, err, syscall.ECONNRESET)
	_, err = l.Accept()
	fails(t, err, net.ErrClosed)
	fails(t, l.Close(), net.ErrClosed)
	_, err = a.DialContext(t.Context(), "tcp", "b:443")
	fails(t, err, syscall.ECONNREFUSED)
	_, err = n.Host("b").DialContext(t.Context(), "tcp", "a:1")
	fails(t, err, syscall.ENETDOWN)
	_, err = n.Listen("b:443")
	fails(t, err, syscall.ENETDOWN)
	n.Revive("b")
	again, err := n.Listen("b:443")
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestBacklogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := netx.New()
		l, err := n.Listen("b:443")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		count := 0
		for {
			c, err := n.Host("a").DialContext(ctx, "tcp", "b:443")
			if err != nil {
				fails(t, err, context.DeadlineExceeded)
				break
			}
			defer c.Close()
			count++
		}
		if count != 128 {
			t.Errorf("%d connections waited for Accept, want 128", count)
		}
	})
}

// TestBulk sends both ways at once through a small buffer with a delay that changes, and compares sums.
func TestBulk(t *testing.T) {
	n, a, b := dialed(t)
	a.SetBuffer(1000)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	want := sha256.Sum256(data)
	var wg sync.WaitGroup
	for _, c := range []*netx.Conn{a, b} {
		wg.Go(func() {
			if _, err := c.Write(data); err != nil {
				t.Errorf("write: %v", err)
			}
			c.CloseWrite()
		})
		wg.Go(func() {
			h := sha256.New()
			if _, err := io.Copy(h, c); err != nil || !bytes.Equal(h.Sum(nil), want[:]) {
				t.Errorf("what came is not what was sent, or %v", err)
			}
		})
	}
	for i := range 50 {
		n.Delay("a", "b", time.Duration(i%3)*time.Millisecond)
	}
	n.Delay("a", "b", 0)
	wg.Wait()
}
