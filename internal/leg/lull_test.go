package leg

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// parkable is a connection in memory whose waits the test ends.
type parkable struct {
	*netx.Conn
	full  bool // it cannot be parked any more
	ready func()
}

func (p *parkable) Park(ready func()) bool {
	if p.full {
		return false
	}
	p.ready = ready
	return true
}

// lulls reads until there is a lull, and says how long that took.
func lulls(t *testing.T, read func() error) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		switch err := read(); {
		case err == shape.ErrLull: // it comes bare
			return time.Since(began)
		case err != nil:
			t.Fatal(err)
		}
	}
}

// TestLull: both kinds of legs notice that nothing comes, a second or two behind what came last; hold nothing then; and read on when they
// are woken. One that is woken for a ping is quiet again soon.
func TestLull(t *testing.T) {
	frame := func(op wsframe.Op, s string) []byte {
		return wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: op, Masked: true}, []byte(s))
	}
	for _, row := range []struct {
		name string
		leg  func(net.Conn) (shape.Leg, *source)
		data []byte
		ping []byte
	}{
		{"frames", func(c net.Conn) (shape.Leg, *source) {
			w := NewWS(c, nil, Options{Role: wsframe.Server})
			return w, &w.src
		}, frame(wsframe.Binary, "word"), frame(wsframe.Ping, "")},
		{"bytes", func(c net.Conn) (shape.Leg, *source) {
			l := NewTCP(c, nil, 0)
			return l, &l.src
		}, []byte("word"), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				peer, ours := netx.Pipe()
				conn := &parkable{Conn: ours}
				l, src := row.leg(conn)
				defer l.Close()
				defer peer.Close()
				idler := l.(shape.Idler) //nolint:forcetypeassert // that is what is tested
				idler.Lull(false)
				var b shape.Batch
				read := func() error { return l.Read(&b) }
				talk := time.AfterFunc(900*time.Millisecond, func() { _, _ = peer.Write(row.data) })
				defer talk.Stop()
				if took := lulls(t, read); took < 2*lullAfter || took > 2*lullAfter+lullAfter/2 {
					t.Errorf("the lull came after %v", took)
				}
				if src.in.buf != nil {
					t.Error("a buffer is held in a lull")
				}
				woken := make(chan struct{}, 1)
				if !idler.Park(func() { woken <- struct{}{} }) || conn.ready == nil {
					t.Fatal("not parked")
				}
				if !src.waiting.Load() {
					t.Error("a leg that is parked does not wait for its peer")
				}
				conn.ready()
				<-woken
				if row.ping != nil {
					_, _ = peer.Write(row.ping)
				}
				if took := lulls(t, read); took > 2*lullSoon {
					t.Errorf("woken for nothing, the lull came after %v", took)
				}
				_, _ = peer.Write(row.data)
				if err := read(); err != nil || b.Bytes() != len("word") {
					t.Errorf("%d bytes, %v", b.Bytes(), err)
				}
				if took := lulls(t, read); took < lullAfter {
					t.Errorf("behind data, the lull came after %v", took)
				}
				idler.Lull(true)
				if took := lulls(t, read); took != 0 {
					t.Errorf("of one that has nothing to say, the lull came after %v", took)
				}
				conn.full = true
				if idler.Park(func() {}) {
					t.Error("parked where it cannot be")
				}
				time.AfterFunc(time.Hour, func() { _, _ = peer.Write(row.data) })
				if err := read(); err != nil || b.Bytes() != len("word") {
					t.Errorf("a leg that cannot be parked waits as ever: %d bytes, %v", b.Bytes(), err)
				}
			})
		})
	}
}

// TestLullNever: a leg that was not asked, or whose connection cannot be parked, waits for as long as it takes.
func TestLullNever(t *testing.T) {
	for name, conn := range map[string]func(*netx.Conn) net.Conn{
		"not asked":  func(c *netx.Conn) net.Conn { return &parkable{Conn: c} },
		"impossible": func(c *netx.Conn) net.Conn { return c },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				peer, ours := netx.Pipe()
				l := NewTCP(conn(ours), nil, 0)
				defer l.Close()
				defer peer.Close()
				if name == "impossible" {
					l.Lull(false)
				}
				time.AfterFunc(time.Hour, func() { _, _ = peer.Write([]byte("word")) })
				var b shape.Batch
				if err := l.Read(&b); err != nil || b.Bytes() != len("word") {
					t.Errorf("%d bytes, %v", b.Bytes(), err)
				}
			})
		})
	}
}

