package http

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/wssec"
)

// How much of a message is looked at: what one read brings, and more only where the sender's right may stand in its head.
const (
	firstBytes = 4 << 10
	headBytes  = soap.DefaultHeadBytes
	maxAction  = 1 << 10 // of an action or a To in a log line
)

// form is what a request's head tells of its message.
type form struct {
	soap   bool
	sure   bool // the head alone says so: text/xml is also what other programs call their XML
	enc    encoder.Encoding
	action string // "" where the head has none
}

// formOf looks at a head (WCF relay reference section 12.8).
func formOf(h *http1.Head) form {
	if h.Method != "POST" {
		return form{}
	}
	enc, err := encoder.Select(h.Fields.Get("Content-Type"))
	if err != nil {
		return form{}
	}
	f := form{soap: true, sure: true, enc: enc}
	soapAction := h.Fields.Has("SOAPAction")
	switch {
	case enc.Form == soap.Multipart:
		info, _ := enc.Type.Param("start-info")
		if !strings.Contains(enc.Type.String(), "xop+xml") && !soapAction {
			return form{} // an upload of a browser
		}
		if f.enc.Version = soap.V11; strings.Contains(info, "soap+xml") {
			f.enc.Version = soap.V12
		}
	case enc.Version == soap.V11:
		f.sure = soapAction
	}
	var fields []string
	if soapAction {
		fields = []string{h.Fields.Get("SOAPAction")}
	}
	if told, err := soap.ReadAction(f.enc.Version, &f.enc.Type, fields); err == nil {
		f.action = clip(told.Value)
	}
	return f
}

// said is what the beginning of a message told.
type said struct {
	version    soap.Version // None: it was not seen
	addressing wsa.Version
	known      bool   // addressing was seen, be it that there is none
	message    string // its MessageID
	stamp      bool   // the sender showed a UsernameToken: the answer must have a time
}

// heard is a body whose beginning was read already.
type heard struct {
	shape.Body
	early []byte
	size  int64
	lent  *[firstBytes]byte // what early lies in, to be given back behind its last byte; nil: memory of its own
}

// A call takes the first bytes' room and a scanner from these and gives them back: looking at a message leaves no garbage.
var (
	rooms    = sync.Pool{New: func() any { return new([firstBytes]byte) }}
	scanners = sync.Pool{New: func() any { return new(rewrite.Scanner) }}
)

// hear makes a body that can be looked into.
func hear(body shape.Body) *heard {
	b := &heard{Body: body, size: body.Size(), lent: rooms.Get().(*[firstBytes]byte)} //nolint:forcetypeassert // nothing else is put there
	b.early = b.lent[:0]
	return b
}

// own gives the room back without waiting for the reader: early is in memory of its own from now on.
func (b *heard) own(early []byte) {
	if b.early = early; b.lent != nil {
		rooms.Put(b.lent)
		b.lent = nil
	}
}

// Size implements shape.Body.
func (b *heard) Size() int64 { return b.size }

// Read implements io.Reader.
func (b *heard) Read(p []byte) (int, error) {
	if len(b.early) == 0 {
		return b.Body.Read(p)
	}
	n := copy(p, b.early)
	if b.early = b.early[n:]; len(b.early) == 0 {
		b.own(nil) // only the reader gives it back: who closes may come from elsewhere, while it is copied
	}
	return n, nil
}

// listen looks at the first bytes of a SOAP message. A sender that waits to be told to send, and need not be read to be let in, is
// not: the relay pulls his body once a listener wants it.
func (v *visit) listen(body shape.Body) (shape.Body, *fail.Error) {
	v.req.Action = v.form.action
	if !v.form.soap || body == nil {
		return body, nil
	}
	wanted := !v.entity.AnonymousSenders && v.ask.Cred.Scheme == auth.None && v.private()
	if !wanted && http1.ExpectsContinue(v.arrival.Head) {
		v.late = &overheard{Body: body, form: &v.form}
		return v.late, nil
	}
	b := hear(body)
	scan := scanners.Get().(*rewrite.Scanner) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		scan.Reset()
		scanners.Put(scan)
	}()
	scan.Form = v.form.enc.Form
	for {
		whole, err := b.more()
		if err != nil {
			return nil, fail.Of(err)
		}
		if !readable(&v.form.enc) {
			return b, nil
		}
		err = scan.Scan(b.early)
		v.said.version = scan.Version()
		if err == nil {
			v.learn(v.said.note(scan, b.early))
		}
		switch {
		case err == nil && wanted:
			return b, v.shown(scan, b)
		case err == nil || !errors.Is(err, rewrite.ErrMore) || !wanted || whole || len(b.early) >= headBytes:
			return b, nil // what is wrong with it is the service's business
		}
	}
}

