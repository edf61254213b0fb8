package entry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// What this file does: a listener gets messages that are cast. Unmodified SDKs know connections and requests, so a message comes as one of the
// two (docs/casts.md): on a connection that is opened for the first and kept for the next ones, one WebSocket message each; or, for those that
// say so in their listen address or are our own agent, as a POST whose 2xx means taken.

// castField tells a listener that a request is a message, by its sender's tracking id: nobody reads the answer but for its status.
const castField = "Causeway-Cast"

// Types of messages that came without one.
const (
	typeText   = "text/plain; charset=utf-8"
	typeBinary = "application/octet-stream"
)

// Deliver implements shape.Sink. Calls come one after the other.
func (c *control) Deliver(ctx context.Context, m *shape.Message) (int, error) {
	var err error
	if c.posts {
		err = c.post(ctx, m)
	} else {
		err = c.casts.deliver(ctx, c, m)
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// post gives the listener a message as a request, on the control channel.
func (c *control) post(ctx context.Context, m *shape.Message) error {
	req := &shape.Request{Hello: m.Hello, Method: http.MethodPost, Body: &parcelBody{b: m.Data}}
	req.Fields = append(make(shape.Fields, 0, len(m.Fields)+2), m.Fields...)
	req.Fields.DelHop()
	for _, name := range [...]string{"Content-Type", "Content-Length", castField, "Expect"} {
		req.Fields.Del(name)
	}
	req.Fields = slices.DeleteFunc(req.Fields, func(f shape.Field) bool { // those of the sender's WebSocket
		return strings.HasPrefix(strings.ToLower(f.Name), "sec-websocket-")
	})
	if m.Type != "" {
		req.Fields.Add("Content-Type", m.Type)
	}
	req.Fields.Add(castField, m.Tracking)
	res, err := c.Exchange(ctx, req)
	if err != nil {
		return err
	}
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

// castLine is the connection on which a listener gets messages. It is opened when a message comes and there is none.
type castLine struct {
	mu   sync.Mutex
	leg  shape.Leg // nil: there is none
	over chan struct{}
	shut bool
}

// deliver writes a message, on the connection that is there or a new one.
func (l *castLine) deliver(ctx context.Context, c *control, m *shape.Message) error {
	leg, err := l.open(ctx, c, m)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { leg.Abort(&shape.End{Why: fail.Of(context.Cause(ctx)).Code}) })
	defer stop()
	b := batchOf(m)
	if err := leg.Write(&b); err != nil {
		l.lose(leg)
		return fail.Wrap(fail.ListenerLost, "cast", err)
	}
	return nil
}

// batchOf makes one WebSocket message, of text if that is what its type says and it is.
func batchOf(m *shape.Message) shape.Batch {
	buf := make([]byte, shape.Headroom, shape.Headroom+len(m.Data)) // the leg writes into it
	return shape.Batch{
		Buf:    append(buf, m.Data...),
		Pieces: []shape.Piece{{Off: shape.Headroom, Len: len(m.Data), Text: isText(m.Type) && utf8.Valid(m.Data), Last: true}},
	}
}

// isText reports whether people can read what has the media type.
func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	_, sub, _ := strings.Cut(media, "/")
	switch {
	case strings.HasPrefix(media, "text/"), strings.HasSuffix(sub, "+json"), strings.HasSuffix(sub, "+xml") && sub != "xop+xml":
		return true
	}
	return sub == "json" || sub == "xml" || sub == "javascript"
}

// open gives the connection; one that has to be opened waits for the listener. Until it stands nothing of the message has left.
func (l *castLine) open(ctx context.Context, c *control, m *shape.Message) (shape.Leg, error) {
	l.mu.Lock()
	leg := l.leg
	l.mu.Unlock()
	if leg != nil {
		return leg, nil
	}
	party, err := c.invite(ctx, m)
	if err != nil {
		return nil, &shape.Untaken{Err: err}
	}
	if leg, err = party.Accept(shape.Answer{}); err != nil {
		return nil, &shape.Untaken{Err: fail.Wrap(fail.ListenerLost, "cast", err)}
	}
	l.mu.Lock()
	if l.shut {
		l.mu.Unlock()
		leg.Abort(&shape.End{Why: fail.ListenerLost, Code: wsframe.CloseGoingAway})
		leg.Close()
		return nil, &shape.Untaken{Err: fail.New(fail.ListenerLost, "")}
	}
	over := make(chan struct{})
	l.leg, l.over = leg, over
	l.mu.Unlock()
	go func() { // ends with the leg; close and lose wait for it
		defer close(over)
		var b shape.Batch
		for leg.Read(&b) == nil { // what a listener says there is for nobody
		}
		l.forget(leg)
	}()
	return leg, nil
}

// forget takes a connection that has ended out.
func (l *castLine) forget(leg shape.Leg) {
	l.mu.Lock()
	if l.leg == leg {
		l.leg = nil
	}
	l.mu.Unlock()
	_ = leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseNormal})
	leg.Close()
}

// lose ends a connection that failed.
func (l *castLine) lose(leg shape.Leg) {
	l.mu.Lock()
	over := l.over
	l.mu.Unlock()
	leg.Abort(&shape.End{Why: fail.ListenerLost})
	<-over
}

// close ends the connection in order, and lets none begin. The listener's control channel has ended.
func (l *castLine) close() {
	l.mu.Lock()
	l.shut = true
	leg, over := l.leg, l.over
	l.mu.Unlock()
	if leg == nil {
		return
	}
	guard := time.AfterFunc(closeWait, func() { leg.Abort(&shape.End{Why: fail.Idle}) })
	defer guard.Stop()
	_ = leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseGoingAway, Text: "The listener has left."})
	<-over
}

// invite has the listener open a connection to this node, as for a sender, and waits for it.
func (c *control) invite(ctx context.Context, m *shape.Message) (shape.Party, error) {
	if err := c.stands(ctx); err != nil {
		return nil, err
	}
	expected := c.entry.p.Relay.Expect(ctx)
	defer expected.Close()
	ticket, err := expected.Ticket()
	if err != nil {
		return nil, err
	}
	window := c.entry.p.Accept
	h := m.Hello
	h.Fields = castFields(m)
	if err := c.tell(&shape.Offer{Ticket: ticket, Hello: &h, Deadline: time.Now().Add(window)}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, window, fail.New(fail.AcceptTimeout, ""))
	defer cancel()
	party, err := expected.Wait(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, fail.New(fail.Rejected, "")) {
		err = cause
	}
	return party, err
}

// castFields are the fields of a connection for messages: those of the first message's sender, and what SDKs need to see of a WebSocket
// (reference section 6.1: hyco-ws dies without a key).
func castFields(m *shape.Message) shape.Fields {
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
		fields.Add("Sec-WebSocket-Key", castKey)
	}
	if !fields.Has("Sec-WebSocket-Version") {
		fields.Add("Sec-WebSocket-Version", "13")
	}
	fields.Del(castField)
	fields.Add(castField, m.Tracking)
	return fields
}

// castKey is the key of a WebSocket that nobody has dialled: 16 bytes in base64.
const castKey = "Y2F1c2V3YXktY2FzdC0wMQ=="

// postsCasts reports whether a listener gets messages as requests: our own agents, and who says so in the listen address.
func (v *visit) postsCasts(a wire.Agent) bool {
	return a.Cast || strings.EqualFold(v.target.Cast, "request")
}
