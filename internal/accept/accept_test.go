package accept_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/internal/accept"
)

// step is what one Accept gives.
type step struct {
	conn net.Conn
	err  error
}

// script is a listener that gives what it was told to, and notes when it was asked.
type script struct {
	net.Listener
	steps []step
	asked []time.Duration // since the beginning
	began time.Time
}

func (s *script) Accept() (net.Conn, error) {
	s.asked = append(s.asked, time.Since(s.began))
	if len(s.steps) == 0 {
		return nil, fmt.Errorf("accept: %w", net.ErrClosed)
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	return next.conn, next.err
}

var errWant = errors.New("too many open files")

// TestLoopPauses: failures are outlasted with pauses that double up to a second, and a connection begins them anew.
func TestLoopPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		s := &script{began: time.Now()}
		for range 12 {
			s.steps = append(s.steps, step{err: errWant})
		}
		s.steps = append(s.steps, step{conn: near}, step{err: errWant})
		var got []net.Conn
		accept.Loop(t.Context(), s, func(c net.Conn) { got = append(got, c) })
		if len(got) != 1 || got[0] != near {
			t.Errorf("begun: %v", got)
		}
		var pauses []time.Duration
		for i, at := range s.asked[1:] {
			pauses = append(pauses, at-s.asked[i])
		}
		ms := time.Millisecond
		want := []time.Duration{ms, 2 * ms, 4 * ms, 8 * ms, 16 * ms, 32 * ms, 64 * ms, 128 * ms, 256 * ms, 512 * ms, time.Second, time.Second, 0, ms}
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses %v, want %v", pauses, want)
		}
	})
}

// TestLoopEnd: the end of ctx cuts pauses short, and only a closed listener ends the loop.
func TestLoopEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &script{began: time.Now()}
		for range 20 { // more than 8 s of pauses
			s.steps = append(s.steps, step{err: errWant})
		}
		time.AfterFunc(3*time.Millisecond, cancel)
		accept.Loop(ctx, s, func(net.Conn) { t.Error("a connection from nowhere") })
		if took := time.Since(s.began); took != 3*time.Millisecond || len(s.asked) != 21 {
			t.Errorf("asked %d times in %v", len(s.asked), took)
		}
	})
}

// TestLoopOnSockets: a real listener's connections arrive, and its Close ends the loop.
func TestLoopOnSockets(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, over := make(chan net.Conn), make(chan struct{})
	go func() {
		defer close(over)
		accept.Loop(t.Context(), socket, func(c net.Conn) { arrived <- c })
	}()
	for range 3 {
		near, err := net.Dial("tcp", socket.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far := <-arrived
		if far.RemoteAddr().String() != near.LocalAddr().String() {
			t.Errorf("%v arrived from %v", far.RemoteAddr(), near.LocalAddr())
		}
		near.Close()
		far.Close()
	}
	socket.Close()
	<-over
}

// TestSet: what is held is closed once at the end, what was dropped is not, and behind the end nothing is held.
func TestSet(t *testing.T) {
	var s accept.Set[string]
	s.Drop("never held")
	for _, c := range []string{"a", "b", "c", "a"} {
		if !s.Hold(c) {
			t.Fatalf("%q is not held", c)
		}
	}
	s.Drop("b")
	var closed []string
	closing := func(c string) {
		closed = append(closed, c)
		s.Drop(c) // as a connection does that ends: no lock is held
	}
	s.End(closing)
	slices.Sort(closed)
	if !slices.Equal(closed, []string{"a", "c"}) {
		t.Errorf("closed %v", closed)
	}
	if s.Hold("d") {
		t.Error("held behind the end")
	}
	s.End(closing)
	if len(closed) != 2 {
		t.Errorf("the second end closed %v", closed[2:])
	}
}
