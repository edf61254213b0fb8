// Package lease owns how long a listener may stay: until its token has expired and a time of grace is over, unless the token is renewed.
//
// It does not own what happens then, nor tokens. A Lease may be used from any goroutine. Source: Hybrid Connections reference section 1,
// rule 5.
package lease

import (
	"sync"
	"time"
)

// Lease ends once. The zero value has no end; Over has to be set before the first Until.
type Lease struct {
	Over func(expired time.Time) // the time is over; called on a goroutine of its own, at most once a token

	mu    sync.Mutex
	timer *time.Timer
	token time.Time
	ended bool
}

// Until moves the end to a token's expiry and some grace. Behind Stop it does nothing.
func (l *Lease) Until(at time.Time, grace time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.ended {
		return
	}
	l.token = at
	// The grace is added to the time and not to what is left: a token for ever leaves the longest duration there is.
	l.timer = time.AfterFunc(time.Until(at.Add(grace)), func() {
		if l.Expires().Equal(at) { // else it was renewed in this very moment
			l.Over(at)
		}
	})
}

// Expires is when the token expires, without the grace.
func (l *Lease) Expires() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.token
}

// Stop is for a listener that has gone.
func (l *Lease) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
	}
}
