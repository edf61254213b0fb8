package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// call is one exchange. It belongs to the goroutine of run, but for what watch does beside it: cancel, and the dial of the rendezvous.
type call struct {
	server  *Server
	channel Channel
	offer   *wire.Offer
	body    []byte
	ctx     context.Context
	cancel  context.CancelCauseFunc

	dialling sync.Mutex // one dial at a time; before Server.mu
	meeting  *meeting   // under Server.mu; nil: no rendezvous has been dialled
	over     bool       // under Server.mu: none begins any more
}

// run answers the request.
func (c *call) run() {
	defer c.cancel(nil)
	err := c.exchange()
	m := c.settle()
	if err == nil {
		m.part(c.ctx, nil)
		return
	}
	closed := errors.Is(context.Cause(c.ctx), errClosed)
	if closed && (m == nil || !m.taken) {
		c.lastWords(m)
	} else {
		m.part(c.ctx, err)
	}
	if why := context.Cause(c.ctx); why != nil {
		err = why
	}
	if !closed {
		c.server.p.Failed(c.offer.ID, err)
	}
}

// settle gives the rendezvous of an exchange that is over, nil if there is none, and sees to it that none begins.
func (c *call) settle() *meeting {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.over = true
	return c.meeting
}

// lastWords tells a sender that its listener has gone before it could answer: the gateway waits for a rendezvous. m is the one that was
// dialled in time; nil: none was.
func (c *call) lastWords(m *meeting) {
	last := &call{server: c.server, channel: c.channel, offer: c.offer, meeting: m, cancel: func(error) {}}
	var cancel context.CancelFunc
	last.ctx, cancel = context.WithTimeout(context.WithoutCancel(c.ctx), lastDial)
	defer cancel()
	last.dismiss("The listener was closed before it had answered.")
}

// dismiss answers with 503, as well as can be done, a request that nobody works on.
func (c *call) dismiss(text string) {
	err := c.refuse(http.StatusServiceUnavailable, text)
	c.settle().part(c.ctx, err)
}

// exchange does all but the end of the rendezvous.
func (c *call) exchange() error {
	request, err := c.request()
	if err != nil {
		return err
	}
	if request.Body != nil {
		defer request.Body.Close()
	}
	response, err := c.server.p.Exchanger.Exchange(c.ctx, request)
	if context.Cause(c.ctx) != nil {
		if err == nil && response.Body != nil {
			_ = response.Body.Close()
		}
		return context.Cause(c.ctx)
	}
	if err != nil {
		status, text := statusOf(err)
		return errors.Join(err, c.refuse(status, text))
	}
	return c.answer(request.Method, response)
}

// request makes the request of the offer, or fetches it at the rendezvous.
func (c *call) request() (*shape.Request, error) {
	o := c.offer
	var body shape.Body
	switch {
	case o.Pointer:
		m, err := c.meet()
		if err != nil {
			return nil, err
		}
		if o, body, err = m.request(); err != nil {
			return nil, fmt.Errorf("read the request at its rendezvous: %w", err)
		}
	case o.Body:
		body = &whole{b: c.body}
	}
	return &shape.Request{
		Hello: shape.Hello{
			Tracking: cmp.Or(wire.TrackingID(o.ID), o.ID), Target: o.Target, Host: o.Fields.Get("Host"), Fields: o.Fields, Remote: o.Remote,
		},
		Method: o.Method, Body: body,
	}, nil
}

// met is the rendezvous of the request; nil: there is none yet.
func (c *call) met() *meeting {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.meeting
}

// meet takes the rendezvous of the request, for what is to be said or read there, and dials it unless that was done.
func (c *call) meet() (*meeting, error) {
	m, err := c.dial()
	if err == nil {
		m.take(c.ctx)
	}
	return m, err
}

// answerAt is meet for an answer: a request that came by the control channel has nothing to be read there but the end.
func (c *call) answerAt() (*meeting, error) {
	m, err := c.meet()
	if err == nil && !c.offer.Pointer {
		m.attend()
	}
	return m, err
}

// dial dials the rendezvous of the request, once.
func (c *call) dial() (*meeting, error) {
	c.dialling.Lock()
	defer c.dialling.Unlock()
	if m := c.met(); m != nil {
		return m, nil
	}
	at, err := wire.ParseAddress(c.offer.Address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.ctx, dialTime)
	defer cancel()
	conn, err := c.server.p.Dial(ctx, &at)
	if err != nil {
		return nil, fmt.Errorf("dial the rendezvous: %w", err)
	}
	m := newMeeting(conn, c.cancel)
	if !c.keep(m) {
		conn.Abort()
		return nil, errOver
	}
	return m, nil
}

// keep notes a rendezvous that was dialled. It reports false when the exchange is over.
func (c *call) keep(m *meeting) bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if !c.over {
		c.meeting = m
	}
	return !c.over
}

// errOver is the error of a dial that nobody needs any more.
var errOver = errors.New("the exchange is over")

// reply sends an answer that is whole: a head and a body of at most maxBody, which may be empty.
func (c *call) reply(head *wire.Response, body []byte) error {
	head.Body = len(body) > 0
	message, err := head.Append(nil)
	if err != nil { // a head that nobody can be told; what refusal makes can
		return c.unsendable(err)
	}
	if c.met() == nil && c.channel.Send(message, body) == nil {
		return nil
	}
	m, err := c.answerAt()
	if err != nil {
		return err
	}
	if !head.Body {
		return m.head(message, true)
	}
	if err := m.head(message, false); err != nil {
		return err
	}
	return m.piece(body, true)
}

// refuse sends an answer of ours.
func (c *call) refuse(status int, text string) error {
	return c.reply(Refusal(c.offer, c.server.p.Address, status, text))
}

// statuses of the errors that an Exchanger may give; every other is 502.
var statuses = map[fail.Code]int{
	fail.BadRequest: http.StatusBadRequest, fail.HeadTooLarge: http.StatusRequestHeaderFieldsTooLarge,
	fail.TooLarge: http.StatusRequestEntityTooLarge, fail.UnknownEntity: http.StatusNotFound, fail.UpgradeRequired: http.StatusUpgradeRequired,
	fail.AcceptTimeout: http.StatusGatewayTimeout, fail.Idle: http.StatusGatewayTimeout, fail.WriteTimeout: http.StatusGatewayTimeout,
	fail.Starting: http.StatusServiceUnavailable, fail.Draining: http.StatusServiceUnavailable, fail.Overloaded: http.StatusServiceUnavailable,
}

// statusOf is what the sender is told of an Exchanger's error: a *fail.Error says what; the words of others stay here.
func statusOf(err error) (status int, text string) {
	known, ok := errors.AsType[*fail.Error](err)
	switch {
	case !ok:
		return http.StatusBadGateway, "The listener could not answer the request. See its log for details."
	case known.Code == fail.Rejected:
		return known.Status, known.Text
	}
	return cmp.Or(statuses[known.Code], http.StatusBadGateway), known.Message()
}

// whole is a body in memory. It implements shape.Body and shape.Whole.
type whole struct {
	b   []byte
	off int
}

func (w *whole) Read(p []byte) (int, error) {
	if w.off == len(w.b) {
		return 0, io.EOF
	}
	n := copy(p, w.b[w.off:])
	w.off += n
	return n, nil
}

func (w *whole) Bytes() []byte { return w.b }
func (w *whole) Size() int64   { return int64(len(w.b)) }
func (w *whole) Close() error  { return nil }
