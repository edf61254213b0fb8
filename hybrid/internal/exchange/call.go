package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// call is one exchange. All but cancel belongs to the goroutine of run; meeting is set under Server.mu.
type call struct {
	server  *Server
	channel Channel
	offer   *wire.Offer
	body    []byte
	ctx     context.Context
	cancel  context.CancelCauseFunc
	meeting *meeting // nil: no rendezvous has been dialled
}

// run answers the request.
func (c *call) run() {
	defer c.cancel(nil)
	err := c.exchange()
	switch m := c.meeting; {
	case m == nil:
	case err == nil:
		m.finish(c.ctx)
	default:
		m.abort()
	}
	if err == nil {
		return
	}
	if c.meeting == nil && errors.Is(context.Cause(c.ctx), errClosed) {
		c.lastWords()
	}
	if why := context.Cause(c.ctx); why != nil {
		err = why
	}
	if !errors.Is(err, errClosed) {
		c.server.p.Failed(c.offer.ID, err)
	}
}

// lastWords tells a sender that its listener has gone before it could answer: the gateway waits for a rendezvous.
func (c *call) lastWords() {
	last := &call{server: c.server, channel: c.channel, offer: c.offer}
	var cancel context.CancelFunc
	last.ctx, cancel = context.WithTimeout(context.WithoutCancel(c.ctx), lastDial)
	defer cancel()
	last.cancel = func(error) {}
	err := last.refuse(http.StatusServiceUnavailable, "The listener was closed before it had answered.")
	switch {
	case last.meeting == nil:
	case err == nil:
		last.meeting.finish(last.ctx)
	default:
		last.meeting.abort()
	}
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
		if err := c.meet(); err != nil {
			return nil, err
		}
		var err error
		if o, body, err = c.meeting.request(); err != nil {
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

// meet dials the rendezvous of the request.
func (c *call) meet() error {
	at, err := wire.ParseAddress(c.offer.Address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, dialTime)
	defer cancel()
	conn, err := c.server.p.Dial(ctx, &at)
	if err != nil {
		return fmt.Errorf("dial the rendezvous: %w", err)
	}
	m := newMeeting(c.ctx, conn, c.cancel)
	c.server.mu.Lock()
	c.meeting = m
	c.server.mu.Unlock()
	return nil
}

// reply sends an answer that is whole: a head and a body of at most maxBody, which may be empty.
func (c *call) reply(head *wire.Response, body []byte) error {
	head.Body = len(body) > 0
	message, err := head.Append(nil)
	if err != nil { // a head that nobody can be told; what refusal makes can
		return c.unsendable(err)
	}
	if c.meeting == nil {
		if c.channel.Send(message, body) == nil {
			return nil
		}
		if err := c.meet(); err != nil {
			return err
		}
		c.meeting.attend()
	}
	if !head.Body {
		return c.meeting.head(message, true)
	}
	if err := c.meeting.head(message, false); err != nil {
		return err
	}
	return c.meeting.piece(body, true)
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
