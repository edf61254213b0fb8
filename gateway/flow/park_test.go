package flow_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// idler is a leg that can wait without a goroutine: the test parks and wakes it.
type idler struct {
	*leg

	asked atomic.Int64
	ready chan func() // what Park was given
	full  atomic.Bool // it cannot be parked
}

func newIdler() *idler { return &idler{leg: newLeg(), ready: make(chan func(), 1)} }

func (l *idler) Lull(bool) { l.asked.Add(1) }

func (l *idler) Park(ready func()) bool {
	if l.full.Load() {
		return false
	}
	l.ready <- ready
	return true
}

// parked waits until the leg is.
func (l *idler) parked(t *testing.T) {
	t.Helper()
	l.in <- shape.ErrLull
	synctest.Wait()
	if len(l.ready) != 1 {
		t.Fatal("not parked")
	}
}

// wake does what whoever parks connections does.
func (l *idler) wake() { go (<-l.ready)() }

// Abort implements shape.Leg: the connection below wakes who waits for it.
func (l *idler) Abort(end *shape.End) {
	l.leg.Abort(end)
	select {
	case ready := <-l.ready:
		go ready()
	default:
	}
}

// pumps counts the goroutines of streams.
func pumps() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "flow.(*pair).pump(")
}

// TestQuietStream: a stream whose both sides are quiet has no goroutine. Each direction goes on by itself when it is woken; the report comes
// behind both.
func TestQuietStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newIdler(), newIdler()
		var live flow.Live
		done := make(chan flow.Report, 1)
		firsts := 0
		go flow.Start(t.Context(), a, b, flow.Limits{First: func(dir uint8) { firsts += 1 + int(dir) }}, &live, func(r flow.Report) { done <- r })
		for round := range 3 {
			a.parked(t)
			b.parked(t)
			if n := pumps(); n != 0 {
				t.Fatalf("round %d: %d goroutines wait for a stream that is quiet", round, n)
			}
			a.in <- "to the listener"
			a.wake()
			synctest.Wait()
			if n := pumps(); n != 1 {
				t.Errorf("round %d: %d goroutines for one direction", round, n)
			}
			b.in <- "to the sender"
			b.wake()
			synctest.Wait()
		}
		if got, _, _ := b.state(); len(got) != 3 {
			t.Errorf("the listener got %q", got)
		}
		if got, _, _ := a.state(); len(got) != 3 {
			t.Errorf("the sender got %q", got)
		}
		if a.asked.Load() != 4 || b.asked.Load() != 4 {
			t.Errorf("asked for lulls %d and %d times", a.asked.Load(), b.asked.Load())
		}
		a.parked(t)
		b.in <- &shape.End{Why: fail.PeerClosed}
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("over, with one direction open")
		}
		a.in <- &shape.End{Why: fail.PeerClosed}
		a.wake()
		synctest.Wait()
		if r := <-done; r.Why != fail.PeerClosed || r.In != 45 || r.Out != 39 || firsts != 3 {
			t.Errorf("the report is %+v, first data in %d", r, firsts)
		}
	})
}

// TestQuietStreamEnds: a stream without goroutines is ended from outside as any other, and by the other side's loss.
func TestQuietStreamEnds(t *testing.T) {
	for name, end := range map[string]func(b *idler, cancel context.CancelCauseFunc){
		"from outside":          func(_ *idler, cancel context.CancelCauseFunc) { cancel(&shape.End{Why: fail.Draining}) },
		"by the other's loss":   func(b *idler, _ context.CancelCauseFunc) { b.in <- &shape.End{Why: fail.Aborted}; b.wake() },
		"by a write that fails": func(b *idler, _ context.CancelCauseFunc) { b.in <- "lost"; b.wake() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := newIdler(), newIdler()
				if name == "by a write that fails" {
					a.broke = &shape.End{Why: fail.WriteTimeout}
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				var live flow.Live
				done := make(chan flow.Report, 1)
				go flow.Start(ctx, a, b, flow.Limits{}, &live, func(r flow.Report) { done <- r })
				a.parked(t)
				b.parked(t)
				end(b, cancel)
				synctest.Wait()
				select {
				case r := <-done:
					if r.Why == fail.PeerClosed {
						t.Errorf("it ended in order: %+v", r)
					}
				default:
					t.Error("it goes on")
				}
				if a.closed != 1 || b.closed != 1 {
					t.Errorf("closed %d and %d times", a.closed, b.closed)
				}
			})
		})
	}
}

// TestCannotPark: a direction that cannot be parked keeps its goroutine.
func TestCannotPark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newIdler(), newIdler()
		a.full.Store(true)
		var live flow.Live
		done := make(chan flow.Report, 1)
		go flow.Start(t.Context(), a, b, flow.Limits{}, &live, func(r flow.Report) { done <- r })
		a.in <- shape.ErrLull
		a.in <- "on"
		synctest.Wait()
		if got, _, _ := b.state(); len(got) != 1 || pumps() != 2 {
			t.Errorf("the listener got %q, by %d goroutines", got, pumps())
		}
		a.in <- &shape.End{Why: fail.PeerClosed}
		b.in <- &shape.End{Why: fail.PeerClosed}
		<-done
	})
}
