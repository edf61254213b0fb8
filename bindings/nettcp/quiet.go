package nettcp

import (
	"sync/atomic"
	"time"
)

// quiet ends a session in which nothing flows, either way, for longer than allowed: what WCF calls the receive time-out. Of a nil
// one every method does nothing.
type quiet struct {
	most  time.Duration
	last  atomic.Int64 // when something flowed, in nanoseconds since begin
	begin time.Time
	timer *time.Timer
}

// newQuiet begins to wait. most 0: it does not, and is nil.
func newQuiet(most time.Duration, end func()) *quiet {
	if most <= 0 {
		return nil
	}
	q := &quiet{most: most, begin: time.Now()}
	q.timer = time.AfterFunc(most, func() {
		since := time.Since(q.begin) - time.Duration(q.last.Load())
		if since >= most {
			end()
			return
		}
		q.timer.Reset(most - since)
	})
	return q
}

// heard notes that something flows.
func (q *quiet) heard() {
	if q != nil {
		q.last.Store(int64(time.Since(q.begin)))
	}
}

// stop ends the wait.
func (q *quiet) stop() {
	if q != nil {
		q.timer.Stop()
	}
}
