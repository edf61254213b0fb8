package casts

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Field tells a listener that a request is a message, by its sender's tracking id: nobody reads the answer but for its status.
const Field = "Causeway-Cast"

// Types of messages that came without one.
const (
	typeText   = "text/plain; charset=utf-8"
	typeBinary = "application/octet-stream"
)

const upgradeField = "Upgrade"

// Request makes a request of a message.
func Request(m *shape.Message) *shape.Request {
	req := &shape.Request{Hello: m.Hello, Method: http.MethodPost, Body: &parcelBody{b: m.Data}}
	req.Fields = append(make(shape.Fields, 0, len(m.Fields)+2), m.Fields...)
	req.Fields.DelHop()
	for _, name := range [...]string{"Content-Type", "Content-Length", Field, "Expect"} {
		req.Fields.Del(name)
	}
	req.Fields = slices.DeleteFunc(req.Fields, func(f shape.Field) bool { // those of the sender's WebSocket
		return strings.HasPrefix(strings.ToLower(f.Name), "sec-websocket-")
	})
	if m.Type != "" {
		req.Fields.Add("Content-Type", m.Type)
	}
	req.Fields.Add(Field, m.Tracking)
	return req
}

// Taken says whether an answer means that the message was taken; nil: it was. The answer's body is for nobody.
func Taken(res *shape.Response) error {
	if res.Body != nil {
		_ = res.Body.Close()
	}
	if res.Status < http.StatusOK || res.Status >= http.StatusMultipleChoices {
		return &fail.Error{Code: fail.Rejected, Status: res.Status, Text: fmt.Sprintf("The listener answered the message with the status %d %s.", res.Status, res.Reason)}
	}
	return nil
}

// parcelBody is a message's payload as the body of a request. It implements shape.Body and shape.Whole.
type parcelBody struct {
	b   []byte
	off int
}

// Read implements io.Reader.
func (p *parcelBody) Read(b []byte) (int, error) {
	if p.off == len(p.b) {
		return 0, io.EOF
	}
	n := copy(b, p.b[p.off:])
	p.off += n
	return n, nil
}

// Bytes implements shape.Whole.
func (p *parcelBody) Bytes() []byte { return p.b }

// Size implements shape.Body.
func (p *parcelBody) Size() int64 { return int64(len(p.b)) }

// Close implements io.Closer.
func (*parcelBody) Close() error { return nil }

// Fields are the fields of a connection for messages: those of the first message's sender, and what SDKs need to see of a WebSocket
// (reference section 6.1: hyco-ws dies without a key).
func Fields(m *shape.Message) shape.Fields {
	fields := append(make(shape.Fields, 0, len(m.Fields)+6), m.Fields...)
	for _, name := range [...]string{"Content-Type", "Content-Length", "Transfer-Encoding", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Expect", "Connection", upgradeField} {
		fields.Del(name)
	}
	if !fields.Has("Host") {
		fields.Add("Host", m.Host)
	}
	fields.Add("Connection", upgradeField)
	fields.Add(upgradeField, "websocket")
	if !fields.Has("Sec-WebSocket-Key") {
		fields.Add("Sec-WebSocket-Key", Key)
	}
	if !fields.Has("Sec-WebSocket-Version") {
		fields.Add("Sec-WebSocket-Version", "13")
	}
	fields.Del(Field)
	fields.Add(Field, m.Tracking)
	return fields
}

// Key is the Sec-WebSocket-Key of a sender that dialled no WebSocket: 16 bytes in base64.
const Key = "Y2F1c2V3YXktY2FzdC0wMQ=="
