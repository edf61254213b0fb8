// Package receiver owns how a listener takes the messages of one-way and event relays: they come as requests with a field of their own, and
// what becomes of them is the status of the answer.
//
// It does not own how requests travel (hybrid/internal/exchange). A Receiver may be called from any goroutine. Source: docs/casts.md.
package receiver

import (
	"context"
	"io"
	"net/http"
	"net/netip"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// castField marks a request that brings a message.
const castField = "Causeway-Cast"

// Message is one message that was sent to a one-way or an event relay.
type Message struct {
	TrackingID string         // of the sender's connection: what the gateway's log calls tracking
	Target     string         // raw path and query that the sender asked for
	Type       string         // content type of Data, "" when the sender gave none
	Fields     shape.Fields   // the sender's header fields, as they came
	Remote     netip.AddrPort // its address as the gateway sees it
	Data       []byte         // at most shape.MaxMessage bytes; f's to keep
}

// Receiver stands before the exchanger of a listener that receives messages. It implements shape.Exchanger.
type Receiver struct {
	Take func(context.Context, *Message) error
	Rest shape.Exchanger // nil: the listener takes no HTTP requests
	No   string          // what a sender of HTTP is told then
}

// Exchange implements shape.Exchanger.
func (x *Receiver) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	tracking := r.Fields.Get(castField)
	switch {
	case tracking == "" && x.Rest == nil:
		return nil, &fail.Error{Code: fail.Rejected, Status: http.StatusNotImplemented, Text: x.No}
	case tracking == "":
		return x.Rest.Exchange(ctx, r)
	}
	m := &Message{TrackingID: tracking, Target: r.Target, Type: r.Fields.Get("Content-Type"), Fields: r.Fields, Remote: r.Remote}
	if r.Body != nil {
		var err error
		if m.Data, err = io.ReadAll(io.LimitReader(r.Body, shape.MaxMessage+1)); err != nil {
			return nil, err
		}
		if len(m.Data) > shape.MaxMessage {
			return nil, fail.Newf(fail.TooLarge, "A message is longer than %d bytes.", shape.MaxMessage)
		}
	}
	if err := x.Take(ctx, m); err != nil {
		return nil, err
	}
	return &shape.Response{Status: http.StatusNoContent}, nil
}
