package rpc

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
)

// Client sends the operations of a service to one endpoint.
type Client struct{ defaults settings }

// NewClient makes a client of the service at endpoint, a URL of scheme http or https. Options hold for all its calls.
func NewClient(endpoint string, opts ...Option) *Client {
	c := &Client{defaults: settings{endpoint: endpoint, http: &http.Client{Timeout: DefaultTimeout}, size: DefaultSize}}
	for _, o := range opts {
		o(&c.defaults)
	}
	return c
}

// Do sends a request whose body write writes (nil: an empty one), and gives the answer's body to read (nil: nobody reads it).
//
// The error is the fault that the service sent: a declared one as its own type, else a *soap.Fault. A *StatusError tells of an answer
// that is no SOAP. Others are of the transport, of values that cannot be written, and of an answer that cannot be read.
func (c *Client) Do(ctx context.Context, op *Operation, write func(infoset.Writer) error, read func(*codec.Decoder) error, opts ...Option) error {
	s := c.defaults
	for _, o := range opts {
		o(&s)
	}
	x := &exchange{settings: &s, op: op}
	if op.HTTP != nil {
		if err := x.doHTTP(ctx, write, read); err != nil {
			return fmt.Errorf("%s: %w", op.Name, err)
		}
		return nil
	}
	m, err := x.request(write)
	if err != nil {
		return fmt.Errorf("%s: %w", op.Name, err)
	}
	send := RoundTrip(x.send)
	for _, i := range slices.Backward(s.intercept) {
		send = i(send)
	}
	answer, err := send(ctx, m)
	if x.body != nil {
		defer x.body.Close()
	}
	if err == nil {
		err = x.answer(answer, read)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", op.Name, err)
	}
	return nil
}

// exchange is one call.
type exchange struct {
	*settings
	op   *Operation
	id   string // of the request, where it has WS-Addressing headers
	body io.Closer
}

// request makes the message.
func (x *exchange) request(write func(infoset.Writer) error) (*soap.Message, error) {
	m := soap.New(x.op.Version)
	if write != nil {
		m.SetBody(write)
	}
	for _, block := range x.blocks {
		h, err := block()
		if err != nil {
			return nil, fmt.Errorf("write a header block: %w", err)
		}
		m.Headers = append(m.Headers, h)
	}
	if err := x.address(m); err != nil {
		return nil, err
	}
	return m, x.secure(m)
}

// version is that of WS-Addressing which the call wants.
func (x *exchange) version() wsa.Version {
	switch {
	case x.addressing != nil:
		return *x.addressing
	case x.op.Addressing:
		return wsa.V10
	}
	return wsa.None
}

func (x *exchange) address(m *soap.Message) error {
	v := x.version()
	if v == wsa.None {
		return nil
	}
	action := x.op.WSAction
	if action == "" {
		action = x.op.Action
	}
	p, err := wsa.Request(v, &wsa.EndpointReference{Address: x.endpoint}, action)
	if err != nil {
		return err
	}
	if x.id, err = newID(); err != nil {
		return err
	}
	p.MessageID = x.id
	return p.Write(m)
}

// newID gives a random URN (RFC 4122, 4.4).
func newID() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make a message id: %w", err)
	}
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// secure adds the UsernameToken.
func (x *exchange) secure(m *soap.Message) error {
	if x.user == "" {
		return nil
	}
	now := time.Now()
	security := &wssec.Security{Timestamp: wssec.NewTimestamp(now)}
	if x.digest {
		nonce := make([]byte, 16)
		if _, err := rand.Read(nonce); err != nil {
			return fmt.Errorf("make a nonce: %w", err)
		}
		security.Username = wssec.NewDigestToken(x.user, x.password, nonce, now)
	} else if security.Username = wssec.NewUsernameToken(x.user, x.password); !protected(x.endpoint) {
		return errors.New("a password may not go over plain http: use an https endpoint, or WithUsernameDigest")
	}
	h, err := security.Header()
	if err != nil {
		return err
	}
	m.Headers = append(m.Headers, h)
	return nil
}

