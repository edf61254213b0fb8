package entry

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/leg"
)

// watcher notices that a sender leaves while it waits. It reads one byte at most, which it gives back.
type watcher struct {
	arrival *leg.Arrival
	done    chan struct{}
	n       int
	byte    [1]byte
	err     error
}

// watch begins to watch; leave is called when the peer has gone. Whoever answers the party calls stop.
func watch(a *leg.Arrival, leave context.CancelCauseFunc) *watcher {
	w := &watcher{arrival: a, done: make(chan struct{})}
	go w.run(leave) // stop waits for it
	return w
}

func (w *watcher) run(leave context.CancelCauseFunc) {
	defer close(w.done)
	w.n, w.err = w.arrival.Conn.Read(w.byte[:])
	if w.err != nil && !errors.Is(w.err, os.ErrDeadlineExceeded) {
		leave(fail.Wrap(fail.SenderGone, "handshake", w.err))
	}
}

// stop ends the watch and returns what the peer sent behind its handshake, or that it has gone. It may be called twice.
func (w *watcher) stop() ([]byte, error) {
	conn := w.arrival.Conn
	if err := conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		<-w.done
		return nil, err
	}
	<-w.done
	if w.err != nil && !errors.Is(w.err, os.ErrDeadlineExceeded) {
		return nil, w.err
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return slices.Concat(w.arrival.Read, w.byte[:w.n]), nil
}
