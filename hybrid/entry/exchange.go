package entry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// exchange is one request to a listener and its answer, at the listener's node (reference section 8). The relay bounds its time.
type exchange struct {
	control  *control
	req      *shape.Request
	settings *entity.Settings
	up       *bodies.Upload // nil: the request has no body
	upload   bodies.Upload  // what up points to
	short    bool           // the request fits the control channel
	expected relay.Expected
	ticket   shape.Ticket
	call     call
	res      shape.Response // of the answer
	leg      *callerLeg     // at the rendezvous
}

// defaults are the settings of an entity that is not there any more. They are never written, as those of the store are not.
var defaults entity.Settings

// Exchange implements shape.Exchanger.
func (c *control) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	x := &exchange{control: c, req: req, settings: &defaults, call: call{control: c}}
	if ent := c.entry.p.Entity(c.listener.Entity); ent != nil {
		x.settings = &ent.Settings
	}
	if req.Body != nil {
		x.up = &x.upload
		x.up.Init(req.Body)
	}
	res, at, err := x.dispatch(ctx)
	if at != nil {
		return x.meet(ctx, at)
	}
	x.release()
	return res, err
}

// release lets go of the request.
func (x *exchange) release() {
	if x.up != nil {
		x.up.Stop()
	}
}

// dispatch tells the listener of the request and waits for what it does: answer on the control channel, or come to the
// rendezvous.
func (x *exchange) dispatch(ctx context.Context) (res *shape.Response, at shape.Party, err error) {
	if err := x.control.stands(ctx); err != nil {
		return nil, nil, &shape.Untaken{Err: err}
	}
	x.short = true
	if x.up != nil {
		if x.short, err = x.up.Gather(ctx); err != nil {
			return nil, nil, err
		}
	}
	entry := x.control.entry
	entry.p.Relay.Expect(ctx, &x.expected)
	defer x.expected.Close()
	x.call.expected = &x.expected
	if x.ticket, err = x.expected.Ticket(); err != nil {
		return nil, nil, err
	}
	entry.calls.begin(x.ticket, &x.call)
	if err = x.tell(); err == nil {
		select {
		case <-x.expected.Arrived():
		case <-ctx.Done():
		}
	}
	entry.calls.finish(x.ticket)
	if err != nil {
		return nil, nil, err
	}
	return x.outcome(ctx)
}

// outcome is what became of a request that was dispatched.
func (x *exchange) outcome(ctx context.Context) (*shape.Response, shape.Party, error) {
	switch c := &x.call; {
	case c.answer != nil:
		res, err := x.answer(c.answer, c.body)
		return res, nil, err
	case c.lost != nil:
		return nil, nil, c.lost
	}
	at, err := x.expected.Wait(ctx)
	if err == nil {
		return nil, at, nil
	}
	x.cancel()
	if x.short && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return nil, nil, err
}

// message is the request message.
func (x *exchange) message() wire.Request {
	path, _, _ := strings.Cut(x.req.Target, "?")
	plain, authority := x.control.address(nil)
	return wire.Request{
		At: wire.Rendezvous{
			Plain: plain, Authority: authority, Path: path, Action: wire.ActionRequest, Ticket: x.ticket,
		},
		Target: wire.TargetOf(x.req.Target, x.settings.RawRequestTarget), Method: x.req.Method, Remote: x.req.Remote,
		Fields: x.req.Fields, Body: x.up != nil && !x.up.Empty(),
	}
}

// tell writes the request, or the pointer to it, to the control channel. A request that no message can carry is refused before
// anything leaves, also when it would go by the rendezvous.
func (x *exchange) tell() error {
	buf := bodies.GetParcel()
	defer bodies.PutParcel(buf)
	m := x.message()
	b, err := m.Append(*buf)
	if *buf = b; err != nil {
		return badMessage(err)
	}
	var body []byte
	if !x.short {
		if *buf, err = wire.AppendPointer(b[:0], &m.At); err != nil {
			return badMessage(err)
		}
	} else if m.Body {
		body = x.up.Data()
	}
	return x.control.send(*buf, body, time.Time{})
}

// cancel tells an agent that nobody waits for its answer any more. SDKs do not know the word.
func (x *exchange) cancel() {
	if x.control.cancels {
		_ = x.control.send(wire.AppendCancel(nil, x.ticket), nil, time.Time{}) // a loss ends the channel
	}
}

// meet goes on at the rendezvous.
func (x *exchange) meet(ctx context.Context, at shape.Party) (*shape.Response, error) {
	far, err := at.Accept(shape.Answer{})
	if err != nil {
		x.release()
		return nil, fail.Wrap(fail.ListenerLost, "answer the listener", err)
	}
	leg, ok := far.(*callerLeg)
	if !ok {
		far.Abort(&shape.End{Why: fail.BadFrame, Code: wsframe.CloseProtocol, Text: "This is the address of a request."})
		far.Close()
		x.release()
		return nil, fail.New(fail.BadAnswer, "The listener dialled the request's address as that of a connection.")
	}
	x.leg = leg
	var r *bodies.Reply
	unwatch := context.AfterFunc(ctx, func() { leg.Abort(x.partingEnd(context.Cause(ctx))) })
	r = bodies.NewReply(leg, x.gap(), func(complete, left bool) {
		unwatch()
		x.part(r, complete, left)
	})
	res, err := x.converse(r)
	if err != nil {
		_ = r.Close() // gives nil
		return nil, err
	}
	return res, nil
}

