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
	done    chan struct{}
	n       int
	byte    [1]byte
	err     error
	stopped bool
}

// Watch begins to watch a connection that nobody else reads; leave is called, with fail.SenderGone, when the peer has
// gone. Whoever answers the peer calls Stop. With halves the end of what the peer sends is no leaving: it may still
// wait for an answer, as peers of plain bytes do.
func Watch(conn net.Conn, halves bool, leave context.CancelCauseFunc) *Watcher {
	w := &Watcher{conn: conn, halves: halves, done: make(chan struct{})}
	go w.run(leave) // Stop waits for it
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
		err := w.conn.SetReadDeadline(time.Unix(1, 0))
		<-w.done
		if err != nil {
			w.err = err
		}
	}
	if w.gone() {
		return nil, w.err
	}
	return w.byte[:w.n], w.conn.SetReadDeadline(time.Time{})
}
