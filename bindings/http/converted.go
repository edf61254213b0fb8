package http

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Pipeline is what stands around the exchanges of entities. It keeps what the services behind conversions have shown of themselves. The zero
// value is ready, and any goroutine may use it.
type Pipeline struct {
	mu     sync.Mutex
	prompt map[entity.Address]*atomic.Bool // whether the services of an entity say the record End
}

// maxPrompt bounds what is kept. A service that was forgotten is waited for once.
const maxPrompt = 4096

// Around gives what stands around the exchanges of an entity: its attached description, and the conversion to the binding that its
// listeners speak; nil: neither. It is made to be relay.Params.Pipeline: the sender has been let in when it is asked, and the exchange has
// its account and its line in the log as any other, whatever answers it.
func (p *Pipeline) Around(e *entity.Entity) shape.Middleware {
	describes, converts := attachedTo(e), p.converted(e)
	switch {
	case describes == nil:
		return converts
	case converts == nil:
		return describes
	}
	return func(next shape.Exchanger) shape.Exchanger { return describes(converts(next)) }
}

// converted gives the conversion that an entity asks for; nil: it asks for none.
func (p *Pipeline) converted(e *entity.Entity) shape.Middleware {
	c := conversion.At(e, false)
	if c == nil {
		return nil
	}
	return func(next shape.Exchanger) shape.Exchanger {
		if !c.Converter.To.Framed {
			c.Ask = next
			return c
		}
		c.Prompt = p.of(e.At)
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

// of is where it is kept whether an entity's services say End.
func (p *Pipeline) of(at entity.Address) *atomic.Bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.prompt[at]
	if kept == nil {
		if p.prompt == nil || len(p.prompt) >= maxPrompt {
			p.prompt = make(map[entity.Address]*atomic.Bool)
		}
		kept = new(atomic.Bool)
		p.prompt[at] = kept
	}
	return kept
}
