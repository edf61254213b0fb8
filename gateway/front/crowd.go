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
	all     map[*lease]struct{}
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
	conn  net.Conn // tracked: its Close ends the lease
	raw   net.Conn // as it was accepted
	tcp   tcpConn  // what conn is of a TCP connection: both live as long
	once  sync.Once
	over  sync.Once // of a connection that stays
	door  string

	mu    sync.Mutex
	phase phase
	leave func() // of Params.Enter
	ended bool
}

func (c *crowd) init() {
	c.empty = make(chan struct{})
	c.all = make(map[*lease]struct{})
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
	c.all[l] = struct{}{}
	c.serving++
	return l
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
	all := make([]*lease, 0, len(c.all))
	for l := range c.all {
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

// readBy sets the deadline of a read that waits for a head or more of it; a shutdown shortens it and is not undone here.
func (l *lease) readBy(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.crowd.draining.Load() {
		if soon := time.Now().Add(lastHead); t.IsZero() || soon.Before(t) {
			t = soon
		}
	}
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
	l.once.Do(func() {
		l.crowd.mu.Lock()
		delete(l.crowd.all, l)
		l.crowd.mu.Unlock()
		l.mu.Lock()
		leave := l.leave
		l.ended = true
		l.mu.Unlock()
		if leave != nil {
			leave()
		}
	})
}
