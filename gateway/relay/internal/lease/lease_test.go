package lease_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/relay/internal/lease"
)

// TestLease: it is over when the grace behind the newest token has passed, once, and never behind Stop.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan time.Time, 9)
		l := &lease.Lease{Over: func(at time.Time) { over <- at }}
		begin := time.Now()
		l.Until(begin.Add(time.Minute), time.Minute)
		<-time.After(90 * time.Second)
		l.Until(begin.Add(2*time.Minute), time.Minute)
		if !l.Expires().Equal(begin.Add(2 * time.Minute)) {
			t.Errorf("expires at %v", l.Expires())
		}
		<-time.After(time.Minute) // behind the end of the first
		synctest.Wait()
		if len(over) != 0 {
			t.Errorf("over at %v", <-over)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if at := <-over; len(over) != 0 || !at.Equal(begin.Add(2*time.Minute)) {
			t.Errorf("over at %v", at)
		}

		l.Until(time.Now().Add(time.Minute), 0)
		l.Stop()
		l.Until(time.Now(), 0)
		<-time.After(time.Hour)
		synctest.Wait()
		if len(over) != 0 {
			t.Errorf("over behind its end: %v", <-over)
		}
	})
}

// TestForEver: a token without an end leaves a lease without one.
func TestForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lease.Lease{Over: func(time.Time) { t.Error("over") }}
		l.Until(time.Unix(1<<40, 0), 5*time.Minute)
		<-time.After(24 * 365 * time.Hour)
		l.Stop()
	})
}
