package connect

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/framed"
	"github.com/causeway-relay/causeway/bridge/connect/web"
	conversion "github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/soap"
)

// oneWayTime bounds the delivery of a one-way message, whose sender does not wait.
const oneWayTime = 30 * time.Second

// Convert says what senders and the service speak, where that is not the same.
type Convert struct {
	As       string   // binding of the senders (conversion.Names); "": nothing is converted
	TargetAs string   // of the service; "": netTcp for a target of net.tcp, basicHttp for one of http
	OneWay   []string // actions of one-way operations, for senders whose messages do not tell; * at the end for all that begin so
}

// converter makes the connector's; nil: nothing is to be converted. The error says what is wrong with which key.
func (c *Connector) converter() (*conversion.Converter, *Flaw) {
	if c.As == "" {
		switch {
		case c.TargetAs != "":
			return nil, &Flaw{"targetAs", "belongs to as: say also what senders speak"}
		case len(c.OneWay) > 0:
			return nil, &Flaw{"oneWay", "belongs to as: without a conversion messages pass as they are"}
		}
		return nil, nil // no conversion is what there is
	}
	from, ok := conversion.Find(c.As)
	if !ok {
		return nil, &Flaw{"as", "expected one of " + conversion.Names()}
	}
	t, err := address.Parse(c.Target)
	switch {
	case c.Forward != "":
		return nil, &Flaw{"as", "belongs to listen"}
	case c.PortName != "":
		return nil, &Flaw{"as", "cannot go with portName: that is for bytes"}
	case err != nil:
		return nil, nil //nolint:nilerr // the target's flaw is told already
	}
	isTCP := strings.HasPrefix(strings.ToLower(c.Target), address.NetTCP+":")
	name := c.TargetAs
	switch {
	case name != "":
	case isTCP:
		name = conversion.NetTCP
	case t.Web != nil:
		name = conversion.BasicHTTP
	default:
		return nil, &Flaw{"target", "expected net.tcp://HOST:PORT/PATH or http://HOST:PORT/PATH: bytes at another target say nothing that could be converted"}
	}
	to, ok := conversion.Find(name)
	switch pair := conversion.Between(from, to); {
	case !ok:
		return nil, &Flaw{"targetAs", "expected one of " + conversion.Names()}
	case to.Framed != isTCP:
		return nil, &Flaw{"targetAs", to.Name + " is not spoken at " + c.Target + "; use another scheme or another binding"}
	case !pair.Possible:
		return nil, &Flaw{"as", from.Name + " cannot become " + to.Name + ": " + pair.Reason + "; 'causeway bindings --pairs' lists what can"}
	case pair.Same:
		return nil, nil // bytes pass
	case to.Framed && t.Service() == nil:
		return nil, &Flaw{"target", "expected net.tcp://HOST:PORT/PATH: a service is found by its path"}
	}
	return &conversion.Converter{From: from, To: to, OneWay: c.OneWay}, nil
}

// answers reports whether the senders make requests, and not streams.
func (c *Connector) answers() bool {
	if conv, _ := c.converter(); conv != nil {
		return !conv.From.Framed
	}
	return c.isWeb()
}

// memory is a body that lies in memory.
type memory struct {
	*bytes.Reader
	all []byte
}

func newMemory(b []byte) *memory { return &memory{bytes.NewReader(b), b} }

// Size implements shape.Body.
func (m *memory) Size() int64 { return int64(len(m.all)) }

// Bytes implements shape.Whole.
func (m *memory) Bytes() []byte { return m.all }

// Close implements shape.Body.
func (*memory) Close() error { return nil }

// gather reads a body of at most most bytes and one more, by which it shows that there are more.
func gather(body shape.Body, most int) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, int64(most)+1))
	if cerr := body.Close(); err == nil && len(b) <= most {
		err = cerr
	}
	return b, err
}

