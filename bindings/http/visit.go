package http

import (
	"context"
	"net"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// respond answers the request: what the listener says, or a failure in the sender's own terms.
func (v *visit) respond(ctx context.Context, body shape.Body) *shape.Response {
	refusal, came := v.greet(), body
	if refusal == nil {
		body, refusal = v.listen(body)
	}
	if refusal != nil {
		leave(came)
		return v.no(v.entry.p.Relay.Turned("exchange", &v.req.Hello, refusal))
	}
	if mode, casts := relay.ModeOf(v.entity.Kind); casts {
		return v.cast(ctx, body, mode)
	}
	v.req.Body = body
	v.strip()
	ours := via(v.req.Host)
	addVia(&v.req.Fields, ours)
	res, err := v.entry.p.Relay.Exchange(ctx, v.ask, &v.req)
	asked := v.req.Action
	if v.late != nil {
		asked = v.hear(asked)
	}
	if err != nil {
		return v.no(fail.Of(err))
	}
	addVia(&res.Fields, ours)
	if v.said.stamp {
		v.stamp(res)
	}
	if v.asksForMetadata(asked) {
		v.rewriteMetadata(res)
	}
	return res
}

// leave says that nobody reads the rest of a request's body, so that the answer can say whether it is the last on its connection.
func leave(body shape.Body) {
	if body != nil {
		_ = body.Close() // gives nil
	}
}

// greet makes the hello and finds what the head shows for the sender. Even a refusal has its tracking id.
func (v *visit) greet() *fail.Error {
	a, p := v.arrival, &v.entry.p
	at, target, err := locate(a.Head.Origin())
	v.target = target
	v.req.Method = a.Head.Method
	v.req.Hello = shape.Hello{
		Tracking: p.Tracking(), At: at, Target: target.Visible(), Host: a.Head.Host(), Door: a.Door,
		Fields: slices.Clone(a.Head.Fields), Remote: a.Remote,
	}
	if err != nil {
		return fail.New(fail.BadRequest, "The path cannot be an address: "+err.Error()+".")
	}
	// What a plain client gets wrong first is the address: it is told so, and not that a token is missing.
	if v.entity = p.Find(at); v.entity == nil {
		return fail.New(fail.UnknownEntity, "Endpoint does not exist.")
	}
	v.ask.Need = entity.Send
	v.credential()
	return v.safe()
}

// safe refuses a secret that anyone on the way could read.
func (v *visit) safe() *fail.Error {
	if s := v.ask.Cred.Scheme; s == auth.None || s == auth.Certificate || v.private() {
		return nil
	}
	return fail.New(fail.BadRequest, "Tokens and keys are not taken over plain http from other machines. Use https, or set allowPlainTokens.")
}

// private reports whether a secret may be shown on this connection.
func (v *visit) private() bool {
	return v.arrival.TLS || v.entry.p.PlainTokens || v.arrival.Remote.Addr().Unmap().IsLoopback()
}

// strip takes out what is not for the listener: hop-by-hop fields, Expect, which was met here, and the relay's own.
func (v *visit) strip() {
	f := &v.req.Fields
	f.DelHop()
	f.Del("Expect")
	f.Del(relayField)
}

// via is what the gateway calls itself in Via: the host that the sender dialled.
func via(authority string) string {
	host := authority
	if h, _, err := net.SplitHostPort(authority); err == nil {
		host = h
	}
	if host == "" {
		host = "causeway" // HTTP/1.0 need not say (RFC 9110 section 7.6.3)
	}
	return "1.1 " + host
}

// addVia notes the gateway on a message that it passes on.
func addVia(fields *shape.Fields, own string) {
	for i := len(*fields) - 1; i >= 0; i-- {
		if f := &(*fields)[i]; strings.EqualFold(f.Name, "Via") {
			f.Value += ", " + own
			return
		}
	}
	fields.Add("Via", own)
}
