package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
)

func cancelled(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, Entity("hyco"), store.Any); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v", err)
	}
	if err := s.Delete(ctx, entity.Address{Path: "hyco"}, store.Any); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete: %v", err)
	}
	if err := s.PutRules(ctx, nil, store.Any); !errors.Is(err, context.Canceled) {
		t.Errorf("PutRules: %v", err)
	}
	if s.View().Len() != 0 {
		t.Error("a cancelled write was done")
	}
}

func watch(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	put(t, s, Entity("before"))
	var got, second []store.Change
	stop := s.Watch(func(c store.Change) {
		got = append(got, c)
		switch v := s.View(); {
		case c.Put != nil && v.Get(c.Put.At) != c.Put:
			t.Errorf("a watcher hears of %v before the view has it", c.Put.At)
		case c.Deleted != nil && v.Get(c.Deleted.At) != nil:
			t.Errorf("a watcher hears that %v is gone before the view does", c.Deleted.At)
		case c.Rules && len(v.Rules()) != 1:
			t.Error("a watcher hears of the rules before the view has them")
		}
	})
	stopSecond := s.Watch(func(c store.Change) { second = append(second, c) })
	defer stopSecond()
	e := put(t, s, Entity("hyco"))
	if _, err := s.Put(t.Context(), e, store.None); err == nil {
		t.Error("no conflict")
	}
	if err := s.PutRules(t.Context(), many(1), store.Any); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), e.At, store.Any); err != nil {
		t.Fatal(err)
	}
	want := []store.Change{{Put: e}, {Rules: true}, {Deleted: e}}
	if d := Diff(want, got); d != "" {
		t.Error(d)
	}
	stop()
	stop()
	put(t, s, Entity("after"))
	if len(got) != 3 || len(second) != 4 {
		t.Errorf("%d changes heard by who stopped, %d by who did not", len(got), len(second))
	}
}

// watchStop: a watcher that is running is waited for.
func watchStop(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	entered, release := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	stop := s.Watch(func(store.Change) {
		close(entered)
		<-release
		finished.Store(true)
	})
	var wg sync.WaitGroup
	wg.Go(func() { put(t, s, Entity("hyco")) })
	<-entered
	stopping := make(chan struct{})
	wg.Go(func() {
		close(stopping)
		stop()
		if !finished.Load() {
			t.Error("stop returned while the watcher was running")
		}
	})
	<-stopping
	for range 1000 {
		runtime.Gosched() // time enough for a stop that does not wait
	}
	close(release)
	wg.Wait()
	put(t, s, Entity("other")) // a second call would close entered twice
}

// watchOrder: many writers, and every watcher hears everything once, in one order, one call at a time.
func watchOrder(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	const writers, each = 4, 10
	var running atomic.Int32
	var heard [2][]uint64
	for i := range heard {
		stop := s.Watch(func(c store.Change) {
			if running.Add(1) != 1 {
				t.Error("two watchers run at once")
			}
			heard[i] = append(heard[i], c.Put.Revision)
			running.Add(-1)
		})
		t.Cleanup(stop)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				put(t, s, Entity(fmt.Sprintf("w%d/n%d", w, n)))
			}
		})
	}
	wg.Wait()
	for _, revisions := range heard {
		if len(revisions) != writers*each {
			t.Errorf("%d of %d changes heard", len(revisions), writers*each)
		}
		for i := 1; i < len(revisions); i++ {
			if revisions[i] <= revisions[i-1] {
				t.Fatalf("heard revision %d after %d", revisions[i], revisions[i-1])
			}
		}
	}
}

// together: of all who try to replace one revision, one succeeds; readers always see a whole state.
func together(t *testing.T, m Maker) {
	t.Helper()
	s := open(t, m.New)
	e := put(t, s, Entity("hyco"))
	const rounds, rivals = 5, 4
	done := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for last := uint64(0); ; {
			select {
			case <-done:
				return
			default:
			}
			got := s.View().Get(e.At)
			if got == nil || got.Revision < last {
				t.Errorf("a reader saw %v after revision %d", got, last)
				return
			}
			last = got.Revision
			runtime.Gosched()
		}
	})
	for range rounds {
		now := s.View().Get(e.At).Revision
		var won atomic.Int32
		var wg sync.WaitGroup
		for range rivals {
			wg.Go(func() {
				if _, err := s.Put(t.Context(), e, now); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d rivals replaced one revision", won.Load())
		}
	}
	close(done)
	readers.Wait()
}
