package relay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// exchange is one request on its road, and its response until that is closed. It is the last Exchanger of its own pipeline: the one
// that asks the listeners.
type exchange struct {
	relay  *Relay
	req    shape.Request // the sender's, with the body counted
	record *Record
	entity *entity.Entity
	hints  Hints
	up     upBody
	down   downBody
	serves bool // the sender is at another node, which keeps the account

	ctx    context.Context
	cancel context.CancelCauseFunc
	unwake func() bool
	clock  clock

	mu      sync.Mutex
	over    bool
	tracked bool
	ticket  shape.Ticket // of the last rendezvous that its listener was given
}

// exchangeKey finds the exchange in the context that its Exchangers are given.
type exchangeKey struct{}

// scope is the context of an exchange.
type scope struct {
	context.Context

	x *exchange
}

// Value implements context.Context.
func (s *scope) Value(key any) any {
	if key == (exchangeKey{}) {
		return s.x
	}
	return s.Context.Value(key)
}

// Exchange is one request of a sender and its response. It admits the sender, finds a listener, hands the request over and returns
// when the head of the response is there. The body of the request belongs to the relay from then on, which closes it once whatever
// happens; the caller closes the body of the response, if there is one, and the exchange is over with that. ctx bounds all of it:
// the entry ends it when the sender leaves (cause: a *fail.Error SenderGone). The error is what the sender is to be refused with.
//
// A listener that sends no head within the entity's response timeout is fail.ListenerSilent; while the body of the request moves on,
// the time begins anew. A request is offered to the next listener only while nothing of it was handed over.
func (r *Relay) Exchange(ctx context.Context, ask Ask, req *shape.Request) (*shape.Response, error) {
	x := r.newExchange(ctx, req)
	x.record = r.begin("exchange", &req.Hello)
	x.hints = ask.Hints
	r.step(3, req.Tracking, "a sender asks for "+req.At.Path)
	resp, err := x.run(ask)
	if err != nil {
		return nil, x.refuse(err)
	}
	return x.answered(resp), nil
}

func (r *Relay) newExchange(ctx context.Context, req *shape.Request) *exchange {
	x := &exchange{relay: r, req: *req}
	ctx, x.cancel = context.WithCancelCause(ctx)
	x.ctx = &scope{ctx, x}
	if req.Body != nil {
		x.up.init(x, req.Body)
		x.req.Body = x.up.body()
	}
	x.unwake = context.AfterFunc(ctx, x.wake)
	return x
}

// run is the road up to the head of the response.
func (x *exchange) run(ask Ask) (*shape.Response, error) {
	if err := x.admit(ask); err != nil {
		return nil, err
	}
	var road shape.Exchanger = x
	if pipeline := x.relay.p.Pipeline; pipeline != nil {
		if around := pipeline(x.entity); around != nil {
			road = around(x)
		}
	}
	resp, err := road.Exchange(x.ctx, &x.req)
	if err == nil {
		err = x.check(resp)
	}
	if err != nil {
		return nil, x.causeOf(err)
	}
	return resp, nil
}

func (x *exchange) admit(ask Ask) error {
	r := x.relay
	ent, claims, refusal := r.admit(ask, &x.req.Hello)
	if refusal != nil {
		return refusal
	}
	x.entity = ent
	c := x.record
	c.Entity, c.Kind, c.Rule, c.Stages.Admit = ent.Name, string(ent.Kind), claims.Rule, c.since()
	if !r.connections.Enter() {
		return r.full()
	}
	if err := r.trackExchange(x); err != nil {
		r.connections.Leave()
		return err
	}
	return nil
}

