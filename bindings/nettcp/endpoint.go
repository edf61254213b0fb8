package nettcp

import (
	"context"
	"errors"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Endpoint gives what ends the streams of an entity whose listeners speak a binding of HTTP: the node is the service of the sender's
// sessions, and each message an exchange. A nil result: the entity asks for no such conversion. It is made to be relay.Params.Endpoint, for
// streams of every door in which net.tcp is spoken. tracking makes a tracking id.
func Endpoint(tracking func() string) func(*entity.Entity) shape.Endpoint {
	return func(e *entity.Entity) shape.Endpoint {
		c := conversion.At(e, true)
		if c == nil {
			return nil
		}
		c.Tracking = tracking
		c.Fault = func(err error) framing.Fault { return faults[fail.Of(err).Code] }
		return func(ctx context.Context, sender shape.Leg, h *shape.Hello, listeners shape.Exchanger) *shape.End {
			c.Ask = listeners
			conn := leg.NewConn(sender)
			err := c.Serve(ctx, conn, h)
			_ = conn.CloseWrite() // a fault that was said is not to be lost to a reset
			_ = conn.Close()
			return ending(err)
		}
	}
}

// ending is how a session that ended here is accounted for.
func ending(err error) *shape.End {
	if err == nil {
		return &shape.End{Why: fail.PeerClosed}
	}
	if end, ok := errors.AsType[*shape.End](err); ok {
		return end
	}
	if no, ok := errors.AsType[*fail.Error](err); ok {
		return &shape.End{Why: no.Code, Text: no.Message(), Cause: err}
	}
	if _, ok := errors.AsType[*framing.Error](err); ok {
		return &shape.End{Why: codeOf(err), Text: err.Error()}
	}
	return &shape.End{Why: fail.Aborted, Cause: err}
}
