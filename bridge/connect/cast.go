package connect

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/oneway"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// What this file does: messages of one-way and event relays go to the target. A web server gets each as a POST, whose 2xx means taken. A WCF
// service gets each as the message of a net.tcp session of its own, one way: that the service has closed the session in order means taken.
// SOAP in .NET's binary form becomes text of SOAP 1.2 for a web server, and the reverse for a WCF service; where the connector says what
// senders speak (Convert), SOAP of every kind becomes the service's binding. Every other target gets bytes, on a connection that the
// gateway opens.

// closeTime is how long a service may take to take a message and to close the session.
const closeTime = 20 * time.Second

// receives reports whether the target takes messages, and not bytes.
func (l *listening) receives() bool {
	r := l.plain()
	return r != nil && (r.server != nil || r.target.Service() != nil)
}

// received brings one message to the target.
func (l *listening) received(ctx context.Context, m *hybrid.Message) error {
	r := l.plain()
	if r == nil {
		return fail.New(fail.Draining, "The connector was stopped.")
	}
	if r.casts != nil || r.server == nil {
		m.Type = oneway.TypeOf(m.Type, m.Data)
	}
	if r.server != nil || r.casts != nil {
		return l.post(ctx, r, m)
	}
	began := time.Now()
	e := Event{Kind: Answered, Entity: l.entity, Remote: m.Remote.String(), Text: "message", In: int64(len(m.Data))}
	err := r.oneWay(ctx, m)
	if err != nil {
		switch e.missed(r.target, err); {
		case fail.Is(err, fail.BadRequest):
			e.Reason, e.Text, e.Do = fail.BadRequest, err.Error(), "have it converted: listen with as "+convert.AnySOAP
		case e.Reason == TargetFailed:
			e.Text = err.Error()
		}
	}
	e.Duration = time.Since(began)
	l.b.tell(&e)
	return err
}

// post sends a message to a web server, or through the conversion.
func (l *listening) post(ctx context.Context, r *route, m *hybrid.Message) error {
	req := &shape.Request{
		Hello:  shape.Hello{Tracking: m.TrackingID, Target: m.Target, Fields: m.Fields, Remote: m.Remote, Host: m.Fields.Get("Host")},
		Method: http.MethodPost,
	}
	if r.casts != nil && m.Type != "" {
		req.Fields.Set("Content-Type", m.Type)
	}
	data := m.Data
	if media, _, _ := strings.Cut(m.Type, ";"); r.casts == nil && strings.EqualFold(strings.TrimSpace(media), oneway.MSBin1) {
		var err error
		if data, err = oneway.Convert(m.Data, oneway.MSBin1, oneway.SOAP12); err != nil {
			return &fail.Error{Code: fail.BadRequest, Op: "message", Text: "The message is no SOAP in .NET's binary form, as it says.", Cause: err}
		}
		contentType := oneway.SOAP12
		if action := oneway.Action(data); action != "" {
			contentType += "; action=" + quoted(action)
		}
		req.Fields.Set("Content-Type", contentType)
	}
	req.Fields.Set("Content-Length", strconv.Itoa(len(data)))
	req.Body = &parcel{Reader: bytes.NewReader(data), size: int64(len(data))}
	res, err := l.answer(ctx, r, req, r.cast)
	if err != nil {
		return err
	}
	var said []byte
	if res.Body != nil {
		said, _ = io.ReadAll(io.LimitReader(res.Body, shape.MaxMessage)) // so that the connection is good for the next
		_ = res.Body.Close()
	}
	if res.Status < http.StatusOK || res.Status >= http.StatusMultipleChoices {
		why := res.Reason
		if r.casts != nil { // what could not be converted is told by a fault, and by no phrase
			why = cmp.Or(oneway.Reason(res.Fields.Get("Content-Type"), said), why)
		}
		return &fail.Error{Code: fail.Rejected, Status: res.Status, Text: why}
	}
	return nil
}

// cast brings the request that a message became to the web server as it is, or to the service behind the conversion.
func (r *route) cast(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	if r.casts == nil {
		return r.server.Exchange(ctx, req)
	}
	return r.casts.Exchange(ctx, req)
}

// casting is a conversion for messages to which there is no answer. Senders of a one-way or an event relay are of several kinds, and each
// message says what it is: any SOAP is taken.
func (r *route) casting(c *convert.Converter) *conversion.Conversion {
	every, _ := convert.Find(convert.AnySOAP)
	out := r.conversion(&convert.Converter{From: every, To: c.To, OneWay: []string{"*"}})
	if out.Ask != nil {
		out.Ask = unheard{out.Ask}
	}
	return out
}

// unheard is a web server whose good answers are for nobody, and need be no SOAP: that the status is 2xx means taken.
type unheard struct{ shape.Exchanger }

// Exchange implements shape.Exchanger.
func (u unheard) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	res, err := u.Exchanger.Exchange(ctx, req)
	if err != nil || res.Body == nil || res.Status < http.StatusOK || res.Status >= http.StatusMultipleChoices {
		return res, err
	}
	_, _ = io.CopyN(io.Discard, res.Body, shape.MaxMessage) // so that the connection is good for the next
	_ = res.Body.Close()
	return &shape.Response{Status: res.Status, Reason: res.Reason}, nil
}

// parcel is a message as the body of a request.
type parcel struct {
	*bytes.Reader

	size int64
}

// Size implements shape.Body.
func (p *parcel) Size() int64 { return p.size }

// Close implements shape.Body.
func (*parcel) Close() error { return nil }

// quoted writes a parameter of a content type. Control characters, which none can hold, make it "".
func quoted(s string) string {
	if strings.ContainsFunc(s, isControl) {
		return `""`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// oneWay sends a message to a WCF service in a session of its own.
func (r *route) oneWay(ctx context.Context, m *hybrid.Message) error {
	data := m.Data
	if media, _, _ := strings.Cut(m.Type, ";"); !strings.EqualFold(strings.TrimSpace(media), oneway.MSBin1) {
		var err error
		if data, err = oneway.Convert(data, m.Type, oneway.MSBin1); err != nil {
			return &fail.Error{
				Code: fail.BadRequest, Op: "message", Cause: err,
				Text: fmt.Sprintf("A service of net.tcp takes SOAP 1.2 with WS-Addressing here, and this is none: %.100q", m.Type),
			}
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, closeTime, address.ErrNoTime)
	defer cancel()
	var down error // the service was not reached
	near, err := framed.Open(ctx, func(ctx context.Context) (conn net.Conn, err error) {
		conn, down = r.target.Dial(ctx)
		return conn, down
	}, r.viaOf(m))
	switch {
	case down != nil:
		return down
	case err != nil:
		return fmt.Errorf("send to %s: %w", r.target.Text, err)
	}
	defer near.Close()
	stop := context.AfterFunc(ctx, func() { _ = near.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := oneway.HandOver(near, data); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("send to %s: %w", r.target.Text, err)
	}
	return nil
}

// viaOf is the service's address, with what the sender's has behind the relay's name.
func (r *route) viaOf(m *hybrid.Message) string {
	at := r.target.Service()
	path, query, _ := strings.Cut(m.Target, "?")
	via := &url.URL{Scheme: address.NetTCP, Host: at.Host, Path: path, RawQuery: query}
	if u, err := url.PathUnescape(path); err == nil {
		via.Path = u
	}
	return moveVia(via.String(), strings.Trim(r.c.Listen, "/"), at)
}
