package relay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestCastCounts: whatever listeners do, on however many nodes: what was sent is delivered or missed, for each; what was delivered is what it
// wrote down, in order and once.
func TestCastCounts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			onNodes(t, nil, func(w *world, from, at *node) { countCasts(w, [2]*node{from, at}, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

// passes waits until the bubble's time has gone on. A timer of no time at all has to be fired by the goroutine that selects on it, and in a
// bubble under the race detector that breaks the runtime of go1.26.
func passes(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// countCasts is one such story.
func countCasts(w *world, nodes [2]*node, dice *rand.Rand) {
	var all []*sink
	for i := range 12 {
		pace, flaw := time.Duration(dice.IntN(3)*dice.IntN(200))*time.Millisecond, dice.IntN(4)
		n := 0
		all = append(all, nodes[i%2].sink(fmt.Sprint("l", i), "news", func(ctx context.Context, _ *shape.Message) error {
			if err := passes(ctx, pace); err != nil {
				return err
			}
			if n++; flaw == 1 && n%7 == 0 {
				return fail.New(fail.Rejected, "no")
			}
			return nil
		}))
	}
	const sent, kill = 300, 100
	dead, early := all[3], int64(0)
	for i := range sent {
		from := dice.IntN(2)
		o, err := nodes[from].cast("news", fmt.Sprint(i), relay.All)
		if live := len(all) - boolInt(i >= kill); err != nil || o.Taken+o.Misses() != live {
			w.Fatalf("message %d: %+v, %v", i, o, err)
		}
		if i == kill-1 {
			synctest.Wait()
			dead.leave()
			d, m := dead.counts()
			early = d + m
		}
		if err := passes(w.Context(), time.Duration(dice.IntN(20))*time.Millisecond); err != nil { // of the bubble
			w.Fatal(err)
		}
	}
	<-time.After(time.Hour) // the slowest has taken what waits for it
	for _, s := range all {
		d, m := s.counts()
		want := int64(sent)
		if s == dead {
			want = kill
		}
		if d+m != want || d != int64(len(s.got)) || !slices.IsSortedFunc(s.got, byNumber) || len(slices.Compact(slices.Clone(s.got))) != len(s.got) {
			w.Errorf("%s: %d delivered, %d missed of %d; wrote down %d", s.listener.ID, d, m, want, len(s.got))
		}
	}
	if early != kill {
		w.Errorf("the one that was killed accounts for %d of %d", early, kill)
	}
}

// TestOneWayCounts: many send to one listener each while listeners refuse, fail behind the hand-over, take their time and go. What a sender was
// told was taken is at one listener; nothing is anywhere twice. What listeners count as delivered is what senders were told was taken,
// what they count as missed was lost behind the hand-over, and the metric has one outcome for each message.
func TestOneWayCounts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			var said sync.Map
			onNodes(t, telling(&said), func(w *world, from, at *node) {
				said.Clear()
				countOneWay(w, [2]*node{from, at}, rand.New(rand.NewPCG(seed, 2)))
				total := 0
				said.Range(func(_, n any) bool { total += n.(int); return true })
				if total != 200 {
					w.Errorf("the metric has %d outcomes for 200 messages: %v", total, counted(&said))
				}
			})
		})
	}
}

// telling counts outcomes.
func telling(said *sync.Map) func(*relay.Params) {
	var mu sync.Mutex
	return func(p *relay.Params) {
		p.Hooks.Cast = func(what string, n int) {
			mu.Lock()
			defer mu.Unlock()
			before, _ := said.LoadOrStore(what, 0)
			said.Store(what, before.(int)+n)
		}
	}
}

// counted are the outcomes that were told.
func counted(said *sync.Map) map[string]int {
	all := map[string]int{}
	said.Range(func(what, n any) bool { all[what.(string)] = n.(int); return true })
	return all
}

