package bounds

import (
	"context"
	"sync"
	"time"
)

// Until is a context with a deadline that costs a timer and a place among its parent's children only when somebody waits for its end: a
// listener is told of nearly every sender without waiting. Methods may be called from any goroutine. Make one with NewUntil.
type Until struct {
	parent   context.Context
	deadline time.Time

	mu     sync.Mutex
	timed  context.Context // what is waited for; nil: nobody waits
	cancel context.CancelFunc
	over   bool
}

// Init makes u, which is zero, a context that ends with its parent, at the deadline, or with End, whichever is first. Its owner calls End.
func (u *Until) Init(parent context.Context, deadline time.Time) {
	u.parent, u.deadline = parent, deadline
}

// End lets go of the timer, if there is one. The context has ended then.
func (u *Until) End() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	if u.cancel != nil {
		u.cancel()
	}
}

// Deadline implements context.Context.
func (u *Until) Deadline() (time.Time, bool) {
	if d, ok := u.parent.Deadline(); ok && d.Before(u.deadline) {
		return d, true
	}
	return u.deadline, true
}

// Done implements context.Context.
func (u *Until) Done() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.timed == nil {
		u.timed, u.cancel = context.WithDeadline(u.parent, u.deadline)
		if u.over {
			u.cancel()
		}
	}
	return u.timed.Done()
}

// Err implements context.Context.
func (u *Until) Err() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.timed != nil:
		return u.timed.Err()
	case u.parent.Err() != nil:
		return u.parent.Err()
	case !time.Now().Before(u.deadline):
		return context.DeadlineExceeded
	case u.over:
		return context.Canceled
	}
	return nil
}

// Value implements context.Context. Who makes a context of this one has asked for Done, and finds what ends it.
func (u *Until) Value(key any) any {
	u.mu.Lock()
	timed := u.timed
	u.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return u.parent.Value(key)
}