// exchange answers a request of a sender: by the web server as it is, or by the service behind a conversion.
func (r *route) exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	if r.conv == nil || req.Method != http.MethodPost && r.server != nil { // metadata is asked for by GET
		return r.server.Exchange(ctx, req)
	}
	if req.Method != http.MethodPost {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return &shape.Response{Status: http.StatusMethodNotAllowed, Fields: shape.Fields{{Name: "Allow", Value: http.MethodPost}, {Name: "Content-Type", Value: "text/plain"}},
			Body: newMemory([]byte("POST a SOAP message here: what stands behind this relay is a service of net.tcp.\n"))}, nil
	}
	body, err := gather(req.Body, conversion.DefaultMessage)
	if err != nil {
		return nil, fail.Wrap(fail.SenderGone, "read the request", err)
	}
	in := conversion.Message{ContentType: req.Fields.Get("Content-Type"), Body: body}
	for _, f := range req.Fields {
		if strings.EqualFold(f.Name, "SOAPAction") {
			in.SOAPAction = append(in.SOAPAction, f.Value)
		}
	}
	path, query, _ := strings.Cut(req.Target, "?")
	out, status, err := r.converted(ctx, in, nil, &req.Hello, below(path, r.c.Listen), query)
	if err != nil {
		return nil, err
	}
	response := &shape.Response{Status: status, Body: newMemory(out.Body)}
	if len(out.Body) > 0 {
		response.Fields.Add("Content-Type", out.ContentType)
	}
	return response, nil
}

// below is what of a path stands behind the relay's name: "" or what begins with a slash. A path that does not begin with it says
// nothing about the service's.
func below(path, relay string) string {
	path = "/" + strings.Trim(path, "/")
	prefix := (&url.URL{Path: "/" + strings.Trim(relay, "/")}).EscapedPath()
	if len(path) > len(prefix) && strings.EqualFold(path[:len(prefix)], prefix) && path[len(prefix)] == '/' {
		return path[len(prefix):]
	}
	return ""
}

// converted takes one message to the service and gives what the sender hears, with the status of HTTP. A body of no bytes is no
// answer. The error is for a service that was not reached at all: nothing of the message was seen there.
func (r *route) converted(ctx context.Context, in conversion.Message, s *conversion.Session, from *shape.Hello, suffix, query string) (conversion.Message, int, error) {
	service := strings.TrimSuffix(r.c.Target, "/") + suffix
	o := conversion.Options{To: service, Sender: s}
	_, _ = rand.Read(o.ID[:])
	if r.conv.To.Framed {
		o.Target = conversion.NewSession()
	}
	call, err := r.conv.Request(in, o)
	if call.OneWay { // PHP's client hangs up as soon as it has written such a message: what came whole is delivered
		var done context.CancelFunc
		ctx, done = context.WithTimeout(context.WithoutCancel(ctx), oneWayTime)
		defer done()
		defer context.AfterFunc(r.life, done)()
	}
	if err == nil {
		var out conversion.Message
		var status int
		if r.conv.To.Framed {
			out, status, err = r.byTCP(ctx, call, service)
		} else {
			out, status, err = r.byHTTP(ctx, call, from, suffix, query)
		}
		if err == nil {
			return out, status, nil
		}
		if _, down := errors.AsType[*web.DialError](err); down || ctx.Err() != nil {
			return conversion.Message{}, 0, err
		}
	}
	out, status, send := call.Refuse(err)
	if !send {
		out = conversion.Message{}
	}
	return out, status, nil
}

// told makes the fault of what a service said without SOAP.
func told(format string, args ...any) error {
	return soap.Refuse(soap.V12, soap.Receiver, fmt.Sprintf(format, args...))
}

// byTCP asks a service of net.tcp, in a session of its own.
func (r *route) byTCP(ctx context.Context, call *conversion.Call, via string) (conversion.Message, int, error) {
	var down error // the service was not reached
	dial := func(ctx context.Context) (net.Conn, error) {
		conn, err := r.target.Dial(ctx)
		if err != nil {
			down = refused(err)
		}
		return conn, err
	}
	body, err := framed.Call(ctx, dial, via, call.Out.Body, call.OneWay, conversion.DefaultMessage)
	switch {
	case down != nil:
		return conversion.Message{}, 0, down
	case err != nil && ctx.Err() != nil:
		return conversion.Message{}, 0, err
	case err != nil:
		return conversion.Message{}, 0, told("the service did not answer: %v; if the operation is one-way, name its action by oneWay", err)
	case call.OneWay:
		return conversion.Message{}, http.StatusAccepted, nil
	}
	return answered(call.Reply(conversion.Message{ContentType: framing.BinarySession.ContentType(), Body: body}))
}

// refused makes a dial's error one of an exchange.
func refused(err error) error {
	status := http.StatusBadGateway
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		status = http.StatusGatewayTimeout
	}
	return &fail.Error{Code: fail.Rejected, Op: "exchange", Status: status, Text: "The listener cannot reach its target.", Cause: &web.DialError{Err: err}}
}

// answered gives a converted answer its status.
func answered(out conversion.Message, fault bool, err error) (conversion.Message, int, error) {
	if fault {
		return out, http.StatusInternalServerError, err
	}
	return out, http.StatusOK, err
}