// check refuses what is no final response. 1xx would make the sender wait for another one (reference section 8.5).
func (x *exchange) check(resp *shape.Response) error {
	if resp.Status >= 200 && resp.Status <= 599 {
		return nil
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	return fail.Newf(fail.BadAnswer, "The listener answered with the status %d, which is none of 200 to 599.", resp.Status)
}

// causeOf is why the road ended: what ended the context, if something did, else the Exchanger's own error. A listener that was to
// dial and did not is silent in a way of its own.
func (x *exchange) causeOf(err error) error {
	cause := context.Cause(x.ctx)
	if cause == nil || fail.Is(cause, fail.ListenerSilent) && fail.Is(err, fail.RendezvousTimeout) {
		return err
	}
	return cause
}

// Exchange implements shape.Exchanger: it asks one listener after the other.
func (x *exchange) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	var room [route.MaxCandidates]route.Candidate
	found, err := x.resolve(room[:0], req)
	if err != nil {
		return nil, err
	}
	x.clock.start(x)
	var last error
	for i := range found {
		resp, err := x.try(ctx, &found[i], req)
		if err == nil {
			return resp, nil
		}
		last = err
		if ctx.Err() != nil || final(err) || !x.again(req, err) {
			break
		}
	}
	return nil, last
}

// again reports whether the request can go to another listener.
func (x *exchange) again(req *shape.Request, err error) bool {
	if _, untaken := errors.AsType[*shape.Untaken](err); !untaken {
		return false
	}
	return req.Body == nil || req.Body == x.req.Body && !x.up.pulled.Load()
}

func (x *exchange) resolve(dst []route.Candidate, req *shape.Request) ([]route.Candidate, error) {
	q := queryOf(x.entity, &req.Hello, mesh.Exchange, x.hints)
	found, err := x.relay.find(dst, &q)
	x.record.Stages.Resolve = x.record.since()
	if err == nil && x.relay.p.Hooks.Step != nil {
		x.relay.step(4, req.Tracking, fmt.Sprintf("looked up %s: %d listener(s), the first at node %d", x.entity.Name, len(found), found[0].Node))
	}
	return found, err
}

// try asks one candidate.
func (x *exchange) try(ctx context.Context, c *route.Candidate, req *shape.Request) (*shape.Response, error) {
	r := x.relay
	x.record.Listener, x.record.PeerNode, x.record.Stages.Offer = c.ID, c.Node, x.record.since()
	if r.p.Hooks.Step != nil {
		r.step(5, req.Tracking, fmt.Sprintf("the request goes to node %d, which holds listener %s", c.Node, c.ID))
	}
	resp, err := x.at(ctx, c, req)
	took := x.record.since() - x.record.Stages.Offer
	switch {
	case err == nil:
		x.record.Stages.Meet = x.record.since()
		r.offered("accepted", took)
	case x.silent(err):
		r.offered("ignored", took)
	}
	return resp, err
}

// at asks the candidate at its node.
func (x *exchange) at(ctx context.Context, c *route.Candidate, req *shape.Request) (*shape.Response, error) {
	if c.Node == x.relay.self {
		return x.local(ctx, c.Listener, req)
	}
	x.clock.lend(remoteGrace)
	defer x.clock.lend(0)
	return c.Exchange.Exchange(ctx, req)
}

// local asks a listener of this node.
func (x *exchange) local(ctx context.Context, l *route.Listener, req *shape.Request) (*shape.Response, error) {
	r := x.relay
	if r.p.Hooks.Step != nil {
		r.step(6, req.Tracking, "gave the request to listener "+l.ID)
	}
	r.await(l.Channel)
	resp, err := l.Exchange.Exchange(ctx, req)
	r.heard(l.Channel)
	switch {
	case err == nil:
		r.count(l.Channel, answered, 0) // what took its time is the service behind it, not the listener
	case x.silent(err):
		r.count(l.Channel, ignored, x.clock.limit)
		x.late(l)
	}
	return resp, err
}

// late remembers the ticket that the listener has, so that it is no guesser if it still comes with it.
func (x *exchange) late(l *route.Listener) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ticket != (shape.Ticket{}) {
		x.relay.late.Expired(x.ticket, route.Candidate{Listener: l, Node: x.relay.self})
	}
}