// countOneWay is one story of 200 messages by 20 senders.
func countOneWay(w *world, nodes [2]*node, dice *rand.Rand) {
	const senders, each = 20, 10
	var all []*sink
	for i := range 6 {
		pace, flaw, calls := time.Duration(dice.IntN(3)*dice.IntN(500))*time.Millisecond, dice.IntN(4), 0
		var s *sink
		s = nodes[i%2].sink(fmt.Sprint("l", i), "one", func(ctx context.Context, m *shape.Message) error {
			if err := passes(ctx, pace); err != nil {
				return err // it went amid the message, which was handed over
			}
			switch calls++; {
			case flaw == 1 && calls%3 == 0:
				return &shape.Untaken{Err: fail.New(fail.ListenerLost, "")}
			case flaw == 2 && calls%5 == 0: // it has the message, and could not say so
				s.mu.Lock()
				defer s.mu.Unlock()
				s.got = append(s.got, string(m.Data))
				return fail.New(fail.ListenerLost, "")
			}
			return nil
		})
		all = append(all, s)
	}
	var mu sync.Mutex
	taken, refused := map[string]bool{}, 0
	var work sync.WaitGroup
	for i := range senders {
		node, pause := nodes[dice.IntN(2)], time.Duration(dice.IntN(100))*time.Millisecond
		pass, err := node.relay.Admit(w.Context(), relay.Ask{Need: entity.Send, Cred: sas("Send")}, hello("one"))
		if err != nil {
			w.Fatal(err)
		}
		work.Go(func() {
			defer pass.Leave(&shape.End{Why: fail.PeerClosed})
			for n := range each {
				text := fmt.Sprint(i*each + n)
				_, err := pass.Cast(w.Context(), message("one", text), relay.One)
				mu.Lock()
				if err == nil {
					taken[text] = true
				} else {
					refused++
				}
				mu.Unlock()
				if passes(w.Context(), pause) != nil {
					return
				}
			}
		})
	}
	if err := passes(w.Context(), 300*time.Millisecond); err != nil {
		w.Fatal(err)
	}
	all[3].leave()
	work.Wait()
	var delivered, missed int64
	at := map[string][]string{}
	for _, s := range all {
		d, m := s.counts()
		delivered, missed = delivered+d, missed+m
		for _, text := range s.got {
			at[text] = append(at[text], s.listener.ID)
		}
	}
	for n := range senders * each {
		if text := fmt.Sprint(n); len(at[text]) > 1 || taken[text] && len(at[text]) != 1 {
			w.Errorf("message %s, taken %v, is at %q", text, taken[text], at[text])
		}
	}
	if delivered != int64(len(taken)) || missed > int64(refused) || len(taken)+refused != senders*each {
		w.Errorf("%d taken, %d refused; listeners have %d and miss %d", len(taken), refused, delivered, missed)
	}
}

// TestOneOutcomeEach: a message for one listener is counted once, whatever becomes of it and whichever node says so.
func TestOneOutcomeEach(t *testing.T) {
	rows := []struct {
		name string
		size int
		says error // of the listener; nil: there is none
		want map[string]int
	}{
		{"nobody there", 1, nil, map[string]int{"NoListener": 1}},
		{"too long", shape.DefaultMessage + 1, fail.New(fail.Internal, ""), map[string]int{"TooLarge": 1}},
		{"nothing left", 1, &shape.Untaken{Err: fail.New(fail.Overloaded, "")}, map[string]int{"Overloaded": 1}},
		{"lost behind the hand-over", 1, fail.New(fail.ListenerLost, ""), map[string]int{"ListenerLost": 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var said sync.Map
			onNodes(t, telling(&said), func(w *world, from, at *node) {
				said.Clear()
				pass, err := from.relay.Admit(w.Context(), relay.Ask{Need: entity.Send, Cred: sas("Send")}, hello("one"))
				if err != nil {
					w.Fatal(err)
				}
				defer pass.Leave(&shape.End{Why: fail.PeerClosed})
				if row.says != nil {
					at.sink("a", "one", func(context.Context, *shape.Message) error { return row.says })
				}
				if _, err := pass.Cast(w.Context(), message("one", strings.Repeat("x", row.size)), relay.One); err == nil {
					w.Error("taken")
				}
				synctest.Wait()
				if diff := cmp.Diff(row.want, counted(&said)); diff != "" {
					w.Errorf("outcomes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestListenerLeavesMidEvent: a listener that leaves when it has been looked up for an event is none of those that are to have it: neither its
// account, which is closed by then, nor what the sender is told has the message.
func TestListenerLeavesMidEvent(t *testing.T) {
	var leaves *sink
	change := func(p *relay.Params) {
		p.Hooks.Step = func(s relay.Step) {
			if s.Number == 4 && strings.Contains(s.Text, "1 listener(s) here") && leaves != nil {
				l := leaves
				leaves = nil
				l.leave()
			}
		}
	}
	onNodes(t, change, func(w *world, from, at *node) {
		s := at.sink("a", "news", nil)
		leaves = s
		o, err := from.cast("news", "x", relay.All)
		if err != nil || o.Taken != 0 || o.Misses() != 0 {
			w.Errorf("%+v, %v", o, err)
		}
		if d, m := s.counts(); d != 0 || m != 0 || s.has() != "" {
			w.Errorf("%d delivered, %d missed, has %q", d, m, s.has())
		}
		if c := w.only(&at.closed, "listener"); c.Taken != 0 || c.Missed != 0 {
			w.Errorf("account %+v", c)
		}
	})
}
