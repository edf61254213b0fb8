package entry

import (
	"context"
	"net/http"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/status"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/httpserve"
	"github.com/causeway-relay/causeway/internal/leg"
)

// methods are what a 405 says is allowed; every other method but CONNECT is passed on too (reference section 8.5).
const methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE"

// isWeb reports whether a request is plain HTTP and not a handshake, by whether it asks for a WebSocket. Under /$hc there are handshakes
// only, but for the management read, which any path may carry.
func isWeb(h *http1.Head, upgrade bool) bool {
	return !upgrade && (!hasHC(h.Origin()) || processedAt(h))
}

// web serves a plain HTTP sender: one request.
func (e *Entry) web(ctx context.Context, a *leg.Arrival) {
	target, parsed := wire.ParseTarget(a.Head.Origin())
	v := &visit{entry: e, arrival: a, target: target, web: true}
	httpserve.Serve(ctx, a, httpserve.Params{Idle: e.p.Idle, Write: e.p.Write, Late: &e.late}, func(ctx context.Context, body shape.Body) *shape.Response {
		return v.respond(ctx, parsed, body)
	})
}

// asked is a request with room for the fields of most, Via among them: one value for both.
type asked struct {
	shape.Request

	room [12]shape.Field
}

// respond answers the request: what the listener says, or an error of the gateway's own. parsed is the error of the target.
func (v *visit) respond(ctx context.Context, parsed error, body shape.Body) *shape.Response {
	all := &asked{Request: shape.Request{Method: v.arrival.Head.Method, Body: body}}
	req := &all.Request
	v.hello, v.room = &req.Hello, all.room[:0]
	v.greet()
	if refusal := v.unfit(parsed); refusal != nil {
		return v.no(v.entry.p.Relay.Turned("exchange", v.hello, refusal))
	}
	if processedAt(v.arrival.Head) {
		return v.describe(ctx)
	}
	if refusal := v.asksToSend(); refusal != nil {
		return v.no(v.entry.p.Relay.Turned("exchange", v.hello, refusal))
	}
	if ent := v.entry.p.Entity(v.hello.At); v.borne && ent != nil && !ent.AnonymousSenders {
		req.Fields.Del("Authorization") // it is the relay's
	}
	req.Fields.DelHop()
	req.Fields.Del("Expect") // it has been met here (reference section 8.3)
	own := v.entry.viaOf(v.pseudonym())
	addVia(&req.Fields, own)
	res, err := v.entry.p.Relay.Exchange(ctx, v.ask, req)
	if err != nil {
		return v.no(fail.Of(err))
	}
	addVia(&res.Fields, own)
	return res
}

// unfit says what is wrong with a request before anybody is asked for anything.
func (v *visit) unfit(parsed error) *fail.Error {
	if v.arrival.Head.Method == http.MethodConnect {
		return fail.New(fail.BadRequest, notAllowed)
	}
	return v.check(parsed)
}

// notAllowed is the one BadRequest with the status 405.
const notAllowed = "The method CONNECT is not allowed: nothing here is a proxy."

// pseudonym is what the gateway calls itself in Via: the host that the sender dialled.
func (v *visit) pseudonym() string {
	if host := hostOf(v.hello.Host); host != "" {
		return host
	}
	return "causeway" // HTTP/1.0 need not say (RFC 9110 section 7.6.3)
}

// viaOf is what is noted in Via for a name of the gateway. Nearly all senders dial the same: that of the last one is kept.
func (e *Entry) viaOf(pseudonym string) string {
	const version = "1.1 "
	if last := e.via.Load(); last != nil && (*last)[len(version):] == pseudonym {
		return *last
	}
	own := version + pseudonym
	e.via.Store(&own)
	return own
}

// addVia notes the gateway on a message that it passes on; answers of its own have no such field (reference section 5).
func addVia(fields *shape.Fields, own string) {
	for i := len(*fields) - 1; i >= 0; i-- {
		if f := &(*fields)[i]; len(f.Name) == len("Via") && strings.EqualFold(f.Name, "Via") {
			f.Value += ", " + own
			return
		}
	}
	fields.Add("Via", own)
}

// no makes the response that refuses a request: the reason in the phrase for those who read only that, in the body for the
// others (reference section 5).
func (v *visit) no(err *fail.Error) *shape.Response {
	res := &shape.Response{Status: status.Of(err), Reason: v.trail().Reason(v.message(err))}
	res.Fields = shape.Fields{
		{Name: "TrackingId", Value: v.trail().Mark()},
		{Name: "Causeway-Error", Value: string(err.Code)},
		{Name: "Content-Type", Value: "application/json"},
	}
	if err.Code == fail.BadRequest && err.Text == notAllowed {
		res.Status = http.StatusMethodNotAllowed
		res.Fields.Add("Allow", methods)
	}
	parcel := bodies.GetParcel()
	*parcel = wire.AppendErrorBody(*parcel, status.Name(err, res.Status), res.Reason)
	res.Body = bodies.NewWhole(parcel, *parcel)
	return res
}
