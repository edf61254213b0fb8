package rpc

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
)

// Attachment is a MIME part that travels beside an envelope: SOAP Messages with Attachments, as mime:multipartRelated of a binding
// declares them (WSDL 1.1, 5). Those of MTOM are none: they are values in the message.
type Attachment struct {
	// Part is the part of the WSDL message that it is (WS-I Attachments Profile 1.0, 3.8: the content id begins with it); "" for one that
	// is referred to by its ID alone.
	Part string
	// ID is the content id without brackets; "" makes one of Part.
	ID          string
	ContentType string
	Body        []byte
}

// maxAttachments bounds the parts of a message.
const maxAttachments = 1000

// WithAttachment sends an attachment with requests. One of the same part takes its place.
func WithAttachment(a Attachment) Option {
	return func(s *settings) { s.attached = attach(s.attached, a) }
}

// attach adds to a copy.
func attach(all []Attachment, a Attachment) []Attachment {
	out := make([]Attachment, 0, len(all)+1)
	for _, old := range all {
		if a.Part == "" || old.Part != a.Part {
			out = append(out, old)
		}
	}
	return append(out, a)
}

// ReadAttachments keeps the attachments of the answer in all.
func ReadAttachments(all *[]Attachment) Option {
	return func(s *settings) {
		s.came = append(slices.Clip(s.came), func(a []Attachment) { *all = a })
	}
}

// ReadAttachment keeps the attachment of the answer that is the part of the message, if there is one. Generated code calls it.
func ReadAttachment(part string, v *Attachment) Option {
	return func(s *settings) {
		s.came = append(slices.Clip(s.came), func(all []Attachment) {
			if a, ok := find(all, part); ok {
				*v = a
			}
		})
	}
}

// RequestAttachments gives the attachments of the request that ctx belongs to.
func RequestAttachments(ctx context.Context) []Attachment {
	if s, _ := ctx.Value(stateKey{}).(*serverState); s != nil {
		return s.came
	}
	return nil
}

// RequestAttachment gives the one that is the part of the message. Generated code calls it.
func RequestAttachment(ctx context.Context, part string) (Attachment, bool) {
	return find(RequestAttachments(ctx), part)
}

// SetResponseAttachment adds an attachment to the answer of the request that ctx belongs to.
func SetResponseAttachment(ctx context.Context, a Attachment) error {
	s, _ := ctx.Value(stateKey{}).(*serverState)
	if s == nil {
		return errors.New("rpc: the context is not that of a served request")
	}
	s.attached = attach(s.attached, a)
	return nil
}

func find(all []Attachment, part string) (Attachment, bool) {
	for _, a := range all {
		if a.Part == part {
			return a, true
		}
	}
	return Attachment{}, false
}

// encodeAttached writes an envelope in text with attachments behind it, and gives the content type (SOAP Messages with Attachments, 3).
func encodeAttached(m *soap.Message, action string, all []Attachment) (body []byte, contentType string, err error) {
	envelope, envelopeType, err := encode(m, soap.Text, action)
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, "", fmt.Errorf("make a content id: %w", err)
	}
	id := hex.EncodeToString(random[:]) + "@causeway"
	root := "root-" + id
	if err := part(w, root, envelopeType, "8bit", envelope); err != nil {
		return nil, "", err
	}
	for i := range all {
		a := &all[i]
		cid := a.ID
		if cid == "" {
			cid = url.QueryEscape(a.Part) + "=" + id
		}
		kind := a.ContentType
		if kind == "" {
			kind = "application/octet-stream"
		}
		if err := part(w, cid, kind, "binary", a.Body); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	kind, _, _ := strings.Cut(envelopeType, ";")
	return out.Bytes(), fmt.Sprintf(`multipart/related; type=%q; start="<%s>"; boundary=%q`, kind, root, w.Boundary()), nil
}

func part(w *multipart.Writer, id, contentType, encoding string, body []byte) error {
	if strings.ContainsAny(id+contentType, "\r\n<>") {
		return fmt.Errorf("the content id %q or type %q of an attachment has characters that no header line may have", id, contentType)
	}
	p, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type": {contentType}, "Content-Transfer-Encoding": {encoding}, "Content-Id": {"<" + id + ">"},
	})
	if err != nil {
		return err
	}
	_, err = p.Write(body)
	return err
}

// opened is a message with attachments, taken apart.
type opened struct {
	root        []byte
	contentType string
	attachments []Attachment
}

// openAttached takes a message with attachments apart; nil: it is none. Messages of MTOM are none.
func openAttached(h http.Header, body io.Reader) (*opened, error) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "multipart/related" || params["boundary"] == "" || strings.EqualFold(params["type"], "application/xop+xml") {
		return nil, nil //nolint:nilerr,nilnil // what it is then, the caller finds out
	}
	out := &opened{}
	r := multipart.NewReader(body, params["boundary"])
	start := strings.Trim(params["start"], "<>")
	for n := 0; ; n++ {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n >= maxAttachments {
			err = fmt.Errorf("more than %d parts", maxAttachments)
		}
		if err != nil {
			return nil, fmt.Errorf("read a MIME part: %w", err)
		}
		content, err := io.ReadAll(p) // the body is bounded as a whole
		if err != nil {
			return nil, fmt.Errorf("read a MIME part: %w", err)
		}
		id := strings.Trim(p.Header.Get("Content-Id"), "<> ")
		if out.root == nil && (start == "" || id == start) {
			out.root, out.contentType = append([]byte{}, content...), p.Header.Get("Content-Type")
			continue
		}
		name, _, _ := strings.Cut(id, "=")
		if plain, err := url.QueryUnescape(name); err == nil && strings.Contains(id, "=") {
			name = plain
		} else {
			name = ""
		}
		out.attachments = append(out.attachments, Attachment{Part: name, ID: id, ContentType: p.Header.Get("Content-Type"), Body: content})
	}
	if out.root == nil {
		return nil, errors.New("the message has no root part")
	}
	return out, nil
}

// place gives attachments without a name the parts that are declared, in order: most senders know no content ids of parts.
func (o *opened) place(parts []string) {
	next := 0
	for i := range o.attachments {
		a := &o.attachments[i]
		if a.Part != "" {
			continue
		}
		for next < len(parts) {
			name := parts[next]
			next++
			if _, taken := find(o.attachments, name); !taken {
				a.Part = name
				break
			}
		}
	}
}

// decode reads the envelope of the root part.
func (o *opened) decode(d encoder.Decoding) (*encoder.Encoding, *soap.Message, error) {
	e, err := encoder.Select(o.contentType)
	if err != nil {
		return nil, nil, err
	}
	m, err := e.Decode(bytes.NewReader(o.root), d)
	return &e, m, err
}
