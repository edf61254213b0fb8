package soap

import (
	"errors"
	"io"
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/pile"
	"github.com/causeway-relay/causeway/soap/internal/shelf"
)

// Defaults of Limits.
const (
	// DefaultHeadBytes is what WCF holds of a streamed message (MaxBufferSize).
	DefaultHeadBytes = 64 << 10
	// DefaultBlocks bounds header blocks; messages of WS-* stacks have about ten.
	DefaultBlocks = 256

	maxTokens = 16 << 10 // of the head: about 3 MiB of memory

	firstHeaders = 4 // most heads have as many blocks, or fewer
)

// Limits bound what Read takes. Zero fields have the defaults.
type Limits struct {
	// HeadBytes bounds the message up to the content of its body, in bytes of its
	// encoding.
	HeadBytes int64
	// Blocks bounds the header blocks.
	Blocks int
}

func (l Limits) filled() Limits {
	if l.HeadBytes <= 0 {
		l.HeadBytes = DefaultHeadBytes
	}
	if l.Blocks <= 0 {
		l.Blocks = DefaultBlocks
	}
	return l
}

// Read reads a message from r up to the content of its body, which streams: see
// Message.Body. want is the version that the content type named; V11 and V12 make
// the envelope's be that one, None takes both. Every error is an *Error.
//
// It refuses: a root that is no Envelope, or one of an unknown version
// (VersionMismatch); parts of another version than the envelope's; elements
// in places where none may be, such as a second Header; character data between
// the parts; attributes of header blocks with impossible values; all that the
// reader refuses. What stands behind the body is checked when that is read.
func Read(r infoset.Reader, want Version, l Limits) (*Message, error) {
	all := &reading{}
	m, err := all.read(r, want, l)
	all.shelf, all.blocks = shelf.Shelf{}, pile.Pile[Header]{} // what is cut is the message's, the rest nobody's
	return m, err
}

// ReadPlain makes a message without envelope of the document in r.
func ReadPlain(r infoset.Reader) *Message {
	m := New(None)
	m.body.live = &bodyReader{r: r, plain: true}
	return m
}

// reading is a message and what reads it, which live equally long.
type reading struct {
	head    headReader
	message Message
	body    bodyReader
	shelf   shelf.Shelf
	blocks  pile.Pile[Header]
}

// read reads the message, which has to be empty.
func (a *reading) read(r infoset.Reader, want Version, l Limits) (*Message, error) {
	h, m := &a.head, &a.message
	h.r, h.l, h.m, h.shelf, h.blocks = r, l.filled(), m, &a.shelf, &a.blocks
	m.Version = want
	if err := h.read(want, &a.body); err != nil {
		return nil, Explain(err, m.Version)
	}
	return m, nil
}

type headReader struct {
	r      infoset.Reader
	l      Limits
	m      *Message
	tokens int
	shelf  *shelf.Shelf
	blocks *pile.Pile[Header]
}

// next gives the next token within the limits.
func (h *headReader) next() (*infoset.Token, error) {
	t, err := h.r.Next()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = &infoset.Error{Reason: infoset.Truncated, Offset: -1, Detail: "no body"}
		}
		return nil, err
	}
	if h.tokens++; h.tokens > maxTokens {
		return nil, h.quota(t, "tokens before the body", maxTokens)
	}
	if t.End > h.l.HeadBytes {
		return nil, h.quota(t, "bytes before the body", int(h.l.HeadBytes))
	}
	return t, nil
}

func (h *headReader) quota(t *infoset.Token, what string, limit int) error {
	return &infoset.Error{Reason: infoset.Quota, Offset: t.Offset, Path: h.r.Path(), Detail: what + ": more than " + strconv.Itoa(limit)}
}

// atEnd is what element gives where there is no element any more.
var atEnd = &infoset.Token{Kind: infoset.EndElement, Name: infoset.NoName}

// element gives the next StartElement, atEnd at the end of the element around it.
// White space and comments before it are kept in lead; other text is refused.
func (h *headReader) element(lead *[]infoset.Token) (*infoset.Token, error) {
	for {
		t, err := h.next()
		if err != nil {
			return nil, err
		}
		switch {
		case t.Kind == infoset.StartElement:
			return t, nil
		case t.Kind == infoset.EndElement:
			return atEnd, nil
		case t.Kind == infoset.Text && !t.IsSpace():
			return nil, h.refuse(t, "character data between the parts of the envelope")
		}
		*lead = append(*lead, infoset.Token{})
		h.shelf.Copy(&(*lead)[len(*lead)-1], t)
	}
}

func (h *headReader) refuse(t *infoset.Token, what string) error {
	return refuse(h.m.Version, Sender, what).at(t.Offset, h.r.Path())
}

