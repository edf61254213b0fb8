package bounds

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// NewUntil makes a context that ends with its parent, at the deadline, or with End, whichever is first. Its owner calls End.
func NewUntil(parent context.Context, deadline time.Time) *Until {
	u := new(Until)
	u.Init(parent, deadline)
	return u
}

// TestUntil: it ends as context.WithDeadline does, whether or not somebody waited before, and those made of it end with it.
func TestUntil(t *testing.T) {
	why := errors.New("why")
	for name, end := range map[string]func(u *Until, leave context.CancelCauseFunc){
		"deadline": func(*Until, context.CancelCauseFunc) { <-time.After(time.Minute) },
		"parent":   func(_ *Until, leave context.CancelCauseFunc) { leave(why) },
		"End":      func(u *Until, _ context.CancelCauseFunc) { u.End() },
	} {
		for _, before := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					parent, leave := context.WithCancelCause(t.Context())
					defer leave(nil)
					due := time.Now().Add(time.Minute)
					u := NewUntil(parent, due)
					defer u.End()
					same, stop := context.WithDeadline(parent, due)
					defer stop()
					var child context.Context
					if before {
						var drop context.CancelFunc
						child, drop = context.WithCancel(u)
						defer drop()
					}
					if at, ok := u.Deadline(); !ok || !at.Equal(due) || u.Err() != nil || context.Cause(u) != nil {
						t.Fatalf("deadline %v, %t; error %v", at, ok, u.Err())
					}
					end(u, leave)
					if name == "End" {
						stop()
					}
					synctest.Wait()
					if u.Err() != same.Err() || context.Cause(u) != context.Cause(same) {
						t.Errorf("%v because of %v, not %v because of %v", u.Err(), context.Cause(u), same.Err(), context.Cause(same))
					}
					select {
					case <-u.Done():
					case <-time.After(time.Second):
						t.Error("not done")
					}
					if child != nil && child.Err() == nil {
						t.Error("what was made of it goes on")
					}
				})
			})
		}
	}
}

// TestUntilCostsNothing: nobody who does not wait pays for a timer.
func TestUntilCostsNothing(t *testing.T) {
	parent, leave := context.WithCancel(t.Context())
	defer leave()
	due := time.Now().Add(time.Hour)
	if n := testing.AllocsPerRun(100, func() {
		u := NewUntil(parent, due)
		if u.Err() != nil || u.timed != nil {
			t.Fatal("ended, or waited for")
		}
		u.End()
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
