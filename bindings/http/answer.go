package http

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// whole is a body in memory.
type whole struct {
	all  []byte
	rest *bytes.Reader
}

func newWhole(b []byte) *whole { return &whole{b, bytes.NewReader(b)} }

// Read implements io.Reader.
func (w *whole) Read(p []byte) (int, error) { return w.rest.Read(p) }

// Size implements shape.Body.
func (w *whole) Size() int64 { return int64(len(w.all)) }

// Bytes implements shape.Whole.
func (w *whole) Bytes() []byte { return w.all }

// Close implements io.Closer.
func (*whole) Close() error { return nil }

// no makes the response that refuses a request. The reason phrase has the words too: .NET shows it where it does not read the body.
func (v *visit) no(err *fail.Error) *shape.Response {
	h := &v.req.Hello
	trail := wire.Trail{ID: h.Tracking, Node: v.entry.p.Node, Time: time.Now(), System: h.Host + ":" + strings.TrimPrefix(v.target.Path, "/")}
	res := &shape.Response{Reason: trail.Reason(err.Message()), Fields: shape.Fields{
		{Name: "TrackingId", Value: trail.Mark()},
		{Name: "Causeway-Error", Value: string(err.Code)},
	}}
	if v.form.soap && (v.form.sure || v.said.version != soap.None) {
		v.fault(res, err)
	} else {
		var name string
		res.Status, name = v.entry.p.REST(err)
		res.Fields.Add("Content-Type", "application/json")
		res.Body = newWhole(wire.AppendErrorBody(nil, name, res.Reason))
	}
	// A client that has a name and key set waits to be asked for it; it is not asked where that would be read on the way.
	if res.Status == 401 && v.private() {
		res.Fields.Add("WWW-Authenticate", `Basic realm="causeway", charset="UTF-8"`)
	}
	return res
}

// fault fills a response with the fault that tells the reason, in the version, encoding and addressing of the sender.
func (v *visit) fault(res *shape.Response, err *fail.Error) {
	t := tell(err)
	res.Status = t.status
	enc := v.form.enc
	if enc.Compression, enc.Version = "", v.version(); enc.Form != soap.Text {
		if enc.Form != soap.Multipart {
			enc.Form = soap.Binary
		} else {
			enc.Form = soap.Text // which encoders of multipart messages read too
		}
	}
	p := wsa.Properties{Version: v.addressing(), MessageID: v.said.message}
	m, send, failed := p.Answer(v.refusal(t.fault, res.Reason, p.Version))
	var out bytes.Buffer
	if failed == nil && send {
		failed = enc.Encode(&out, m, nil)
	}
	if failed != nil || !send {
		return // the status says it
	}
	res.Fields.Add("Content-Type", contentType(&enc))
	res.Body = newWhole(out.Bytes())
}

// contentType is that of an answer.
func contentType(e *encoder.Encoding) string {
	plain := *e
	plain.Type = soap.MediaType{}
	return plain.ContentType("")
}

// version is the sender's: the envelope's where it was seen, else the content type's.
func (v *visit) version() soap.Version {
	if v.said.version != soap.None {
		return v.said.version
	}
	return v.form.enc.Version
}

// addressing is the sender's. Where the message was not seen it is what bindings of that version have: WS-Addressing 1.0 with SOAP 1.2,
// unless the content type has the action, which messages with addressing leave out; none with SOAP 1.1.
func (v *visit) addressing() wsa.Version {
	switch {
	case v.said.known:
		return v.said.addressing
	case v.version() == soap.V12 && v.form.action == "":
		return wsa.V10
	}
	return wsa.None
}

// refusal makes the fault of a kind.
func (v *visit) refusal(k kind, reason string, a wsa.Version) *soap.Error {
	in := v.version()
	code := func(local string) xsd.QName { return xsd.QName{Prefix: "a", Space: a.Namespace(), Local: local} }
	switch k {
	case unreachable:
		return soap.Refuse(in, soap.Sender, reason, code("DestinationUnreachable"))
	case unavailable:
		return soap.Refuse(in, soap.Receiver, reason, code("EndpointUnavailable"))
	case denied:
		return soap.Refuse(in, soap.Sender, reason, xsd.QName{Prefix: "o", Space: wssec.NamespaceSecext, Local: "FailedAuthentication"})
	case blame:
		return soap.Refuse(in, soap.Sender, reason)
	default:
		return soap.Refuse(in, soap.Receiver, reason)
	}
}

// slurp reads a body of at most most bytes. It gives false, and what it read, when there is more.
func slurp(body io.Reader, most int) (b []byte, all bool, err error) {
	b, err = io.ReadAll(io.LimitReader(body, int64(most)+1))
	return b, err == nil && len(b) <= most, err
}
