package flow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// served is a stream that ends here, in a bubble.
type served struct {
	*testing.T

	leg    *leg
	live   flow.Live
	cancel context.CancelCauseFunc
	report chan flow.Report
}

// serve has f serve a leg.
func serve(t *testing.T, l flow.Limits, f func(shape.Leg) *shape.End, story func(s *served)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &served{T: t, leg: newLeg(), report: make(chan flow.Report, 1)}
		var ctx context.Context
		ctx, s.cancel = context.WithCancelCause(context.Background())
		go func() { s.report <- flow.Serve(ctx, s.leg, l, &s.live, f) }()
		defer func() {
			s.cancel(nil)
			synctest.Wait()
			if s.leg.closed != 1 || s.leg.late != 0 {
				t.Errorf("closed %d times, aborted %d times behind that", s.leg.closed, s.leg.late)
			}
		}()
		story(s)
	})
}

// over gives the report of what must be over by now.
func (s *served) over() flow.Report {
	s.Helper()
	synctest.Wait()
	select {
	case r := <-s.report:
		return r
	default:
		s.Fatal("it goes on")
		return flow.Report{}
	}
}

// parrot answers each batch with what it said, twice, until the peer ends in order; of any other end it gives that.
func parrot(l shape.Leg) *shape.End {
	var b shape.Batch
	for {
		if err := l.Read(&b); err != nil {
			end, _ := errors.AsType[*shape.End](err)
			if end != nil && end.Why == fail.PeerClosed {
				return nil
			}
			return end
		}
		text := payload(&b)
		for range 2 {
			fill(&b, text)
			if err := l.Write(&b); err != nil {
				end, _ := errors.AsType[*shape.End](err)
				return end
			}
		}
	}
}

// watcher keeps what a tap sees.
type watcher struct{ saw [2][]string }

func (w *watcher) Saw(dir uint8, b *shape.Batch) { w.saw[dir] = append(w.saw[dir], payload(b)) }

// TestServe: what passes at the one leg is counted, shown before the leg may change it, and noted the first time in each direction.
func TestServe(t *testing.T) {
	var first []uint8
	serve(t, flow.Limits{First: func(dir uint8) { first = append(first, dir) }}, parrot, func(s *served) {
		tap := new(watcher)
		s.live.Watch(tap)
		s.leg.in <- "one"
		s.leg.in <- "seven"
		synctest.Wait()
		if in, out, n := s.live.In.Load(), s.live.Out.Load(), s.live.Messages.Load(); in != 8 || out != 16 || n != 6 {
			t.Errorf("meanwhile %d bytes in, %d out, %d messages", in, out, n)
		}
		s.live.Watch(nil)
		s.leg.in <- "unseen"
		s.leg.in <- half(1000, "bye")
		r := s.over()
		if r.In != 14 || r.Out != 28 || r.Messages != 9 || r.Why != fail.PeerClosed || r.Outside || r.Text != "" || r.Cause != nil {
			t.Errorf("report %+v", r)
		}
		if !slices.Equal(tap.saw[flow.Forth], []string{"one", "seven"}) || !slices.Equal(tap.saw[flow.Back], []string{"one", "one", "seven", "seven"}) {
			t.Errorf("the tap saw %v", tap.saw)
		}
		if !slices.Equal(first, []uint8{flow.Forth, flow.Back}) {
			t.Errorf("first in %v", first)
		}
		if got, _, aborts := s.leg.state(); !slices.Equal(got, []string{"one", "one", "seven", "seven", "unseen", "unseen"}) || len(aborts) != 0 {
			t.Errorf("the peer got %v, aborts %v", got, aborts)
		}
	})
}

// TestServeEnds: how it ended is what the server says, unless it was ended from outside: then that is what the peer is told too, whatever
// the server makes of it.
func TestServeEnds(t *testing.T) {
	cause := errors.New("lost")
	deleted := &shape.End{Why: fail.EntityDeleted, Code: 1001, Text: "The entity was deleted."}
	lost := &shape.End{Why: fail.ListenerLost, Text: "gone", Cause: cause}
	waits := func(end *shape.End) func(shape.Leg) *shape.End {
		return func(l shape.Leg) *shape.End {
			var b shape.Batch
			_ = l.Read(&b)
			return end
		}
	}
	for _, row := range []struct {
		name    string
		serve   func(shape.Leg) *shape.End
		from    error // what ends the context; nil: nothing does
		want    flow.Report
		aborted *shape.End
	}{
		{"at once", func(shape.Leg) *shape.End { return nil }, nil, flow.Report{Why: fail.PeerClosed}, nil},
		{"of its own", func(shape.Leg) *shape.End { return lost }, nil, flow.Report{Why: fail.ListenerLost, Text: "gone", Cause: cause}, nil},
		{"from outside", waits(nil), deleted, flow.Report{Why: fail.EntityDeleted, Text: deleted.Text, Outside: true}, deleted},
		{"both", waits(lost), deleted, flow.Report{Why: fail.EntityDeleted, Text: deleted.Text, Outside: true}, deleted},
		{"from outside, without words", waits(nil), cause, flow.Report{Why: fail.Aborted, Cause: cause, Outside: true}, &shape.End{Why: fail.Aborted, Cause: cause}},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve(t, flow.Limits{}, row.serve, func(s *served) {
				if row.from != nil {
					synctest.Wait()
					select {
					case r := <-s.report:
						t.Fatalf("it is over before its end: %+v", r)
					default:
					}
					s.cancel(row.from)
				}
				if r := s.over(); r != row.want {
					t.Errorf("report %+v, want %+v", r, row.want)
				}
				_, _, aborts := s.leg.state()
				if row.aborted == nil && len(aborts) != 0 || row.aborted != nil && (len(aborts) != 1 || aborts[0] != *row.aborted) {
					t.Errorf("aborted with %+v, want %+v", aborts, row.aborted)
				}
			})
		})
	}
}

// TestServeAbortsFirst: an end from outside that strikes while the server returns is told to the peer before the leg is closed.
func TestServeAbortsFirst(t *testing.T) {
	deleted := &shape.End{Why: fail.EntityDeleted}
	synctest.Test(t, func(t *testing.T) {
		l := newLeg()
		telling, told := make(chan struct{}), make(chan struct{})
		l.slow = func() { close(telling); <-told }
		ctx, cancel := context.WithCancelCause(context.Background())
		over := make(chan flow.Report, 1)
		go func() {
			over <- flow.Serve(ctx, l, flow.Limits{}, new(flow.Live), func(shape.Leg) *shape.End {
				cancel(deleted)
				<-telling
				return nil // while the abort is under way
			})
		}()
		synctest.Wait()
		if l.closed != 0 || len(over) != 0 {
			t.Errorf("closed %d times, over %v, and the abort is under way", l.closed, len(over) > 0)
		}
		close(told)
		synctest.Wait()
		if r := <-over; r.Why != fail.EntityDeleted || !r.Outside || l.closed != 1 || l.late != 0 {
			t.Errorf("%+v, closed %d times, %d aborts behind that", r, l.closed, l.late)
		}
	})
}
