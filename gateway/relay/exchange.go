package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// transfer is an exchange with its account and its place in the books. It is the last Exchanger of its own pipeline: the one that asks
// the listeners.
type transfer struct {
	exchange.Life

	relay   *Relay
	record  Record
	entity  *entity.Entity
	hints   Hints
	served  bool // the sender is at another node, which keeps the account
	within  bool // it belongs to a stream that ends here, which has the slot and the bytes
	tracked bool
	seen    *tap.Exchange // nil: nobody looks
}

// Exchange is one request of a sender and its response. It admits the sender, finds a listener, hands the request over and returns
// when the head of the response is there. The body of the request belongs to the relay from then on, which closes it once whatever
// happens; the caller closes the body of the response, if there is one, and the exchange is over with that. ctx bounds all of it:
// the entry ends it when the sender leaves (cause: a *fail.Error SenderGone). The error is what the sender is to be refused with.
//
// A listener that sends no head within the entity's response timeout is fail.ListenerSilent; while the body of the request moves on,
// the time begins anew. A request is offered to the next listener only while nothing of it was handed over.
func (r *Relay) Exchange(ctx context.Context, ask Ask, req *shape.Request) (*shape.Response, error) {
	x := &transfer{relay: r, hints: ask.Hints}
	r.clerk.BeginIn(&x.record, "exchange", &req.Hello)
	x.Begin(ctx, x, req, x.record.Began)
	if r.clerk.Tells() {
		r.clerk.Step(3, req.Tracking, "a sender asks for "+req.At.Path)
	}
	if err := x.admit(ask); err != nil {
		return nil, x.refuse(err)
	}
	return x.answer(x.run())
}

// answer gives what came of an exchange to its sender: the response in the relay's hands, or the refusal.
func (x *transfer) answer(resp *shape.Response, err error) (*shape.Response, error) {
	if err != nil {
		return nil, x.refuse(err)
	}
	x.record.Status = resp.Status
	x.answered(resp)
	x.relay.clerk.Step(9, x.record.Tracking, "forwarding the listener's answer to the sender")
	return x.Answer(resp, x.record.Stages.Meet), nil
}

// refuse ends an exchange without a response, and gives the error as the sender is told it.
func (x *transfer) refuse(err error) error {
	x.leave()
	x.record.In = x.In()
	no := x.relay.clerk.Refused(&x.record, exchange.Reason(err))
	x.relay.showEnd(x.entity, &x.record)
	return no
}

// Expected is a rendezvous that an entry consumes itself: see Expect.
type Expected = exchange.Expected

// Expect prepares a rendezvous at this node that the entry consumes itself, in e, which is zero and is not copied afterwards: for the body of
// a large request, or for a response that is not sent on the control channel. ctx is the one that the listener's Exchanger was given:
// from it the relay knows whose exchange it is for. The caller calls Close when no rendezvous can come any more: the ticket is good until
// then, and has no other end.
func (r *Relay) Expect(ctx context.Context, e *Expected) { e.Init(ctx, r.desk) }

func (x *transfer) admit(ask Ask) error {
	r := x.relay
	ent, claims, refusal := r.admitAt(&ask, &x.Request().Hello, x.record.Began)
	if refusal != nil {
		return refusal
	}
	x.entity = ent
	c := &x.record
	c.Entity, c.Kind, c.Rule, c.Stages.Admit = ent.Name, string(ent.Kind), claims.Rule, c.Since()
	if !r.connections.Enter() {
		return r.full()
	}
	if err := r.trackTransfer(x); err != nil {
		r.connections.Leave()
		return err
	}
	x.show()
	return nil
}

// run is the road from the entity's pipeline to the head of the response.
func (x *transfer) run() (*shape.Response, error) {
	var road shape.Exchanger = x
	if pipeline := x.relay.p.Pipeline; pipeline != nil {
		if around := pipeline(x.entity); around != nil {
			road = around(x)
		}
	}
	return x.asked(road)
}

// asked has an Exchanger answer.
func (x *transfer) asked(by shape.Exchanger) (*shape.Response, error) {
	resp, err := by.Exchange(x.Context(), x.Request())
	if err == nil {
		err = exchange.Check(resp)
	}
	if err != nil {
		return nil, x.Cause(err)
	}
	return resp, nil
}

// Exchange implements shape.Exchanger: it asks one listener after the other.
func (x *transfer) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	var room [route.MaxCandidates]route.Candidate
	found, err := x.resolve(room[:0], req)
	if err != nil {
		return nil, err
	}
	x.begin(x.record.Stages.Resolve)
	x.record.Stages.Offer = x.record.Stages.Resolve // the first is asked at once
	var last error
	for i := range found {
		if i > 0 {
			req, x.record.Stages.Offer = x.anew(req), x.record.Since()
		}
		resp, err := x.try(ctx, &found[i], req)
		if err == nil {
			return resp, nil
		}
		if last = err; final(err) || !x.Again(req, err) {
			break
		}
	}
	return nil, last
}

