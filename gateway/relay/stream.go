package relay

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// stream is one sender on its road and its stream afterwards.
type stream struct {
	search

	cancel  context.CancelCauseFunc
	live    flow.Live
	data    atomic.Int64 // when the first data went through, since the arrival
	running atomic.Bool  // it came to be: what of the record is shown does not change any more
	account Record       // where record points

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
	pump.Run()
	return nil
}

// Connect is the first part of Stream, up to the yes or the no. After a yes it gives the second, which has to be called, on a fresh
// goroutine if the stream may be idle for long: the first part needs a deep stack.
func (r *Relay) Connect(ctx context.Context, ask Ask, p shape.Party) (pump flow.Pump, err error) {
	h := p.Hello()
	s := &stream{search: search{relay: r, party: p, hello: h, hints: ask.Hints}}
	s.record = &s.account
	r.clerk.BeginIn(s.record, "stream", h)
	if r.clerk.Tells() {
		r.clerk.Step(3, h.Tracking, "a sender asks for "+h.At.Path)
	}
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
		pump, err = s.road(ctx)
	}
	if err == nil {
		return pump, nil
	}
	refusal := r.clerk.Refused(s.record, exchange.Reason(err))
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
func (s *stream) road(ctx context.Context) (pump flow.Pump, err error) {
	if endpoint := s.relay.p.Endpoint; endpoint != nil {
		if serve := endpoint(s.entity); serve != nil {
			return s.here(ctx, serve)
		}
	}
	sender, listener, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	near, far, err := s.answer(sender, listener)
	if errors.Is(err, errLeft) {
		s.ended(&flow.Report{Why: fail.SenderGone, Cause: err})
		return flow.Whole(s.leave), nil // there is nothing to pump
	}
	if err != nil {
		return nil, err
	}
	return func(over func()) { s.join(ctx, near, far, over) }, nil
}

// join carries the stream.
func (s *stream) join(ctx context.Context, near, far shape.Leg, over func()) {
	s.running.Store(true)
	s.opened()
	flow.Start(ctx, near, far, flow.Limits{Quiet: s.relay.p.Timeouts.Idle, First: s.first}, &s.live, func(report flow.Report) {
		defer func() { s.leave(); over() }()
		s.ended(&report)
	})
}

// errLeft says that the sender had gone by the time it was answered: there is nobody left to refuse.
var errLeft = errors.New("the sender left before its answer")

// answer says yes to both sides, the listener first.
func (s *stream) answer(sender, listener shape.Party) (near, far shape.Leg, err error) {
	yes := meet.Yes(s.hello, listener.Hello())
	if far, err = listener.Accept(yes); err != nil {
		return nil, nil, fail.Wrap(fail.ListenerLost, "answer", err)
	}
	if near, err = sender.Accept(yes); err != nil {
		far.Abort(&shape.End{Why: fail.SenderGone, Cause: err})
		return nil, nil, fmt.Errorf("%w: %w", errLeft, err)
	}
	s.party, s.hello = nil, nil // an idle stream keeps what it needs and no more
	return near, far, nil
}

// first is steps 8 and 9: the node forwards, in each direction.
func (s *stream) first(dir uint8) {
	s.data.CompareAndSwap(0, int64(s.record.Since()))
	if dir == flow.Forth {
		s.relay.clerk.Step(8, s.record.Tracking, "forwarding the sender's first data to the listener")
		return
	}
	s.relay.clerk.Step(9, s.record.Tracking, "forwarding the listener's first data to the sender")
}

// ended writes the account of a stream that came to be.
func (s *stream) ended(rep *flow.Report) {
	c := s.record
	c.Stages.First = time.Duration(s.data.Load())
	c.Carried(rep)
	s.relay.showEnd(s.entity, c)
	s.relay.clerk.Closed(c)
}

// track lists the stream. It has a slot of the connections, which goes back on an error and otherwise with leave.
func (r *Relay) track(s *stream) error {
	err := enter(r, r.streams, s)
	if s.tracked = err == nil; err != nil {
		r.connections.Leave()
	}
	return err
}
