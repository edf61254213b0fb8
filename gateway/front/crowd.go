package front

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/internal/leg/park"
)

// lastHead is what a head that has begun gets when the server shuts down.
const lastHead = 500 * time.Millisecond

// crowd is the set of open connections and the count of the goroutines that serve them. The two differ: a Take may hand its
// connection on and return.
type crowd struct {
	draining atomic.Bool
	empty    chan struct{}                           // closed when no more is taken and nobody serves
	lot      park.Lot                                // of connections that stay and are quiet
	fallen   func(v any, door string, conn net.Conn) // ends one whose owner has panicked

	mu      sync.Mutex // a lease's is never taken under it, nor it under a lease's
	all     *lease     // one of those that are open, before the others
	serving int
	closed  bool
}

// phase is what a connection is doing, as far as a shutdown cares.
type phase uint8

const (
	quiet phase = iota // nothing of a request has come: may be closed
	begun              // some of a head is there
	busy               // a handler or a Take runs
)

// lease is the place of one connection in the crowd. It ends when the connection is closed.
type lease struct {
	crowd *crowd
	conn  net.Conn  // tracked: its Close ends the lease
	raw   net.Conn  // as it was accepted
	tcp   tcpConn   // what conn is of a TCP connection: both live as long
	over  sync.Once // of a connection that stays
	door  string

	next, prev *lease // in crowd.all

	mu      sync.Mutex
	phase   phase
	limited bool   // the latest read deadline was set here
	leave   func() // of Params.Enter
	ended   bool
}

func (c *crowd) init() {
	c.empty = make(chan struct{})
}

// open gives a connection its place and counts its goroutine, which calls served. It gives nil when the server is stopping.
func (c *crowd) open(conn net.Conn) *lease {
	l := &lease{crowd: c, raw: conn}
	l.conn = track(conn, l)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.draining.Load() {
		return nil
	}
	if l.next = c.all; l.next != nil {
		l.next.prev = l
	}
	c.all = l
	c.serving++
	return l
}

// remove takes a lease out that is in.
func (c *crowd) remove(l *lease) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.next != nil {
		l.next.prev = l.prev
	}
	if l.prev != nil {
		l.prev.next = l.next
	} else if c.all == l { // else it never was in
		c.all = l.next
	}
	l.next, l.prev = nil, nil
}

// join counts one more goroutine, beside the caller's own.
func (c *crowd) join() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serving++
}

// served counts a goroutine out.
func (c *crowd) served() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serving--
	c.checkLocked()
}

// checkLocked tells who waits that nobody serves any more.
func (c *crowd) checkLocked() {
	if c.serving > 0 || !c.draining.Load() {
		return
	}
	select {
	case <-c.empty:
	default:
		close(c.empty)
	}
}

// drain takes no more, and sends away who has nothing to wait for.
func (c *crowd) drain() {
	c.mu.Lock()
	c.draining.Store(true)
	c.checkLocked()
	leases := c.leasesLocked()
	c.mu.Unlock()
	for _, l := range leases {
		l.hurry()
	}
}

// close ends every connection.
func (c *crowd) close() {
	c.mu.Lock()
	c.closed = true
	c.draining.Store(true)
	c.checkLocked()
	leases := c.leasesLocked()
	c.mu.Unlock()
	for _, l := range leases {
		_ = l.conn.Close() // whoever reads or writes it is told
	}
}

func (c *crowd) leasesLocked() []*lease {
	var all []*lease
	for l := c.all; l != nil; l = l.next {
		all = append(all, l)
	}
	return all
}

// to changes the phase. It reports false when a quiet connection has to close because the server is stopping.
func (l *lease) to(p phase) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = p
	return p != quiet || !l.crowd.draining.Load()
}

// engage makes the phase busy, and reports whether a read deadline that was set here may stand, to be taken off.
func (l *lease) engage() (limited bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limited = l.limited
	l.phase, l.limited = busy, false
	return limited
}

// readBy sets the deadline of a read that waits for a head or more of it; a shutdown shortens it and is not undone here.
func (l *lease) readBy(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.crowd.draining.Load() {
		if soon := time.Now().Add(lastHead); t.IsZero() || soon.Before(t) {
			t = soon
		}
	}
	l.limited = true
	_ = l.raw.SetReadDeadline(t) // a dead connection says so at the next read
}

// hurry ends a quiet connection and sets a near end to a head that has begun.
func (l *lease) hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.phase {
	case quiet:
		_ = l.raw.Close() // wakes the serving goroutine, which ends the lease
	case begun:
		l.limited = true
		_ = l.raw.SetReadDeadline(time.Now().Add(lastHead)) // as in readBy
	case busy:
	}
}

// entered gives the lease what is called at its end: at once when Close was faster.
func (l *lease) entered(leave func()) {
	if leave == nil {
		return
	}
	l.mu.Lock()
	ended := l.ended
	l.leave = leave
	l.mu.Unlock()
	if ended {
		leave()
	}
}

// served counts out a connection that stays, once.
func (l *lease) served() { l.over.Do(l.crowd.served) }

// woken goes on with a connection that was parked. A panic ends the connection.
func (l *lease) woken(ready func()) {
	defer func() {
		if v := recover(); v != nil {
			l.crowd.fallen(v, l.door, l.conn)
		}
	}()
	ready()
}

// end gives the place back. Every Close of the tracked connection calls it.
func (l *lease) end() {
	l.mu.Lock()
	first, leave := !l.ended, l.leave
	l.ended = true
	l.mu.Unlock()
	if !first {
		return
	}
	l.crowd.remove(l)
	if leave != nil {
		leave()
	}
}
