package meet_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestWindows: each of many meetings at one desk ends when its own window does, whatever those of the others are and in whatever order
// they began to wait, also behind a time in which nobody waited.
func TestWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := meet.NewDesk(1, 100)
		type end struct {
			window, after time.Duration
			err           error
		}
		for range 2 {
			windows := []time.Duration{5 * time.Second, 5 * time.Second, 2 * time.Second, 9 * time.Second, time.Second, 7 * time.Second, 5 * time.Second}
			ends := make(chan end, len(windows))
			begin := time.Now()
			for _, w := range windows {
				m, _, _ := open(t, d, meet.Rules{Window: w})
				go func() {
					_, _, err := m.Wait(t.Context(), nil)
					ends <- end{w, time.Since(begin), err}
				}()
				synctest.Wait() // they come in this order
			}
			for range windows {
				if e := <-ends; !fail.Is(e.err, fail.AcceptTimeout) || e.after != e.window {
					t.Errorf("the window of %v ended after %v with %v", e.window, e.after, e.err)
				}
			}
			<-time.After(time.Minute)
		}
		if d.Pending() != 0 {
			t.Errorf("%d pending", d.Pending())
		}
	})
}

// TestWindowsOfOthers: meetings that end early, from the front, the middle and the end of those that wait, leave the windows of the others
// as they are.
func TestWindowsOfOthers(t *testing.T) {
	const n = 5
	for early := range 1 << n { // each set of them
		synctest.Test(t, func(t *testing.T) {
			d := meet.NewDesk(1, n)
			begin := time.Now()
			var done [n]<-chan result
			var tickets [n]shape.Ticket
			for i := range n {
				var m *meet.Meeting
				m, _, tickets[i] = open(t, d, meet.Rules{Window: time.Duration(n+i) * time.Second})
				done[i] = wait(t.Context(), m, nil)
				synctest.Wait()
			}
			for i := range n {
				if early>>i&1 == 0 {
					continue
				}
				if err := d.Claim(tickets[i], &guest{}, nobody); err != nil {
					t.Errorf("claim: %v", err)
				}
				if r := <-done[i]; r.err != nil {
					t.Errorf("meeting %d of %05b: %v", i, early, r.err)
				}
			}
			for i := range n {
				if early>>i&1 != 0 {
					continue
				}
				if r := <-done[i]; !fail.Is(r.err, fail.AcceptTimeout) || time.Since(begin) != time.Duration(n+i)*time.Second {
					t.Errorf("meeting %d of %05b ended after %v with %v", i, early, time.Since(begin), r.err)
				}
			}
		})
	}
}

// TestMeetingAllocations: a meeting within a larger value costs its channel, whether it has to wait or not. Under the race detector a
// ticket costs one more.
func TestMeetingAllocations(t *testing.T) {
	d := meet.NewDesk(1, 10)
	left, leave := context.WithCancel(t.Context())
	leave()
	sender, listener := &guest{}, &guest{}
	values := make([]meet.Meeting, 0, 512)
	meeting := func(come bool) func() {
		return func() {
			values = values[:len(values)+1]
			m := &values[len(values)-1]
			m.Init(d, time.Now().Add(time.Minute))
			m.Sit(meet.Sender, sender)
			ticket, err := m.Ticket(meet.Listener)
			ctx := left
			if come && err == nil {
				ctx, err = t.Context(), d.Claim(ticket, listener, nobody)
			}
			if _, _, ended := m.Wait(ctx, nil); err != nil || (ended == nil) != come {
				t.Errorf("%v, %v", err, ended)
			}
		}
	}
	meeting(false)() // the clock's timer is made for the first
	for _, come := range []bool{true, false} {
		if n := testing.AllocsPerRun(100, meeting(come)); n > 2 {
			t.Errorf("%v allocations of a meeting; one comes: %t", n, come)
		}
	}
}
