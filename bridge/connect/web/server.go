package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// maxIdle is how many kept connections there may be: the requests that a listener answers at a time (hybrid.WithRequests).
	maxIdle = 1024
	// idleTime is how long one is kept. Servers keep theirs for a minute and more.
	idleTime = 50 * time.Second
	// readBytes is what a connection reads at a time, writeBytes what it writes of a body.
	readBytes  = 16 << 10
	writeBytes = 32 << 10
)

// Params is what a Server is made of. Dial, Host and Go are needed.
type Params struct {
	// Dial opens a connection to the server, below TLS.
	Dial func(context.Context) (net.Conn, error)
	// TLS is set for https; ServerName must be in it.
	TLS *tls.Config
	// Host is what the server sees in Host; with KeepHost only where the sender wrote none.
	Host     string
	KeepHost bool
	// From is cut off the front of a path, and To put there; a path that does not begin so stays as it is. Neither ends with a slash.
	From, To string
	// Origin is scheme://HOST[:PORT] of the server, for absolute Locations.
	Origin string
	Add    []shape.Field // set, in place of fields of the same name
	Remove []string      // taken out
	// Go runs what outlives a call: uploads, each no longer than its exchange. Whoever gives it waits for them.
	Go func(func())
}

// Server is a web server behind a relay. Make one with New.
type Server struct {
	p Params

	mu     sync.Mutex
	idle   []*conn // the newest last
	closed bool
}

// New makes a Server. Nothing is dialled before the first request.
func New(p Params) *Server { return &Server{p: p} }

// Close gives up kept connections; those in use end with their exchange.
func (s *Server) Close() {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.drop()
	}
}

// DialError is a server that could not be reached; Unwrap gives what the dial said.
type DialError struct{ Err error }

// Error is the dial's.
func (e *DialError) Error() string { return e.Err.Error() }

// Unwrap gives the dial's error.
func (e *DialError) Unwrap() error { return e.Err }

// open makes a connection.
func (s *Server) open(ctx context.Context) (*conn, error) {
	carrier, err := s.p.Dial(ctx)
	if err != nil {
		return nil, &DialError{err}
	}
	if s.p.TLS != nil {
		secured := tls.Client(carrier, s.p.TLS)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = carrier.Close()
			return nil, &DialError{err}
		}
		carrier = secured
	}
	return &conn{Conn: carrier, in: bufio.NewReaderSize(carrier, readBytes)}, nil
}

// get takes a kept connection that is good, or opens one.
func (s *Server) get(ctx context.Context) (c *conn, kept bool, err error) {
	for {
		s.mu.Lock()
		n := len(s.idle)
		if n == 0 {
			s.mu.Unlock()
			c, err = s.open(ctx)
			return c, false, err
		}
		c = s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		if c.wake() {
			return c, true, nil
		}
		c.drop()
	}
}

// put keeps a connection whose exchange has ended. Those that have waited too long are given up.
func (s *Server) put(c *conn) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	old := 0
	for old < len(s.idle) && now.Sub(s.idle[old].since) > idleTime {
		s.idle[old].drop()
		old++
	}
	s.idle = s.idle[old:]
	if s.closed || len(s.idle) >= maxIdle || c.in.Buffered() > 0 {
		_ = c.Close()
		return
	}
	c.since = now
	c.rest()
	s.idle = append(s.idle, c)
}

// Exchange implements shape.Exchanger. A server that cannot be reached, or gives no sense, is a *fail.Error with Rejected and a
// status of 502 or 504; where the server is does not stand in it, and errors.As finds the *DialError.
func (s *Server) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	for {
		c, kept, err := s.get(ctx)
		if err != nil {
			return nil, refusal(err)
		}
		response, err := s.on(ctx, c, r)
		if err == nil {
			return response, nil
		}
		_ = c.Close()
		// A kept connection that the server has just given up answers nothing. What has no body can be said again.
		if kept && r.Body == nil && ctx.Err() == nil && errors.Is(err, errNoAnswer) {
			continue
		}
		return nil, refusal(err)
	}
}

// errNoAnswer says that a connection ended before the first byte of an answer.
var errNoAnswer = errors.New("the server closed the connection without an answer")

// refusal is how the sender hears of an error.
func refusal(err error) error {
	status, text := http.StatusBadGateway, "The listener's target gave no proper answer."
	var timeout net.Error
	switch {
	case errors.As(err, new(*DialError)) && (errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()):
		status, text = http.StatusGatewayTimeout, "The listener's target did not answer in time."
	case errors.As(err, new(*DialError)):
		text = "The listener cannot reach its target."
	}
	return &fail.Error{Code: fail.Rejected, Op: "exchange", Status: status, Text: text, Cause: err}
}