// read reads up to the content of the body, which b is to give.
func (h *headReader) read(want Version, b *bodyReader) error {
	f := &h.m.frame
	t, err := h.element(&f.prolog)
	if err != nil {
		return err
	}
	if err := h.envelope(t, want); err != nil {
		return err
	}
	t, err = h.element(&f.envelopeLead)
	if err != nil {
		return err
	}
	space := h.m.Version.Namespace()
	if t.Name.Is(space, partHeader) {
		h.shelf.Copy(&f.header, t)
		if err := h.headers(); err != nil {
			return err
		}
		if t, err = h.element(&f.bodyLead); err != nil {
			return err
		}
	}
	switch {
	case t == atEnd:
		return refuse(h.m.Version, Sender, "the envelope has no Body").at(-1, h.r.Path())
	case t.Name.Is(space, partBody):
		h.shelf.Copy(&f.body, t)
		*b = bodyReader{r: h.r, v: h.m.Version, depth: h.r.Depth()}
		h.m.body.live = b
		return nil
	}
	return h.refuse(t, misplaced(t.Name, h.m.Version, f.header.Name != nil))
}

// envelope takes the root element.
func (h *headReader) envelope(t *infoset.Token, want Version) error {
	v, known := VersionOf(t.Name.Space)
	switch {
	case t.Name.Local != partEnvelope:
		return h.refuse(t, "the root element is "+clipName(t.Name)+", not a SOAP envelope")
	case !known, want != None && v != want:
		return RefuseVersion(want, t.Name.Space).at(t.Offset, "/"+t.Name.Local)
	}
	h.m.Version = v
	h.shelf.Copy(&h.m.frame.envelope, t)
	return nil
}

// headers reads the inside of Header.
func (h *headReader) headers() error {
	f := &h.m.frame
	outer := h.m.outer(h.shelf.Decls(len(f.envelope.Decls) + len(f.header.Decls))[:0], &f.header)
	for {
		var lead []infoset.Token
		t, err := h.element(&lead)
		if err != nil {
			return err
		}
		if t == atEnd {
			f.headerTail = lead
			return nil
		}
		if len(h.m.Headers) == h.l.Blocks {
			return h.quota(t, "header blocks", h.l.Blocks)
		}
		if _, ok := VersionOf(t.Name.Space); ok && isPart(t.Name) {
			return h.refuse(t, misplaced(t.Name, h.m.Version, true))
		}
		at := t.Offset
		tokens, err := h.shelf.Element((*limited)(h), t, 0)
		if err != nil {
			return err
		}
		block := &h.blocks.Cut(1, firstHeaders)[0]
		block.Element, block.lead = Element{tokens: tokens, outer: outer}, lead
		if wrong := block.split(h.m.Version); wrong != "" {
			what := "attribute " + wrong + " of header block " + clipName(block.Name()) + " is neither true nor false"
			return refuse(h.m.Version, Sender, what).at(at, h.r.Path()+"/"+block.Name().String())
		}
		if h.m.Headers == nil {
			h.m.Headers = make([]*Header, 0, 2*firstHeaders)
		}
		h.m.Headers = append(h.m.Headers, block)
	}
}

// limited is the reader with the limits of the head.
type limited headReader

func (l *limited) Next() (*infoset.Token, error)       { return (*headReader)(l).next() }
func (l *limited) Lookup(prefix string) (string, bool) { return l.r.Lookup(prefix) }
func (l *limited) Depth() int                          { return l.r.Depth() }
func (l *limited) Path() string                        { return l.r.Path() }

// isPart reports whether n is the local name of a part of an envelope.
func isPart(n *infoset.Name) bool {
	return n.Local == partEnvelope || n.Local == partHeader || n.Local == partBody
}

// misplaced says in words what is wrong with an element in the envelope.
func misplaced(n *infoset.Name, v Version, headed bool) string {
	other, known := VersionOf(n.Space)
	switch {
	case known && other != v:
		return "element " + infoset.Clip(n.Local) + " of " + other.String() + " in an envelope of " + v.String()
	case known && n.Local == partHeader && headed:
		return "a second Header"
	case known && isPart(n):
		return "element " + infoset.Clip(n.Local) + " in this place"
	}
	return "element " + clipName(n) + " where Header or Body is expected"
}

// bodyReader gives the content of a body from the reader of the message, and
// checks what stands behind it.
type bodyReader struct {
	r     infoset.Reader
	v     Version
	depth int  // inside of Body
	level int  // open elements inside of Body
	plain bool // there is no envelope
	taken bool

	ahead  []infoset.Token // white space before the first element, when that was looked at
	first  *infoset.Token  // that element's StartElement; the token of r
	done   error
	tail   []infoset.Token // white space and comments behind Body
	epilog []infoset.Token // and behind Envelope
}

var _ infoset.Reader = (*bodyReader)(nil)

