package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/bounds"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// search is the way from a sender to a listener that has come to the rendezvous: of a stream, or of a stream that answers an exchange.
type search struct {
	relay  *Relay
	party  shape.Party
	hello  *shape.Hello
	record *Record
	entity *entity.Entity
	hints  Hints
	chosen route.Candidate
	ticket shape.Ticket
	told   bool // the chosen one heard of the sender
}

// find is the road up to the meeting.
func (s *search) find(ctx context.Context) (sender, listener shape.Party, err error) {
	var room [route.MaxCandidates]route.Candidate
	candidates, err := s.resolve(room[:0])
	if err != nil {
		return nil, nil, err
	}
	return s.meet(ctx, candidates)
}

// noListener is the service's text (reference section 5.1).
const noListener = "There are no listeners connected for the endpoint."

// resolve finds who may serve the sender.
func (s *search) resolve(dst []route.Candidate) ([]route.Candidate, error) {
	q := queryOf(s.entity, s.hello, mesh.Stream, s.hints)
	found, err := s.relay.find(dst, &q)
	s.record.Stages.Resolve = s.record.Since()
	if err != nil {
		return nil, err
	}
	if s.relay.clerk.Tells() {
		s.relay.clerk.Step(4, s.hello.Tracking, fmt.Sprintf("looked up %s: %d listener(s), the first at node %d", s.entity.Name, len(found), found[0].Node))
	}
	return found, nil
}

// find asks the table, and says in the service's words why there is nobody.
func (r *Relay) find(dst []route.Candidate, q *route.Query) ([]route.Candidate, error) {
	found, some := r.table.Find(dst, q)
	switch {
	case len(found) > 0:
		return found, nil
	case some:
		return nil, fail.New(fail.NoMatchingListener, "None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria.")
	default:
		return nil, fail.New(fail.NoListener, noListener)
	}
}

// queryOf asks for who may serve a sender of the entity.
func queryOf(ent *entity.Entity, h *shape.Hello, s mesh.Shapes, hints Hints) route.Query {
	q := route.Query{At: h.At, Entity: ent.At, Shape: s, Hints: hints, Spread: ent.Kind == entity.Hybrid}
	if ent.Settings.Sticky {
		q.Stick = route.StickTo(h.Remote.Addr())
	}
	return q
}

// way is what a search needs from the offer to the meeting.
type way struct {
	meeting meet.Meeting
	offer   shape.Offer
	until   bounds.Until // ends the offer
}

// meet offers the sender to one candidate after the other until one is told of it, and waits for that one.
func (s *search) meet(ctx context.Context, candidates []route.Candidate) (sender, listener shape.Party, err error) {
	r := s.relay
	source := s.hello.Remote.Addr()
	if !r.pending.Enter(source) {
		return nil, nil, fail.Newf(fail.Overloaded, "%d connections of %s wait for a listener, as many as limits.pendingPerSource allows.", r.p.Limits.PendingPerSource, source)
	}
	defer r.pending.Leave(source)
	until := s.record.Began.Add(s.record.Stages.Resolve + r.p.Timeouts.Accept)
	w := new(way)
	meeting := &w.meeting
	meeting.Init(r.desk, until)
	meeting.Sit(meet.Sender, s.party)
	ticket, err := meeting.Ticket(meet.Listener)
	if err != nil {
		return nil, nil, err
	}
	s.record.Ticket = ticket
	w.offer = shape.Offer{Ticket: ticket, Hello: s.hello, Deadline: until}
	w.until.Init(ctx, until)
	err = s.offer(w, candidates)
	w.until.End()
	s.record.Stages.Offer = s.record.Since()
	s.ticket, s.told = ticket, err == nil
	if err != nil {
		sender, listener, err = meeting.End(ctx, err) // its listener may have heard of it all the same, and come
	} else {
		sender, listener, err = meeting.Wait(ctx, s.chosen.Gone())
	}
	s.record.Stages.Meet = s.record.Since()
	s.settle(err)
	return sender, listener, err
}

// offer tells candidates until one has heard it. One that cannot be told has not seen the sender: the next is asked, as long
// as the ticket is good.
func (s *search) offer(w *way, candidates []route.Candidate) error {
	r, until := s.relay, &w.until
	var last error
	for _, c := range candidates {
		s.chosen = c
		s.record.Listener, s.record.PeerNode = c.ID, c.Node
		if r.clerk.Tells() {
			r.clerk.Step(5, s.hello.Tracking, fmt.Sprintf("the request goes to node %d, which holds listener %s", c.Node, c.ID))
		}
		err := c.Stream.Offer(until, &w.offer)
		switch {
		case err == nil:
			if c.Node == r.self {
				r.told(s.hello, c.Listener)
			}
			return nil
		case until.Err() != nil:
			return fail.Wrap(fail.AcceptTimeout, "offer", err) // if it was the sender who left, the meeting says so
		case final(err):
			return err
		}
		last = err
	}
	return last
}

// final reports whether no other candidate can help: what the sender sent fits no listener.
func final(err error) bool { return fail.Is(err, fail.HeadTooLarge) || fail.Is(err, fail.BadRequest) }

// told is step 6, at the node that holds the listener.
func (r *Relay) told(h *shape.Hello, l *route.Listener) {
	if r.clerk.Tells() {
		r.clerk.Step(6, h.Tracking, fmt.Sprintf("told listener %s to open a temporary channel to the sender's node", l.ID))
	}
}

// settle counts what became of the offer.
func (s *search) settle(err error) {
	r, took := s.relay, s.record.Stages.Meet-s.record.Stages.Offer
	switch {
	case err == nil:
		r.clerk.Offered("accepted", took)
		r.tally(s.chosen, answered, took)
	case fail.Is(err, fail.Rejected):
		r.clerk.Offered("rejected", took)
		r.tally(s.chosen, answered, took)
	case fail.Is(err, fail.AcceptTimeout):
		r.clerk.Offered("ignored", took)
		r.tally(s.chosen, ignored, took)
		r.late.Expired(s.ticket, s.chosen)
	case s.told: // the sender has left: the listener may answer all the same
		now := time.Now()
		r.late.Abandoned(s.ticket, s.chosen, now.Add(-took), now.Add(r.p.Timeouts.Accept-took))
	}
}