// more reads on. It reports whether the body is whole.
func (b *heard) more() (whole bool, err error) {
	if cap(b.early) == len(b.early) {
		b.own(slices.Grow(bytes.Clone(b.early), firstBytes))
	}
	n, err := b.Body.Read(b.early[len(b.early):cap(b.early)])
	b.early = b.early[:len(b.early)+n]
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

// readable reports whether the first bytes can be looked at as they are.
func readable(e *encoder.Encoding) bool {
	return e.Compression == "" && (e.Form == soap.Text || e.Form == soap.Binary)
}

// note keeps what a head tells, and gives what logs and policies get.
func (s *said) note(scan *rewrite.Scanner, b []byte) (action, to string) {
	s.known = true
	for _, version := range [...]wsa.Version{wsa.V10, wsa.August2004} {
		text, ok, err := scan.Text(b, version.Namespace(), "Action")
		if err != nil || !ok {
			continue
		}
		s.addressing, action = version, clip(string(text))
		if text, ok, err := scan.Text(b, version.Namespace(), "To"); err == nil && ok {
			to = clip(string(visible(text)))
		}
		if id, ok, err := scan.Text(b, version.Namespace(), "MessageID"); err == nil && ok {
			s.message = string(id)
		}
		break
	}
	return action, to
}

// visible cuts from an address what may be a secret: the query, in which clients that have no other way show a relay token, and a name
// with a password before the host. WCF's clients write all of their address into To.
func visible(to []byte) []byte {
	to, _, _ = bytes.Cut(to, []byte("?"))
	scheme, rest, _ := bytes.Cut(to, []byte("://"))
	authority, _, _ := bytes.Cut(rest, []byte("/"))
	if at := bytes.LastIndexByte(authority, '@'); at >= 0 {
		return slices.Concat(scheme, []byte("://"), rest[at+1:])
	}
	return to
}

// learn takes what a message said of itself; what it did not say the head of the request may have.
func (v *visit) learn(action, to string) {
	v.req.To = to
	if action != "" {
		v.req.Action = action
	}
}

// shown finds the sender's right in the head of the message, and takes it out: a relay token, else a name and key.
func (v *visit) shown(scan *rewrite.Scanner, b *heard) *fail.Error {
	if block, err := scan.Header(b.early, wssec.NamespaceRelay, "RelayAccessToken"); err == nil {
		m := soap.New(scan.Version())
		m.Headers = []*soap.Header{block}
		token, ok, err := wssec.RelayToken(m)
		if err != nil || !ok {
			return fail.New(fail.MalformedToken, "MalformedToken: The RelayAccessToken header holds no token.")
		}
		v.ask.Cred = auth.Credential{Scheme: auth.SAS, Text: token.Reveal()}
		return v.cut(scan, b, wssec.NamespaceRelay, "RelayAccessToken")
	}
	s, ok := named(scan, b.early)
	if !ok {
		return nil
	}
	v.ask.Cred = auth.Credential{Scheme: auth.Key, Text: s.Username.Username + ":" + s.Username.Password.Reveal()}
	v.said.stamp = s.Timestamp != nil
	return v.cut(scan, b, wssec.NamespaceSecext, "Security")
}

// named reads a Security header that holds a name with a password in clear, and at most a time beside it. Any other is the service's.
func named(scan *rewrite.Scanner, head []byte) (*wssec.Security, bool) {
	block, err := scan.Header(head, wssec.NamespaceSecext, "Security")
	if err != nil {
		return nil, false
	}
	s, err := wssec.Read(block)
	return s, err == nil && s.Username != nil && len(s.Unknown) == 0 && len(s.Binary) == 0 && s.Username.Kind == wssec.PasswordText
}

// cut takes a header block out of the beginning of a message.
func (v *visit) cut(scan *rewrite.Scanner, b *heard, space, local string) *fail.Error {
	pieces, err := scan.Apply(nil, b.early, []rewrite.Edit{{Op: rewrite.Remove, Space: space, Local: local}})
	if err != nil {
		return fail.Wrap(fail.BadRequest, "strip", err)
	}
	before := len(b.early)
	b.own(bytes.Join(pieces, nil))
	if b.size >= 0 {
		b.size += int64(len(b.early) - before)
	}
	return nil
}

// clip bounds what of an action is kept.
func clip(action string) string {
	if len(action) > maxAction {
		return strings.ToValidUTF8(action[:maxAction], "")
	}
	return action
}
