package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// stream is one sender on its road and its stream afterwards.
type stream struct {
	relay   *Relay
	party   shape.Party
	hello   *shape.Hello
	record  *Record
	entity  *entity.Entity
	cancel  context.CancelCauseFunc
	live    flow.Live
	data    atomic.Int64 // when the first data went through, since the arrival
	chosen  route.Candidate
	ticket  shape.Ticket
	running atomic.Pointer[StreamInfo] // what is shown of it, counters left out; nil: it does not run yet
	told    bool                       // the chosen one heard of the sender

	tracked bool // it is on the relay's list and has a slot of its connections
}

// Stream is the whole life of a sender's stream; it returns when that is over. Until the party's Accept, ctx ends when the
// sender leaves (cause: a *fail.Error SenderGone). The error is what the party was refused with; a stream that came to be
// gives nil, however it ended.
func (r *Relay) Stream(ctx context.Context, ask Ask, p shape.Party) error {
	pump, err := r.Connect(ctx, ask, p)
	if err != nil {
		return err
	}
	pump()
	return nil
}

// Connect is the first part of Stream, up to the yes or the no. After a yes it gives the second, which pumps until the
// stream is over. It has to be called; on a fresh goroutine if the stream may be idle for long, since that costs its stack
// and the first part needs a deep one.
func (r *Relay) Connect(ctx context.Context, ask Ask, p shape.Party) (pump func(), err error) {
	h := p.Hello()
	s := &stream{relay: r, party: p, hello: h, record: r.begin("stream", h)}
	r.step(3, h.Tracking, "a sender asks for "+h.At.Path)
	ctx, s.cancel = context.WithCancelCause(ctx)
	if watched, ok := p.(shape.Leaver); ok {
		watched.Watch(s.cancel)
	}
	defer func() {
		if pump == nil {
			s.leave()
		}
	}()
	if err = s.admit(ask); err == nil {
		pump, err = s.road(ctx, ask)
	}
	if err == nil {
		return pump, nil
	}
	refusal := r.refused(s.record, exchange.Reason(err))
	r.showEnd(s.entity, s.record)
	p.Refuse(refusal)
	return nil, refusal
}

// leave takes the stream off the books.
func (s *stream) leave() {
	s.cancel(nil)
	if s.tracked {
		leave(s.relay, s.relay.streams, s, s.live.In.Load(), s.live.Out.Load())
	}
}

func (s *stream) admit(ask Ask) error {
	var claims auth.Claims
	var refusal *fail.Error
	if s.entity, claims, refusal = s.relay.admit(ask, s.hello); refusal != nil {
		return refusal
	}
	s.record.Entity, s.record.Kind, s.record.Rule, s.record.Stages.Admit = s.entity.Name, string(s.entity.Kind), claims.Rule, s.record.Since()
	if !s.relay.connections.Enter() {
		return s.relay.full()
	}
	return s.relay.track(s)
}

// road is everything from the look-up to both answers. An error means that the party still waits for its no.
func (s *stream) road(ctx context.Context, ask Ask) (pump func(), err error) {
	sender, listener, err := s.find(ctx, ask)
	if err != nil {
		return nil, err
	}
	near, far, err := s.answer(sender, listener)
	if errors.Is(err, errLeft) {
		s.ended(&flow.Report{Why: fail.SenderGone, Cause: err})
		return s.leave, nil // there is nothing to pump
	}
	if err != nil {
		return nil, err
	}
	return func() { s.join(ctx, near, far) }, nil
}

// find is the road up to the meeting.
func (s *stream) find(ctx context.Context, ask Ask) (sender, listener shape.Party, err error) {
	var room [route.MaxCandidates]route.Candidate
	candidates, err := s.resolve(room[:0], ask)
	if err != nil {
		return nil, nil, err
	}
	return s.meet(ctx, candidates)
}

// noListener is the service's text (reference section 5.1).
const noListener = "There are no listeners connected for the endpoint."