// byHTTP asks a service of HTTP.
func (r *route) byHTTP(ctx context.Context, call *conversion.Call, from *shape.Hello, suffix, query string) (conversion.Message, int, error) {
	req := &shape.Request{Method: http.MethodPost, Body: newMemory(call.Out.Body)}
	if from != nil {
		req.Tracking, req.Remote, req.Host = from.Tracking, from.Remote, from.Host
	}
	req.Target = (&url.URL{Path: "/" + strings.Trim(r.c.Listen, "/")}).EscapedPath() + suffix
	if query != "" {
		req.Target += "?" + query
	}
	req.Fields.Add("Content-Type", call.Out.ContentType)
	for _, action := range call.Out.SOAPAction {
		req.Fields.Add("SOAPAction", action)
	}
	for _, f := range from.Fields {
		if strings.EqualFold(f.Name, "Authorization") || strings.EqualFold(f.Name, "Cookie") {
			req.Fields.Add(f.Name, f.Value)
		}
	}
	res, err := r.server.Exchange(ctx, req)
	if err != nil {
		return conversion.Message{}, 0, err
	}
	body, err := gather(res.Body, conversion.DefaultMessage)
	kind := res.Fields.Get("Content-Type")
	switch {
	case err != nil:
		return conversion.Message{}, 0, told("the service's answer broke off")
	case len(body) == 0 && res.Status < http.StatusMultipleChoices:
		return conversion.Message{}, http.StatusAccepted, nil
	case res.Status != http.StatusInternalServerError && res.Status >= http.StatusMultipleChoices:
		return conversion.Message{}, 0, told("the service answered %d %s", res.Status, res.Reason)
	case len(body) == 0 || !strings.Contains(kind, "xml") && !strings.Contains(kind, "soap") && !strings.Contains(kind, "multipart"):
		return conversion.Message{}, 0, told("the service answered %d without a SOAP message", res.Status)
	}
	return answered(call.Reply(conversion.Message{ContentType: kind, Body: body}))
}

// serve answers a sender who speaks net.tcp: each message is a request to the service.
func (r *route) serve(ctx context.Context, conn net.Conn, from *hybrid.Request) error {
	hello := &shape.Hello{Tracking: from.TrackingID}
	return framed.Serve(ctx, conn, conversion.DefaultMessage, func(via, kind string) (framed.Handler, error) {
		u, err := url.Parse(via)
		if err != nil {
			return nil, &framing.Error{Fault: framing.EndpointNotFound, Text: "an address that is none"}
		}
		session := conversion.NewSession()
		return func(ctx context.Context, envelope []byte) ([]byte, error) {
			out, _, err := r.converted(ctx, conversion.Message{ContentType: kind, Body: envelope}, session, hello, below(u.EscapedPath(), r.c.Listen), u.RawQuery)
			if err != nil {
				return nil, &framing.Error{Fault: framing.EndpointUnavailable, Text: err.Error()}
			}
			if len(out.Body) == 0 {
				return nil, nil
			}
			return out.Body, nil
		}, nil
	})
}

// notConverted is what a sender of a stream hears of a listener that answers requests.
const notConverted = "This relay takes SOAP over HTTP: send requests to it, and no stream of bytes."

// convert takes a sender's stream as sessions of net.tcp whose messages are converted.
func (l *listening) convert(s *hybrid.Sender, r *route, e *Event) {
	if !r.conv.From.Framed {
		e.Reason, e.Text = fail.Rejected, "a stream of bytes came where "+r.conv.From.Name+" is spoken"
		e.Do = "send requests of HTTP, or listen with as " + conversion.NetTCP
		l.b.tell(e)
		_ = s.Reject(http.StatusBadRequest, notConverted) // a sender that has gone hears nothing
		return
	}
	conn, err := s.Accept(choice(s.Request()))
	if err != nil {
		e.why(err)
		l.b.tell(e)
		return
	}
	request := s.Request()
	e.tracking = conn.TrackingID()
	l.conns.Go(func() {
		defer conn.Close()
		opened, began := *e, time.Now()
		opened.Kind = Opened
		l.b.tell(&opened)
		closed := *e
		if err := r.serve(r.life, conn, request); err != nil {
			closed.why(err)
		}
		closed.Kind, closed.Time, closed.Duration = Closed, time.Time{}, time.Since(began)
		if closed.Reason == "" {
			closed.Reason = fail.PeerClosed
		}
		l.b.tell(&closed)
	})
}
