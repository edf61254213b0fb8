package cast

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// hands are the goroutines of a crew.
type hands struct {
	now  atomic.Int64
	gone atomic.Bool // none are to be had
}

func (h *hands) run(f func()) bool {
	if h.gone.Load() {
		return false
	}
	h.now.Add(1)
	go func() {
		defer h.now.Add(-1)
		f()
	}()
	return true
}

// quick takes messages at once, and knows how many strokes there are at a time.
type quick struct{ took, now, most atomic.Int64 }

func (q *quick) Deliver(context.Context, *shape.Message) (int, error) {
	n := q.now.Add(1)
	defer q.now.Add(-1)
	for most := q.most.Load(); n > most && !q.most.CompareAndSwap(most, n); most = q.most.Load() {
	}
	q.took.Add(1)
	return 1, nil
}

func (q *quick) DeliverAll(ctx context.Context, messages []*shape.Message) error {
	for _, m := range messages {
		_, _ = q.Deliver(ctx, m)
	}
	return nil
}

// before puts a queue in front of a sink.
func before(t *testing.T, c *Crew, s shape.Sink) *Queue {
	t.Helper()
	q := New(Params{Sink: s, Limit: func() time.Duration { return time.Minute }, Settled: func([]*shape.Message, int, error) {}, Crew: c})
	t.Cleanup(func() { q.Close(fail.New(fail.ListenerLost, "")) })
	return q
}

func put(t *testing.T, q *Queue, name string) {
	t.Helper()
	if here, err := q.Put(message(name, 1)); !here || err != nil {
		t.Errorf("%s: here %t, %v", name, here, err)
	}
}

// TestFewForMany: messages to a thousand who take them at once need no more goroutines than there are processors, and none is left.
func TestFewForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hands
		var all quick
		c := NewCrew(h.run)
		const listeners, rounds = 1000, 3
		for range rounds {
			for range listeners {
				put(t, before(t, c, &all), "word")
			}
			synctest.Wait()
		}
		if all.took.Load() != rounds*listeners || all.most.Load() > int64(runtime.GOMAXPROCS(0)) || h.now.Load() != 0 {
			t.Errorf("%d taken, by %d at a time, %d are left", all.took.Load(), all.most.Load(), h.now.Load())
		}
	})
}

// TestSlowBesideQuick: those whose listeners hold them up do not hold up others, whether their sinks say that they are about to wait or not,
// and however many they are.
func TestSlowBesideQuick(t *testing.T) {
	for _, burst := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var h hands
			var all quick
			c := NewCrew(h.run)
			held := &single{let: make(chan error)}
			var slow shape.Sink = held
			if burst {
				slow = several{held}
			}
			const many = 50
			for i := range many {
				put(t, before(t, c, slow), fmt.Sprint(i))
			}
			synctest.Wait()
			if h.now.Load() != many {
				t.Errorf("%d at work while %d wait", h.now.Load(), many)
			}
			for range many {
				put(t, before(t, c, &all), "word")
			}
			synctest.Wait()
			if all.took.Load() != many {
				t.Errorf("%d of %d taken beside those that wait", all.took.Load(), many)
			}
			for range many {
				held.let <- nil
			}
			synctest.Wait()
			if h.now.Load() != 0 || c.busy != 0 || len(held.strokes) != many {
				t.Errorf("%d are left, %d of them busy; %d strokes", h.now.Load(), c.busy, len(held.strokes))
			}
		})
	}
}

// TestTurns: each queue has one stroke at a time, however much waits in another.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hands
		c := NewCrew(h.run)
		c.most = 1
		var order []string
		listener := func(name string) *Queue {
			return before(t, c, sinkFunc(func(m *shape.Message) { order = append(order, name+m.Tracking) }))
		}
		a, b := listener("a"), listener("b")
		c.mu.Lock() // nobody comes until all are there
		for _, q := range []*Queue{a, b} {
			q.running = true
			for _, name := range []string{"1", "2", "3"} {
				q.items = append(q.items, item{m: message(name, TogetherBytes)})
			}
			c.pushLocked(q)
		}
		c.startLocked()
		c.mu.Unlock()
		synctest.Wait()
		if got := fmt.Sprint(order); got != "[a1 b1 a2 b2 a3 b3]" {
			t.Errorf("%s", got)
		}
	})
}

// sinkFunc takes messages at once.
type sinkFunc func(*shape.Message)

// Deliver implements shape.Sink.
func (f sinkFunc) Deliver(_ context.Context, m *shape.Message) (int, error) {
	f(m)
	return 1, nil
}

// DeliverAll implements shape.Burst.
func (f sinkFunc) DeliverAll(_ context.Context, messages []*shape.Message) error {
	for _, m := range messages {
		f(m)
	}
	return nil
}

// TestNoMoreHands: where no goroutine is to be had any more, a message is refused, unless one is there that comes to it: at work, or when it
// has waited.
func TestNoMoreHands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hands
		var all quick
		c := NewCrew(h.run)
		c.most = 1
		held := &single{let: make(chan error)}
		put(t, before(t, c, sinkOf(func(ctx context.Context) { // its place is free when there are no more
			h.gone.Store(true)
			put(t, before(t, c, &all), "beside")
			_ = held.stroke(ctx, message("", 1))
		})), "first")
		synctest.Wait()
		if all.took.Load() != 0 {
			t.Error("taken by nobody")
		}
		if here, err := before(t, c, &all).Put(message("late", 1)); !here || !fail.Is(err, fail.Draining) {
			t.Errorf("here %t, %v", here, err)
		}
		held.let <- nil
		synctest.Wait()
		if all.took.Load() != 1 || h.now.Load() != 0 {
			t.Errorf("%d taken, %d are left", all.took.Load(), h.now.Load())
		}
	})
}

// sinkOf does something for each stroke.
type sinkOf func(context.Context)

// Deliver implements shape.Sink.
func (f sinkOf) Deliver(ctx context.Context, _ *shape.Message) (int, error) {
	f(ctx)
	return 1, nil
}

// DeliverAll implements shape.Burst.
func (f sinkOf) DeliverAll(ctx context.Context, _ []*shape.Message) error {
	f(ctx)
	return nil
}