// resolve finds who may serve the sender.
func (s *stream) resolve(dst []route.Candidate, ask Ask) ([]route.Candidate, error) {
	q := queryOf(s.entity, s.hello, mesh.Stream, ask.Hints)
	found, err := s.relay.find(dst, &q)
	s.record.Stages.Resolve = s.record.Since()
	if err != nil {
		return nil, err
	}
	if s.relay.tells() {
		s.relay.step(4, s.hello.Tracking, fmt.Sprintf("looked up %s: %d listener(s), the first at node %d", s.entity.Name, len(found), found[0].Node))
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

// meet offers the sender to one candidate after the other until one is told of it, and waits for that one.
func (s *stream) meet(ctx context.Context, candidates []route.Candidate) (sender, listener shape.Party, err error) {
	r := s.relay
	source := s.hello.Remote.Addr()
	if !r.pending.Enter(source) {
		return nil, nil, fail.Newf(fail.Overloaded, "%d connections of %s wait for a listener, as many as limits.pendingPerSource allows.", r.p.Limits.PendingPerSource, source)
	}
	defer r.pending.Leave(source)
	meeting := r.desk.Open(meet.Rules{Window: r.p.Timeouts.Accept})
	meeting.Sit(meet.Sender, s.party)
	ticket, err := meeting.Ticket(meet.Listener)
	if err != nil {
		return nil, nil, err
	}
	s.record.Ticket = ticket.Hex()
	err = s.offer(ctx, ticket, candidates)
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
func (s *stream) offer(ctx context.Context, ticket shape.Ticket, candidates []route.Candidate) error {
	r := s.relay
	o := &shape.Offer{Ticket: ticket, Hello: s.hello, Deadline: time.Now().Add(r.p.Timeouts.Accept)}
	ctx, cancel := context.WithDeadline(ctx, o.Deadline)
	defer cancel()
	var last error
	for _, c := range candidates {
		s.chosen = c
		s.record.Listener, s.record.PeerNode = c.ID, c.Node
		if r.tells() {
			r.step(5, s.hello.Tracking, fmt.Sprintf("the request goes to node %d, which holds listener %s", c.Node, c.ID))
		}
		err := c.Stream.Offer(ctx, o)
		switch {
		case err == nil:
			if c.Node == r.self {
				r.told(s.hello, c.Listener)
			}
			return nil
		case ctx.Err() != nil:
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
	if r.tells() {
		r.step(6, h.Tracking, fmt.Sprintf("told listener %s to open a temporary channel to the sender's node", l.ID))
	}
}

// settle counts what became of the offer.
func (s *stream) settle(err error) {
	r, took := s.relay, s.record.Stages.Meet-s.record.Stages.Offer
	switch {
	case err == nil:
		r.offered("accepted", took)
		r.tally(s.chosen, answered, took)
	case fail.Is(err, fail.Rejected):
		r.offered("rejected", took)
		r.tally(s.chosen, answered, took)
	case fail.Is(err, fail.AcceptTimeout):
		r.offered("ignored", took)
		r.tally(s.chosen, ignored, took)
		r.late.Expired(s.ticket, s.chosen)
	case s.told: // the sender has left: the listener may answer all the same
		now := time.Now()
		r.late.Abandoned(s.ticket, s.chosen, now.Add(-took), now.Add(r.p.Timeouts.Accept-took))
	}
}

// join pumps until the stream is over.
func (s *stream) join(ctx context.Context, near, far shape.Leg) {
	defer s.leave()
	s.running.Store(s.info())
	s.opened()
	report := flow.Join(ctx, near, far, flow.Limits{Quiet: s.relay.p.Timeouts.Idle, First: s.first}, &s.live)
	s.ended(&report)
}

// errLeft says that the sender had gone by the time it was answered: there is nobody left to refuse.
var errLeft = errors.New("the sender left before its answer")

// answer says yes to both sides, the listener first.
func (s *stream) answer(sender, listener shape.Party) (near, far shape.Leg, err error) {
	yes := shape.Answer{Choice: choice(s.hello.Offers, listener.Hello().Offers)}
	if far, err = listener.Accept(yes); err != nil {
		return nil, nil, fail.Wrap(fail.ListenerLost, "answer", err)
	}
	if near, err = sender.Accept(yes); err != nil {
		far.Abort(&shape.End{Why: fail.SenderGone, Cause: err})
		return nil, nil, fmt.Errorf("%w: %w", errLeft, err)
	}
	s.party, s.hello.Fields = nil, nil // an idle stream keeps what it needs and no more
	return near, far, nil
}

// first is steps 8 and 9: the node forwards, in each direction.
func (s *stream) first(dir uint8) {
	s.data.CompareAndSwap(0, int64(s.record.Since()))
	if dir == flow.Forth {
		s.relay.step(8, s.hello.Tracking, "forwarding the sender's first data to the listener")
		return
	}
	s.relay.step(9, s.hello.Tracking, "forwarding the listener's first data to the sender")
}

// choice is the first protocol of the listener's list that the sender offered (reference section 7).
func choice(offers, answer []string) string {
	for _, a := range answer {
		if slices.Contains(offers, a) {
			return a
		}
	}
	return ""
}

// ended writes the account of a stream that came to be.
func (s *stream) ended(rep *flow.Report) {
	c := s.record
	c.Stages.First = time.Duration(s.data.Load())
	c.In, c.Out, c.Messages = rep.In, rep.Out, rep.Messages
	c.Reason, c.Text, c.Cause = rep.Why, rep.Text, rep.Cause
	switch {
	case rep.Outside:
		c.Side = "gateway"
	case rep.From == flow.Forth:
		c.Side = "sender"
	default:
		c.Side = "listener"
	}
	s.relay.showEnd(s.entity, c)
	s.relay.closed(c)
}

// track lists the stream. It has a slot of the connections, which goes back on an error and otherwise with leave.
func (r *Relay) track(s *stream) error {
	err := enter(r, r.streams, s)
	if s.tracked = err == nil; err != nil {
		r.connections.Leave()
	}
	return err
}
