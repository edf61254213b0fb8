package connect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// What this file does: messages of one-way and event relays go to the target. A web server gets each as a POST, whose 2xx means taken. A WCF
// service gets each as the message of a net.tcp session of its own, one way: that the service has closed the session in order means taken.
// SOAP in .NET's binary form becomes text of SOAP 1.2 for a web server, and the reverse for a WCF service. Every other target gets bytes,
// on a connection that the gateway opens.

// msbin1 is .NET's binary encoding of a message by itself, soap12 that of text.
const (
	msbin1 = "application/soap+msbin1"
	soap12 = "application/soap+xml; charset=utf-8"
)

// closeTime is how long a service may take to take a message and to close the session.
const closeTime = 20 * time.Second

// receives reports whether the target takes messages, and not bytes.
func (l *listening) receives() bool {
	r := l.plain()
	return r != nil && (r.server != nil || r.target.service() != nil)
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
	if media, _, _ := strings.Cut(m.Type, ";"); strings.EqualFold(strings.TrimSpace(media), msbin1) {
		var err error
		if data, err = convert(m.Data, msbin1, soap12); err != nil {
			return fail.Wrap(fail.BadRequest, "message", err)
		}
		contentType := soap12
		if action := actionOf(data); action != "" {
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

// convert writes a SOAP message in another encoding of the same version; a body that is no such message is an error.
func convert(b []byte, from, to string) ([]byte, error) {
	in, err := encoder.Select(from)
	if err != nil {
		return nil, err
	}
	out, err := encoder.Select(to)
	if err != nil {
		return nil, err
	}
	m, err := in.Decode(bytes.NewReader(b), encoder.Decoding{Size: shape.MaxMessage})
	if err != nil {
		return nil, err
	}
	var to12 bytes.Buffer
	if err := out.Encode(&to12, m, nil); err != nil {
		return nil, err
	}
	return to12.Bytes(), nil
}

// actionOf finds what a message in text asks for.
func actionOf(b []byte) string {
	scan := &rewrite.Scanner{Form: soap.Text}
	if scan.Scan(b) != nil {
		return ""
	}
	action, _, err := scan.Text(b, wsa.V10.Namespace(), "Action")
	if err != nil {
		return ""
	}
	return string(action)
}

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
	if media, _, _ := strings.Cut(m.Type, ";"); !strings.EqualFold(strings.TrimSpace(media), msbin1) {
		var err error
		if data, err = convert(data, m.Type, msbin1); err != nil {
			return fail.Wrap(fail.BadRequest, "message", fmt.Errorf("a service of net.tcp takes SOAP 1.2 only, and not %q: %w", m.Type, err))
		}
	}
	near, err := r.target.dial(ctx)
	if err != nil {
		return err
	}
	defer near.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, closeTime, errNoTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = near.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := handOver(near, r.viaOf(m), data); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("send to %s: %w", r.target.text, err)
	}
	return nil
}

// viaOf is the service's address, with what the sender's has behind the relay's name.
func (r *route) viaOf(m *hybrid.Message) string {
	at := r.target.service()
	path, query, _ := strings.Cut(m.Target, "?")
	via := &url.URL{Scheme: netTCP, Host: at.Host, Path: path, RawQuery: query}
	if u, err := url.PathUnescape(path); err == nil {
		via.Path = u
	}
	return moveVia(via.String(), strings.Trim(r.c.Listen, "/"), at)
}

// handOver is the session: preamble, acknowledgement, message, end, end. A message by itself is one of a session whose dictionary is
// empty: its table of strings is one zero byte.
func handOver(conn net.Conn, via string, message []byte) error {
	hello := framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}
	if _, err := conn.Write(hello.Append(nil)); err != nil {
		return err
	}
	var d framing.Decoder
	in := &records{conn: conn}
	if err := in.await(&d, framing.PreambleAck); err != nil {
		return err
	}
	b := framing.AppendSized(nil, append([]byte{0}, message...))
	if _, err := conn.Write(append(b, byte(framing.End))); err != nil {
		return err
	}
	return in.await(&d, framing.End)
}

// records reads what a service says.
type records struct {
	conn net.Conn
	buf  []byte
	room [512]byte
}

// await reads up to a record of the kind. What a service says on its own before its end is for nobody.
func (r *records) await(d *framing.Decoder, kind framing.Kind) error {
	for {
		ev, n, err := d.Next(r.buf)
		r.buf = r.buf[n:]
		switch {
		case errors.Is(err, framing.ErrShort):
			n, err := r.conn.Read(r.room[:])
			if r.buf = r.room[:n]; n == 0 {
				switch {
				case errors.Is(err, io.EOF) && kind == framing.End: // an end in order all the same
					return nil
				case errors.Is(err, io.EOF):
					return io.ErrUnexpectedEOF
				}
				return err
			}
		case err != nil:
			return err
		case ev.Kind == kind:
			return nil
		case ev.Kind == framing.FaultRecord:
			f, _ := framing.ParseFault(ev.Data)
			return fmt.Errorf("the service says %s", f)
		case kind == framing.PreambleAck:
			return errors.New("what answers there does not speak net.tcp")
		}
	}
}