// protected reports whether nobody on the way to an endpoint can listen.
func protected(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "https" {
		return err == nil
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// send is the innermost RoundTrip.
func (x *exchange) send(ctx context.Context, m *soap.Message) (*soap.Message, error) {
	r, err := x.httpRequest(ctx, m)
	if err != nil {
		return nil, err
	}
	answer, err := x.http.Do(r) //nolint:bodyclose // Do closes x.body when the answer is read
	if err != nil {
		return nil, err
	}
	x.body = answer.Body
	return x.receive(answer)
}

func (x *exchange) httpRequest(ctx context.Context, m *soap.Message) (*http.Request, error) {
	body, contentType, err := x.encode(m)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	if x.gzip {
		body, err = compress(body)
	}
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Header, x.header)
	r.Header.Set("Content-Type", contentType)
	if x.form == soap.Multipart || len(x.attached) > 0 {
		r.Header.Set("MIME-Version", "1.0")
	}
	if x.op.Version == soap.V11 { // SOAP 1.1, 6.1.1: always there, always quoted
		r.Header["SOAPAction"] = []string{soap.QuoteAction(x.action())}
	}
	if x.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	return r, nil
}

func (x *exchange) encode(m *soap.Message) (body []byte, contentType string, err error) {
	if len(x.attached) == 0 {
		return encode(m, x.form, x.action())
	}
	if x.form != soap.Text {
		return nil, "", errors.New("attachments travel beside text: WithMTOM and WithBinary are for messages without")
	}
	return encodeAttached(m, x.action(), x.attached)
}

// action is the one that HTTP tells: WS-Addressing and it must be the same.
func (x *exchange) action() string {
	if x.op.Action == "" && x.version() != wsa.None {
		return x.op.WSAction
	}
	return x.op.Action
}

func compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}

// encode writes a message in a form and gives its content type.
func encode(m *soap.Message, form soap.Form, action string) (body []byte, contentType string, err error) {
	var out bytes.Buffer
	if form == soap.Multipart {
		var b [16]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, "", fmt.Errorf("make a boundary: %w", err)
		}
		o := mtom.WriterOptions{Version: m.Version, Action: action, Boundary: "uuid:" + hex.EncodeToString(b[:])}
		err = m.Write(mtom.NewWriter(&out, o))
		return out.Bytes(), o.ContentType(), err
	}
	e := encoder.Encoding{Version: m.Version, Form: form}
	if form == soap.Binary && m.Version != soap.V12 {
		return nil, "", errors.New("binary XML is for SOAP 1.2 only")
	}
	err = e.Encode(&out, m, nil)
	return out.Bytes(), e.ContentType(action), err
}

// receive makes a message of an HTTP answer; its body streams.
func (x *exchange) receive(r *http.Response) (*soap.Message, error) {
	src := &limited{src: r.Body, left: x.size}
	contentType := r.Header.Get("Content-Type")
	if r.StatusCode == http.StatusAccepted || r.StatusCode == http.StatusNoContent || x.op.OneWay && r.StatusCode/100 == 2 {
		return nil, nil //nolint:nilnil // no answer and nothing wrong: RoundTrip says so
	}
	e, err := encoder.Select(contentType)
	// SOAP answers have status 200, or 4xx and 5xx with a fault (SOAP 1.1, 6.2; SOAP 1.2 part 2, 7.5.2).
	if err != nil || r.StatusCode/100 == 3 {
		return nil, statusError(r, src)
	}
	decoding := encoder.Decoding{Quotas: infoset.Buffered(), Size: x.size, Multipart: mtom.Opener{Limits: mtom.Limits{Total: x.size}}}
	var m *soap.Message
	parts, err := openAttached(r.Header, src)
	switch {
	case err != nil:
	case parts != nil:
		parts.place(x.op.AttachedOut)
		for _, came := range x.came {
			came(parts.attachments)
		}
		_, m, err = parts.decode(decoding)
	default:
		m, err = e.Decode(src, decoding)
	}
	if err != nil {
		if r.StatusCode/100 != 2 {
			return nil, statusError(r, src)
		}
		return nil, unread(err)
	}
	return m, nil
}

