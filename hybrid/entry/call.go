package entry

import (
	"sync"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// calls are the requests of this node whose listener may answer on a control channel. There is one table for all channels: a
// .NET listener answers on the channel that is current when its handler has finished (reference section 8.4).
type calls struct {
	mu   sync.Mutex
	open map[shape.Ticket]*call
}

// call is one of them. Its outcome is set once, under calls.mu; whoever waits for it hears of it as of a listener that came to the
// rendezvous.
type call struct {
	control  *control
	expected *relay.Expected
	answer   *wire.Response
	body     *bodies.Whole // of the answer; nil: none
	whole    bodies.Whole  // what body points to
	lost     *fail.Error
}

// begin enters a call.
func (t *calls) begin(ticket shape.Ticket, c *call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = make(map[shape.Ticket]*call)
	}
	t.open[ticket] = c
}

// finish takes a call out: from then on its outcome does not change.
func (t *calls) finish(ticket shape.Ticket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, ticket)
}

// answered hands an answer to whoever waits for it. It reports false when nobody does: it came late, twice, with an id of
// nobody's, or from a listener that was not asked. data is its body, if it has one, in a parcel that is the call's from then on.
func (t *calls) answered(from *control, r *wire.Response, data []byte, parcel *[]byte) bool {
	ticket, ok := wire.ParseID(r.RequestID)
	if !ok {
		return false
	}
	c := t.settle(from, ticket, r, data, parcel)
	if c == nil {
		return false
	}
	c.expected.Void()
	return true
}

// settle gives a call its answer and takes it out; nil: there is none for it.
func (t *calls) settle(from *control, ticket shape.Ticket, r *wire.Response, data []byte, parcel *[]byte) *call {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.open[ticket]
	if c == nil || c.control != from && c.control.hello.At != from.hello.At {
		return nil
	}
	delete(t.open, ticket)
	if c.answer = r; r.Body {
		c.whole.Init(parcel, data)
		c.body = &c.whole
	}
	return c
}

// lost ends every call of a channel.
func (t *calls) lost(from *control, why *fail.Error) {
	t.mu.Lock()
	var lost []*call
	for ticket, c := range t.open {
		if c.control == from {
			delete(t.open, ticket)
			c.lost = why
			lost = append(lost, c)
		}
	}
	t.mu.Unlock()
	for _, c := range lost {
		c.expected.Void()
	}
}
