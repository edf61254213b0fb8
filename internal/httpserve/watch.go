package httpserve

import (
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/leg"
)

// watchAfter is how long a sender is not watched yet: nearly all have their answer by then.
const watchAfter = 10 * time.Millisecond

// watch looks whether a sender leaves who has sent all of the request, once his answer takes its time. Before that it costs no goroutine, no
// look that finds nothing and no deadline that wakes it; what the sender does is still to be read.
type watch struct {
	alarm alarm.Alarm

	mu      sync.Mutex
	watcher *leg.Watcher // nil: nobody looks
	over    bool         // nobody is to
}

// startWatch begins to wait for the time to look: all of the request was read. A next request that is there already would hide whether the
// sender leaves, so there is nothing to look for then.
func (x *exchange) startWatch() {
	if !x.body.ahead() {
		x.p.Late.Set(&x.watch.alarm, time.Now().Add(watchAfter), x)
	}
}

// Ring implements alarm.Ringer: the answer takes its time.
func (x *exchange) Ring() {
	w := &x.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.watcher = leg.Watch(x.conn, false, x.leave) // stop waits for it
	}
}

// stop ends the watch. It gives what was read of the next request, or an error when the sender has gone.
func (w *watch) stop() ([]byte, error) {
	if w.alarm.Stop() {
		return nil, nil // it has not begun
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