// TestLullSecured: the connection below TLS is the one that waits.
func TestLullSecured(t *testing.T) {
	_, ours := netx.Pipe()
	defer ours.Close()
	var l Lull
	l.Start(&Secured{below: &below{Conn: &parkable{Conn: ours}}}, false)
	if l.place == nil {
		t.Error("TLS over a connection that can be parked cannot be")
	}
}

// TestLullBound: a deadline by which the reader is to end is none of the lull's, whenever it is set.
func TestLullBound(t *testing.T) {
	for name, bound := range map[string]func(l *Lazy, c *parkable){
		"before": func(l *Lazy, c *parkable) { l.Bound(); _ = c.SetReadDeadline(time.Now().Add(time.Minute)) },
		"amid a wait": func(l *Lazy, c *parkable) {
			time.AfterFunc(lullAfter/2, func() { l.Bound(); _ = c.SetReadDeadline(time.Now()) })
		},
		"in its place": func(l *Lazy, _ *parkable) { time.AfterFunc(lullAfter/2, l.Bound) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				peer, ours := netx.Pipe()
				defer peer.Close()
				defer ours.Close()
				conn := &parkable{Conn: ours}
				var l Lazy
				l.Init(conn)
				bound(&l, conn)
				if err := l.Await(); err != nil {
					t.Fatalf("a wait that is bound: %v", err)
				}
				if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || l.Calm(err) {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // behind the lull, before it is parked
		peer, ours := netx.Pipe()
		defer peer.Close()
		defer ours.Close()
		conn := &parkable{Conn: ours}
		var l Lazy
		l.Init(conn)
		if err := l.Await(); err != shape.ErrLull { // it comes bare
			t.Fatal(err)
		}
		l.Bound()
		if !l.Park(func() {}) {
			t.Fatal("not parked")
		}
		if n, err := ours.Read(make([]byte, 8)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("nothing wakes it: %d bytes, %v", n, err)
		}
	})
}

// last gives one byte together with the end, as TLS may, and then the end.
type last struct {
	net.Conn
	read bool
}

func (c *last) Read(p []byte) (int, error) {
	if c.read {
		return 0, io.EOF
	}
	c.read = true
	return copy(p, "z"), io.EOF
}

// TestLazyAwaitLast: a byte that comes with the end is not lost.
func TestLazyAwaitLast(t *testing.T) {
	var l Lazy
	l.Init(&last{})
	p := make([]byte, 8)
	if err := l.Await(); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Read(p); err != nil || string(p[:n]) != "z" {
		t.Errorf("%q, %v", p[:n], err)
	}
	if err := l.Await(); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Read(p); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestLazyAwait: what Await finds is the next Read's: a byte, or the end. A read amid a message outlasts the deadline that Await left.
func TestLazyAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer, ours := netx.Pipe()
		defer ours.Close()
		var l Lazy
		l.Init(&parkable{Conn: ours})
		_, _ = peer.Write([]byte("ab"))
		p := make([]byte, 8)
		for _, want := range []string{"a", "b"} {
			if err := errors.Join(l.Await(), l.Await()); err != nil {
				t.Fatal(err)
			}
			if n, err := l.Read(p); err != nil || string(p[:n]) != want {
				t.Fatalf("%q, %v", p[:n], err)
			}
		}
		n, err := l.Read(p) // the deadline is the lull's
		if n != 0 || !l.Calm(err) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		time.AfterFunc(time.Hour, func() { _ = peer.Close() })
		if n, err := l.Read(p); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if err := l.Await(); err != nil {
			t.Fatal(err)
		}
		if n, err := l.Read(p); n != 0 || err == nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}
