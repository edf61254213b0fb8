package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/cast"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Mode says for whom a message is.
type Mode uint8

// The modes of a cast.
const (
	One Mode = iota // one listener: the next is asked while nothing has left, never after
	All             // every listener that is there, once each; that there is none is no failure
)

// ModeOf is how messages to an entity of the kind are cast; false: entities of the kind are made for something else, and a plain sender
// means that.
func ModeOf(k entity.Kind) (mode Mode, casts bool) {
	switch k {
	case entity.OneWay:
		return One, true
	case entity.Event:
		return All, true
	}
	return One, false
}

// Outcome is what became of a message, as far as it is known when its sender goes on. To one listener: it has been handed over. To all: it
// stands in the queue of each that is counted as Taken; what becomes of it there is in the counts of the listener, at its node.
type Outcome = cast.Outcome

// CastMessage is how many bytes a message to a one-way or event relay may have here (limits.castMessage). Entries stop reading behind them.
func (r *Relay) CastMessage() int { return r.p.Limits.CastMessage }

// LongMessage is the refusal of a longer one.
func (r *Relay) LongMessage() *fail.Error {
	return fail.Newf(fail.TooLarge, "The message is longer than %d bytes, which limits.castMessage allows.", r.p.Limits.CastMessage)
}

// Cast admits a sender with one message and hands the message over: Admit, Pass.Cast and Leave in one. The error is what the sender is to
// be refused with. m must not be changed any more.
func (r *Relay) Cast(ctx context.Context, ask Ask, m *shape.Message, mode Mode) (Outcome, error) {
	p, err := r.Admit(ctx, ask, &m.Hello)
	if err != nil {
		return Outcome{}, err
	}
	o, err := p.cast(ctx, m, mode)
	if err != nil {
		p.over()
		return o, r.clerk.Refused(p.record, exchange.Reason(err))
	}
	p.Leave(&shape.End{Why: fail.PeerClosed})
	return o, nil
}

// Pass is the place of a sender that was admitted and casts: one message, or one after the other for as long as its connection lives. It
// has a slot of the connections. Cast is called by one goroutine at a time.
type Pass struct {
	relay  *Relay
	entity *entity.Entity
	record *Record
	hints  Hints
	ctx    context.Context //nolint:containedctx // of the sender's connection, whose life the pass is
	cancel context.CancelCauseFunc
}

// Admit lets a sender in that will cast. The caller calls Leave once. The error is what the sender is to be refused with.
func (r *Relay) Admit(ctx context.Context, ask Ask, h *shape.Hello) (*Pass, error) {
	p := &Pass{relay: r, record: r.clerk.Begin("cast", h), hints: ask.Hints}
	if r.clerk.Tells() {
		r.clerk.Step(3, h.Tracking, "a sender asks for "+h.At.Path)
	}
	if err := p.admit(ask, h); err != nil {
		return nil, r.clerk.Refused(p.record, fail.Of(err))
	}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	if err := enter(r, r.passes, p); err != nil {
		r.connections.Leave()
		p.cancel(nil)
		return nil, r.clerk.Refused(p.record, fail.Of(err))
	}
	return p, nil
}

func (p *Pass) admit(ask Ask, h *shape.Hello) error {
	r, c := p.relay, p.record
	ent, claims, refusal := r.admit(ask, h)
	if refusal != nil {
		return refusal
	}
	p.entity = ent
	c.Entity, c.Kind, c.Rule, c.Stages.Admit = ent.Name, string(ent.Kind), claims.Rule, c.Since()
	if !r.connections.Enter() {
		return r.full()
	}
	return nil
}

// Context ends when the sender has to go: its entity was deleted, or the node goes away (cause: a *shape.End). A sender is to look at it
// between messages; one that is under way is not cut off.
func (p *Pass) Context() context.Context { return p.ctx }

