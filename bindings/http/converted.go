package http

import (
	"context"
	"net"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Around gives what stands around the exchanges of an entity: its attached description, and the conversion to the binding that its
// listeners speak; nil: neither. It is made to be relay.Params.Pipeline: the sender has been let in when it is asked, and the exchange has
// its account and its line in the log as any other, whatever answers it.
func Around(e *entity.Entity) shape.Middleware {
	describes, converts := attachedTo(e), converted(e)
	switch {
	case describes == nil:
		return converts
	case converts == nil:
		return describes
	}
	return func(next shape.Exchanger) shape.Exchanger { return describes(converts(next)) }
}

// converted gives the conversion that an entity asks for; nil: it asks for none.
func converted(e *entity.Entity) shape.Middleware {
	c := conversion.At(e, false)
	if c == nil {
		return nil
	}
	return func(next shape.Exchanger) shape.Exchanger {
		if !c.Converter.To.Framed {
			c.Ask = next
			return c
		}
		c.Dial = func(ctx context.Context) (net.Conn, error) {
			opener, ok := next.(shape.Opener)
			if !ok {
				return nil, fail.New(fail.Internal, "Nothing here opens a stream to a listener.")
			}
			l, err := opener.Open(ctx)
			if err != nil {
				return nil, err
			}
			return leg.NewConn(l), nil
		}
		return c
	}
}
