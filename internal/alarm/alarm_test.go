package alarm_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/internal/alarm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waiter is who waits for a moment, and notes when it came.
type waiter struct {
	alarm.Alarm

	mu   sync.Mutex
	rung []time.Time
	then func()
}

func (w *waiter) Ring() {
	w.mu.Lock()
	w.rung = append(w.rung, time.Now())
	w.mu.Unlock()
	if w.then != nil {
		w.then()
	}
}

func (w *waiter) times() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.rung)
}

// TestMoments: whatever is set, moved and stopped in whatever order, each alarm rings at the moment that was set last, once, or never.
func TestMoments(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		many := rapid.IntRange(1, 20).Draw(rt, "alarms")
		type step struct {
			who, after int // after 0: stop
			pause      int
		}
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
			return step{rapid.IntRange(0, many-1).Draw(rt, "who"), rapid.IntRange(0, 9).Draw(rt, "after"), rapid.IntRange(0, 3).Draw(rt, "pause")}
		}), 1, 60).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) {
			var c alarm.Clock
			all := make([]waiter, many)
			want := make([][]time.Time, many)
			due := make([]time.Time, many)
			pass := func() { // by the model, what has come by now
				synctest.Wait()
				for i, at := range due {
					if !at.IsZero() && !time.Now().Before(at) {
						want[i], due[i] = append(want[i], at), time.Time{}
					}
				}
			}
			for _, s := range steps {
				w := &all[s.who]
				if s.after > 0 {
					due[s.who] = time.Now().Add(time.Duration(s.after) * time.Second)
					c.Set(&w.Alarm, due[s.who], w)
				} else if was := !due[s.who].IsZero(); w.Stop() != was {
					t.Errorf("stopped: %v, want %v", !was, was)
				} else {
					due[s.who] = time.Time{}
				}
				wait(time.Duration(s.pause)*time.Second + time.Millisecond) // between the moments, which are whole seconds behind a set
				pass()
			}
			wait(time.Minute)
			pass()
			for i := range all {
				if got := all[i].times(); !slices.Equal(got, want[i]) {
					t.Errorf("alarm %d rang at %v, want %v", i, got, want[i])
				}
			}
		})
	})
}

// wait lets time pass in a bubble.
func wait(d time.Duration) { <-time.After(d) }

// TestAgain: who is rung may set the alarm again, or another.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c alarm.Clock
		var w waiter
		began := time.Now()
		w.then = func() {
			if n := len(w.times()); n < 3 {
				c.Set(&w.Alarm, time.Now().Add(time.Second), &w)
			}
		}
		c.Set(&w.Alarm, began, &w) // is due
		wait(time.Minute)
		want := []time.Time{began, began.Add(time.Second), began.Add(2 * time.Second)}
		if got := w.times(); !slices.Equal(got, want) {
			t.Errorf("rang at %v, want %v", got, want)
		}
		if w.Stop() {
			t.Error("an alarm that has rung is set")
		}
	})
}

// TestStopRaces: an alarm that was stopped does not ring, and one that was not does, whoever is first at its moment.
func TestStopRaces(t *testing.T) {
	var c alarm.Clock
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 300 {
				rung := make(chan struct{})
				w := &waiter{then: func() { close(rung) }}
				c.Set(&w.Alarm, time.Now().Add(time.Duration(i%3)*20*time.Microsecond), w)
				for range i % 50 {
					_ = w.times()
				}
				stopped := w.Stop()
				if !stopped {
					<-rung
				}
				if n := len(w.times()); stopped && n != 0 || !stopped && n != 1 {
					t.Errorf("stopped %v, rang %d times", stopped, n)
				}
			}
		})
	}
	all.Wait()
}

// TestAllocations: an alarm that is set and stopped makes nothing.
func TestAllocations(t *testing.T) {
	var c alarm.Clock
	var w waiter
	at := time.Now().Add(time.Hour)
	c.Set(&w.Alarm, at, &w)
	if n := testing.AllocsPerRun(100, func() {
		c.Set(&w.Alarm, at, &w)
		w.Stop()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkAlarm is what an alarm costs that does not ring, alone, behind others and before them, and what a timer does.
func BenchmarkAlarm(b *testing.B) {
	for _, row := range []struct {
		name   string
		others int
		ahead  time.Duration
	}{{"alarm", 0, time.Minute}, {"behind 10000", 10_000, time.Hour}, {"before 10000", 10_000, time.Second}} {
		b.Run(row.name, func(b *testing.B) {
			var c alarm.Clock
			others := make([]waiter, row.others)
			for i := range others {
				c.Set(&others[i].Alarm, time.Now().Add(time.Minute), &others[i])
			}
			b.ReportAllocs()
			for b.Loop() {
				w := new(waiter)
				c.Set(&w.Alarm, time.Now().Add(row.ahead), w)
				w.Stop()
			}
		})
	}
	b.Run("timer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := new(waiter)
			time.AfterFunc(time.Minute, w.Ring).Stop()
		}
	})
}