// Cast hands a message over. An error concerns this message alone: the sender may go on. It is counted here when no listener's count has it.
func (p *Pass) Cast(ctx context.Context, m *shape.Message, mode Mode) (Outcome, error) {
	o, err := p.cast(ctx, m, mode)
	if err != nil {
		no := exchange.Reason(err).At("cast", p.record.Entity, p.record.Tracking)
		if cast.Untaken(err) {
			p.relay.clerk.Cast(string(no.Code), 1)
		}
		return o, no
	}
	return o, nil
}

func (p *Pass) cast(ctx context.Context, m *shape.Message, mode Mode) (o Outcome, err error) {
	if len(m.Data) > p.relay.CastMessage() {
		return o, &shape.Untaken{Err: p.relay.LongMessage()}
	}
	if mode == All {
		o = p.toAll(ctx, m)
	} else {
		o, err = p.toOne(ctx, m)
	}
	p.show(m, &o)
	c := p.record
	c.In += int64(len(m.Data))
	c.Messages++
	c.Taken += int64(o.Taken)
	c.Missed += int64(o.Misses())
	return o, err
}

// Leave says that the sender has gone, and how.
func (p *Pass) Leave(end *shape.End) {
	p.over()
	c := p.record
	c.Reason, c.Side, c.Text, c.Cause = end.Why, "sender", end.Text, end.Cause
	p.relay.showEnd(p.entity, c)
	p.relay.clerk.Closed(c)
}

// over takes the sender off the books.
func (p *Pass) over() {
	p.cancel(nil)
	leave(p.relay, p.relay.passes, p, p.record.In, 0)
}

// toOne asks one listener after the other until one has the message, or may have it.
func (p *Pass) toOne(ctx context.Context, m *shape.Message) (o Outcome, err error) {
	r := p.relay
	var room [route.MaxCandidates]route.Candidate
	q := queryOf(p.entity, &m.Hello, mesh.Cast, p.hints)
	found, err := r.find(room[:0], &q)
	p.record.Stages.Resolve = p.record.Since()
	if err != nil {
		return o, &shape.Untaken{Err: err}
	}
	if r.clerk.Tells() {
		r.clerk.Step(4, m.Tracking, fmt.Sprintf("looked up %s: %d listener(s), the first at node %d", p.entity.Name, len(found), found[0].Node))
	}
	for i := range found {
		c := &found[i]
		p.record.Listener, p.record.PeerNode, p.record.Stages.Offer = c.ID, c.Node, p.record.Since()
		if r.clerk.Tells() {
			r.clerk.Step(5, m.Tracking, fmt.Sprintf("the message goes to node %d, which holds listener %s", c.Node, c.ID))
		}
		if o.Taken, err = c.Cast.Deliver(ctx, m); err == nil {
			p.record.Stages.Meet = p.record.Since()
			return o, nil
		}
		if !cast.Untaken(err) || ctx.Err() != nil {
			break
		}
	}
	return o, err
}

// toAll puts the message into the queue of every listener, wherever it is.
func (p *Pass) toAll(ctx context.Context, m *shape.Message) Outcome {
	q := queryOf(p.entity, &m.Hello, mesh.Cast, p.hints)
	o := p.relay.casts.ToAll(ctx, m, &q)
	p.record.Stages.Offer = p.record.Since()
	return o
}

// queueFor puts a queue in front of a listener's sink, if it has one.
func (s *Seat) queueFor(ent *entity.Entity) {
	s.front.House, s.front.Listener, s.front.Entity, s.front.Pulse = &s.relay.house, s.listener, ent.Name, &s.pulse
	s.queue = s.front.Stand()
}

// responseOf is how long a delivery to a listener of the entity may take.
func (r *Relay) responseOf(at entity.Address) time.Duration {
	if ent := r.p.Store.View().Get(at); ent != nil && ent.Settings.ResponseTimeout > 0 {
		return ent.Settings.ResponseTimeout
	}
	return r.p.Timeouts.Response
}

// flush lets the listener take what waits for it, for a few seconds.
func (s *Seat) flush(ctx context.Context) {
	grace, cancel := context.WithTimeout(ctx, answerGrace)
	defer cancel()
	s.queue.Settled(grace)
}
