package rewrite

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Op is what an Edit does.
type Op uint8

// Operations.
const (
	// Remove takes out every block of the name.
	Remove Op = iota + 1
	// SetText gives every block of the name this content in place of its own. Its
	// start tag, with all attributes, stays; there need not be a block.
	SetText
	// Put puts Block in the place of the first block of the name, takes out the
	// others, and adds it at the end if there is none.
	Put
	// Add adds Block at the end of the header, making a header if there is none.
	Add
)

// Edit is a change of header blocks.
type Edit struct {
	Op Op
	// Space and Local name the blocks; Add does not look at them.
	Space, Local string
	// Text is the content for SetText, without escapes.
	Text string
	// Block is what Put and Add write. Its attributes go by the message's version.
	Block *soap.Header
}

// cut is a piece of the head that something else takes the place of.
type cut struct {
	from, to   int // in the view
	text0, end int // in buf
}

// Apply makes the edits in the message whose first bytes b are, and appends the
// message to dst in pieces: everything that did not change is a slice of b, what
// lies behind the head included. The rest of the message follows as it is. Scan
// must have given nil for b or the beginning of it. Of edits that fit one block
// the first counts. New bytes are valid until the next call of Apply or Reset.
//
// An error is about an edit: a block that cannot be written, text with characters
// that XML does not allow, SetText on an array.
func (s *Scanner) Apply(dst [][]byte, b []byte, edits []Edit) ([][]byte, error) {
	if s.state != done {
		return dst, errors.New("rewrite: apply: the head is not complete")
	}
	// First all cuts are made, in the order of the message, with their new bytes
	// behind each other in buf; then the pieces, when buf does not move any more.
	s.cuts, s.buf = s.cuts[:0], s.buf[:0]
	s.put = append(s.put[:0], make([]bool, len(edits))...)
	view := s.seen(b)
	for i := range s.blocks {
		if err := s.change(view, &s.blocks[i], edits); err != nil {
			return dst, err
		}
	}
	if err := s.add(view, edits); err != nil {
		return dst, err
	}
	return s.pieces(dst, b), nil
}

// match gives the first edit for a block.
func (s *Scanner) match(b []byte, e *element, edits []Edit) (int, bool) {
	for i := range edits {
		ed := &edits[i]
		if ed.Op != Add && e.local.is(b, ed.Local) && s.space(b, e, ed.Space) {
			return i, true
		}
	}
	return 0, false
}

// change makes the cuts in one block.
func (s *Scanner) change(b []byte, bl *block, edits []Edit) error {
	i, ok := s.match(b, &bl.element, edits)
	if !ok {
		return nil
	}
	switch ed := &edits[i]; ed.Op {
	case Remove:
		s.cut(bl.start, bl.end, len(s.buf))
	case SetText:
		return s.setText(b, bl, ed.Text)
	case Put:
		from := len(s.buf)
		if !s.put[i] {
			s.put[i] = true
			if err := s.write(b, ed.Block); err != nil {
				return err
			}
		}
		s.cut(bl.start, bl.end, from)
	}
	return nil
}

// cut notes that what was appended to buf since text comes in the place of the
// bytes from from to to.
func (s *Scanner) cut(from, to, text int) {
	s.cuts = append(s.cuts, cut{from: from, to: to, text0: text, end: len(s.buf)})
}

// setText cuts the content of a block. The start tag is not touched: attributes
// such as mustUnderstand and Id stay, and so do declarations.
func (s *Scanner) setText(b []byte, bl *block, text string) error {
	for i, r := range text {
		if !xmlchar.IsChar(r) || r == utf8.RuneError && !isReplacement(text[i:]) {
			return &infoset.Error{Reason: infoset.BadCharacter, Offset: -1, Detail: "text of an edit"}
		}
	}
	from := len(s.buf)
	if s.Form != soap.Text {
		if bl.array {
			return &infoset.Error{Reason: infoset.BadValue, Offset: int64(bl.start), Detail: "a header block is an array"}
		}
		// The new record ends the element, so the old end goes with the content.
		s.buf = appendChars(s.buf, text)
		s.cut(bl.open, bl.end, from)
		return nil
	}
	if !bl.empty {
		s.buf = s.appendText(s.buf, text)
		s.cut(bl.open, bl.inner, from)
		return nil
	}
	// <a:To/> becomes <a:To>text</a:To>.
	s.buf = s.appendText(append(s.buf, '>'), text)
	s.buf = append(s.buf, "</"...)
	s.buf = append(s.buf, qname(b, &bl.element)...)
	s.buf = append(s.buf, '>')
	s.cut(bl.inner, bl.end, from)
	return nil
}

