//go:build linux

package park

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait.
const patience = 20 * time.Second

// stand is one connection of a lot.
type stand struct {
	*testing.T

	lot   *Lot
	peer  *net.TCPConn
	conn  Conn
	woken chan struct{}
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{T: t, lot: new(Lot), woken: make(chan struct{}, 8)}
	peer, ours := netx.Loopback(t)
	s.peer = peer
	s.conn.Init(ours, s.lot)
	t.Cleanup(s.lot.Close)
	return s
}

func (s *stand) park() bool { return s.conn.Park(func() { s.woken <- struct{}{} }) }

// parks parks and finds that nothing wakes it.
func (s *stand) parks() {
	s.Helper()
	if !s.park() {
		s.Fatal("not parked")
	}
	if n := s.lot.Parked(); n != 1 {
		s.Fatalf("%d are parked", n)
	}
}

// wakes waits for the one wake-up.
func (s *stand) wakes() {
	s.Helper()
	select {
	case <-s.woken:
	case <-time.After(patience):
		s.Fatal("not woken")
	}
	if n := s.lot.Parked(); n != 0 {
		s.Errorf("%d are parked behind it", n)
	}
	if len(s.woken) > 0 {
		s.Error("woken twice")
	}
}

// TestWakes: whatever ends a wait ends it once.
func TestWakes(t *testing.T) {
	for name, wake := range map[string]func(*stand) error{
		"bytes":            func(s *stand) error { _, err := s.peer.Write([]byte("x")); return err },
		"the end":          func(s *stand) error { return s.peer.CloseWrite() },
		"a loss":           func(s *stand) error { return errors.Join(s.peer.SetLinger(0), s.peer.Close()) },
		"Close":            func(s *stand) error { return s.conn.Close() },
		"a read deadline":  func(s *stand) error { return s.conn.SetReadDeadline(time.Now().Add(patience)) },
		"a deadline":       func(s *stand) error { return s.conn.SetDeadline(time.Now().Add(patience)) },
		"the lot's Close":  func(s *stand) error { s.lot.Close(); return nil },
		"Wake, many times": func(s *stand) error { s.conn.spot.Wake(); s.conn.spot.Wake(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.parks()
			if err := wake(s); err != nil {
				t.Fatal(err)
			}
			s.wakes()
		})
	}
}

// TestAgain: a connection is parked as often as it is quiet, and one that has bytes already is woken at once.
func TestAgain(t *testing.T) {
	s := newStand(t)
	buf := make([]byte, 8)
	for range 3 {
		s.parks()
		if _, err := s.peer.Write([]byte("word")); err != nil {
			t.Fatal(err)
		}
		s.wakes()
		if n, err := s.conn.Read(buf); err != nil || string(buf[:n]) != "word" {
			t.Fatalf("%q, %v", buf[:n], err)
		}
	}
	if _, err := s.peer.Write([]byte("early")); err != nil {
		t.Fatal(err)
	}
	if !s.park() {
		t.Fatal("not parked")
	}
	s.wakes()
}

// TestRefuses: what is closed is not parked, nor anything in a lot that is.
func TestRefuses(t *testing.T) {
	s := newStand(t)
	s.lot.Close()
	if s.park() {
		t.Error("parked in a lot that is closed")
	}
	s = newStand(t)
	if err := s.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if s.park() {
		t.Error("a connection is parked that is closed")
	}
	if n := s.lot.Parked(); n != 0 || len(s.woken) != 0 {
		t.Errorf("%d parked, %d woken", n, len(s.woken))
	}
}

// TestMany: each of many connections echoes a few times and is parked between, while some are closed at any moment; all of them end, and
// nobody is woken for another.
func TestMany(t *testing.T) {
	const conns, rounds = 100, 20
	var lot Lot
	defer lot.Close()
	var over sync.WaitGroup
	var closed atomic.Int64
	for i := range conns {
		peer, ours := netx.Loopback(t)
		c := new(Conn)
		c.Init(ours, &lot)
		over.Add(1)
		var serve func()
		// A park that is woken reads before it parks again.
		step := func() {
			buf := make([]byte, 64)
			n, err := c.Read(buf)
			if err == nil {
				_, err = c.Write(buf[:n])
			}
			if err != nil {
				closed.Add(1)
				over.Done()
				return
			}
			serve()
		}
		serve = func() {
			if !c.Park(step) {
				step()
			}
		}
		go serve()
		over.Go(func() {
			buf := make([]byte, 1)
			for n := range rounds {
				if _, err := peer.Write([]byte{byte(n)}); err != nil {
					break
				}
				if _, err := io.ReadFull(peer, buf); err != nil || buf[0] != byte(n) {
					t.Errorf("connection %d, round %d: %v, %v", i, n, buf, err)
					break
				}
			}
			if i%2 == 0 {
				_ = c.Close()
			} else {
				_ = peer.Close()
			}
		})
	}
	done := make(chan struct{})
	go func() { over.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%d of %d connections have ended, %d are parked", closed.Load(), conns, lot.Parked())
	}
	if n := lot.Parked(); n != 0 {
		t.Errorf("%d are parked still", n)
	}
}
