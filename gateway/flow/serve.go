package flow

import (
	"context"
	"sync"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Serve carries a stream that ends at this node: serve reads and writes its one leg until the stream is over, and says how it ended. What
// passes is counted and shown as Join does it. When ctx ends the leg is aborted with its *shape.End, and serve is to return. The leg is
// closed behind it.
func Serve(ctx context.Context, a shape.Leg, l Limits, live *Live, serve func(shape.Leg) *shape.End) Report {
	var outside *shape.End
	var cut sync.WaitGroup
	cut.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer cut.Done()
		outside = endOf(ctx)
		a.Abort(outside)
	})
	end := serve(&seen{Leg: a, live: live, limits: l})
	if stop() {
		cut.Done()
	}
	cut.Wait()
	r := Report{In: live.In.Load(), Out: live.Out.Load(), Messages: live.Messages.Load(), Why: fail.PeerClosed, Outside: outside != nil}
	if outside != nil {
		end = outside
	}
	if end != nil {
		r.Why, r.Text, r.Cause = end.Why, end.Text, end.Cause
	}
	a.Close()
	return r
}

// seen is a leg whose batches are counted and shown. Its two directions have a goroutine each, as those of any leg.
type seen struct {
	shape.Leg

	live   *Live
	limits Limits
	begun  [2]bool
}

// Read implements shape.Leg.
func (s *seen) Read(b *shape.Batch) error {
	if err := s.Leg.Read(b); err != nil {
		return err
	}
	s.saw(Forth, b)
	return nil
}

// Write implements shape.Leg. Whoever looks does so before: the leg may mask what it writes.
func (s *seen) Write(b *shape.Batch) error {
	s.saw(Back, b)
	return s.Leg.Write(b)
}

func (s *seen) saw(dir uint8, b *shape.Batch) {
	s.live.count(dir, b)
	if !s.begun[dir] {
		s.begun[dir] = true
		if s.limits.First != nil {
			s.limits.First(dir)
		}
	}
}