// isReplacement tells U+FFFD from a byte that is no UTF-8, which ranging over a
// string gives the same.
func isReplacement(s string) bool { return len(s) >= 3 && s[:3] == "\uFFFD" }

// qname gives the name of an element of text as it was written.
func qname(b []byte, e *element) []byte {
	return b[e.start+1 : e.local.off+e.local.n]
}

// appendText escapes text as element content.
func (s *Scanner) appendText(dst []byte, text string) []byte {
	for _, r := range text {
		switch {
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '\r', r >= utf8.RuneSelf && s.ascii():
			dst = appendReference(dst, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// ascii reports whether the message may hold no bytes beyond ASCII, because they
// would not be UTF-8 there.
func (s *Scanner) ascii() bool { return (s.ASCII || s.refs) && !s.wide.on }

func appendReference(dst []byte, r rune) []byte {
	dst = append(dst, "&#x"...)
	dst = strconv.AppendInt(dst, int64(r), 16)
	return append(dst, ';')
}

// appendChars appends a text record that ends its element.
func appendChars(dst []byte, text string) []byte {
	switch n := len(text); {
	case n == 0:
		return append(dst, recEnd)
	case n <= 0xFF:
		dst = append(dst, recChars8|1, byte(n))
	case n <= 0xFFFF:
		dst = binary.LittleEndian.AppendUint16(append(dst, recChars16|1), uint16(n))
	default:
		dst = binary.LittleEndian.AppendUint32(append(dst, recChars32|1), uint32(n))
	}
	return append(dst, text...)
}

// add makes the cut at the end of the header, where new blocks go.
func (s *Scanner) add(b []byte, edits []Edit) error {
	from := len(s.buf)
	// What must be opened for the new blocks: a header where there is none, the
	// empty-element tag of one that has nothing. If there are no new blocks after
	// all it is taken back.
	bare := s.head.end == 0
	switch {
	case bare:
		s.startHeader(b)
	case s.head.empty:
		s.buf = append(s.buf, '>') // in place of "/>"
	}
	before := len(s.buf)
	for i := range edits {
		ed := &edits[i]
		if ed.Op != Add && (ed.Op != Put || s.has(b, ed)) {
			continue
		}
		if err := s.write(b, ed.Block); err != nil {
			return err
		}
	}
	if len(s.buf) == before {
		s.buf = s.buf[:from]
		return nil
	}
	// In front of the end of Header, in the place of its "/>", or in front of Body.
	at, to := s.head.inner, s.head.inner
	switch {
	case bare:
		s.endElement(b, &s.env, "Header")
		at, to = s.body.start, s.body.start
	case s.head.empty:
		s.endElement(b, &s.head, "")
		to = s.head.end
	}
	s.cut(at, to, from)
	return nil
}

// has reports whether the message has a block of the edit's name.
func (s *Scanner) has(b []byte, ed *Edit) bool {
	for i := range s.blocks {
		if e := &s.blocks[i].element; e.local.is(b, ed.Local) && s.space(b, e, ed.Space) {
			return true
		}
	}
	return false
}

// startHeader writes the start tag of Header with the envelope's prefix.
func (s *Scanner) startHeader(b []byte) {
	prefix := s.env.prefix.bytes(b)
	if s.Form != soap.Text {
		id, _ := xmlbin.Static().ID("Header")
		switch {
		case len(prefix) == 0:
			s.buf = append(s.buf, recShortDictElement)
		case len(prefix) == 1 && prefix[0] >= 'a' && prefix[0] <= 'z':
			s.buf = append(s.buf, recPrefixDictElem+prefix[0]-'a')
		default:
			s.buf = appendInt31(append(s.buf, recDictElement), len(prefix))
			s.buf = append(s.buf, prefix...)
		}
		s.buf = appendInt31(s.buf, int(id))
		return
	}
	s.buf = append(appendName(append(s.buf, '<'), prefix, "Header"), '>')
}

// endElement writes the end of an element like e, with this local name or its
// own.
func (s *Scanner) endElement(b []byte, e *element, local string) {
	if s.Form != soap.Text {
		s.buf = append(s.buf, recEnd)
		return
	}
	if local == "" {
		local = string(e.local.bytes(b))
	}
	s.buf = append(appendName(append(s.buf, "</"...), e.prefix.bytes(b), local), '>')
}

func appendName(dst, prefix []byte, local string) []byte {
	if len(prefix) > 0 {
		dst = append(append(dst, prefix...), ':')
	}
	return append(dst, local...)
}

func appendInt31(dst []byte, n int) []byte {
	for n >= 0x80 {
		dst = append(dst, byte(n)|0x80)
		n >>= 7
	}
	return append(dst, byte(n))
}

// write appends a block as it stands alone: it declares all that it needs, and
// takes the default namespace of the envelope away where names need that.
func (s *Scanner) write(b []byte, h *soap.Header) error {
	if h == nil || h.IsZero() {
		return errors.New("rewrite: apply: an edit has no block")
	}
	// The default namespace at the place of new blocks.
	none := word{}
	d := s.lookup(b, &none, &s.env)
	if hd := s.among(b, &none, &s.head); hd != nil {
		d = hd
	}
	if s.Form != soap.Text {
		if s.bin == nil {
			s.bin = xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
		}
		s.bin.Reset(nil)
		return s.writeTo(s.bin, h, d != nil && d.space.n+len(d.space.s) > 0, s.bin.Bytes)
	}
	if s.text == nil {
		s.text = xmltext.NewWriter(nil, xmltext.WriterOptions{})
	}
	s.text.Reset(nil)
	return s.writeTo(s.text, h, d != nil && d.space.n > 0, s.text.Bytes)
}

// writeTo writes a block with w, whose output out gives, and appends that to buf.
// undo tells that the message has a default namespace there.
func (s *Scanner) writeTo(w infoset.Writer, h *soap.Header, undo bool, out func() []byte) error {
	if undo {
		w = &undoDefault{Writer: w}
	}
	if err := h.WriteBlock(w, s.version); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if s.Form != soap.Text || !s.ascii() {
		s.buf = append(s.buf, out()...)
		return nil
	}
	// Text and values are the places where references stand for characters;
	// names outside ASCII have no other form.
	for _, r := range string(out()) {
		if r < utf8.RuneSelf {
			s.buf = append(s.buf, byte(r))
			continue
		}
		s.buf = appendReference(s.buf, r)
	}
	return nil
}

// pieces puts the message together. In UTF-16 places of the view become places of
// the message on the way: cuts are in order, so each stretch is counted once.
func (s *Scanner) pieces(dst [][]byte, b []byte) [][]byte {
	from := 0
	at, units := 0, 0 // a place in the view and its UTF-16 units
	offset := func(to int) int {
		if !s.wide.on {
			return to
		}
		units += xmlchar.Units(s.wide.utf8[at:to])
		at = to
		return s.wide.mark + 2*units
	}
	for i := range s.cuts {
		c := &s.cuts[i]
		if to := offset(c.from); to > from {
			dst = append(dst, b[from:to:to])
		}
		from = offset(c.to)
		if text := s.buf[c.text0:c.end:c.end]; len(text) > 0 {
			if s.wide.on {
				text = s.wide.widen(nil, text)
			}
			dst = append(dst, text)
		}
	}
	if from < len(b) {
		dst = append(dst, b[from:])
	}
	return dst
}

// undoDefault is a Writer that takes away the default namespace around the root,
// unless the root binds it itself.
type undoDefault struct {
	infoset.Writer
	begun, settled bool
}

func (u *undoDefault) Start(n *infoset.Name) {
	u.settle()
	u.Writer.Start(n)
	if !u.begun {
		u.begun = true
		u.settled = n.Prefix == "" && n.Space != ""
	}
}

func (u *undoDefault) Declare(d infoset.Decl) {
	if d.Prefix == "" {
		u.settled = true
	}
	u.Writer.Declare(d)
}

func (u *undoDefault) Text(v infoset.Value)    { u.settle(); u.Writer.Text(v) }
func (u *undoDefault) Items(v infoset.Value)   { u.settle(); u.Writer.Items(v) }
func (u *undoDefault) Comment(v infoset.Value) { u.settle(); u.Writer.Comment(v) }
func (u *undoDefault) End()                    { u.settle(); u.Writer.End() }

// settle ends the root's start tag.
func (u *undoDefault) settle() {
	if u.begun && !u.settled {
		u.settled = true
		u.Writer.Declare(infoset.Decl{})
	}
}
