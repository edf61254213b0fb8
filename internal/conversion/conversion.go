// Package conversion runs conversions between WCF bindings (bridge/convert): messages of a sender's exchange or session go to a service
// that speaks another binding, over a stream or as exchanges, and its answers back. A connector runs one beside the service, and the
// gateway one at the sender's node, with this same code.
//
// It owns what is between the messages and the wire: which message is one-way, what a sender hears of a service that was not reached or
// answers without SOAP, addresses behind the relay's name, the bounds. It does not own the messages themselves (bridge/convert), sessions
// of framing (conversion/framed), nor how a service is reached: it is given a dialer or an Exchanger.
//
// A message is sent when it was converted to its end, so nothing is half delivered. Sources: docs/convert.md; WCF wire reference sections
// 7.6, 8 and 15. A Conversion may be shared by all goroutines; each Exchange and Serve runs on its caller's.
package conversion

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
)

// oneWayTime bounds the delivery of a one-way message, whose sender does not wait.
const oneWayTime = 30 * time.Second

// Statuses of HTTP that are made here (RFC 9110 section 15).
const (
	ok               = 200
	accepted         = 202
	firstRedirect    = 300
	unauthorized     = 401
	methodNotAllowed = 405
	serverError      = 500
)

// post is the method of SOAP over HTTP.
const post = "POST"

// Conversion is one pair of bindings at work in front of one service.
type Conversion struct {
	Converter *convert.Converter
	Relay     string                        // name of the relay: senders' paths begin with it
	Address   func(h *shape.Hello) string   // of the service, for Via and the header To; what a sender's has behind the relay's name is added
	Named     bool                          // Address is the service's own, which its messages have to name; else it is the relay's, as senders know it
	Dial      framed.Dialer                 // to a service of a framing session
	Sessions  *framed.Client                // makes the sessions there, and keeps connections; nil: each has a connection of its own
	Prompt    *atomic.Bool                  // keeps whether the service says End; nil: nobody does. See session
	Ask       shape.Exchanger               // to a service of HTTP; with Dial nil: it is not asked
	Tracking  func() string                 // makes a tracking id for each exchange of a session's message; nil: all have the session's
	Fault     func(err error) framing.Fault // what a sender of a session is told of an error that is no SOAP; nil: EndpointUnavailable
	Life      context.Context               //nolint:containedctx // ends deliveries of one-way messages; nil: the exchange does, unless its sender left
}

// Exchange implements shape.Exchanger for senders of HTTP: a POST is a message. Anything else is the service's own, where that speaks
// HTTP: metadata are asked for by GET; and so is a message in the service's binding, where senders may use any. An error is one of Dial or
// Ask, or what ended ctx; everything else is an answer in SOAP.
func (c *Conversion) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	switch {
	case req.Method == post:
	case c.Ask != nil:
		return c.Ask.Exchange(ctx, req)
	default:
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return &shape.Response{
			Status: methodNotAllowed, Fields: shape.Fields{{Name: "Allow", Value: post}, {Name: "Content-Type", Value: "text/plain"}},
			Body: shape.Memory([]byte("POST a SOAP message here: what stands behind this relay is a service of net.tcp.\n")),
		}, nil
	}
	body, err := c.gather(req.Body)
	if err != nil {
		return nil, fail.Wrap(fail.SenderGone, "read the request", err)
	}
	in := convert.Message{ContentType: req.Fields.Get("Content-Type"), Packed: req.Fields.Get("Content-Encoding"), Body: body}
	for _, f := range req.Fields {
		if strings.EqualFold(f.Name, "SOAPAction") {
			in.SOAPAction = append(in.SOAPAction, f.Value)
		}
	}
	path, query, _ := strings.Cut(req.Target, "?")
	m := &message{hello: &req.Hello, suffix: below(path, c.Relay), query: query}
	call, err := c.request(in, m)
	if err == nil && call.Same {
		var res *shape.Response
		if res, err = c.pass(ctx, call, req, body); err == nil {
			return res, nil
		}
	}
	out, status, err := c.deliver(ctx, call, err, m)
	said := shape.Memory(out.Body)
	if m.end != nil {
		said = &lasting{said, out.Body, func() { c.rest(ctx, m.end) }}
	}
	if err != nil {
		_ = said.Close() // of a memory, or what is left of a session
		return nil, err
	}
	res := &shape.Response{Status: status, Body: said}
	if len(out.Body) > 0 {
		res.Fields.Add("Content-Type", out.ContentType)
	}
	res.Fields = append(res.Fields, m.heard...)
	return res, nil
}

