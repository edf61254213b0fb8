// Package late owns the watch over peers that nearly all have their answer within a few milliseconds: whether one leaves while it waits is
// looked at only when the answer takes its time. Before that a watch costs no goroutine, no timer and no look that finds nothing.
//
// It does not own how one looks (leg.Watcher), nor what is done about a peer that has gone. A Watch is started and stopped by one goroutine.
package late

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/leg"
)

// after is how long a peer is not watched yet.
const after = 10 * time.Millisecond

// Watch is the watch over one peer, a part of what waits for its answer. The zero value is none.
type Watch struct {
	alarm  alarm.Alarm
	conn   net.Conn
	halves bool
	leave  context.CancelCauseFunc

	mu      sync.Mutex
	watcher *leg.Watcher // nil: nobody looks
	over    bool         // nobody is to
}

// Start begins to wait for the time to look, once; see leg.Watch for the rest. The clock is one for all peers of a door.
func (w *Watch) Start(clock *alarm.Clock, conn net.Conn, halves bool, leave context.CancelCauseFunc) {
	w.conn, w.halves, w.leave = conn, halves, leave
	clock.Set(&w.alarm, time.Now().Add(after), w)
}

// Ring implements alarm.Ringer: the answer takes its time.
func (w *Watch) Ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.watcher = leg.Watch(w.conn, w.halves, w.leave) // Stop waits for it
	}
}

// Stop ends the watch, and returns what leg.Watcher.Stop does. Of a peer that was not looked at yet it knows nothing: what the peer sent, or
// that it has gone, is still to be read. It may be called twice.
func (w *Watch) Stop() ([]byte, error) {
	if w.alarm.Stop() {
		return nil, nil
	}
	w.mu.Lock()
	w.over = true
	watcher := w.watcher
	w.mu.Unlock()
	if watcher == nil {
		return nil, nil
	}
	return watcher.Stop()
}