// gap is how long an answer may stand still: as long as it may take to begin (reference section 8.6).
func (x *exchange) gap() time.Duration {
	if d := x.settings.ResponseTimeout; d > 0 {
		return d
	}
	return x.control.entry.p.Response
}

// partingEnd is what a listener is told whose exchange ended from outside: the sender left, its time is up, the gateway goes. In the
// middle of an upload it is told nothing: to .NET a Close would be the end of the body (reference section 8.2).
func (x *exchange) partingEnd(cause error) *shape.End {
	end, ok := errors.AsType[*shape.End](cause)
	if !ok {
		end = &shape.End{Why: fail.Of(cause).Code, Code: wsframe.CloseGoingAway, Text: fail.Of(cause).Message(), Cause: cause}
	}
	if !x.short && !x.up.Sent() {
		return &shape.End{Why: end.Why, Cause: end.Cause}
	}
	return end
}

// converse sends the request, if it was a pointer that brought the listener here, and reads the head of the answer.
func (x *exchange) converse(r *bodies.Reply) (*shape.Response, error) {
	if err := x.hand(); err != nil {
		return nil, x.blame(r, err)
	}
	m, err := r.Head()
	if err != nil {
		return nil, x.blame(r, err)
	}
	res, err := x.answer(m, nil)
	if err != nil {
		return nil, err
	}
	return x.attach(res, r), nil
}

// hand gives the listener at the rendezvous what the control channel could not take.
func (x *exchange) hand() error {
	if x.short {
		return nil
	}
	buf := bodies.GetParcel()
	defer bodies.PutParcel(buf)
	m := x.message()
	b, err := m.Append(*buf)
	if *buf = b; err != nil {
		return badMessage(err)
	}
	return x.up.Start(x.leg, b)
}

// blame finds whose fault it is that a rendezvous failed before its answer.
func (x *exchange) blame(r *bodies.Reply, err error) error {
	if x.up != nil {
		if fault := x.up.Fault(); fault != nil {
			x.leg.Abort(&shape.End{Why: fail.Of(fault).Code, Cause: fault})
			return fault
		}
	}
	if err = r.Ended(err); errors.Is(err, io.EOF) {
		return fail.New(fail.BadAnswer, "The listener closed the rendezvous without an answer.")
	}
	return err
}

// attach gives the answer its body, unless the method or the status has none: that is read and dropped, not to be waited for
// by the sender (reference section 8.4).
func (x *exchange) attach(res *shape.Response, r *bodies.Reply) *shape.Response {
	switch {
	case r.Over(): // no body
		_ = r.Close()
	case x.bodiless(res.Status):
		r.Leave()
	default:
		res.Body = r
	}
	return res
}

// bodiless reports whether an answer has no body on the wire (RFC 9110 sections 9.3.2 and 15).
func (x *exchange) bodiless(status int) bool {
	return x.req.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// part ends a rendezvous. It is called once, by whoever has read the answer as far as he wanted.
func (x *exchange) part(r *bodies.Reply, complete, left bool) {
	c := x.leg.caller
	sent := x.short || x.up.Sent()
	switch {
	case complete && !sent: // it answered without reading all of the request
		x.leg.Abort(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseNormal, Text: "NormalClosure"})
		left = false
	case !complete:
		x.leg.Abort(x.partingEnd(fail.New(fail.SenderGone, "The sender has left."))) // unless it was aborted before
	}
	x.release()
	if left {
		c.left = r
	} else {
		r.Quiesce()
	}
	c.polite = complete && sent
	c.release()
	if !complete {
		x.cancel()
	}
}

// answer makes the response of a listener's message. body is that of the control channel.
func (x *exchange) answer(m *wire.Response, body *bodies.Whole) (*shape.Response, error) {
	length := m.Fields.Get("Content-Length")
	res := &x.res
	*res = shape.Response{Status: m.Status, Reason: m.Reason, Fields: listenerFields(m.Fields)}
	if body != nil {
		res.Body = body
	}
	if !m.HasReason {
		res.Reason = http.StatusText(m.Status)
	}
	switch {
	case m.Status == 0:
		x.drop(res)
		return nil, fail.New(fail.BadAnswer, "The listener's answer has no status.")
	case m.Status < http.StatusOK:
		x.drop(res)
		return nil, fail.Newf(fail.BadAnswer, "The listener answered with the status %d, which ends no request.", m.Status)
	case x.req.Method == http.MethodHead:
		if n, err := strconv.ParseUint(length, 10, 63); err == nil {
			x.drop(res)
			res.Body = bodies.Announced(n)
		}
	case x.bodiless(m.Status):
		x.drop(res)
	}
	return res, nil
}

// drop gives an answer's body up.
func (x *exchange) drop(res *shape.Response) {
	if res.Body != nil {
		_ = res.Body.Close()
		res.Body = nil
	}
}

// listenerFields are a listener's own fields without those of one connection. Cookies that .NET has joined into one field are
// taken apart (reference section 8.5).
func listenerFields(fields shape.Fields) shape.Fields {
	joined := false
	if fields.Has("Set-Cookie") {
		joined = slices.ContainsFunc(fields, func(f shape.Field) bool {
			return strings.EqualFold(f.Name, "Set-Cookie") && strings.Contains(f.Value, ",")
		})
	}
	if joined {
		var apart shape.Fields
		for _, f := range fields {
			if !strings.EqualFold(f.Name, "Set-Cookie") {
				apart = append(apart, f)
				continue
			}
			for _, cookie := range wire.SplitSetCookie(f.Value) {
				apart = append(apart, shape.Field{Name: f.Name, Value: cookie})
			}
		}
		fields = apart
	}
	fields.DelHop()
	return fields
}
