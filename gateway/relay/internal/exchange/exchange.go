package exchange

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Owner is told what happens to its exchange.
type Owner interface {
	// Pulled: the listener's side has begun to take the body of the request.
	Pulled()
	// Over: the response's body was closed, once. What Release does is still to be done.
	Over(why fail.Code, side string, cause error)
}

// Life is one request on its road, and its response until that is closed. Make one with Begin; Release ends it.
type Life struct {
	owner     Owner
	began     time.Time
	ctx       scope
	ender     shape.Ender // ends ctx; nil: cancelCtx does
	cancelCtx context.CancelCauseFunc
	unwake    func() bool // nil: nobody is to be woken

	req   shape.Request // the sender's, with the body counted
	up    upBody
	down  downBody
	resp  shape.Response // the listener's, with the body counted
	clock clock

	mu     sync.Mutex
	over   bool
	ticket shape.Ticket // of the last rendezvous that its listener was given
}

// scope is the context of an exchange: who has it finds the exchange.
type scope struct {
	context.Context

	x *Life
}

type scopeKey struct{}

// Value implements context.Context.
func (s *scope) Value(key any) any {
	if key == (scopeKey{}) {
		return s.x
	}
	return s.Context.Value(key)
}

// of finds the exchange whose context it is; nil: none.
func of(ctx context.Context) *Life {
	x, _ := ctx.Value(scopeKey{}).(*Life)
	return x
}

// Begin begins an exchange, within x, at the given time, which is now. From now on the request's body belongs to it.
func (x *Life) Begin(ctx context.Context, owner Owner, req *shape.Request, began time.Time) {
	x.owner, x.req, x.began = owner, *req, began
	if own, ok := ctx.(shape.Ender); ok { // it is this exchange's alone
		x.ender = own
	} else {
		ctx, x.cancelCtx = context.WithCancelCause(ctx)
	}
	x.ctx = scope{ctx, x}
	if req.Body != nil {
		x.up.hold(x, req.Body)
		x.req.Body = x.up.body()
		if !x.up.whole && !x.up.there() {
			x.beWoken()
		}
	}
}

// beWoken sees to it that reads which wait end with the exchange. It costs more than a short exchange can do with, so it is for bodies that
// may keep somebody waiting.
func (x *Life) beWoken() {
	if x.unwake == nil {
		x.unwake = context.AfterFunc(&x.ctx, x.wake)
	}
}

// Look has both bodies shown as they are read. It comes before anything of them is.
func (x *Life) Look(up, down Saw) { x.up.saw, x.down.saw = up, down }

// Context is what Exchangers are given.
func (x *Life) Context() context.Context { return &x.ctx }

// Request is what Exchangers are given: the sender's, with a body that counts.
func (x *Life) Request() *shape.Request { return &x.req }

// Cancel ends the exchange from outside; the cause is told to both sides.
func (x *Life) Cancel(cause error) {
	if x.ender != nil {
		x.ender.End(cause)
		return
	}
	x.cancelCtx(cause)
}

// In and Out are how many bytes of the bodies have been passed on.
func (x *Life) In() int64 { return x.up.count.Load() }

// Out counts the response's.
func (x *Life) Out() int64 { return x.down.count.Load() }

// First is when the response's body gave its first data, since the begin; 0: it did not.
func (x *Life) First() time.Duration { return time.Duration(x.down.begun.Load()) }

// Ticket is that of the last rendezvous that the listener was given; zero: none was.
func (x *Life) Ticket() shape.Ticket {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ticket
}

// Note keeps the ticket that the listener was given at another node. ctx is that of the exchange.
func Note(ctx context.Context, t shape.Ticket) {
	if x := of(ctx); x != nil {
		x.note(t)
	}
}

func (x *Life) note(t shape.Ticket) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ticket = t
}

// Again reports whether the request can go to another listener after an error of the one before: nothing of it was handed over.
func (x *Life) Again(req *shape.Request, err error) bool {
	if _, untaken := errors.AsType[*shape.Untaken](err); !untaken || x.ctx.Err() != nil {
		return false
	}
	if req.Body == nil || req.Body == x.req.Body {
		return req.Body == nil || !x.up.pulled.Load()
	}
	_, whole := req.Body.(shape.Whole) // of a middleware
	return whole
}

// Cause is why the road ended: what ended the context, if something did, else the Exchanger's own error. A listener that was to dial
// and did not is silent in a way of its own.
func (x *Life) Cause(err error) error {
	cause := context.Cause(&x.ctx)
	if cause == nil || fail.Is(cause, fail.ListenerSilent) && fail.Is(err, fail.RendezvousTimeout) {
		return err
	}
	return cause
}

// Check refuses what is no final response, and closes it. 1xx would make the sender wait for another one (reference section 8.5).
func Check(resp *shape.Response) error {
	if resp.Status >= 200 && resp.Status <= 599 {
		return nil
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	return fail.Newf(fail.BadAnswer, "The listener answered with the status %d, which is none of 200 to 599.", resp.Status)
}

// Answer is the response as the sender's side gets it, its body counted. Its Close tells the owner that the exchange is over; without
// a body it is over at once. It came at a time since the begin, which is now.
func (x *Life) Answer(resp *shape.Response, came time.Duration) *shape.Response {
	x.clock.stop()
	if resp.Body == nil {
		x.end(fail.PeerClosed, "listener", nil)
		return resp
	}
	x.mu.Lock()
	x.down.hold(x, resp.Body)
	x.down.came = came
	x.mu.Unlock()
	if !x.down.whole {
		x.beWoken()
	}
	if x.ctx.Err() != nil {
		x.wake() // it ended before there was something to wake
	}
	x.resp = *resp
	x.resp.Body = x.down.body()
	return &x.resp
}

// end tells the owner, once.
func (x *Life) end(why fail.Code, side string, cause error) {
	x.mu.Lock()
	first := !x.over
	x.over = true
	x.mu.Unlock()
	if first {
		x.owner.Over(why, side, cause)
	}
}

// Release closes both bodies, the response first: whoever sends the request may wait for that. It may be called twice.
func (x *Life) Release() {
	x.clock.stop()
	if x.unwake != nil {
		x.unwake()
	}
	x.down.close()
	x.up.close()
	x.Cancel(nil)
}

// wake ends reads that wait when the exchange was ended from outside.
func (x *Life) wake() {
	x.up.wake()
	x.mu.Lock()
	there := x.down.inner != nil
	x.mu.Unlock()
	if there {
		x.down.wake()
	}
}

func (x *Life) since() time.Duration { return time.Since(x.began) }

// Reason finds the reason in whatever ended a road, an end from outside included. Of several the outermost counts: who wrapped the others
// knew more.
func Reason(err error) *fail.Error {
	no, known := errors.AsType[*fail.Error](err)
	if end, ok := errors.AsType[*shape.End](err); ok && !(known && errors.Is(no.Cause, end)) {
		return fail.New(end.Why, end.Text)
	}
	if !known && errors.Is(err, context.Canceled) {
		return fail.Wrap(fail.SenderGone, "", err)
	}
	return fail.Of(err)
}
