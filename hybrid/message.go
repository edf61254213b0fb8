package hybrid

import (
	"context"
	"io"
	"net/http"
	"net/netip"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// castField marks a request that brings a message of a one-way or event relay (docs/casts.md).
const castField = "Causeway-Cast"

// Message is one message that was sent to a one-way or an event relay.
type Message struct {
	TrackingID string         // of the sender's connection: what the gateway's log calls tracking
	Target     string         // raw path and query that the sender asked for
	Type       string         // content type of Data, "" when the sender gave none
	Fields     shape.Fields   // the sender's header fields, as they came
	Remote     netip.AddrPort // its address as the gateway sees it
	Data       []byte         // at most 64 KiB; f's to keep
}

// WithReceiver has the listener receive the messages of a one-way or event relay: f is called for one after the other, in the order of
// their sending. nil says that the message was taken; an error that it was not, and of a one-way relay no other listener gets it then. The
// gateway waits for f before it sends the next, keeps up to 256 messages meanwhile, and counts as missed what finds no room. ctx
// ends when the gateway gives the message up, or when Close has waited for long enough.
//
// With it a listener still answers HTTP requests by its exchanger, and accepts connections. Without it messages come on a connection that
// the listener accepts, one WebSocket message each, and are not acknowledged.
func WithReceiver(f func(ctx context.Context, m *Message) error) ListenOption {
	return listenOption(func(s *listenSettings) { s.receiver = f })
}

// receiving stands before the exchanger of a listener that receives messages.
type receiving struct {
	take func(context.Context, *Message) error
	rest shape.Exchanger // nil: the listener takes no HTTP requests
}

// Exchange implements shape.Exchanger.
func (x *receiving) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	tracking := r.Fields.Get(castField)
	switch {
	case tracking == "" && x.rest == nil:
		return nil, &fail.Error{Code: fail.Rejected, Status: http.StatusNotImplemented, Text: noHandler}
	case tracking == "":
		return x.rest.Exchange(ctx, r)
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
	if err := x.take(ctx, m); err != nil {
		return nil, err
	}
	return &shape.Response{Status: http.StatusNoContent}, nil
}