// anew gives a request for the next listener: a body that a middleware made may have been read, and begins anew.
func (x *transfer) anew(req *shape.Request) *shape.Request {
	whole, ok := req.Body.(shape.Whole)
	if !ok || req.Body == x.Request().Body {
		return req
	}
	fresh := *req
	fresh.Body = shape.Memory(whole.Bytes())
	return &fresh
}

// begin starts the time for the response, now: at a time since the begin.
func (x *transfer) begin(now time.Duration) {
	limit := x.entity.Settings.ResponseTimeout
	if limit <= 0 {
		limit = x.relay.p.Timeouts.Response
	}
	x.Start(&x.relay.responses, now, limit)
}

func (x *transfer) resolve(dst []route.Candidate, req *shape.Request) ([]route.Candidate, error) {
	q := queryOf(x.entity, &req.Hello, mesh.Exchange, x.hints)
	found, err := x.relay.find(dst, &q)
	x.record.Stages.Resolve = x.record.Since()
	if err == nil && x.relay.p.Hooks.Step != nil {
		x.relay.clerk.Step(4, req.Tracking, fmt.Sprintf("looked up %s: %d listener(s), the first at node %d", x.entity.Name, len(found), found[0].Node))
	}
	return found, err
}

// try asks one candidate.
func (x *transfer) try(ctx context.Context, c *route.Candidate, req *shape.Request) (*shape.Response, error) {
	r := x.relay
	x.record.Listener, x.record.PeerNode = c.ID, c.Node
	if r.clerk.Tells() {
		r.clerk.Step(5, req.Tracking, fmt.Sprintf("the request goes to node %d, which holds listener %s", c.Node, c.ID))
	}
	resp, err := x.at(ctx, c, req)
	took := x.record.Since() - x.record.Stages.Offer
	switch {
	case err == nil:
		x.record.Stages.Meet = x.record.Stages.Offer + took
		r.clerk.Offered("accepted", took)
	case x.silent(err):
		r.clerk.Offered("ignored", took)
	}
	return resp, err
}

// at asks the candidate at its node.
func (x *transfer) at(ctx context.Context, c *route.Candidate, req *shape.Request) (*shape.Response, error) {
	if c.Node == x.relay.self {
		return x.local(ctx, c.Listener, req)
	}
	x.Lend(uint16(c.Node), askTimeout)
	defer x.Lend(0, 0)
	return c.Exchange.Exchange(ctx, req)
}

// local asks a listener of this node.
func (x *transfer) local(ctx context.Context, l *route.Listener, req *shape.Request) (*shape.Response, error) {
	r := x.relay
	if r.clerk.Tells() {
		r.clerk.Step(6, req.Tracking, "gave the request to listener "+l.ID)
	}
	r.debts.Owe(l.Channel)
	resp, err := l.Exchange.Exchange(ctx, req)
	r.debts.Paid(l.Channel)
	switch {
	case err == nil:
		r.countAt(l, answered, 0) // what took its time is the service behind it, not the listener
	case x.silent(err):
		r.countAt(l, unanswered, x.Limit())
		if t := x.Ticket(); t != (shape.Ticket{}) { // who still comes with it is no guesser
			r.late.Expired(t, route.Candidate{Listener: l, Node: r.self})
		}
	}
	return resp, err
}

// silent reports whether the listener was asked and did nothing.
func (x *transfer) silent(err error) bool {
	err = x.Cause(err)
	return fail.Is(err, fail.ListenerSilent) || fail.Is(err, fail.RendezvousTimeout)
}

// Pulled implements exchange.Owner.
func (x *transfer) Pulled() {
	x.relay.clerk.Step(8, x.record.Tracking, "forwarding the sender's request body to the listener")
}

// Over implements exchange.Owner: the account of an exchange that got a response.
func (x *transfer) Over(why fail.Code, side string, cause error) {
	x.leave()
	if x.served {
		return
	}
	c := &x.record
	c.In, c.Out, c.Stages.First = x.In(), x.Out(), x.First()
	c.Reason, c.Side, c.Cause = why, side, cause
	if e := fail.Of(cause); e != nil {
		c.Text = e.Message()
	}
	x.relay.showEnd(x.entity, c)
	x.relay.clerk.Closed(c)
}

// leave takes the exchange off the books and closes its bodies.
func (x *transfer) leave() {
	x.Release()
	x.relay.untrackTransfer(x)
	if t := x.Ticket(); t != (shape.Ticket{}) {
		x.record.Ticket = t
	}
}

func (r *Relay) trackTransfer(x *transfer) error {
	err := enter(r, r.transfers, x)
	x.tracked = err == nil
	return err
}

// counts reports whether the exchange has a slot of the connections, and bytes of its own: each byte is counted once.
func (x *transfer) counts() bool { return !x.served && !x.within }

func (r *Relay) untrackTransfer(x *transfer) {
	if !x.tracked {
		return
	}
	if x.counts() {
		r.connections.Leave()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.transfers, x)
	if x.counts() {
		r.books.Add(x.entity.At, x.In(), x.Out())
	}
	r.restLocked()
}
