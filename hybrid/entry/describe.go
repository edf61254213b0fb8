package entry

import (
	"context"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
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
	entry := &atomEntry{
		ID: scheme + "://" + v.hello.Host + v.hello.Target, Title: atomText{"text", d.Entity.Name},
		Published: atomTime(d.Entity.CreatedAt), Updated: atomTime(d.Entity.UpdatedAt),
	}
	entry.Content.Type = "application/xml"
	entry.Content.Description = description{
		CreatedAt: entry.Published, UpdatedAt: entry.Updated, RequiresClientAuthorization: !d.Entity.AnonymousSenders,
		UserMetadata: d.Entity.UserMetadata, ListenerCount: d.Listeners, I: "http://www.w3.org/2001/XMLSchema-instance",
	}
	return v.xml(http.StatusOK, "OK", "application/atom+xml;type=entry;charset=utf-8", entry)
}

// atomEntry is the document of an entity. The order of its members matters to .NET's data contracts.
type atomEntry struct {
	XMLName   xml.Name `xml:"http://www.w3.org/2005/Atom entry"`
	ID        string   `xml:"id"`
	Title     atomText `xml:"title"`
	Published string   `xml:"published"`
	Updated   string   `xml:"updated"`
	Content   struct {
		Type        string      `xml:"type,attr"`
		Description description `xml:"http://schemas.microsoft.com/netservices/2010/10/servicebus/connect HybridConnectionDescription"`
	} `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type description struct {
	I                           string `xml:"xmlns:i,attr"`
	CreatedAt                   string
	UpdatedAt                   string
	RequiresClientAuthorization bool
	UserMetadata                string
	ListenerCount               int
}

func atomTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

// xmlError is how a management read is refused: .NET shows Detail.
func (v *visit) xmlError(err *fail.Error) *shape.Response {
	status := Status(err)
	reason := v.trail().Reason(v.message(err))
	res := v.xml(status, reason, "application/xml; charset=utf-8", &struct {
		XMLName xml.Name `xml:"Error"`
		Code    int
		Detail  string
	}{Code: status, Detail: reason})
	res.Fields.Add("TrackingId", v.trail().Mark())
	res.Fields.Add("Causeway-Error", string(err.Code))
	return res
}

// xml makes a response of a document.
func (v *visit) xml(status int, reason, kind string, document any) *shape.Response {
	b, err := xml.Marshal(document)
	if err != nil { // cannot be: the types above always encode
		status, reason = http.StatusInternalServerError, strconv.Quote(err.Error())
	}
	parcel := bodies.GetParcel()
	*parcel = append(*parcel, b...)
	return &shape.Response{
		Status: status, Reason: reason, Fields: shape.Fields{{Name: "Content-Type", Value: kind}},
		Body: bodies.NewWhole(parcel, *parcel),
	}
}
