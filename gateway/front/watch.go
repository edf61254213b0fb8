package front

import (
	"net"
	"sync"
	"time"
)

// watch notices that the peer leaves while a handler works. It reads one byte of the connection in a goroutine of its own, from
// the end of the request's body until the answer is done. A byte that comes is the next request's and is kept.
type watch struct {
	conn net.Conn
	gone func() // called at most once, when the peer ended or lost the connection

	mu      sync.Mutex
	done    chan struct{} // not nil: the goroutine runs, until it is closed
	over    bool          // must not start any more
	stopped bool          // its read was ended by stop
	got     bool
	one     [1]byte
}

// start begins to watch, once. The caller has cleared the read deadline and holds no unread bytes of the connection.
func (w *watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || w.done != nil {
		return
	}
	w.done = make(chan struct{})
	go w.run(w.done) // stop waits for it
}

func (w *watch) run(done chan struct{}) {
	defer close(done)
	n, err := w.conn.Read(w.one[:])
	w.mu.Lock()
	w.got = n == 1
	lost := n == 0 && err != nil && !(w.stopped && timedOut(err))
	w.mu.Unlock()
	if lost {
		w.gone()
	}
}

// longAgo makes a read return at once.
var longAgo = time.Unix(1, 0)

// stop ends the watch for good and waits for its goroutine. It gives the byte that came, if one did. The read deadline is cleared.
func (w *watch) stop() (b byte, got bool) {
	w.mu.Lock()
	w.over = true
	done := w.done
	if done == nil {
		w.mu.Unlock()
		return 0, false
	}
	w.done = nil
	w.stopped = true
	w.mu.Unlock()
	_ = w.conn.SetReadDeadline(longAgo) // a dead connection has ended the read already
	<-done
	_ = w.conn.SetReadDeadline(time.Time{}) // as above
	return w.one[0], w.got
}
