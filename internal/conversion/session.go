package conversion

import (
	"context"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// What this file does: the end of a session behind its answer. Where connections are kept, that is their business. Where each session has
// one of its own, and that is part of the exchange, the answer goes to the sender before the service has ended the session, and the
// exchange is over when it has. Not every service bears that: Mono's loses a session that comes while it closes another, so that a sender
// who calls again as soon as he has his answer may lose a second. Such a service never says the record End, and WCF's always do: who said it
// last time is not waited for, and who did not, or was not asked yet, is.

// session makes a call in a session of its own, and leaves in m what is left to be done of it behind the answer.
func (c *Conversion) session(ctx context.Context, dial framed.Dialer, call *convert.Call, m *message) ([]byte, error) {
	if m.ahead != nil {
		return m.ahead.Call(ctx, dial, call.Out.Body, call.OneWay, c.most())
	}
	body, end, err := framed.Ask(ctx, dial, m.to, call.Out.Body, call.OneWay, c.most())
	switch {
	case end == nil:
	case c.Prompt != nil && c.Prompt.Load() && m.session == nil:
		m.end = end
	default:
		c.await(ctx, end)
	}
	return body, err
}

// await does what is left of a session, and keeps what the service has shown of itself, if it had the time.
func (c *Conversion) await(ctx context.Context, end func(context.Context) bool) {
	says := end(ctx)
	if c.Prompt != nil && ctx.Err() == nil {
		c.Prompt.Store(says)
	}
}

// rest is await behind an answer. ctx is the exchange's; that the sender has left, who has his answer, does not end it.
func (c *Conversion) rest(ctx context.Context, end func(context.Context) bool) {
	ctx, done := c.outlive(ctx)
	defer done()
	c.await(ctx, end)
}

// lasting is the body of an answer whose exchange is over when a session is. It implements shape.Whole: the answer itself waits for nothing.
type lasting struct {
	shape.Body

	all []byte
	end func()
}

// Bytes implements shape.Whole.
func (l *lasting) Bytes() []byte { return l.all }

// Close implements shape.Body.
func (l *lasting) Close() error {
	err := l.Body.Close()
	l.end()
	return err
}
