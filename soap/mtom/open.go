package mtom

import (
	"errors"
	"io"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const (
	typeRelated = "multipart/related"
	typeXOP     = "application/xop+xml"
	type11      = "text/xml"
	type12      = "application/soap+xml"
)

// Opener opens messages within its limits; it is the soap.Multiparter for MTOM.
// The zero Opener has the default limits.
type Opener struct{ Limits Limits }

var _ soap.Multiparter = Opener{}

// Open reads the message in body up to its envelope. t is its content type; the
// MIME headers with which the body itself may begin (net.tcp, some peers over
// HTTP) come before it, and with those t may be nil.
//
// r gives the tokens of the envelope. Binary content that lies in another part is
// one run of text of infoset.TypeBytes, in pieces as they arrive, in place of the
// xop:Include; quota ArrayLength of q bounds it, as it does in binary XML. Before
// r gives io.EOF it has read the message up to its closing boundary.
//
// root is the content type of the envelope without XOP, perhaps with its action:
// what the root part says of itself, else parameter start-info, else (if they
// say nothing or contradict, or say text/xml) what the envelope is.
//
// A root part of text/xml or application/soap+xml, as messages with attachments
// have it that are not MTOM, is read in the same way. Parts that nothing refers to
// are skipped.
//
// Every error, those of r among them, is an *infoset.Error.
func (o Opener) Open(t *soap.MediaType, body io.Reader, q infoset.Quotas) (r infoset.Reader, root *soap.MediaType, err error) {
	m := &reader{
		s: newScanner(body, o.Limits.filled()), quotas: q.Filled(),
		parts: map[string][]byte{}, used: map[string]bool{},
	}
	m.m.Reset(infoset.Unlimited) // the reader of the envelope has the quota
	m.left = m.s.limits.Memory
	root, err = m.open(t)
	if err != nil {
		return nil, nil, plain(err)
	}
	return m, root, nil
}

// open reads up to the envelope.
func (r *reader) open(t *soap.MediaType) (*soap.MediaType, error) {
	own, err := r.s.head()
	if err != nil {
		return nil, err
	}
	if own != "" {
		inner, err := soap.ParseMediaType(own)
		if err != nil {
			return nil, r.s.fail(infoset.Malformed, err.Error())
		}
		t = &inner
	}
	if t == nil || t.Type != typeRelated {
		return nil, r.s.fail(infoset.Malformed, "the content type is not "+typeRelated)
	}
	boundary, _ := t.Param("boundary")
	boundary = strings.TrimRight(boundary, " ")
	if boundary == "" || len(boundary) > maxBoundary {
		return nil, r.s.fail(infoset.Malformed, "the content type has no boundary that can be used")
	}
	r.s.setBoundary(boundary)
	start, _ := t.Param("start")
	h, err := r.findRoot(bare(start))
	if err != nil {
		return nil, err
	}
	if h.id != "" {
		r.used[key(h.id)] = true
	}
	part, err := r.checkRoot(h)
	if err != nil {
		return nil, err
	}
	root, err := r.rootType(part, t)
	if err != nil {
		return nil, err
	}
	r.in = xmltext.NewReader(&r.root, xmltext.Options{Quotas: r.quotas})
	return root, nil
}

// findRoot goes to the envelope: the part that start names, else the first (RFC
// 2387, 3.2). Parts before it are kept. A part of XOP that has no Content-ID is
// the envelope too: some peers name it in start alone.
func (r *reader) findRoot(start string) (partHead, error) {
	for {
		h, err := r.s.next()
		if errors.Is(err, io.EOF) {
			return h, r.s.fail(infoset.Malformed, "no part has the Content-ID "+infoset.Clip(start)+" of parameter start")
		}
		if err != nil {
			return h, err
		}
		if start == "" || key(h.id) == key(start) ||
			h.id == "" && strings.HasPrefix(strings.ToLower(h.contentType), typeXOP) {
			return h, nil
		}
		if err := r.keep(h); err != nil {
			return h, err
		}
	}
}

// checkRoot makes the envelope's part readable and gives its content type, one
// without Type if it has none that can be read.
func (r *reader) checkRoot(h partHead) (soap.MediaType, error) {
	src, err := r.decoded(h)
	if err != nil {
		return soap.MediaType{}, err
	}
	r.root.live = src
	t, err := soap.ParseMediaType(h.contentType)
	if err != nil {
		// Such as type="application/soap+xml; action="urn:a"", with quotes inside.
		word, _, _ := strings.Cut(h.contentType, ";")
		t = soap.MediaType{Type: strings.ToLower(strings.Trim(word, " \t"))}
	}
	switch t.Type {
	case "", typeXOP, type11, type12, "application/xml":
	default:
		return t, r.s.fail(infoset.Refused, "the root part is of type "+infoset.Clip(t.Type)+", not "+typeXOP)
	}
	charset, _ := t.Param("charset")
	switch strings.ToLower(strings.Trim(charset, "' ")) {
	case "", "utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be", "iso-8859-1":
		// The reader sees which of these it is; the last must be declared.
	default:
		return t, r.s.fail(infoset.BadEncoding, "charset "+infoset.Clip(charset)+" of the root part")
	}
	return t, nil
}

// rootType finds the content type of the envelope.
func (r *reader) rootType(part soap.MediaType, outer *soap.MediaType) (*soap.MediaType, error) {
	inner := part
	if part.Type == typeXOP {
		says, _ := part.Param("type")
		inner = envelopeType(says)
	}
	info := StartInfo(outer)
	switch {
	case inner.Type == type11 && (info.Type == type11 || info.Type == ""):
		// Some peers write this whatever the envelope is (npm's soap), so look.
	case inner.Type == info.Type && isEnvelope(info.Type):
		if _, ok := inner.Param("action"); ok {
			info = inner
		}
		return &info, nil
	case isEnvelope(inner.Type) && info.Type == "":
		return &inner, nil
	case isEnvelope(info.Type) && !isEnvelope(inner.Type):
		return &info, nil
	}
	seen, err := r.sniff()
	switch {
	case err != nil:
		return nil, err
	case info.Type == seen:
		return &info, nil
	case inner.Type == seen:
		return &inner, nil
	}
	return &soap.MediaType{Type: seen}, nil
}

func isEnvelope(mediaType string) bool { return mediaType == type11 || mediaType == type12 }

// envelopeType reads a content type inside of a parameter; it gives one without
// Type if that names no envelope. A charset is left out: it is that of the part.
func envelopeType(s string) soap.MediaType {
	t, err := soap.ParseMediaType(strings.Trim(s, " \t"))
	if err != nil || !isEnvelope(t.Type) {
		return soap.MediaType{}
	}
	out := soap.MediaType{Type: t.Type}
	if action, ok := t.Param("action"); ok {
		out.Params = []soap.Param{{Name: "action", Value: action}}
	}
	return out
}

// StartInfo gives the content type of the envelope that the content type t of a
// multipart message names in start-info, with its action if there is one; one
// without Type if it names none. Where SOAP 1.2 goes without addressing this is
// where the action is (soap.ReadAction).
func StartInfo(t *soap.MediaType) soap.MediaType {
	info, _ := t.Param("start-info")
	inner := envelopeType(info)
	// Some peers put the action beside it (RFC 3902 has it on the envelope's type).
	if action, ok := t.Param("action"); ok && inner.Type == type12 && len(inner.Params) == 0 {
		inner.Params = []soap.Param{{Name: "action", Value: action}}
	}
	return inner
}

// sniff looks at the beginning of the envelope to tell its version.
func (r *reader) sniff() (string, error) {
	const enough = 4 << 10
	if err := r.root.peek(enough); err != nil {
		return "", err
	}
	doc := xmltext.NewBytes(r.root.kept, xmltext.Options{Quotas: r.quotas})
	for {
		t, err := doc.Next()
		if err != nil {
			// No envelope, or none in sight: its reader will say so.
			return type11, nil //nolint:nilerr // the same error comes again where it has a place
		}
		if t.Kind == infoset.StartElement {
			if t.Name.Space == soap.Namespace12 {
				return type12, nil
			}
			return type11, nil
		}
	}
}
