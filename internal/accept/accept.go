// Package accept owns what every TCP door does alike: to accept until it is closed, with a pause behind an accept that failed, and to
// know which of its connections are open, so that Close ends them.
//
// It does not own the listener's life (whoever opened it closes it), the goroutines of connections (the door starts them and waits),
// limits or deadlines. The HTTP front door has an accept loop of its own, since it reports each failure (gateway/front).
//
// A Loop runs on its caller's goroutine and starts none. The methods of a Set may be called from any goroutine and never wait.
package accept

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Pauses behind an accept that failed, for want of descriptors for example: the first, and what doubling it ends at. Want of
// descriptors ends when connections do; to try again at once would only take their time.
const (
	pauseFirst = time.Millisecond
	pauseMost  = time.Second
)

// Loop gives each connection of the listener to begin, until the listener is closed. Other failures of Accept it outlasts. begin is
// called by the loop itself, so while it waits nothing is accepted: the kernel's queue is the bound then.
//
// The end of ctx cuts a pause short and ends nothing: to close the listener does.
func Loop(ctx context.Context, from net.Listener, begin func(net.Conn)) {
	pause := pauseFirst
	for {
		conn, err := from.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			wait(ctx, pause)
			pause = min(2*pause, pauseMost)
			continue
		}
		pause = pauseFirst
		begin(conn)
	}
}

// wait pauses, not longer than ctx.
func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Set is what a door has open: connections, or what stands for one. The zero value is empty and ready. It must not be copied after
// first use.
type Set[C comparable] struct {
	mu   sync.Mutex
	over bool
	open map[C]struct{}
}

// Hold notes c. It reports false once End was called: then c is the caller's to close.
func (s *Set[C]) Hold(c C) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	if s.open == nil {
		s.open = make(map[C]struct{})
	}
	s.open[c] = struct{}{}
	return true
}

// Drop forgets c, which has ended. One that is not in the set is no harm.
func (s *Set[C]) Drop(c C) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// End empties the set, calls closing for each that was in it, without a lock, and lets Hold take none any more. The second call finds
// nothing.
func (s *Set[C]) End(closing func(C)) {
	s.mu.Lock()
	open := s.open
	s.open, s.over = nil, true
	s.mu.Unlock()
	for c := range open {
		closing(c)
	}
}
