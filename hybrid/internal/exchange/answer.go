package exchange

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// pieceBytes is what a body is read by on its way to a rendezvous: as much as the gateway reads at a time.
const pieceBytes = 32 << 10

var pieces = sync.Pool{New: func() any { return new([pieceBytes]byte) }}

// answer sends the response to a request of the method, and closes its body.
func (c *call) answer(method string, r *shape.Response) error {
	body := r.Body
	if body != nil {
		defer body.Close()
		if bare(method, r.Status) {
			body = nil
		}
	}
	head := &wire.Response{RequestID: c.offer.ID, Status: r.Status, HasReason: true, Reason: r.Reason, Fields: r.Fields, Body: body != nil}
	if r.Status < 200 || r.Status > 999 {
		no := c.refuse(http.StatusBadGateway, fmt.Sprintf("The listener answered with the status %d, which no sender understands", r.Status))
		return errors.Join(fmt.Errorf("the status %d is none of an answer", r.Status), no)
	}
	if body == nil {
		return c.reply(head, nil)
	}
	if w, ok := body.(shape.Whole); ok && len(w.Bytes()) <= maxBody {
		return c.reply(head, w.Bytes())
	}
	if c.met() != nil || body.Size() > maxBody || endless(r.Fields) {
		return c.stream(head, body)
	}
	return c.gather(head, body)
}

// bare reports whether there is no body in the response to a request of the method (RFC 9110 section 6.4.1, 15.3.6).
func bare(method string, status int) bool {
	return method == http.MethodHead || status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// endless reports whether a response says that it goes on: to wait for its end would only delay its beginning.
func endless(fields shape.Fields) bool {
	kind, _, _ := strings.Cut(fields.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/event-stream")
}

// stream sends a response over the rendezvous as it comes.
func (c *call) stream(head *wire.Response, body io.Reader) error {
	m, err := c.lead(head)
	if err != nil {
		return err
	}
	piece := pieces.Get().(*[pieceBytes]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pieces.Put(piece)
	for {
		n, err := body.Read(piece[:])
		if ended, err := m.pass(piece[:n], err); ended {
			return err
		}
	}
}

// lead brings the head to the rendezvous, which it dials if need be.
func (c *call) lead(head *wire.Response) (*meeting, error) {
	message, err := head.Append(nil)
	if err != nil {
		return nil, c.unsendable(err)
	}
	m, err := c.answerAt()
	if err == nil {
		err = m.head(message, false)
	}
	return m, err
}

// unsendable answers in the place of a head that nobody can be told.
func (c *call) unsendable(err error) error {
	return errors.Join(err, c.refuse(http.StatusBadGateway, "The head of the listener's response cannot be sent."))
}

// pass sends what one read brought. ended: that was all, or it went wrong.
func (m *meeting) pass(p []byte, read error) (ended bool, err error) {
	switch {
	case read == nil:
		err = m.piece(p, false)
		return err != nil, err
	case errors.Is(read, io.EOF):
		return true, m.piece(p, true)
	}
	return true, fmt.Errorf("read the response's body: %w", read)
}

// gathering collects a body that may become whole in time. A goroutine reads it; once a rendezvous is there, it sends what it
// reads itself.
type gathering struct {
	call *call
	body shape.Body
	news chan struct{} // gets one when the body has ended or is too long
	over chan struct{} // closed when nobody reads any more

	mu   sync.Mutex
	turn sync.Cond
	buf  []byte
	read error    // how the body ended, EOF included
	to   *meeting // not nil: what is read goes there
	stop bool
	sent error // how the sending ended
}

// gather waits a moment for a body to become whole, and sends it on the control channel if it does, else as a stream.
func (c *call) gather(head *wire.Response, body shape.Body) error {
	g := &gathering{call: c, body: body, news: make(chan struct{}, 1), over: make(chan struct{})}
	g.turn.L = &g.mu
	patience := grace
	if body.Size() >= 0 {
		patience = shortGrace
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	go g.run() // ends with the body, which is closed here at the latest
	select {
	case <-g.news:
	case <-timer.C:
	case <-c.ctx.Done():
	}
	g.mu.Lock()
	ended, fits := g.read, len(g.buf) <= maxBody
	g.mu.Unlock()
	switch {
	case ended == nil || !fits:
		return g.move(head)
	case errors.Is(ended, io.EOF):
		<-g.over
		return c.reply(head, g.buf)
	}
	<-g.over
	no := c.refuse(http.StatusBadGateway, "The listener's response broke off.")
	return errors.Join(fmt.Errorf("read the response's body: %w", ended), no)
}

// move goes over to a rendezvous: what was gathered first, then whatever comes.
func (g *gathering) move(head *wire.Response) error {
	m, err := g.call.lead(head)
	g.mu.Lock()
	if err == nil {
		_, err = m.pass(g.buf, g.read)
	}
	g.stop, g.buf = err != nil, nil
	if err == nil {
		g.to = m
	}
	g.turn.Broadcast()
	g.mu.Unlock()
	if err != nil {
		_ = g.body.Close() // wakes the read
	}
	<-g.over
	return errors.Join(err, g.sent)
}

// run reads the body.
func (g *gathering) run() {
	defer close(g.over)
	piece := pieces.Get().(*[pieceBytes]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pieces.Put(piece)
	for {
		n, err := g.body.Read(piece[:])
		if !g.took(piece[:n], err) {
			return
		}
	}
}

// took keeps or sends what a read brought. It reports whether to go on.
func (g *gathering) took(p []byte, read error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stop {
		return false
	}
	if g.to != nil {
		var ended bool
		ended, g.sent = g.to.pass(p, read)
		return !ended
	}
	g.buf = append(g.buf, p...)
	g.read = read
	if read == nil && len(g.buf) <= maxBody {
		return true
	}
	select {
	case g.news <- struct{}{}:
	default:
	}
	for read == nil && g.to == nil && !g.stop {
		g.turn.Wait()
	}
	return read == nil && !g.stop
}
