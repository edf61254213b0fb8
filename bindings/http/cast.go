package http

import (
	"context"
	nethttp "net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// cast sends the body of a POST as a message, SOAP or not, and answers 202 without a body: what one-way operations of WCF, and everybody
// else, take for done (WCF relay reference sections 11.3 and 12.7). Of a one-way relay that means that a listener has the message, of an
// event relay that it stands in the queues of all.
func (v *visit) cast(ctx context.Context, body shape.Body, mode relay.Mode) *shape.Response {
	m, refusal := v.message(body)
	if refusal != nil {
		leave(body)
		return v.no(v.entry.p.Relay.Turned("cast", &v.req.Hello, refusal))
	}
	// PHP's client hangs up as soon as it has written such a message, and does not wait for the 202. What came whole is delivered: a sender
	// that has gone takes nothing back. Queues and other nodes bound the time.
	if _, err := v.entry.p.Relay.Cast(context.WithoutCancel(ctx), v.ask, m, mode); err != nil {
		return v.no(fail.Of(err))
	}
	return &shape.Response{
		Status: nethttp.StatusAccepted, Reason: nethttp.StatusText(nethttp.StatusAccepted),
		Fields: shape.Fields{{Name: "TrackingId", Value: (&wire.Trail{ID: v.req.Tracking, Node: v.entry.p.Node}).Mark()}},
	}
}

// message reads the message. What bounds it is the length of messages of such relays, not of requests.
func (v *visit) message(body shape.Body) (*shape.Message, *fail.Error) {
	switch v.req.Method {
	case nethttp.MethodPost, nethttp.MethodPut:
	default:
		return nil, fail.Newf(fail.BadRequest, "The method %s sends no message: use POST.", v.req.Method)
	}
	m := &shape.Message{Type: v.arrival.Head.Fields.Get("Content-Type")}
	if body != nil {
		r := v.entry.p.Relay
		if body.Size() > int64(r.CastMessage()) {
			return nil, r.LongMessage()
		}
		data, all, err := slurp(body, r.CastMessage())
		switch {
		case err != nil:
			return nil, fail.Of(err)
		case !all:
			return nil, r.LongMessage()
		}
		m.Data = data
	}
	v.strip()
	m.Hello = v.req.Hello
	return m, nil
}