// silent reports whether the listener was asked and did nothing.
func (x *exchange) silent(err error) bool {
	err = x.causeOf(err)
	return fail.Is(err, fail.ListenerSilent) || fail.Is(err, fail.RendezvousTimeout)
}

// answered hands the response out with its body counted. Without a body the exchange is over.
func (x *exchange) answered(resp *shape.Response) *shape.Response {
	x.clock.stop()
	x.record.Status = resp.Status
	x.relay.step(9, x.req.Tracking, "forwarding the listener's answer to the sender")
	if resp.Body == nil {
		x.finish(fail.PeerClosed, "listener", nil)
		return resp
	}
	x.down.init(x, resp.Body)
	out := *resp
	out.Body = x.down.body()
	if x.ctx.Err() != nil {
		x.wake() // it ended before there was something to wake
	}
	return &out
}

// wake ends reads that wait when the exchange was ended from outside.
func (x *exchange) wake() {
	x.up.wake()
	x.down.wake(x)
}

// refuse closes the account of an exchange that got no response.
func (x *exchange) refuse(err error) error {
	x.leave()
	x.record.In = x.up.count.Load()
	return x.relay.refused(x.record, refusalOf(err))
}

// finish closes the account of an exchange that got one; the first call counts.
func (x *exchange) finish(why fail.Code, side string, cause error) {
	x.mu.Lock()
	first := !x.over
	x.over = true
	x.mu.Unlock()
	if !first {
		return
	}
	x.leave()
	if x.serves {
		return
	}
	c := x.record
	c.In, c.Out, c.Stages.First = x.up.count.Load(), x.down.count.Load(), time.Duration(x.down.begun.Load())
	c.Reason, c.Side, c.Cause = why, side, cause
	if e := fail.Of(cause); e != nil {
		c.Text = e.Message()
	}
	x.relay.closed(c)
}

// leave takes the exchange off the books and closes its bodies, the response first: whoever sends the request may wait for that.
func (x *exchange) leave() {
	x.clock.stop()
	x.down.close()
	x.up.close()
	x.unwake()
	x.cancel(nil)
	x.relay.untrackExchange(x)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ticket != (shape.Ticket{}) {
		x.record.Ticket = x.ticket.Hex()
	}
}

// trackExchange lists the exchange so that it can be counted and ended; a node that drains takes no more.
func (r *Relay) trackExchange(x *exchange) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle != nil {
		return fail.New(fail.Draining, "")
	}
	r.exchanges[x], x.tracked = struct{}{}, true
	return nil
}

func (r *Relay) untrackExchange(x *exchange) {
	if !x.tracked {
		return
	}
	if !x.serves {
		r.connections.Leave()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.exchanges, x)
	if !x.serves { // each byte is counted once, at the sender's node
		r.carriedLocked(x.entity.At, x.up.count.Load(), x.down.count.Load())
	}
	r.restLocked()
}

// await and heard keep count of the exchanges whose head a local listener owes: a drain lets it answer before it is sent away.
func (r *Relay) await(channel uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owed[channel]++
}

func (r *Relay) heard(channel uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owed[channel]--; r.owed[channel] > 0 {
		return
	}
	delete(r.owed, channel)
	if quiet, ok := r.quiet[channel]; ok {
		close(quiet)
		delete(r.quiet, channel)
	}
}

// answerGrace is how long a listener of a node that drains may take to answer what it was asked before it is sent elsewhere. Longer
// would keep its entity without a listener.
const answerGrace = 5 * time.Second

// untilHeard waits until the listener owes no head, for a while.
func (r *Relay) untilHeard(ctx context.Context, channel uint64) {
	r.mu.Lock()
	if r.owed[channel] == 0 {
		r.mu.Unlock()
		return
	}
	quiet := make(chan struct{})
	r.quiet[channel] = quiet
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, answerGrace)
	defer cancel()
	select {
	case <-quiet:
	case <-ctx.Done():
	}
}