// answer reads the message: a fault is an error, all else is for read.
func (x *exchange) answer(m *soap.Message, read func(*codec.Decoder) error) error {
	if m == nil {
		if x.op.OneWay || read == nil {
			return nil
		}
		return errors.New("the service took the request and sent no answer where one is declared")
	}
	f, err := m.Fault()
	if err != nil {
		return unread(err)
	}
	if f != nil {
		fault := x.op.typedFault(f, x.report)
		if err := x.headers(m); err != nil {
			return errors.Join(fault, err)
		}
		return fault
	}
	if err := x.related(m); err != nil {
		return err
	}
	if err := x.headers(m); err != nil {
		return err
	}
	if read == nil {
		return nil
	}
	if err := decode(m, x.strict, x.report, read); err != nil {
		return unread(err)
	}
	return nil
}

// headers reads the header blocks that were asked for: those of a fault tell what was wrong with a header of the request (soap:headerfault).
func (x *exchange) headers(m *soap.Message) error {
	for _, h := range x.answered {
		if err := h(m); err != nil {
			return fmt.Errorf("read a header block of the answer: %w", err)
		}
	}
	return nil
}

// unread is the error of an answer that cannot be read.
func unread(err error) error {
	if errors.Is(err, errTooLarge) {
		err = errTooLarge // soap.Explain keeps causes from those who send messages, not from those who read answers
	}
	return fmt.Errorf("read the answer: %w", err)
}

// related refuses an answer to another request.
func (x *exchange) related(m *soap.Message) error {
	if x.id == "" {
		return nil
	}
	p, err := wsa.Read(m)
	if err != nil {
		return unread(err)
	}
	if to := p.Answers(); to != "" && to != x.id {
		return fmt.Errorf("the answer is to message %s, the request was %s", infoset.Clip(to), x.id)
	}
	return nil
}

// decode reads the body of a message to its end.
func decode(m *soap.Message, strict bool, report func(*codec.Problem), read func(*codec.Decoder) error) error {
	body, err := m.Body()
	if err != nil {
		return err
	}
	r, ok := body.(scopedReader)
	if !ok {
		return errors.New("rpc: the body cannot tell its declarations")
	}
	d := codec.NewDecoder(r)
	d.Strict, d.Report = strict, report
	if err := read(d); err != nil {
		return err
	}
	for err == nil {
		_, err = body.Next()
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// StatusError is an HTTP answer that is no SOAP message: a proxy's page, a login form, a wrong address.
type StatusError struct {
	Status      int
	Reason      string // of the status line
	ContentType string // in quotes, cut where it is long
	Text        string // the beginning of the body, as text on one line in quotes, without markup; "" if there is none
}

// Error tells status, type and the beginning of the text.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("the answer is no SOAP message but HTTP %s with content type %s", e.Reason, e.ContentType)
	if e.Text != "" {
		s += fmt.Sprintf(", which begins %s", e.Text)
	}
	return s + "; look at the address and at what stands before the service"
}

func statusError(r *http.Response, src *limited) error {
	e := &StatusError{Status: r.StatusCode, Reason: r.Status, ContentType: infoset.Clip(r.Header.Get("Content-Type"))}
	_, _ = io.CopyN(io.Discard, src, keptBytes) // what came before an error is told all the same
	e.Text = plainText(string(src.kept))
	return e
}

// plainText is what a page says in its first words.
func plainText(page string) string {
	var b strings.Builder
	tag := false
	for _, r := range page {
		switch {
		case r == '<':
			tag = true
			b.WriteByte(' ')
		case r == '>':
			tag = false
		case !tag:
			b.WriteRune(r)
		}
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	if text == "" {
		return ""
	}
	return infoset.Clip(text)
}

// keptBytes is what a StatusError looks at.
const keptBytes = 2048

// limited refuses more than left bytes, and keeps the first.
type limited struct {
	src  io.Reader
	left int64
	kept []byte
}

// Read gives an error once more than the limit came.
func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.src.Read(p)
	l.kept = append(l.kept, p[:min(n, keptBytes-len(l.kept))]...)
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

var errTooLarge = errors.New("the message is larger than allowed; raise the limit if that is meant")
