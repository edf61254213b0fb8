package relay

import (
	"context"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// What this file does: streams and exchanges meet. A stream may end at its sender's node, in an endpoint that asks listeners by exchanges;
// an exchange may be answered over a stream to a listener. What is said in either is the business of those who stand around the road.

// here is the road of a stream that ends at this node. A listener has to be there already, although it is asked later: a sender who could
// reach nobody hears it at once.
func (s *stream) here(ctx context.Context, serve shape.Endpoint) (pump flow.Pump, err error) {
	var room [route.MaxCandidates]route.Candidate
	q := queryOf(s.entity, s.hello, mesh.Exchange, s.hints)
	_, err = s.relay.find(room[:0], &q)
	s.record.Stages.Resolve = s.record.Since()
	if err != nil {
		return nil, err
	}
	near, err := s.party.Accept(shape.Answer{})
	if err != nil {
		s.ended(&flow.Report{Why: fail.SenderGone, Cause: err})
		return flow.Whole(s.leave), nil //nolint:nilerr // the stream's account has it; there is nothing to pump
	}
	said := *s.hello // by itself: what else the party came with goes
	said.Fields = nil
	s.party, s.hello = nil, &said
	return flow.Whole(func() { s.serve(ctx, near, serve) }), nil
}

// serve runs the endpoint until the stream is over.
func (s *stream) serve(ctx context.Context, near shape.Leg, serve shape.Endpoint) {
	defer s.leave()
	s.running.Store(true)
	s.opened()
	first := func(uint8) { s.data.CompareAndSwap(0, int64(s.record.Since())) }
	report := flow.Serve(ctx, near, flow.Limits{First: first}, &s.live, func(leg shape.Leg) *shape.End {
		return serve(ctx, leg, s.hello, (*asker)(s))
	})
	switch account.SideOf(report.Why) { // the one leg is the sender's: whose end it was the code says
	case "listener":
		report.From = flow.Back
	case "gateway":
		report.Outside = true
	}
	s.ended(&report)
}

// asker is a stream that ends here as whoever asks its listeners.
type asker stream

// Exchange implements shape.Exchanger: an exchange of a sender who was let in when the stream began. Nothing stands around it: that is
// for the exchanges of senders.
func (a *asker) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	r := a.relay
	x := &transfer{relay: r, hints: a.hints, within: true}
	r.clerk.BeginIn(&x.record, "exchange", &req.Hello)
	x.Begin(ctx, x, req, x.record.Began)
	if r.clerk.Tells() {
		r.clerk.Step(3, req.Tracking, "a sender asks for "+req.At.Path)
	}
	x.record.Within, x.record.Rule, x.entity = a.record.Tracking, a.record.Rule, r.p.Store.View().Get(a.entity.At)
	if x.entity == nil {
		return nil, x.refuse(fail.New(fail.EntityDeleted, "The entity was deleted."))
	}
	x.record.Entity, x.record.Kind, x.record.Stages.Admit = x.entity.Name, string(x.entity.Kind), x.record.Since()
	if err := r.trackTransfer(x); err != nil {
		return nil, x.refuse(err)
	}
	x.show()
	return x.answer(x.asked(x))
}

// Open implements shape.Opener.
func (x *transfer) Open(ctx context.Context) (shape.Leg, error) {
	h := x.Request().Hello
	h.Fields, h.Offers = nil, nil // they are of a request
	s := search{relay: x.relay, party: meet.Host{Sender: &h}, hello: &h, record: &x.record, entity: x.entity, hints: x.hints}
	x.begin(x.record.Since())
	_, listener, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	leg, err := listener.Accept(shape.Answer{})
	if err != nil {
		return nil, fail.Wrap(fail.ListenerLost, "answer", err)
	}
	return leg, nil
}
