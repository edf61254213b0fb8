package events_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/events"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logs makes n joined logs in a bubble and runs the story.
func logs(t *testing.T, n int, story func(t *testing.T, all []*events.Log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := memory.NewNet(mesh.Timing{})
		var all []*events.Log
		var buses []mesh.Bus
		for i := range n {
			bus, err := net.Join(t.Context(), mesh.Node{Num: mesh.Num(i + 1)})
			if err != nil {
				t.Fatal(err)
			}
			buses = append(buses, bus)
			all = append(all, events.New(events.Params{Bus: bus}))
		}
		story(t, all)
		for i := range n {
			all[i].Close()
			all[i].Close()
			_ = buses[i].Close()
		}
	})
}

// drain reads what is there.
func drain(t *testing.T, w *events.Watcher) (ids []string) {
	t.Helper()
	synctest.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for {
		e, err := w.Next(ctx)
		if err != nil {
			return ids
		}
		ids = append(ids, e.Entity)
	}
}

// TestAllNodes: an event of one node is at all of them, with the same id; one that every node learns by itself is there once.
func TestAllNodes(t *testing.T) {
	logs(t, 3, func(t *testing.T, all []*events.Log) {
		var watchers []*events.Watcher
		for _, l := range all {
			watchers = append(watchers, l.Watch(""))
		}
		all[1].Publish(&events.Event{Name: events.ListenerDeaf, Entity: "hyco", Node: 2})
		for _, l := range all {
			l.Add(&events.Event{ID: "0-7", Name: events.EntityCreated, Entity: "new"})
		}
		all[1].Publish(&events.Event{Name: events.ListenerBack, Entity: "hyco", Node: 2})
		synctest.Wait()
		var ids []string
		for i, w := range watchers {
			var got []string
			for range 3 {
				e, err := w.Next(t.Context())
				if err != nil || e.Time.IsZero() {
					t.Fatal(e, err)
				}
				got = append(got, e.ID)
			}
			slices.Sort(got)
			if i > 0 && !slices.Equal(got, ids) {
				t.Errorf("node %d has %v, node 1 %v", i+1, got, ids)
			}
			ids = got
			if more := drain(t, w); len(more) != 0 {
				t.Errorf("node %d has more: %v", i+1, more)
			}
		}
		if !regexp.MustCompile(`^\[0-7 2-\d{15,16} 2-\d{15,16}\]$`).MatchString(fmt.Sprint(ids)) {
			t.Errorf("ids %v", ids)
		}
	})
}

// TestResume: behind an id among the last thousand comes exactly the rest; behind any other, everything that is held.
func TestResume(t *testing.T) {
	logs(t, 1, func(t *testing.T, all []*events.Log) {
		l := all[0]
		var list []*events.Event
		for i := range 1500 {
			e := &events.Event{Name: events.LimitReached, Entity: fmt.Sprint(i)}
			l.Publish(e)
			list = append(list, e)
		}
		for _, row := range []struct {
			name, after string
			first, n    int
			missed      bool
		}{
			{"now", "", 0, 0, false},
			{"the last", list[1499].ID, 0, 0, false},
			{"the one before", list[1498].ID, 1499, 1, false},
			{"the oldest held", list[500].ID, 501, 999, false},
			{"too old", list[499].ID, 500, 1000, true},
			{"nonsense", "x", 500, 1000, true},
		} {
			w := l.Watch(row.after)
			got := drain(t, w)
			if len(got) != row.n || row.n > 0 && (got[0] != fmt.Sprint(row.first) || got[row.n-1] != "1499") || w.Missed() != row.missed {
				t.Errorf("%s: %d events from %v, missed %v", row.name, len(got), got[:min(1, len(got))], w.Missed())
			}
		}
		before := list[0].ID
		for _, e := range list[1:] {
			if e.ID <= before {
				t.Fatalf("%s behind %s", e.ID, before)
			}
			before = e.ID
		}
	})
}

// TestSlowWatcher: it holds nobody up, and is ended when it is more than the log behind.
func TestSlowWatcher(t *testing.T) {
	logs(t, 1, func(t *testing.T, all []*events.Log) {
		slow, quick := all[0].Watch(""), all[0].Watch("")
		for i := range events.Kept {
			all[0].Publish(&events.Event{Entity: fmt.Sprint(i)})
		}
		if got := drain(t, quick); len(got) != events.Kept {
			t.Errorf("the quick one got %d", len(got))
		}
		if e, err := slow.Next(t.Context()); err != nil || e.Entity != "0" {
			t.Errorf("within the bound it gets %v, %v", e, err)
		}
		for range 2 {
			all[0].Publish(&events.Event{Entity: "more"})
		}
		if e, err := slow.Next(t.Context()); !errors.Is(err, events.ErrBehind) {
			t.Errorf("beyond the bound it gets %v, %v", e, err)
		}
	})
}

// TestEnds: a watcher waits for its context or for the log, and reads the rest before the log's end.
func TestEnds(t *testing.T) {
	logs(t, 1, func(t *testing.T, all []*events.Log) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("the minute is over"))
		defer cancel()
		if _, err := all[0].Watch("").Next(ctx); err == nil || err.Error() != "the minute is over" {
			t.Errorf("got %v", err)
		}
		w := all[0].Watch("")
		waiting := all[0].Watch("")
		var ended sync.WaitGroup
		ended.Go(func() {
			for {
				if _, err := waiting.Next(context.Background()); err != nil {
					if !errors.Is(err, events.ErrClosed) {
						t.Errorf("who waits gets %v", err)
					}
					return
				}
			}
		})
		all[0].Publish(&events.Event{Entity: "last"})
		all[0].Close()
		ended.Wait()
		all[0].Publish(&events.Event{Entity: "too late"})
		if e, err := w.Next(t.Context()); err != nil || e.Entity != "last" {
			t.Errorf("got %v, %v", e, err)
		}
		if _, err := w.Next(t.Context()); !errors.Is(err, events.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

// TestStorm: many publishers and watchers at once; whoever keeps up gets each event once.
func TestStorm(t *testing.T) {
	bus, err := memory.NewNet(mesh.Timing{}).Join(t.Context(), mesh.Node{Num: 1})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	l := events.New(events.Params{Bus: bus, Saw: func(*events.Event) { seen++ }})
	var writers, readers sync.WaitGroup
	for range 4 {
		w := l.Watch("")
		readers.Go(func() {
			ids := make(map[string]bool)
			for {
				e, err := w.Next(context.Background())
				if err != nil {
					if len(ids) != 800 || !errors.Is(err, events.ErrClosed) {
						t.Errorf("%d events, %v", len(ids), err)
					}
					return
				}
				ids[e.ID] = true
			}
		})
	}
	for range 4 {
		writers.Go(func() {
			for range 200 {
				l.Publish(&events.Event{Entity: "x"})
			}
		})
	}
	writers.Wait()
	l.Close()
	readers.Wait()
	_ = bus.Close()
	if seen != 800 {
		t.Errorf("%d seen", seen)
	}
}

func TestNames(t *testing.T) {
	if names := events.Names(); len(names) != 10 || !slices.Contains(names, events.CertificateExpiring) {
		t.Errorf("names %v", names)
	}
}
