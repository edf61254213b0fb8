package entry

import (
	"context"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/atom"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/status"
	"github.com/causeway-relay/causeway/internal/http1"
)

// processedAt reports whether a request is the management read of .NET clients, which goes to the very address of the entity
// (reference section 11).
func processedAt(h *http1.Head) bool {
	return strings.EqualFold(h.Fields.Get("X-PROCESS-AT"), "ServiceBus")
}

// describe answers the management read: runtime information of the entity. Its token stands in Authorization, bare or with a
// scheme, and needs the right to manage.
func (v *visit) describe(ctx context.Context) *shape.Response {
	if m := v.arrival.Head.Method; m != http.MethodGet && m != http.MethodHead {
		return v.xmlError(v.entry.p.Relay.Turned("management", v.hello, fail.New(fail.BadRequest, "Entities are read here and not changed. Use the management API.")))
	}
	v.ask.Need = entity.Manage
	if text := v.hello.Fields.Get("Authorization"); v.ask.Cred.Scheme == auth.None && text != "" {
		v.ask.Cred = auth.Credential{Scheme: auth.SAS, Text: text}
	}
	d, err := v.entry.p.Relay.Describe(ctx, v.ask, v.hello)
	if err != nil {
		return v.xmlError(v.entry.p.Relay.Turned("management", v.hello, fail.Of(err)))
	}
	scheme := "http"
	if v.arrival.TLS {
		scheme = "https"
	}
	return v.xml(http.StatusOK, "OK", "application/atom+xml;type=entry;charset=utf-8", atom.Of(scheme+"://"+v.hello.Host+v.hello.Target, d.Entity, d.Listeners))
}

// xmlError is how a management read is refused: .NET shows Detail.
func (v *visit) xmlError(err *fail.Error) *shape.Response {
	code := status.Of(err)
	reason := v.trail().Reason(v.message(err))
	res := v.xml(code, reason, "application/xml; charset=utf-8", atom.Refusal(code, reason))
	res.Fields.Add("TrackingId", v.trail().Mark())
	res.Fields.Add("Causeway-Error", string(err.Code))
	return res
}

// xml makes a response of a document.
func (v *visit) xml(code int, reason, kind string, document any) *shape.Response {
	b, err := xml.Marshal(document)
	if err != nil { // cannot be: the types above always encode
		code, reason = http.StatusInternalServerError, strconv.Quote(err.Error())
	}
	parcel := bodies.GetParcel()
	*parcel = append(*parcel, b...)
	return &shape.Response{
		Status: code, Reason: reason, Fields: shape.Fields{{Name: "Content-Type", Value: kind}},
		Body: bodies.NewWhole(parcel, *parcel),
	}
}
