package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
)

// handle runs the handler for one request and reports whether another may follow on the connection.
func (c *conn) handle(h *http1.Head) bool {
	c.lease.to(busy)
	c.handled, c.used = true, true
	_ = c.net.SetReadDeadline(time.Time{}) // a dead connection says so at the read
	if c.h == nil {
		c.h = &handling{
			base:   context.WithValue(c.s.ctx, http.LocalAddrContextKey, c.net.LocalAddr()),
			remote: c.remote.String(),
			done:   make(chan struct{}, 1),
		}
	}
	ctx, cancel := context.WithCancelCause(c.h.base)
	defer cancel(nil)
	w := &response{c: c, head: h, length: -1}
	if r := w.request(ctx); r != nil {
		c.refuse(*r)
		return false
	}
	w.open(cancel)
	if finished := c.run(w); !finished || w.hijacked() {
		return false
	}
	again := w.finish()
	w.release()
	if !again && !w.wire.failed && (!w.body.ended() || http1.KeepAlive(h)) {
		c.linger() // the peer may still send: it shall read the answer before it meets a reset
	}
	return again
}

// run calls the handler. A panic is the handler's end and the connection's, not the program's: it is answered 500 when nothing
// has been sent yet.
func (c *conn) run(w *response) (finished bool) {
	defer func() {
		if finished {
			return
		}
		v := recover() // nil: the goroutine is being ended; nobody reads an answer then
		if w.hijacked() {
			return
		}
		w.abandon()
		if v == nil || v == http.ErrAbortHandler { //nolint:errorlint // a panic's value is no chain of errors
			_ = w.out.Flush() // the peer may see how far it came
			return
		}
		tracking := newTracking()
		c.s.p.Hooks.Panicked(c.door, tracking, v, debug.Stack())
		if w.wire.sent > 0 {
			_ = w.out.Flush() // as above
			return
		}
		w.release()
		c.answer(refusal{code: fail.Internal, head: w.head}, tracking)
	}()
	handler := c.s.p.Handler
	if w.head.Target == "*" {
		handler = http.HandlerFunc(general)
	}
	handler.ServeHTTP(w, w.req)
	return true
}

// general answers OPTIONS *, which asks about the server and not about anything in it.
func general(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "0") }

// blank is what every request is made from: WithContext copies it.
var blank http.Request

// request makes what handlers read from the head. The refusal is for what the head's grammar lets through and a handler cannot
// be asked.
func (w *response) request(ctx context.Context) *refusal {
	c, h, b := w.c, w.head, &w.body
	target, err := parseTarget(h)
	if err != nil {
		return &refusal{code: fail.BadRequest, text: "The request target is no address", head: h, err: err}
	}
	framing, err := http1.RequestFraming(h)
	if err != nil { // cannot be: the decoder has checked
		return &refusal{code: fail.BadRequest, head: h, err: err}
	}
	b.w, b.kind, b.left = w, framing.Kind, framing.Length
	if framing.Kind == http1.Length && framing.Length == 0 {
		b.kind = http1.None
	}
	b.eof = b.kind == http1.None
	if h.Fields.Has("Expect") {
		if !h.Fields.HasToken("Expect", "100-continue") {
			return &refusal{
				code: fail.BadRequest, status: http.StatusExpectationFailed, head: h,
				text: "Nothing but 100-continue can be expected", err: errors.New("unknown expectation"),
			}
		}
		b.owed = h.Minor > 0 && b.kind != http1.None
		b.expecting = b.owed
	}
	r := blank.WithContext(ctx)
	r.Method, r.URL, r.RequestURI, r.Host = h.Method, target, h.Target, h.Host()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, h.Minor
	r.Header, r.Body, r.Close = header(h.Fields), http.NoBody, !http1.KeepAlive(h)
	r.RemoteAddr, r.TLS = c.h.remote, c.tlsState()
	if h.Minor == 0 {
		r.Proto = "HTTP/1.0"
	}
	switch b.kind {
	case http1.Length:
		r.Body, r.ContentLength = b, framing.Length
	case http1.Chunked:
		r.Body, r.ContentLength, r.TransferEncoding = b, -1, []string{"chunked"}
	}
	w.req = r
	return nil
}

// parseTarget reads the target as net/http does: CONNECT's is a host alone.
func parseTarget(h *http1.Head) (*url.URL, error) {
	if h.Method == http.MethodConnect && !strings.HasPrefix(h.Target, "/") {
		return &url.URL{Host: h.Target}, nil
	}
	return url.ParseRequestURI(h.Target)
}

// header makes the map of the fields that handlers see there. Host and the framing have places of their own.
func header(fields http1.Fields) http.Header {
	m := make(http.Header, len(fields))
	values := make([]string, 0, len(fields)) // one array for all names that come once
	for _, f := range fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		switch name {
		case "Host", "Transfer-Encoding", "Trailer":
			continue
		}
		if have, ok := m[name]; ok {
			m[name] = append(have, f.Value)
			continue
		}
		values = append(values, f.Value)
		m[name] = values[len(values)-1 : len(values) : len(values)]
	}
	return m
}

// tlsState is what handlers see of TLS: nil on plain doors. Of a carried connection only that it was, and the certificate.
func (c *conn) tlsState() *tls.ConnectionState {
	if !c.encrypted || c.state != nil {
		return c.state
	}
	if t, ok := c.net.(*leg.Secured); ok {
		state := t.ConnectionState()
		c.state = &state
		return c.state
	}
	c.state = &tls.ConnectionState{HandshakeComplete: true}
	if cert, err := x509.ParseCertificate(c.cert); err == nil {
		c.state.PeerCertificates = []*x509.Certificate{cert}
	}
	return c.state
}
