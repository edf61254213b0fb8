package httpserve

import (
	"context"
	"net"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/late"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Params bound how long a peer may hold a request up. Zero values become the defaults beside them.
type Params struct {
	Idle  time.Duration // 60 s: how long a body may stand still (reference section 8.6)
	Write time.Duration // 60 s: how long one write may take (reference section 7)
	Late  *alarm.Clock  // one for all requests of an entry: it tells which answers take their time. nil: one for this request
}

func (p Params) filled() Params {
	if p.Idle <= 0 {
		p.Idle = time.Minute
	}
	if p.Write <= 0 {
		p.Write = leg.DefaultWriteTimeout
	}
	if p.Late == nil {
		p.Late = new(alarm.Clock)
	}
	return p
}

// Answer makes the response to a request. body is nil when the request has none; the response is sent whatever of the body was
// read. ctx ends, with the cause fail.SenderGone, when the sender leaves before it was answered, or when the answer is over.
//
// The response says everything: an error is a response too. Its fields are sent as they are, with Date if it is missing, the
// framing and Connection added. A body is read to its end, or closed before it when the sender does not take it; an error of
// its Read cuts the sender off so that he sees the loss.
type Answer func(ctx context.Context, body shape.Body) *shape.Response

// Serve answers the arrival's request. When the connection is good for another request it sets a.Again and leaves in a.Read what
// came behind this one; otherwise it closes the connection.
func Serve(ctx context.Context, a *leg.Arrival, p Params, answer Answer) {
	x := &exchange{conn: a.Conn, head: a.Head, p: p.filled(), writeBy: a.WriteBy}
	ctx, x.leave = context.WithCancelCause(ctx)
	defer x.leave(nil)
	x.ctx = scope{ctx, x}
	x.body.init(x, a.Read)
	res := x.unfit()
	if res == nil {
		if x.body.eof {
			x.ended()
		}
		res = answer(&x.ctx, x.given())
	}
	x.send(res)
	again := x.settle()
	a.Read, a.WriteBy = append(x.body.rest(), x.early...), x.writeBy
	if a.Again = again; !again {
		x.hangUp()
	}
}

// exchange is one request and its answer.
type exchange struct {
	conn  net.Conn
	head  *http1.Head
	p     Params
	ctx   scope
	leave context.CancelCauseFunc // ends ctx
	body  body
	watch late.Watch // for a sender that leaves who has sent all of the request
	early []byte     // what the watch read of the next request

	out     http1.BodyWriter
	framing http1.Framing // of the answer
	writeBy time.Time     // the write deadline; zero: none yet
	pair    [2][]byte     // of a gathered write
	both    net.Buffers   // pair, as it is being written
	close   bool          // the connection ends with this answer
	torn    bool          // the answer is not whole: the sender shall see a loss
	gone    bool          // the sender is not there any more
}

// scope is the context of an exchange. It implements shape.Ender.
type scope struct {
	context.Context

	x *exchange
}

// End implements shape.Ender.
func (s *scope) End(cause error) { s.x.leave(cause) }

// unfit answers what HTTP itself does not allow. nil: all is well.
func (x *exchange) unfit() *shape.Response {
	if fields := x.head.Fields; fields.Has("Expect") && !fields.HasToken("Expect", "100-continue") {
		return &shape.Response{Status: 417, Reason: "Expectation Failed"} // RFC 9110 section 10.1.1
	}
	return nil
}

// given is the body as the answerer sees it, before it is read: nothing at all when there is none.
func (x *exchange) given() shape.Body {
	if x.body.eof {
		return nil
	}
	return &x.body
}

// settle reports whether another request can be read of the connection. What the answerer left of the body is read if it is
// little.
func (x *exchange) settle() bool {
	whole := x.body.settle(!x.close && !x.torn)
	early, err := x.watch.Stop()
	x.early, x.gone = early, x.gone || err != nil
	return whole && !x.close && !x.torn && !x.gone
}

// ended is called when all of the request was read.
func (x *exchange) ended() {
	if !x.body.moved.IsZero() { // else nobody has set one
		_ = x.conn.SetReadDeadline(time.Time{}) // a dead connection says so to the watch
	}
	if !x.body.ahead() { // a next request that is there already would hide whether the sender leaves: there is nothing to look for
		x.watch.Start(x.p.Late, x.conn, false, x.leave)
	}
}

// hangUp ends the connection. A sender whose answer is whole may still send: he shall read it before he meets a reset.
func (x *exchange) hangUp() {
	switch {
	case x.gone:
	case x.torn:
		x.reset()
	default:
		x.linger()
	}
	_ = x.conn.Close()
}

// reset breaks the connection without a word. Where nothing but its end would end the body, an end in order would be taken for
// that, be it TLS's or TCP's.
func (x *exchange) reset() {
	conn := x.conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	if c, ok := conn.(interface{ SetLinger(sec int) error }); ok && x.framing.Kind == http1.UntilClose {
		_ = c.SetLinger(0) // Close then resets
	}
	_ = conn.Close()
}

// lingerFor is how long what the sender still sends is dropped behind a last answer (RFC 9112 section 9.6). There is no bound
// in bytes: a fast sender would meet the reset before he reads.
const lingerFor = time.Second

func (x *exchange) linger() {
	if c, ok := x.conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() != nil {
		return
	}
	if x.conn.SetReadDeadline(time.Now().Add(lingerFor)) != nil {
		return
	}
	sink := getBuffer()
	defer putBuffer(sink)
	for {
		if _, err := x.conn.Read(sink[:]); err != nil {
			return
		}
	}
}