// Serve is the service of a sender of net.tcp, on a connection that it does not close: each message of its sessions is one of its own to
// the service. An error says why it did not end in order; one of the sender's connection is wrapped.
func (c *Conversion) Serve(ctx context.Context, conn net.Conn, h *shape.Hello) error {
	return framed.Serve(ctx, conn, c.most(), func(via, kind string) (framed.Handler, error) {
		u, err := url.Parse(via)
		if err != nil {
			return nil, &framing.Error{Fault: framing.EndpointNotFound, Text: "an address that is none"}
		}
		if _, err := encoder.Select(kind); err != nil {
			return nil, fmt.Errorf("%w: %w", &framing.Error{Fault: framing.ContentTypeInvalid, Text: "messages that are not read here"}, err)
		}
		session := convert.NewSession()
		return func(ctx context.Context, envelope []byte) ([]byte, error) {
			hello := *h
			m := &message{hello: &hello, session: session, suffix: below(u.EscapedPath(), c.Relay), query: u.RawQuery}
			call, err := c.request(convert.Message{ContentType: kind, Body: envelope}, m)
			out, _, err := c.deliver(ctx, call, err, m)
			if err != nil {
				return nil, c.fault(err)
			}
			if len(out.Body) == 0 {
				return nil, nil
			}
			return out.Body, nil
		}, nil
	})
}

// fault makes an error of Dial or Ask one that ends a session.
func (c *Conversion) fault(err error) error {
	fault := framing.EndpointUnavailable
	if c.Fault != nil {
		if told := c.Fault(err); told != "" {
			fault = told
		}
	}
	return fmt.Errorf("%w: %w", &framing.Error{Fault: fault, Text: "the service was not reached"}, err)
}

// message is a sender's beside what it says.
type message struct {
	hello   *shape.Hello
	session *convert.Session // nil: it came in none
	suffix  string           // of the path, behind the relay's name
	query   string
	to      string                     // the service's address, of request
	ahead   *framed.Ahead              // its session at the service, which request has begun; nil: sessions have connections of their own
	end     func(context.Context) bool // what is left of the session behind the answer; nil: nothing is
	heard   shape.Fields               // of the head of a service's answer over HTTP, what goes on to a sender over HTTP
}

// most bounds a message.
func (c *Conversion) most() int {
	if c.Converter.Most > 0 {
		return c.Converter.Most
	}
	return convert.DefaultMessage
}

// gather reads a body up to the bound and one byte more, by which it shows that there are more.
func (c *Conversion) gather(body shape.Body) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	var b []byte
	var err error
	if w, ok := body.(shape.Whole); ok {
		b = bytes.Clone(w.Bytes()[:min(len(w.Bytes()), c.most()+1)])
	} else {
		b, err = io.ReadAll(io.LimitReader(body, int64(c.most())+1))
	}
	if cerr := body.Close(); err == nil && len(b) <= c.most() {
		err = cerr
	}
	return b, err
}

// below is what of a path stands behind the relay's name: "" or what begins with a slash. A path that does not begin with it says
// nothing about the service's.
func below(path, relay string) string {
	path = "/" + strings.Trim(path, "/")
	prefix := escaped(relay)
	if len(path) > len(prefix) && strings.EqualFold(path[:len(prefix)], prefix) && path[len(prefix)] == '/' {
		return path[len(prefix):]
	}
	return ""
}

// escaped is the path of a relay's address.
func escaped(relay string) string {
	return (&url.URL{Path: "/" + strings.Trim(relay, "/")}).EscapedPath()
}

// request converts what a sender said. The call is there with an error too.
func (c *Conversion) request(in convert.Message, m *message) (*convert.Call, error) {
	m.to = strings.TrimSuffix(c.Address(m.hello), "/") + m.suffix
	o := convert.Options{To: m.to, Named: c.Named, Sender: m.session}
	_, _ = rand.Read(o.ID[:]) // crypto/rand never fails: it ends the program instead
	if c.Sessions != nil && c.Converter.To.Framed {
		m.ahead = c.Sessions.Ahead(m.to)
	}
	call, err := c.Converter.Request(in, o)
	if err != nil && m.ahead != nil {
		m.ahead.Leave()
	}
	return call, err
}

// deliver takes one message to the service, unless it came to nothing already, and gives what the sender hears, with the status of HTTP.
// A body of no bytes is no answer. The error is for a service that was not reached: what became of the message there is not known.
func (c *Conversion) deliver(ctx context.Context, call *convert.Call, err error, m *message) (convert.Message, int, error) {
	if call.OneWay { // PHP's client hangs up as soon as it has written such a message: what came whole is delivered
		var done context.CancelFunc
		ctx, done = c.outlive(ctx)
		defer done()
	}
	if err == nil {
		var out convert.Message
		var status int
		if c.Converter.To.Framed {
			out, status, err = c.overSession(ctx, call, m)
		} else {
			out, status, err = c.overHTTP(ctx, call, m)
		}
		if err == nil {
			return out, status, nil
		}
	}
	said, is := errors.AsType[*soap.Error](err)
	if !is || ctx.Err() != nil {
		return convert.Message{}, 0, err
	}
	out, status, send := call.Refuse(marked(said, m.hello.Tracking))
	if !send {
		out = convert.Message{}
	}
	return out, status, nil
}

