package hybrid

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/internal/exchange"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/wsconn"
)

const (
	// controlWrite bounds one write to a control channel: operations have 10 s (reference section 9).
	controlWrite = 10 * time.Second
	// missedPings is how many pings may stay without any frame from the gateway (reference section 6.4: two or three).
	missedPings = 3
	// leaveTime is how long the gateway has to answer the Close of a listener that leaves.
	leaveTime = 5 * time.Second
	// renewLeast is the shortest pause between two renewals of a token, renewRetry that after one that failed.
	renewLeast = time.Second
	renewRetry = 5 * time.Second
	// controlBuffer is the longest frame of a message; the buffer is kept while one is written.
	controlBuffer = 32 << 10
	// userAgent is what "causeway status" shows of the listener.
	userAgent = "causeway-go"
)

var controlBuffers sync.Pool

// control is one control channel. The goroutine of serve reads it, that of keep writes messages; control frames come from
// any.
type control struct {
	conn    *websocket.Conn
	cork    *exchange.Cork // below conn
	silence time.Duration  // after the last frame, the gateway counts as dead
	every   time.Duration  // pings
	expires time.Time      // of the token shown; zero: it is not renewed
	granted wire.Agent     // of our own extensions

	wmu     sync.Mutex             // one message at a time, with its body
	bye     atomic.Pointer[[]byte] // a Close frame's payload that is still to leave, behind the message that is being sent
	mu      sync.Mutex
	leaving bool
}

// open dials a control channel and registers the listener. The error is an *Error.
func (l *Listener) open(ctx context.Context) (*control, error) {
	ctx, cancel := context.WithTimeout(ctx, l.s.timeout)
	defer cancel()
	c, err := l.register(ctx)
	if err != nil {
		return nil, complete(err, "listen", l.endpoint.Name(), l.id)
	}
	return c, nil
}

func (l *Listener) register(ctx context.Context) (*control, error) {
	e := l.endpoint
	token, expires, err := e.Token(ctx)
	if err != nil {
		return nil, &Error{Cause: err}
	}
	stop := func() bool { return true }
	var cork *exchange.Cork
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := l.dialer.Open(ctx, e.Host)
		if err != nil {
			return nil, err
		}
		stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // gorilla looks at the deadline only
		cork = &exchange.Cork{Conn: conn}
		return cork, nil
	}
	dialer := websocket.Dialer{
		NetDialTLSContext: dial, NetDialContext: dial, ReadBufferSize: 1 << 10, WriteBufferSize: controlBuffer, WriteBufferPool: &controlBuffers,
	}
	address := "://" + e.Host + e.Target("", wire.ActionListen, l.id)
	if l.s.plain {
		address = "ws" + address
	} else {
		address = "wss" + address
	}
	header := http.Header{"ServiceBusAuthorization": {token}, "User-Agent": {userAgent}}
	if ask := l.s.agent().String(); ask != "" {
		header[wire.AgentField] = []string{ask}
	}
	conn, answer, err := dialer.DialContext(ctx, address, header) //nolint:bodyclose // gorilla gives a copy in memory
	if !stop() && err == nil {
		conn.Close()
		err = context.Cause(ctx)
	}
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && answer.StatusCode != http.StatusSwitchingProtocols:
		return nil, turnedDown(answer)
	case err != nil:
		if why := context.Cause(ctx); why != nil {
			err = why
		}
		return nil, unanswered(err)
	}
	c := newControl(conn, l.s.keepAlive, expires)
	c.cork = cork
	c.granted = wire.ParseAgent(fieldsOf(answer))
	return c, nil
}

// agent is what a listener asks for beyond the protocol (docs/agent.md).
func (s *listenSettings) agent() wire.Agent {
	return wire.Agent{Raw: s.bytes, Standby: s.standby, Cancel: s.exchanger != nil || s.receiver != nil, Cast: s.receiver != nil}
}

// turnedDown is the error of an answer that is a no.
func turnedDown(answer *http.Response) *Error {
	_, reason, _ := strings.Cut(answer.Status, " ")
	return refused(answer.StatusCode, reason, fieldsOf(answer))
}

// fieldsOf are the first values of an answer's fields.
func fieldsOf(answer *http.Response) http1.Fields {
	var fields http1.Fields
	for name, values := range answer.Header {
		fields.Add(name, values[0])
	}
	return fields
}

// newControl sets what control frames do.
func newControl(conn *websocket.Conn, every time.Duration, expires time.Time) *control {
	c := &control{conn: conn, every: every, silence: (missedPings + 1) * every, expires: expires}
	conn.SetReadLimit(wire.MaxText)
	conn.SetPongHandler(func(string) error { c.lives(); return nil })
	conn.SetPingHandler(func(data string) error {
		c.lives()
		_ = conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(controlWrite)) // a loss ends the read
		return nil
	})
	c.lives()
	return c
}

// lives gives the gateway time for its next frame. While the listener leaves, that time is fixed.
func (c *control) lives() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.every > 0 && !c.leaving {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.silence))
	}
}

// isLeaving reports whether the listener has said goodbye.
func (c *control) isLeaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaving
}

// leave says goodbye: the gateway takes the listener out and answers, which ends the read.
func (c *control) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving {
		return
	}
	c.leaving = true
	now := time.Now()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "Normal Closure") // the text of the SDKs
	_ = c.conn.SetReadDeadline(now.Add(leaveTime))
	c.say(bye)
}

// say writes a Close frame: now, or behind the message that is being sent. Between a message and its body it would part them, and the
// gateway would wait for a body that never comes.
func (c *control) say(bye []byte) {
	c.bye.Store(&bye)
	c.flushBye()
}

