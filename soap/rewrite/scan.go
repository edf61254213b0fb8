package rewrite

import (
	"bytes"
	"errors"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// ErrMore says that the bytes so far do not hold the whole head yet: read on and
// call Scan again.
var ErrMore = errors.New("rewrite: more of the message is needed")

// Bounds on a head besides its size.
const (
	maxTag    = 16 << 10 // one start tag with its attributes, in bytes
	maxDepth  = 64       // of elements
	maxBlocks = soap.DefaultBlocks
	maxDecls  = 1024 // on envelope, header and blocks together
)

// Scanner finds the parts of a message's head. The zero Scanner is ready for a
// text message of at most 64 KiB of head.
type Scanner struct {
	// Form is soap.Text or soap.Binary. A message of a session is given without
	// its string table, which is not touched: see xmlbin.ReaderSession.Table.
	Form soap.Form
	// Session has the odd ids of a binary message of a session; nil: none.
	Session *xmlbin.ReaderSession
	// ASCII writes characters outside ASCII as references. Set it for text whose
	// encoding is ISO-8859-1 by its content type alone; a message that declares it
	// is understood without.
	ASCII bool
	// Want is the version that the content type named; None takes 1.1 and 1.2.
	Want soap.Version
	// MaxHead bounds the head in bytes; 0 is soap.DefaultHeadBytes.
	MaxHead int

	// Where the scan stands. Words and elements are kept as offsets, never as
	// slices: the bytes may lie elsewhere at the next call.
	pos     int // everything before is understood
	state   state
	version soap.Version
	refs    bool   // the message declares an encoding that is not UTF-8
	open    []word // names of open elements, in text; only their number in binary
	decls   []decl
	blocks  []block
	env     element
	head    element // Header; zero end if there is none
	body    element
	wide    wide // UTF-16

	// What Apply works with.
	cuts []cut
	put  []bool // by edit: its block was written
	buf  []byte
	text *xmltext.Writer
	bin  *xmlbin.Writer
}

// state is a place in the head.
type state uint8

const (
	start    state = iota // before the envelope
	envelope              // inside it, before Header or Body
	header                // inside Header, between blocks
	inBlock               // inside a block
	behind                // behind Header
	done                  // the start tag of Body was seen
)

// word is a piece of the message, or a string of a dictionary.
type word struct {
	off, n int
	s      string
	dict   bool
}

// is reports whether the word is s.
func (w *word) is(b []byte, s string) bool {
	if w.dict {
		return w.s == s
	}
	return string(b[w.off:w.off+w.n]) == s
}

// same reports whether two words are the same, wherever they come from.
func (w *word) same(b []byte, o *word) bool {
	if o.dict {
		return w.is(b, o.s)
	}
	if w.dict {
		return o.is(b, w.s)
	}
	return bytes.Equal(b[w.off:w.off+w.n], b[o.off:o.off+o.n])
}

// bytes gives the word itself.
func (w *word) bytes(b []byte) []byte {
	if w.dict {
		return []byte(w.s)
	}
	return b[w.off : w.off+w.n]
}

// decl is a namespace declaration; an empty prefix is the default namespace.
type decl struct {
	prefix, space word
	plain         bool // space needs no decoding
}

// element is where one lies: from start to end, its start tag up to open, its
// end tag from inner. An element without content of its own tag has empty set;
// open is then behind its tag and inner before the "/>" of text.
type element struct {
	start, open, inner, end int
	prefix, local           word
	decl0, decl1            int // its declarations
	empty                   bool
}

// block is a header block: an element at the depth where blocks are.
type block struct {
	element
	array bool // a binary array: several blocks of one name
}

// Reset prepares for another message.
func (s *Scanner) Reset() {
	s.pos, s.state, s.version, s.refs = 0, start, soap.None, false
	s.open, s.decls, s.blocks = s.open[:0], s.decls[:0], s.blocks[:0]
	s.env, s.head, s.body = element{}, element{}, element{}
	s.wide.reset()
}

// Scan looks at b, the message from its first byte as far as it is known; each
// call for one message must give all that the calls before gave. It returns nil
// once the head is complete (the start tag of Body has been seen), ErrMore
// before, and else an *soap.Error with the fault for the sender. It goes on
// where it stopped: bytes are not looked at twice, except for one tag.
func (s *Scanner) Scan(b []byte) error {
	if s.state == done {
		return nil
	}
	var err error
	if s.Form == soap.Text {
		view, werr := s.view(b)
		if werr != nil {
			return werr
		}
		err = s.scanText(view)
		b = view
	} else {
		err = s.scanBinary(b)
	}
	most := s.maxHead()
	if s.pos > most || err != nil && len(b) > most {
		if err == nil || errors.Is(err, ErrMore) {
			return s.fail(infoset.Quota, most, "bytes before the body")
		}
	}
	return err
}

// maxHead gives the bound on the head.
func (s *Scanner) maxHead() int {
	if s.MaxHead > 0 {
		return s.MaxHead
	}
	return soap.DefaultHeadBytes
}

// Version gives the version of the envelope, None before it was seen.
func (s *Scanner) Version() soap.Version { return s.version }

// Len gives the length of the head in bytes of the message: up to the start tag
// of Body. It is meaningful once Scan gave nil.
func (s *Scanner) Len() int { return s.offset(s.body.start) }

// fail makes the error with the fault for the sender, in the sender's version as
// far as it is known, and with the place in bytes of the message.
func (s *Scanner) fail(why infoset.Reason, at int, detail string) error {
	return soap.Explain(&infoset.Error{Reason: why, Offset: int64(s.offset(at)), Path: s.path(), Detail: detail}, s.version)
}

// path says where the scanner is, in the words of the standard.
func (s *Scanner) path() string {
	switch s.state {
	case envelope, behind:
		return "/Envelope"
	case header, inBlock:
		return "/Envelope/Header"
	}
	return ""
}

// space reports whether the element e has the namespace want. Its own
// declarations count first, then those of the elements around it.
func (s *Scanner) space(b []byte, e *element, want string) bool {
	d := s.lookup(b, &e.prefix, e)
	if d == nil {
		return want == "" && e.prefix.n == 0 && e.prefix.s == ""
	}
	return d.is(b, want)
}

// lookup finds the declaration that holds for a prefix at e.
func (s *Scanner) lookup(b []byte, prefix *word, e *element) *decl {
	if d := s.among(b, prefix, e); d != nil {
		return d
	}
	if e != &s.env && e != &s.head && e != &s.body {
		if d := s.among(b, prefix, &s.head); d != nil {
			return d
		}
	}
	if e != &s.env {
		return s.among(b, prefix, &s.env)
	}
	return nil
}

// among finds the declaration of a prefix on one element.
func (s *Scanner) among(b []byte, prefix *word, e *element) *decl {
	for i := e.decl0; i < e.decl1; i++ {
		if d := &s.decls[i]; d.prefix.same(b, prefix) {
			return d
		}
	}
	return nil
}

// is reports whether the declaration binds to the namespace want.
func (d *decl) is(b []byte, want string) bool {
	if d.plain {
		return d.space.is(b, want)
	}
	return decodeAttr(d.space.bytes(b)) == want
}

// declare adds a declaration to the element whose first one is from.
func (s *Scanner) declare(b []byte, from int, d decl) error {
	for i := from; i < len(s.decls); i++ {
		if s.decls[i].prefix.same(b, &d.prefix) {
			return s.fail(infoset.Duplicate, d.space.off, "declaration of a prefix")
		}
	}
	if len(s.decls) == maxDecls {
		return s.fail(infoset.Quota, d.space.off, "namespace declarations")
	}
	s.decls = append(s.decls, d)
	return nil
}

// enter takes a start tag that was read whole: e, with its declarations behind
// those before. Here it is decided what part of the message it is.
func (s *Scanner) enter(b []byte, e element, array bool) error {
	space := s.version.Namespace()
	switch s.state {
	case start:
		return s.root(b, e)
	case envelope, behind:
		switch {
		case s.state == envelope && e.local.is(b, "Header"):
			s.head = e
			if !s.space(b, &s.head, space) {
				return s.misplaced(e.start, "element Header is not of the envelope's version")
			}
			s.state = header
			if e.empty {
				s.leave(e.inner, e.end)
			}
			return nil
		case e.local.is(b, "Body"):
			s.body = e
			if !s.space(b, &s.body, space) {
				return s.misplaced(e.start, "element Body is not of the envelope's version")
			}
			s.state = done
			return nil
		case e.local.is(b, "Header"):
			return s.misplaced(e.start, "a second Header")
		}
		return s.misplaced(e.start, "element "+infoset.Clip(e.local.bytes(b))+" where Header or Body is expected")
	case header:
		// Whether a prefix is declared at all, and what the block is called, is
		// asked when somebody wants to know.
		if len(s.blocks) == maxBlocks {
			return s.fail(infoset.Quota, e.start, "header blocks")
		}
		s.blocks = append(s.blocks, block{element: e, array: array})
		if s.state = inBlock; e.empty {
			s.leave(e.inner, e.end)
		}
	}
	return nil
}

// root takes the envelope.
func (s *Scanner) root(b []byte, e element) error {
	s.env = e
	d := s.lookup(b, &e.prefix, &s.env)
	if !e.local.is(b, "Envelope") {
		return s.misplaced(e.start, "the root element is "+infoset.Clip(e.local.bytes(b))+", not a SOAP envelope")
	}
	// Without declaration the name is in no namespace, or its prefix is wrong:
	// either way it is no envelope.
	v := soap.None
	switch {
	case d == nil:
		return soap.RefuseVersion(s.Want, "")
	case d.is(b, soap.Namespace12):
		v = soap.V12
	case d.is(b, soap.Namespace11):
		v = soap.V11
	}
	if v == soap.None || s.Want != soap.None && s.Want != v {
		return soap.RefuseVersion(s.Want, decodeAttr(d.space.bytes(b)))
	}
	s.version = v
	if e.empty {
		return s.misplaced(e.start, "the envelope has no Body")
	}
	s.state = envelope
	return nil
}

// leave closes a block, or Header: its end tag lies from inner to end.
func (s *Scanner) leave(inner, end int) {
	if s.state == inBlock {
		e := &s.blocks[len(s.blocks)-1]
		e.inner, e.end = inner, end
		s.state = header
		return
	}
	s.head.inner, s.head.end = inner, end
	s.state = behind
}

// misplaced is the error for an element where none of its kind may be.
func (s *Scanner) misplaced(at int, what string) error {
	return s.fail(infoset.Malformed, at, what)
}
