package connect

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/web"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/http1"
)

// newServer makes the way to the route's web server.
func (r *route) newServer() (*web.Server, error) {
	u := r.target.Web
	p := web.Params{
		Dial: r.target.Dial, Host: u.Host, Origin: u.Scheme + "://" + u.Host, Add: r.c.Add, Remove: r.c.Remove, Go: r.b.uploads.Go,
		From: strings.TrimRight(cmp.Or(r.c.From, (&url.URL{Path: "/" + strings.Trim(r.c.Listen, "/")}).EscapedPath()), "/"),
		To:   strings.TrimRight(cmp.Or(r.c.To, u.EscapedPath()), "/"),
	}
	switch r.c.Host {
	case "":
	case KeepHost:
		p.KeepHost = true
	default:
		p.Host = r.c.Host
	}
	if u.Scheme == "https" {
		var err error
		if p.TLS, err = r.c.tls(u.Hostname()); err != nil {
			return nil, err
		}
	}
	return web.New(p), nil
}

// tls makes the TLS settings towards a web server.
func (w *Web) tls(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	if w.CAFile != "" {
		pem, err := os.ReadFile(w.CAFile)
		if err != nil {
			return nil, &Flaw{"caFile", err.Error()}
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &Flaw{"caFile", w.CAFile + " holds no certificate in PEM form"}
		}
	}
	if w.Cert != "" {
		pair, err := tls.LoadX509KeyPair(w.Cert, w.Key)
		if err != nil {
			return nil, &Flaw{"cert", err.Error()}
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// asking is how a route answers a request.
type asking = func(context.Context, *shape.Request) (*shape.Response, error)

// Exchange implements shape.Exchanger: requests of HTTP senders go to the web server of the connector in force.
func (l *listening) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	route := l.plain()
	if route == nil {
		return nil, fail.New(fail.Draining, "The connector was stopped.")
	}
	return l.answer(ctx, route, r, route.exchange)
}

// answer has a request answered by a route, and tells of it when the answer was read.
func (l *listening) answer(ctx context.Context, route *route, r *shape.Request, by asking) (*shape.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(route.life, func() { cancel(context.Cause(route.life)) })
	began := time.Now()
	path, _, _ := strings.Cut(r.Target, "?")
	a := &account{Event: Event{Kind: Answered, Entity: l.entity, Remote: r.Remote.String(), Text: r.Method + " " + path}, tracking: r.Tracking, began: began, tell: l.b.tell}
	a.over = func() { stop(); cancel(nil) }
	if r.Body != nil {
		r.Body = &counted{Body: r.Body, a: a, in: true}
	}
	response, err := by(ctx, r)
	if err != nil {
		a.failed(route, err)
		l.health.failed(l, route, err)
		return nil, &accounted{err}
	}
	l.health.good(l)
	a.Text += fmt.Sprintf(" %d", response.Status)
	if response.Body == nil {
		a.end("")
	} else {
		response.Body = &counted{Body: response.Body, a: a}
	}
	return response, nil
}

// account is what is known of one exchange; it is told once.
type account struct {
	Event

	tracking string // finds the exchange in the gateway's log
	began    time.Time
	tell     func(*Event)
	over     func()
	mu       sync.Mutex
	once     sync.Once
}

// accounted is an error of an exchange whose account has told of it: package hybrid hears of it too, and would tell it once more.
type accounted struct{ error }

// Unwrap gives the error itself.
func (a *accounted) Unwrap() error { return a.error }

// end tells of the exchange.
func (a *account) end(reason fail.Code) {
	a.once.Do(func() {
		a.mu.Lock()
		e := a.Event
		a.mu.Unlock()
		e.Reason, e.Duration = reason, time.Since(a.began)
		a.over()
		a.tell(&e)
	})
}

// failed tells of an exchange without an answer.
func (a *account) failed(r *route, err error) {
	var e Event
	switch down, ok := errors.AsType[*web.DialError](err); {
	case ok:
		e.missed(r.target, down.Err)
	case fail.Is(err, fail.SenderGone):
		e.Reason, e.Text = fail.SenderGone, "the sender left before it was answered"
	default:
		e.Reason, e.Text, e.Do = TargetFailed, "the target "+r.target.Text+": "+cause(err), "look into the log of the service there"
	}
	a.mu.Lock()
	a.Text, a.Do = a.Text+": "+e.Text, e.Do
	if a.tracking != "" {
		a.Text += " (tracking id " + a.tracking + ")"
	}
	a.mu.Unlock()
	a.end(e.Reason)
}

// cause is what is behind an error of an exchange.
func cause(err error) string {
	if no, ok := errors.AsType[*fail.Error](err); ok && no.Cause != nil {
		return no.Cause.Error()
	}
	return err.Error()
}

// counted counts the bytes of a body. That of an answer ends the account.
type counted struct {
	shape.Body

	a  *account
	in bool
}

// Read implements shape.Body.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Body.Read(p)
	c.a.mu.Lock()
	if c.in {
		c.a.In += int64(n)
	} else {
		c.a.Out += int64(n)
	}
	c.a.mu.Unlock()
	switch {
	case c.in || err == nil:
	case errors.Is(err, io.EOF):
		c.a.end("")
	default:
		c.a.end(fail.Aborted)
	}
	return n, err
}

// Close implements shape.Body. Before the end of an answer it is the sender who has gone.
func (c *counted) Close() error {
	err := c.Body.Close()
	if !c.in {
		c.a.end(fail.SenderGone)
	}
	return err
}

// Buffered is how much there is without waiting, as far as it is known.
func (c *counted) Buffered() int {
	if b, ok := c.Body.(interface{ Buffered() int }); ok {
		return b.Buffered()
	}
	return 0
}

// isWebSocket reports whether a sender speaks in frames, and means it. Plain ports bring no field of a WebSocket, and forwarding
// connectors say that they move bytes.
func isWebSocket(r *hybrid.Request) bool {
	return r.Fields.Has("Sec-WebSocket-Version") && !r.Fields.HasToken(streamField, streamBytes)
}

// upgradeTime bounds the answer of a web server to an upgrade. The sender waits for it.
const upgradeTime = 15 * time.Second

// upgrade leads a WebSocket sender to the web server.
func (l *listening) upgrade(ctx context.Context, s *hybrid.Sender, r *route, e *Event) {
	ctx, cancel := context.WithTimeoutCause(ctx, upgradeTime, address.ErrNoTime)
	defer cancel()
	near, head, rest, err := r.server.Upgrade(ctx, s.Request().Target, s.Request().Fields)
	if err != nil {
		l.turnAway(ctx, s, r, e, err)
		return
	}
	if near == nil {
		e.Reason, e.Text = fail.Rejected, strings.TrimSpace(fmt.Sprintf("the target answers the upgrade with %d %s", head.Status, head.Reason))
		l.b.tell(e)
		_ = s.Reject(head.Status, head.Reason) // a sender that has gone hears nothing
		return
	}
	l.health.good(l)
	up := s.Upgrade()
	if _, err := up.Write(http1.AppendResponse(nil, head)); err != nil {
		e.why(err)
		l.b.tell(e)
		_ = up.Close()
		_ = near.Close()
		return
	}
	e.tracking = s.Request().TrackingID
	l.conns.Go(func() { r.joinBehind(e, upgraded{up}, near, rest, "the target", flow.Back) })
}

// upgraded is a sender's WebSocket as the carrier of a leg: its frames are bytes here.
type upgraded struct{ net.Conn }

// lingerTime is how long a WebSocket may take to close whose server has ended the connection: the Close frames are on their way.
const lingerTime = 5 * time.Second

// CloseWrite is called when the server has ended its connection. Behind the Close frames of both sides the gateway ends the sender's;
// without them it is a loss.
func (u upgraded) CloseWrite() error {
	time.AfterFunc(lingerTime, func() { _ = u.NetConn().Close() })
	return nil
}

// NetConn is what a leg closes for a loss.
func (u upgraded) NetConn() net.Conn { return abortive(u) }

// abortive is a WebSocket whose Close is a loss.
type abortive struct{ net.Conn }

// Close implements net.Conn.
func (a abortive) Close() error {
	if c, ok := a.Conn.(interface{ Abort() }); ok {
		c.Abort()
		return nil
	}
	return a.Conn.Close()
}

// health is what is known of a web server: whether it was there when it was needed last.
type health struct {
	mu   sync.Mutex
	down bool
}

// checkTime is how often a web server that is down is looked for, so that its return is told without a sender.
const checkTime = 5 * time.Second

// good notes that the server answered.
func (h *health) good(l *listening) {
	h.mu.Lock()
	was := h.down
	h.down = false
	h.mu.Unlock()
	if was {
		l.b.tell(&Event{Kind: TargetUp, Entity: l.entity})
	}
}

// failed notes that the server was not there, and has it looked for.
func (h *health) failed(l *listening, r *route, err error) {
	down, ok := errors.AsType[*web.DialError](err)
	if !ok {
		return
	}
	h.mu.Lock()
	was := h.down
	h.down = true
	h.mu.Unlock()
	if was {
		return
	}
	e := Event{Kind: TargetDown, Entity: l.entity}
	e.missed(r.target, down.Err)
	l.b.tell(&e)
	l.conns.Go(func() { h.look(l) })
}

// look waits for the server to be back.
func (h *health) look(l *listening) {
	ticker := time.NewTicker(checkTime)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-l.stop:
			return
		}
		h.mu.Lock()
		down := h.down
		h.mu.Unlock()
		r := l.plain()
		if !down || r == nil {
			return
		}
		if conn, err := r.target.Dial(r.life); err == nil {
			_ = conn.Close()
			h.good(l)
			return
		}
	}
}