// outlive is the time of a one-way message, whose sender need not be there any more.
func (c *Conversion) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	own, done := context.WithTimeout(context.WithoutCancel(ctx), oneWayTime)
	life := c.Life
	if life == nil {
		life = ctx
	}
	stop := context.AfterFunc(life, func() {
		if !fail.Is(context.Cause(life), fail.SenderGone) {
			done()
		}
	})
	return own, func() {
		stop()
		done()
	}
}

// marked adds the tracking id to what a sender is told, so that the log can be asked about it.
func marked(e *soap.Error, tracking string) *soap.Error {
	if tracking == "" || e.Fault == nil {
		return e
	}
	told, f := *e, *e.Fault
	f.Reasons = slices.Clone(f.Reasons)
	for i := range f.Reasons {
		f.Reasons[i].Text += "; TrackingId:" + tracking
	}
	told.Fault = &f
	return &told
}

// told makes the fault of what a service said without SOAP.
func told(format string, args ...any) error {
	return soap.Refuse(soap.V12, soap.Receiver, fmt.Sprintf(format, args...))
}

// overSession asks a service of net.tcp, in a session of its own, whatever connection that is on.
func (c *Conversion) overSession(ctx context.Context, call *convert.Call, m *message) (convert.Message, int, error) {
	var down error // the service was not reached
	dial := func(ctx context.Context) (conn net.Conn, err error) {
		conn, err = c.Dial(ctx)
		down = err
		return conn, err
	}
	body, err := c.session(ctx, dial, call, m)
	switch {
	case down != nil:
		return convert.Message{}, 0, down
	case err != nil && ctx.Err() != nil:
		return convert.Message{}, 0, err
	case err != nil:
		return convert.Message{}, 0, c.unanswered(err)
	case call.OneWay:
		return convert.Message{}, accepted, nil
	}
	return answered(call.Reply(convert.Message{ContentType: framing.BinarySession.ContentType(), Body: body}))
}

// unanswered tells why a session brought no answer.
func (c *Conversion) unanswered(err error) error {
	if broken, ok := errors.AsType[*framing.Error](err); ok && broken.Fault == framing.MaxMessageSizeExceeded {
		return told("the service's answer is larger than %d bytes, which is what can be converted", c.most())
	}
	if _, ok := errors.AsType[*framed.FaultError](err); ok {
		return told("the service did not answer: %v", err)
	}
	return told("the service did not answer: %v; if the operation is one-way, name its action by oneWay", err)
}

// answered gives a converted answer its status.
func answered(out convert.Message, fault bool, err error) (convert.Message, int, error) {
	if fault {
		return out, serverError, err
	}
	return out, ok, err
}

// asked makes a converted message a request for a service of HTTP.
func (c *Conversion) asked(call *convert.Call, m *message) *shape.Request {
	if c.Tracking != nil {
		m.hello.Tracking = c.Tracking()
	}
	req := &shape.Request{Hello: *m.hello, Method: post, Body: shape.Memory(call.Out.Body)}
	req.Target, req.Fields, req.Offers = escaped(c.Relay)+m.suffix, nil, nil
	req.Action = call.Action()
	if m.query != "" {
		req.Target += "?" + m.query
	}
	req.Fields.Add("Content-Type", call.Out.ContentType)
	for _, action := range call.Out.SOAPAction {
		req.Fields.Add("SOAPAction", action)
	}
	if m.session == nil {
		req.Fields = append(req.Fields, carried(m.hello.Fields)...)
	} else {
		req.Fields = append(req.Fields, credentials(m.hello.Fields)...)
	}
	return req
}

// overHTTP asks a service of HTTP.
func (c *Conversion) overHTTP(ctx context.Context, call *convert.Call, m *message) (convert.Message, int, error) {
	res, err := c.Ask.Exchange(ctx, c.asked(call, m))
	if err != nil {
		return convert.Message{}, 0, err
	}
	body, err := c.gather(res.Body)
	kind := res.Fields.Get("Content-Type")
	m.heard = carried(res.Fields)
	switch {
	case err != nil && ctx.Err() != nil:
		return convert.Message{}, 0, context.Cause(ctx)
	case err != nil:
		return convert.Message{}, 0, told("the service's answer broke off")
	case res.Status < firstRedirect && (len(body) == 0 || call.OneWay && c.Converter.From.Framed): // a session has no place for an answer to one-way
		return convert.Message{}, accepted, nil
	case res.Status == unauthorized: // a sender over HTTP that hears so says who it is, and asks again
		no := soap.Refuse(soap.V12, soap.Receiver, fmt.Sprintf("the service answered %d %s", res.Status, res.Reason))
		no.Status = res.Status
		return convert.Message{}, 0, no
	case res.Status != serverError && res.Status >= firstRedirect:
		return convert.Message{}, 0, told("the service answered %d %s", res.Status, res.Reason)
	case len(body) == 0 || !strings.Contains(kind, "xml") && !strings.Contains(kind, "soap") && !strings.Contains(kind, "multipart"):
		return convert.Message{}, 0, told("the service answered %d without a SOAP message", res.Status)
	}
	return answered(call.Reply(convert.Message{ContentType: kind, Packed: res.Fields.Get("Content-Encoding"), Body: body}))
}
