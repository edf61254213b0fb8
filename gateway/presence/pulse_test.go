package presence_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/presence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// changes collects what a pulse tells, with the seconds since the beginning.
type changes struct {
	mu    sync.Mutex
	began time.Time
	list  []string
}

func (c *changes) tell(ch presence.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf("%.0f %v-%v %v", time.Since(c.began).Seconds(), ch.From, ch.To, ch.Last))
}

func (c *changes) want(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.list, want) {
		t.Errorf("told %q, want %q", c.list, want)
	}
	c.list = nil
}

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// TestSilenceTakesNinetySeconds is the real default: 90 s after the last frame to the second, and back with the next frame.
func TestSilenceTakesNinetySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &changes{began: time.Now()}
		p := presence.NewPulse(presence.Rules{}, true, c.tell)
		for range 10 { // pongs every half minute
			pass(30 * time.Second)
			p.Heard()
		}
		pass(89 * time.Second)
		c.want(t)
		pass(time.Second)
		c.want(t, "390 online-deaf true")
		pass(time.Hour)
		c.want(t)
		p.Heard()
		c.want(t, "3990 deaf-online false")
		pass(90 * time.Second)
		c.want(t, "4080 online-deaf true")
		p.Stop()
		p.Stop()
		p.Heard()
		c.want(t)
	})
}

// TestUnpinged: silence says nothing of who is not pinged, offers do.
func TestUnpinged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &changes{began: time.Now()}
		p := presence.NewPulse(presence.Rules{Offers: 3}, false, c.tell)
		pass(24 * time.Hour)
		for range 3 {
			p.Left(30 * time.Second)
		}
		p.Accepted(time.Second)
		p.Accepted(20 * time.Second)
		p.Unanswered(time.Second)
		p.Late()
		p.Doubt()
		p.Stop()
		c.want(t, "86400 online-slow false", "86400 slow-deaf true", "86400 deaf-online false", "86400 online-slow false", "86400 slow-slow true")
		var nobody *presence.Pulse
		nobody.Heard()
		nobody.Stop()
	})
}

// TestAtOnce: many goroutines may tell of one listener.
func TestAtOnce(t *testing.T) {
	var told int
	p := presence.NewPulse(presence.Rules{Silence: time.Millisecond}, true, func(presence.Change) { told++ })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 500 {
				if i%2 == 0 {
					p.Heard()
				} else {
					p.Left(0)
				}
			}
		})
	}
	all.Wait()
	p.Stop()
	if told == 0 {
		t.Error("nothing was told")
	}
}

func TestHeardAllocatesNothing(t *testing.T) {
	p := presence.NewPulse(presence.Rules{}, true, func(presence.Change) {})
	defer p.Stop()
	if n := testing.AllocsPerRun(1000, p.Heard); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkHeard(b *testing.B) {
	p := presence.NewPulse(presence.Rules{}, true, func(presence.Change) {})
	defer p.Stop()
	for b.Loop() {
		p.Heard()
	}
}

// TestLate: what becomes of offers that nobody waits for.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type count struct {
			who string
			age time.Duration
		}
		var mu sync.Mutex
		var counted []count
		l := presence.NewLate[int](func(who string, age time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			counted = append(counted, count{who, age})
		})
		now := time.Now()
		l.Abandoned(1, "impatient sender", now.Add(-5*time.Second), now.Add(25*time.Second))
		l.Abandoned(2, "taken in time", now.Add(-10*time.Second), now.Add(20*time.Second))
		l.Expired(3, "too late")
		l.Expired(4, "forgotten")
		pass(10 * time.Second)
		if who, took, inTime, ok := l.Answered(2); !ok || !inTime || who != "taken in time" || took != 20*time.Second {
			t.Errorf("%q, %v, %v, %v", who, took, inTime, ok)
		}
		if _, _, _, ok := l.Answered(2); ok {
			t.Error("an offer is answered twice")
		}
		pass(15 * time.Second)
		synctest.Wait()
		mu.Lock()
		if !slices.Equal(counted, []count{{"impatient sender", 30 * time.Second}}) {
			t.Errorf("counted %v", counted)
		}
		mu.Unlock()
		if who, _, inTime, ok := l.Answered(3); !ok || inTime || who != "too late" {
			t.Errorf("%q, %v, %v", who, inTime, ok)
		}
		if who, _, inTime, ok := l.Answered(1); !ok || inTime || who != "impatient sender" {
			t.Errorf("a counted one is late, not taken: %q, %v, %v", who, inTime, ok)
		}
		pass(3 * time.Minute)
		if _, _, _, ok := l.Answered(4); ok {
			t.Error("an old offer is still known")
		}
		for i := range 5000 {
			l.Expired(100+i, "storm")
		}
		if _, _, _, ok := l.Answered(100 + 4999); ok {
			t.Error("a storm is remembered whole")
		}
		if _, _, _, ok := l.Answered(100); !ok {
			t.Error("a storm pushes out what was there")
		}
		l.Close()
		l.Close()
		l.Abandoned(1, "after the end", now, now)
		pass(time.Hour)
	})
}

// TestHistory: of each relay its newest notes; gone are those that have not come back.
func TestHistory(t *testing.T) {
	h := presence.NewHistory()
	n := 0
	note := func(entity, id, event string, channel uint64, node uint16) {
		n++
		h.Add(presence.Note{Entity: entity, Listener: id, Channel: channel, Node: node, Event: event, Time: at(float64(n))})
	}
	gone := func(node uint16, after time.Duration, want int) {
		t.Helper()
		if got := h.Gone(node, at(float64(n)).Add(after))["a"]; got != want {
			t.Errorf("%d gone at node %d after %v, want %d", got, node, after, want)
		}
	}
	note("a", "x", presence.Connected, 1, 1)
	gone(1, 0, 0)
	note("a", "x", presence.Connected, 7, 2) // back at another node before the first noticed
	note("a", "x", presence.Disconnected, 1, 1)
	gone(1, 0, 0)
	note("a", "x", presence.Disconnected, 7, 2)
	gone(1, 0, 0)
	gone(2, 0, 1)
	gone(2, 59*time.Minute, 1)
	gone(2, time.Hour, 0)
	note("a", "x", presence.Connected, 2, 1)
	gone(2, 0, 0)
	h.Add(presence.Note{Entity: "a", Listener: "x", Channel: 2, Node: 1, Event: presence.Disconnected, Deleted: true, Time: at(float64(n))})
	gone(1, 0, 0)

	for range 2 * presence.MaxNotes {
		note("b", "y", presence.WentDeaf, 1, 1)
	}
	if list := h.Of("b", 1000); len(list) != presence.MaxNotes || !list[len(list)-1].Time.Equal(at(float64(n))) {
		t.Errorf("%d notes of b, the last of %v", len(list), list[len(list)-1].Time)
	}
	if list := h.Of("", 5); len(list) != 5 || list[4].Entity != "b" || !slices.IsSortedFunc(list, func(a, b presence.Note) int { return a.Time.Compare(b.Time) }) {
		t.Errorf("the newest of all: %v", list)
	}
	if list := h.Of("nobody", 5); len(list) != 0 {
		t.Errorf("of nobody: %v", list)
	}
	for i := range 2000 {
		note(fmt.Sprint("e", i), "z", presence.Connected, 1, 1)
	}
	if len(h.Of("a", 9)) != 0 || len(h.Of("e1999", 9)) != 1 {
		t.Error("not the oldest relay is forgotten")
	}
	for i := range 1000 {
		note("a", fmt.Sprint(i), presence.Disconnected, uint64(i), 1)
	}
	gone(1, 0, 256)
}