// flushBye writes the Close frame that is to leave, if there is one and nothing else is being written; whoever writes comes here then.
func (c *control) flushBye() {
	for c.bye.Load() != nil && c.wmu.TryLock() {
		if bye := c.bye.Swap(nil); bye != nil && c.conn.WriteControl(websocket.CloseMessage, *bye, time.Now().Add(leaveTime)) != nil {
			_ = c.conn.Close()
		}
		c.wmu.Unlock()
	}
}

// serve takes messages until the channel ends, and says why it did.
func (c *control) serve(l *Listener) error {
	ctx, stop := context.WithCancel(l.life)
	var keeper sync.WaitGroup
	keeper.Go(func() { c.keep(ctx, l) })
	l.standBy(ctx, c.granted.Standby, &keeper)
	err := c.read(l)
	l.channelEnded(c, err)
	stop()
	_ = c.conn.Close() // wakes the keeper, too
	keeper.Wait()
	return err
}

func (c *control) read(l *Listener) error {
	var session wire.Session
	for {
		kind, data, err := c.conn.ReadMessage()
		if err != nil {
			return l.endOf(err)
		}
		c.lives()
		event, err := session.Fragment(kind == websocket.TextMessage, true, data)
		if err != nil {
			return l.lostChannel(fail.TooLarge, "", err)
		}
		if event.Message == nil {
			continue // what is not understood is of another version
		}
		switch event.Message.Kind {
		case wire.KindAccept:
			l.offered(event.Message.Offer, c.granted.Raw)
		case wire.KindRequest:
			l.requested(c, event.Message.Offer, event.Body)
		case wire.KindCancel:
			l.cancelled(event.Message.ID)
		default:
		}
	}
}

// noHandler is what a sender of HTTP is told by a listener of connections: the words of the .NET library without a handler (reference
// section 14.16), and what to do next.
const noHandler = "The listener RequestHandler has not been configured: this listener takes connections and no HTTP requests. " +
	"Connect with a WebSocket, or have it listen for HTTP, as 'causeway listen NAME --target http://HOST:PORT' does"

// decline answers an HTTP request that came to a listener of connections. address is the listener's.
func (c *control) decline(o *wire.Offer, address string) {
	if o.ID == "" {
		return
	}
	r, body := exchange.Refusal(o, address, http.StatusNotImplemented, noHandler)
	r.Body = true
	if b, err := r.Append(nil); err == nil {
		_ = c.Send(b, body) // a loss ends the read
	}
}

// Send implements exchange.Channel: a text message and, unless it is empty, its body, which nothing may part (reference section
// 6.2).
func (c *control) Send(message, body []byte) error {
	defer c.flushBye() // when the lock is free
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(controlWrite)); err != nil {
		return err
	}
	if len(body) == 0 {
		return c.conn.WriteMessage(websocket.TextMessage, message)
	}
	c.cork.Hold()
	err := c.conn.WriteMessage(websocket.TextMessage, message)
	if err == nil {
		err = c.conn.WriteMessage(websocket.BinaryMessage, body)
	}
	return errors.Join(err, c.cork.Release())
}

// endOf translates the end of a control channel.
func (l *Listener) endOf(err error) error {
	var closed *websocket.CloseError
	var timeout net.Error // gorilla shows a deadline as an error of its own
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return l.lostChannel(fail.Idle, "", wsconn.ErrSilent)
	case !errors.As(err, &closed) || closed.Code == websocket.CloseAbnormalClosure:
		return l.lostChannel(fail.Aborted, "", err)
	}
	code := fail.PeerClosed
	switch closed.Code {
	case websocket.ClosePolicyViolation:
		code = fail.TokenExpired
	case websocket.CloseGoingAway:
		code = fail.Draining
	case websocket.CloseInternalServerErr:
		code = fail.Internal
	}
	return l.lostChannel(code, closed.Text, &CloseError{closed.Code, closed.Text})
}

// keep pings the gateway and renews the token until ctx ends.
func (c *control) keep(ctx context.Context, l *Listener) {
	var pings <-chan time.Time
	if c.every > 0 {
		ticker := time.NewTicker(c.every)
		defer ticker.Stop()
		pings = ticker.C
	}
	renew := time.NewTimer(renewIn(c.expires))
	defer renew.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pings:
			if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(controlWrite)) != nil {
				_ = c.conn.Close() // the read tells
				return
			}
		case <-renew.C:
			err := c.renew(ctx, l)
			pause := renewIn(c.expires)
			if err != nil {
				pause = max(pause, renewRetry)
				l.tell(Event{Kind: RenewalFailed, Err: complete(err, "renew", l.endpoint.Name(), l.id)})
			}
			renew.Reset(pause)
		}
	}
}

// renew shows the gateway a new token; it gives no answer to it.
func (c *control) renew(ctx context.Context, l *Listener) error {
	ctx, cancel := context.WithTimeout(ctx, controlWrite)
	defer cancel()
	token, expires, err := l.endpoint.Token(ctx)
	if err != nil {
		return err
	}
	b, err := wire.AppendRenewToken(nil, token)
	if err == nil {
		err = c.Send(b, nil)
	}
	if err == nil {
		c.expires = expires
	}
	return err
}

// renewIn is when a token is renewed: with a quarter of its life left, so that clocks may differ.
func renewIn(expires time.Time) time.Duration {
	if expires.IsZero() {
		return 1<<63 - 1
	}
	return max(time.Until(expires)*3/4, renewLeast)
}
