package leg

import (
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// lockPatient locks; waits is called before it has to wait for who writes. nil: nobody cares.
func lockPatient(mu *sync.Mutex, waits func()) {
	if waits != nil {
		if mu.TryLock() {
			return
		}
		waits()
	}
	mu.Lock()
}

// outlet writes to a leg's connection, each write within a time. One goroutine at a time uses it.
type outlet struct {
	timeout time.Duration
	moves   time.Time // when the connection's deadline is moved
	waits   bool      // a write has had to wait for room, or would have had to
}

// write writes all of p. Until a peer makes a write wait there is no deadline and no look at the clock: what there is room for cannot be
// late. Then there is one, which is moved when a quarter of it has passed. waits is called ahead of a write that may wait; nil: nobody cares.
func (o *outlet) write(conn net.Conn, p []byte, waits func()) error {
	if !o.waits {
		_, err := nowait.WriteReady(conn, p, func() error { return o.ready(conn, waits) })
		return err
	}
	if err := o.ready(conn, waits); err != nil {
		return err
	}
	_, err := conn.Write(p)
	return err
}

// ready moves the deadline for a write that may wait.
func (o *outlet) ready(conn net.Conn, waits func()) error {
	o.waits = true
	if waits != nil {
		waits()
	}
	now := time.Now()
	if !now.After(o.moves) {
		return nil
	}
	o.moves = now.Add(o.timeout / 4)
	return conn.SetWriteDeadline(now.Add(o.timeout))
}

// hurry gives what is written from now on no more than this time.
func (o *outlet) hurry(most time.Duration) {
	o.moves, o.timeout = time.Time{}, min(o.timeout, most)
}
