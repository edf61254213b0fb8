package entry

import (
	"io"
	"sync"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// calls are the requests of this node whose listener may answer on a control channel. There is one table for all channels: a
// .NET listener answers on the channel that is current when its handler has finished (reference section 8.4).
type calls struct {
	mu   sync.Mutex
	open map[shape.Ticket]*call
}

// call is one of them. Its outcome is set once, under calls.mu.
type call struct {
	control *control
	settled chan struct{} // closed when there is an outcome
	answer  *wire.Response
	body    *whole // of the answer; nil: none
	lost    *fail.Error
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
// nobody's, or from a listener that was not asked.
func (t *calls) answered(from *control, r *wire.Response, body *whole) bool {
	ticket, ok := wire.ParseID(r.RequestID)
	if !ok {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.open[ticket]
	if c == nil || c.control != from && c.control.hello.At != from.hello.At {
		return false
	}
	delete(t.open, ticket)
	c.answer, c.body = r, body
	close(c.settled)
	return true
}

// lost ends every call of a channel.
func (t *calls) lost(from *control, why *fail.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ticket, c := range t.open {
		if c.control == from {
			delete(t.open, ticket)
			c.lost = why
			close(c.settled)
		}
	}
}

// whole is a body of a control channel: complete, in a buffer that goes back with Close. It implements shape.Body and
// shape.Whole.
type whole struct {
	parcel *[]byte
	data   []byte // in the parcel
	read   int
}

// Read implements io.Reader.
func (w *whole) Read(p []byte) (int, error) {
	n := copy(p, w.data[w.read:])
	if w.read += n; w.read == len(w.data) {
		return n, io.EOF
	}
	return n, nil
}

// Size implements shape.Body.
func (w *whole) Size() int64 { return int64(len(w.data)) }

// Bytes implements shape.Whole.
func (w *whole) Bytes() []byte { return w.data }

// Close implements io.Closer.
func (w *whole) Close() error {
	if w.parcel != nil {
		putParcel(w.parcel)
		w.parcel, w.data, w.read = nil, nil, 0
	}
	return nil
}
