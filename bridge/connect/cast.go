package connect

import (
	"bytes"
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
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// What this file does: messages of one-way and event relays go to the target. A web server gets each as a POST, whose 2xx means taken. A WCF
// service gets each as the message of a net.tcp session of its own, one way: that the service has closed the session in order means taken.
// SOAP in .NET's binary form becomes text of SOAP 1.2 for a web server, and the reverse for a WCF service. Every other target gets bytes,
// on a connection that the gateway opens.

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
	if r.server != nil {
		return l.post(ctx, m)
	}
	began := time.Now()
	e := Event{Kind: Answered, Entity: l.entity, Remote: m.Remote.String(), Text: "message", In: int64(len(m.Data))}
	err := r.oneWay(ctx, m)
	if err != nil {
		e.missed(r.target, err)
		if e.Reason == TargetFailed {
			e.Text = err.Error()
		}
	}
	e.Duration = time.Since(began)
	l.b.tell(&e)
	return err
}

// post sends a message to a web server.
func (l *listening) post(ctx context.Context, m *hybrid.Message) error {
	req := &shape.Request{
		Hello:  shape.Hello{Tracking: m.TrackingID, Target: m.Target, Fields: m.Fields, Remote: m.Remote, Host: m.Fields.Get("Host")},
		Method: http.MethodPost,
	}
	data := m.Data
	if media, _, _ := strings.Cut(m.Type, ";"); strings.EqualFold(strings.TrimSpace(media), oneway.MSBin1) {
		var err error
		if data, err = oneway.Convert(m.Data, oneway.MSBin1, oneway.SOAP12); err != nil {
			return fail.Wrap(fail.BadRequest, "message", err)
		}
		contentType := oneway.SOAP12
		if action := oneway.Action(data); action != "" {
			contentType += "; action=" + quoted(action)
		}
		req.Fields.Set("Content-Type", contentType)
	}
	req.Fields.Set("Content-Length", strconv.Itoa(len(data)))
	req.Body = &parcel{Reader: bytes.NewReader(data), size: int64(len(data))}
	res, err := l.Exchange(ctx, req)
	if err != nil {
		return err
	}
	if res.Body != nil {
		_, _ = io.CopyN(io.Discard, res.Body, shape.MaxMessage) // so that the connection is good for the next
		_ = res.Body.Close()
	}
	if res.Status < http.StatusOK || res.Status >= http.StatusMultipleChoices {
		return &fail.Error{Code: fail.Rejected, Status: res.Status, Text: res.Reason}
	}
	return nil
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
			return fail.Wrap(fail.BadRequest, "message", fmt.Errorf("a service of net.tcp takes SOAP 1.2 only, and not %q: %w", m.Type, err))
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
