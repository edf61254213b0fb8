package connect

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/web"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/soap"
)

// Convert says what senders and the service speak, where that is not the same.
type Convert struct {
	As       string   // binding of the senders (convert.Names); "": nothing is converted
	TargetAs string   // of the service; "": netTcp for a target of net.tcp, basicHttp for one of http
	OneWay   []string // actions of one-way operations, for senders whose messages do not tell; * at the end for all that begin so
}

// converter makes the connector's; nil: nothing is to be converted. The error says what is wrong with which key.
func (c *Connector) converter() (*convert.Converter, *Flaw) {
	if c.As == "" {
		switch {
		case c.TargetAs != "":
			return nil, &Flaw{"targetAs", "belongs to as: say also what senders speak"}
		case len(c.OneWay) > 0:
			return nil, &Flaw{"oneWay", "belongs to as: without a conversion messages pass as they are"}
		}
		return nil, nil // no conversion is what there is
	}
	from, ok := convert.Find(c.As)
	if !ok {
		return nil, &Flaw{"as", "expected one of " + convert.Names()}
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
		name = convert.NetTCP
	case t.Web != nil:
		name = convert.BasicHTTP
	default:
		return nil, &Flaw{"target", "expected net.tcp://HOST:PORT/PATH or http://HOST:PORT/PATH: bytes at another target say nothing that could be converted"}
	}
	to, ok := convert.Find(name)
	switch pair := convert.Between(from, to); {
	case !ok:
		return nil, &Flaw{"targetAs", "expected one of " + convert.Names()}
	case to.Framed != isTCP:
		return nil, &Flaw{"targetAs", to.Name + " is not spoken at " + c.Target + "; use another scheme or another binding"}
	case !pair.Possible:
		return nil, &Flaw{"as", from.Name + " cannot become " + to.Name + ": " + pair.Reason + "; 'causeway bindings --pairs' lists what can"}
	case pair.Same:
		return nil, nil // bytes pass
	case to.Framed && t.Service() == nil:
		return nil, &Flaw{"target", "expected net.tcp://HOST:PORT/PATH: a service is found by its path"}
	}
	return &convert.Converter{From: from, To: to, OneWay: c.OneWay}, nil
}

// answers reports whether the senders make requests, and not streams.
func (c *Connector) answers() bool {
	if conv, _ := c.converter(); conv != nil {
		return !conv.From.Framed
	}
	return c.isWeb()
}

// exchange answers a request of a sender: by the web server as it is, or by the service behind a conversion.
func (r *route) exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	if r.conv == nil {
		return r.server.Exchange(ctx, req)
	}
	return r.conv.Exchange(ctx, req)
}

// conversion puts a converter to work in front of the target.
func (r *route) conversion(c *convert.Converter) *conversion.Conversion {
	out := &conversion.Conversion{
		Converter: c, Relay: r.c.Listen, Life: r.life,
		Address: func(*shape.Hello) string { return r.c.Target }, Named: true,
	}
	if r.server != nil {
		out.Ask = told{r.server}
		return out
	}
	out.Dial = func(ctx context.Context) (net.Conn, error) {
		conn, err := r.target.Dial(ctx)
		if err != nil {
			return nil, refused(err)
		}
		return conn, nil
	}
	if r.calls == nil {
		r.calls = &framed.Client{Go: r.b.uploads.Go, Life: r.life}
	}
	out.Sessions = r.calls
	return out
}

// told is a web server whose errors are told to senders in SOAP, but for that it was not reached.
type told struct{ server *web.Server }

// Exchange implements shape.Exchanger.
func (t told) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	res, err := t.server.Exchange(ctx, req)
	if _, down := errors.AsType[*web.DialError](err); err != nil && !down && ctx.Err() == nil && req.Method == http.MethodPost {
		return nil, heard(err)
	}
	return res, err
}

// heard makes an error of a web server that was reached the fault that tells its sender. Words of the connector's own are told; those of a
// library may name addresses, and are not.
func heard(err error) *soap.Error {
	if no, ok := errors.AsType[*fail.Error](err); ok && no.Message() != "" {
		e := soap.Refuse(soap.V11, soap.Receiver, no.Message())
		e.Err = err
		return e
	}
	return soap.Explain(err, soap.None)
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

// notConverted is what a sender of a stream hears of a listener that answers requests.
const notConverted = "This relay takes SOAP over HTTP: send requests to it, and no stream of bytes."

// convert takes a sender's stream as sessions of net.tcp whose messages are converted.
func (l *listening) convert(s *hybrid.Sender, r *route, e *Event) {
	if !r.conv.Converter.From.Framed {
		e.Reason, e.Text = fail.Rejected, "a stream of bytes came where "+r.conv.Converter.From.Name+" is spoken"
		e.Do = "send requests of HTTP, or listen with as " + convert.NetTCP
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
		if err := r.conv.Serve(r.life, conn, &shape.Hello{Tracking: request.TrackingID}); err != nil {
			closed.why(err)
		}
		closed.Kind, closed.Time, closed.Duration = Closed, time.Time{}, time.Since(began)
		if closed.Reason == "" {
			closed.Reason = fail.PeerClosed
		}
		l.b.tell(&closed)
	})
}