// on runs one exchange on a connection, up to the head of the answer.
func (s *Server) on(ctx context.Context, c *conn, r *shape.Request) (*shape.Response, error) {
	head, f := s.request(r)
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	x := &exchange{server: s, conn: c, stop: stop, sent: make(chan struct{})}
	if r.Body == nil {
		_, x.sentErr = c.Write(http1.AppendRequest(nil, head))
		close(x.sent)
	} else {
		x.read.Store(r.Body.Size() == 0) // the head alone may be answered
		s.p.Go(func() {
			defer close(x.sent)
			x.sentErr = c.send(head, f, &upload{Body: r.Body, x: x, left: r.Body.Size()})
		})
	}
	answer, err := c.answer()
	if err == nil && answer.Status == http.StatusSwitchingProtocols {
		err = errors.New("the server switched protocols without being asked")
	}
	var body http1.Framing
	if err == nil {
		body, err = http1.ResponseFraming(answer, r.Method)
	}
	if err != nil {
		stop()
		return nil, x.why(ctx, err)
	}
	x.keep = http1.KeepAlive(answer) && !maybeBusy(r.Method, answer.Fields)
	response := &shape.Response{Status: answer.Status, Reason: answer.Reason, Fields: s.answered(answer.Fields)}
	x.in.Reset(c.in, body)
	if body.Kind == http1.None || body.Kind == http1.Length && body.Length == 0 {
		x.end(true)
		return response, nil
	}
	response.Body = x
	return response, nil
}

// maybeBusy reports whether a server may still be at work when its answer has ended for us: an answer to HEAD that tells no length may be
// that of a stream, whose handler goes on and writes into nothing. The next request on the connection would wait for it.
func maybeBusy(method string, answer shape.Fields) bool {
	return method == http.MethodHead && answer.Get("Content-Length") == ""
}

// exchange is the body of an answer, and what is left of its request. It implements shape.Body.
type exchange struct {
	server  *Server
	conn    *conn
	stop    func() bool           // of the context's watch
	read    atomic.Bool           // the request's body was read to its end
	broken  atomic.Pointer[error] // why it could not be
	sent    chan struct{}         // closed when the request has left, or will not
	sentErr error
	keep    bool
	in      http1.BodyReader
	once    sync.Once
}

// why is the cause of an answer that did not come.
func (x *exchange) why(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if broken := x.broken.Load(); broken != nil {
		return *broken
	}
	return err
}

// Size implements shape.Body.
func (x *exchange) Size() int64 { return x.in.Size() }

// Buffered is how much there is without waiting.
func (x *exchange) Buffered() int { return x.in.Buffered() }

// Read implements shape.Body.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.in.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		x.end(true)
	case err != nil:
		err = fail.Wrap(fail.ListenerLost, "read the target's answer", err)
	}
	return n, err
}

// Close implements shape.Body.
func (x *exchange) Close() error {
	x.end(false)
	return nil
}

// end gives the connection back, if both messages are whole, else up.
func (x *exchange) end(whole bool) {
	x.once.Do(func() {
		cancelled := !x.stop()
		if whole = whole && x.left(); whole && !cancelled && x.keep && x.sentErr == nil && x.in.Reusable() {
			x.server.put(x.conn)
			return
		}
		_ = x.conn.Close()
	})
}

// sentTime is how long an answer that came whole waits for the end of its request, which was read and is being written.
const sentTime = time.Second

// left reports whether the whole request has left. A server may have answered all it wants to before: the rest is not waited for.
func (x *exchange) left() bool {
	select {
	case <-x.sent:
		return true
	default:
	}
	if !x.read.Load() {
		return false
	}
	timer := time.NewTimer(sentTime)
	defer timer.Stop()
	select {
	case <-x.sent:
		return true
	case <-timer.C:
		return false
	}
}

// upload is the body of a request on its way.
type upload struct {
	shape.Body

	x    *exchange
	left int64 // below 0: not known
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.Body.Read(p)
	if u.left -= int64(n); u.left == 0 || errors.Is(err, io.EOF) {
		u.x.read.Store(true)
	} else if err != nil {
		u.x.broken.Store(&err)
	}
	return n, err
}

// Buffered is how much there is without waiting, as far as it is known.
func (u *upload) Buffered() int {
	if b, ok := u.Body.(interface{ Buffered() int }); ok {
		return b.Buffered()
	}
	return 0
}

// Upgrade asks the server for what a WebSocket sender asks the relay, and gives its answer, with what was read behind the head. With
// any status but 101 the connection is closed and nil. ctx bounds it.
func (s *Server) Upgrade(ctx context.Context, target string, fields shape.Fields) (net.Conn, *http1.Head, []byte, error) {
	c, err := s.open(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	var head *http1.Head
	if _, err = c.Write(http1.AppendRequest(nil, s.upgrade(target, fields))); err == nil {
		head, err = http1.ReadResponse(c.in, http1.Limits{})
	}
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil || head.Status != http.StatusSwitchingProtocols {
		_ = c.Close()
		return nil, head, nil, err
	}
	rest, _ := c.in.Peek(c.in.Buffered())
	return c.Conn, head, rest, nil
}
