package leg

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// Watcher notices that a peer leaves while it waits for its answer. It reads one byte at most, which it gives back.
type Watcher struct {
	conn    net.Conn
	halves  bool
	late    *time.Timer   // it calls run; nil: run was called at once
	done    chan struct{} // run has ended
	n       int
	byte    [1]byte
	err     error
	stopped bool // Stop was called
	idle    bool // before a late watch began
}

// Watch begins to watch a connection that nobody else reads; leave is called, with fail.SenderGone, when the peer has
// gone. Whoever answers the peer calls Stop. With halves the end of what the peer sends is no leaving: it may still
// wait for an answer, as peers of plain bytes do.
func Watch(conn net.Conn, halves bool, leave context.CancelCauseFunc) *Watcher {
	w := &Watcher{conn: conn, halves: halves, done: make(chan struct{})}
	go w.run(leave) // Stop waits for it
	return w
}

// watchAfter is how long a peer is not watched yet by WatchLate.
const watchAfter = 10 * time.Millisecond

// WatchLate is Watch for peers that nearly all have their answer within a few milliseconds: it begins to watch after 10, and costs no
// goroutine, no read that finds nothing and no deadline that wakes it before. The connection has no read deadline. A Stop before it
// began knows nothing of the peer: what it sent, or that it has gone, is still to be read.
func WatchLate(conn net.Conn, halves bool, leave context.CancelCauseFunc) *Watcher {
	w := &Watcher{conn: conn, halves: halves, done: make(chan struct{})}
	w.late = time.AfterFunc(watchAfter, func() { w.run(leave) }) // Stop waits for it
	return w
}

func (w *Watcher) run(leave context.CancelCauseFunc) {
	defer close(w.done)
	w.n, w.err = w.conn.Read(w.byte[:])
	if w.gone() {
		leave(fail.Wrap(fail.SenderGone, "handshake", w.err))
	}
}

// gone reports whether the read ended because the peer left.
func (w *Watcher) gone() bool {
	switch {
	case w.err == nil, errors.Is(w.err, os.ErrDeadlineExceeded):
		return false
	case errors.Is(w.err, io.EOF):
		return !w.halves
	}
	return true
}

// Stop ends the watch and returns what the peer sent meanwhile, or that it has gone. It may be called twice, by one
// goroutine.
func (w *Watcher) Stop() ([]byte, error) {
	if !w.stopped {
		w.stopped = true
		if w.idle = w.late != nil && w.late.Stop(); !w.idle {
			err := w.conn.SetReadDeadline(time.Unix(1, 0))
			<-w.done
			if err != nil {
				w.err = err
			}
		}
	}
	if w.idle {
		return nil, nil
	}
	if w.gone() {
		return nil, w.err
	}
	return w.byte[:w.n], w.conn.SetReadDeadline(time.Time{})
}