// Next gives the next token inside of the body, io.EOF behind it.
func (b *bodyReader) Next() (*infoset.Token, error) {
	switch {
	case len(b.ahead) > 0:
		t := &b.ahead[0]
		b.ahead = b.ahead[1:]
		return t, nil
	case b.first != nil:
		t := b.first
		b.first = nil
		return t, nil
	}
	return b.fresh()
}

// fresh gives the next token of the message's reader.
func (b *bodyReader) fresh() (*infoset.Token, error) {
	if b.done != nil {
		return nil, b.done
	}
	t, err := b.r.Next()
	if err == nil {
		switch t.Kind {
		case infoset.StartElement:
			if b.level++; b.level > 1 || b.plain {
				return t, nil
			}
			err = b.top(t)
		case infoset.EndElement:
			if b.level--; b.level >= 0 {
				return t, nil
			}
			err = b.behind()
		default:
			return t, nil
		}
	}
	if err == nil {
		return t, nil
	}
	return nil, b.fail(err)
}

// pour writes what comes up to the end of the element of the body that it stands in.
func (b *bodyReader) pour(w infoset.TokenWriter) error {
	leaves, ok := b.r.(infoset.LeafReader)
	for b.level > 0 {
		var t *infoset.Token
		var err error
		if ok {
			t, err = leaves.NextLeaf()
		} else {
			t, err = b.r.Next()
		}
		if err != nil {
			return b.fail(err)
		}
		switch t.Kind {
		case infoset.StartElement:
			b.level++
		case infoset.EndElement:
			b.level--
		}
		if err := w.Put(t); err != nil {
			return err
		}
	}
	return nil
}

// fail ends the body by an error of its reader, or io.EOF.
func (b *bodyReader) fail(err error) error {
	if !errors.Is(err, io.EOF) {
		err = Explain(err, b.v)
	}
	b.done = err
	return err
}

// top refuses an element of the envelope where an element of the body is.
func (b *bodyReader) top(t *infoset.Token) error {
	if v, ok := VersionOf(t.Name.Space); ok && v != b.v && (t.Name.Local == "Fault" || isPart(t.Name)) {
		return refuse(b.v, Sender, misplaced(t.Name, b.v, true)).at(t.Offset, b.r.Path())
	}
	return nil
}

// behind reads from the end of Body to the end of the message. It gives io.EOF if
// there is nothing that may not be there.
func (b *bodyReader) behind() error {
	for {
		t, err := b.r.Next()
		if err != nil {
			return err
		}
		switch {
		case t.Kind == infoset.StartElement:
			return refuse(b.v, Sender, behindBody(t.Name, b.v)).at(t.Offset, b.r.Path())
		case t.Kind == infoset.EndElement:
			continue
		case t.Kind == infoset.Text && !t.IsSpace():
			return refuse(b.v, Sender, "character data behind the Body").at(t.Offset, b.r.Path())
		case len(b.tail)+len(b.epilog) >= maxTokens:
			return &infoset.Error{Reason: infoset.Quota, Offset: t.Offset, Path: b.r.Path(), Detail: "tokens behind the body"}
		case b.r.Depth() == 0:
			b.epilog = append(b.epilog, t.Clone())
		default:
			b.tail = append(b.tail, t.Clone())
		}
	}
}

func behindBody(n *infoset.Name, v Version) string {
	switch {
	case n.Is(v.Namespace(), partBody):
		return "a second Body"
	case n.Is(v.Namespace(), partHeader):
		return "a Header behind the Body"
	}
	return "element " + clipName(n) + " behind the Body"
}

// peek gives the name of the first element in the body, one without content if
// there is none, and leaves everything to be read.
func (b *bodyReader) peek() (*infoset.Name, error) {
	if b.first != nil {
		return b.first.Name, nil
	}
	for len(b.ahead) < maxTokens {
		t, err := b.fresh()
		if errors.Is(err, io.EOF) {
			return infoset.NoName, nil
		}
		if err != nil {
			return nil, err
		}
		if t.Kind == infoset.StartElement {
			b.first = t
			return t.Name, nil
		}
		b.ahead = append(b.ahead, t.Clone())
	}
	return infoset.NoName, nil
}

// Lookup gives the namespace of prefix.
func (b *bodyReader) Lookup(prefix string) (string, bool) { return b.r.Lookup(prefix) }

// Scope gives all declarations that hold, if the reader of the message can.
func (b *bodyReader) Scope() *infoset.Scope {
	if s, ok := b.r.(scoped); ok {
		return s.Scope()
	}
	return &infoset.Scope{}
}

// Depth is the number of open elements of the message.
func (b *bodyReader) Depth() int {
	if len(b.ahead) > 0 || b.first != nil {
		return b.depth
	}
	return b.r.Depth()
}

// Path names the open elements of the message.
func (b *bodyReader) Path() string { return b.r.Path() }
