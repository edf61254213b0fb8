package xmltext

import (
	"encoding/base64"
	"io"
	"math"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/opentag"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// blockSize is how much output a Writer gathers before it hands it on.
const blockSize = 32 << 10

// Encoding is the encoding of a Writer's output.
type Encoding uint8

// Encodings.
const (
	UTF8    Encoding = iota // without byte-order mark
	UTF16LE                 // with one, as [MC-NMF]'s encodings 1 and 4 have it
	UTF16BE                 // with one, encodings 2 and 5
)

// WriterOptions say how a Writer writes.
type WriterOptions struct {
	// Canonical writes Canonical XML 1.0 with comments: sorted attributes and
	// declarations, no redundant declarations, no empty-element tags, nothing
	// but LF and comments outside of the root. Declaration is ignored.
	Canonical bool
	// FullEnd writes <a></a> where <a/> would do.
	FullEnd bool
	// Declaration begins with an XML declaration.
	Declaration bool
	// Encoding is UTF8 unless set.
	Encoding Encoding
	// Limit bounds the output in bytes of UTF-8; 0 is no bound. Set it where
	// binary XML of a peer becomes text: a few bytes of it can stand for much.
	Limit int64
}

// Writer writes a document as text; see infoset.Writer. Values are escaped as
// WCF does it: CR as a reference everywhere, TAB and LF in attributes.
type Writer struct {
	tag  opentag.Tag
	dst  io.Writer // nil: everything stays in out
	opts WriterOptions

	out     []byte
	brim    int   // length of out from which room looks closer
	written int64 // bytes handed on before out
	tagAt   int   // where the open start tag begins in out
	item    []byte
	carry   [3]byte // bytes that wait for the end of a base64 group
	carried int
	canon   canonical
	wide    []byte
	marked  bool // the byte-order mark is out
	idle    bool // it was released
	err     error
}

var _ infoset.TokenWriter = (*Writer)(nil)

// NewWriter writes to dst in blocks. With a nil dst the document is gathered and
// Bytes gives it.
func NewWriter(dst io.Writer, o WriterOptions) *Writer {
	w := &Writer{opts: o}
	w.Reset(dst)
	return w
}

// Reset begins another document with the options and the memory of before.
func (w *Writer) Reset(dst io.Writer) {
	w.tag.Reset()
	w.dst, w.err, w.written, w.carried, w.marked, w.idle = dst, nil, 0, 0, false, false
	w.out = w.out[:0]
	w.fill()
	// .NET writes the encoding in lower case.
	w.canon.reset()
	if w.opts.Declaration && !w.opts.Canonical {
		name := "utf-8"
		if w.opts.Encoding != UTF8 {
			name = "utf-16"
		}
		w.out = append(append(append(w.out, `<?xml version="1.0" encoding="`...), name...), `"?>`...)
	}
}

// Begin begins another document with other options and the memory of before.
func (w *Writer) Begin(dst io.Writer, o WriterOptions) {
	w.opts = o
	w.Reset(dst)
}

// Release forgets the document, so that a Writer can wait for its next one: Begin. Of each buffer that grew with the document at most
// most bytes stay.
func (w *Writer) Release(most int) {
	if w.idle {
		return
	}
	w.tag.Release(most)
	w.dst, w.idle = nil, true
	w.canon = canonical{}
	for _, b := range [...]*[]byte{&w.out, &w.item, &w.wide} {
		if *b = (*b)[:0]; cap(*b) > most {
			*b = nil
		}
	}
}

// Bytes gives the output that was not handed on: with a nil dst, the document.
// It is valid until the next call.
func (w *Writer) Bytes() []byte { return w.encoded() }

// Lookup gives the namespace of prefix: see infoset.Writer.
func (w *Writer) Lookup(prefix string) (string, bool) { return w.tag.Lookup(prefix) }

// Err is the first error.
func (w *Writer) Err() error { return w.err }

// Put writes a token: see infoset.TokenWriter.
func (w *Writer) Put(t *infoset.Token) error {
	switch t.Kind {
	case infoset.StartElement:
		w.Start(t.Name)
		for i := range t.Attrs {
			w.Attr(&t.Attrs[i].Name, t.Attrs[i].Value)
		}
		for i := range t.Decls {
			w.Declare(t.Decls[i])
		}
	case infoset.EndElement:
		w.End()
	case infoset.Text:
		w.put(&t.Value)
	case infoset.Leaf:
		w.leaf(t.Name, &t.Value)
	default:
		return infoset.Write(w, t)
	}
	return w.err
}

// Start opens an element: see infoset.Writer.
func (w *Writer) Start(n *infoset.Name) {
	if !w.ready() {
		return
	}
	if why := w.tag.Start(n); why != 0 {
		w.fail(why, "element "+infoset.Clip(n.Local))
		return
	}
	// Items needs the start tag again; nothing is handed on while it is open.
	w.tagAt = len(w.out)
	at := w.extend(1 + nameLen(n))
	at[0] = '<'
	putName(at[1:], n)
}

// extend makes out longer by n bytes, and gives those.
func (w *Writer) extend(n int) []byte {
	at := len(w.out)
	w.out = slices.Grow(w.out, n)[:at+n]
	return w.out[at:]
}

// nameLen is how many bytes the name of an element has.
func nameLen(n *infoset.Name) int {
	if n.Prefix == "" {
		return len(n.Local)
	}
	return len(n.Prefix) + 1 + len(n.Local)
}

// putName writes it at the front of dst.
func putName(dst []byte, n *infoset.Name) {
	if n.Prefix != "" {
		at := copy(dst, n.Prefix)
		dst[at] = ':'
		dst = dst[at+1:]
	}
	copy(dst, n.Local)
}

func appendName(dst []byte, prefix, local string) []byte {
	if prefix != "" {
		dst = append(append(dst, prefix...), ':')
	}
	return append(dst, local...)
}

// Attr adds an attribute: see infoset.Writer.
func (w *Writer) Attr(n *infoset.Name, v infoset.Value) {
	if w.err != nil {
		return
	}
	prefix, why := w.tag.Attr(n)
	if why != 0 {
		w.fail(why, "attribute "+infoset.Clip(n.Local))
		return
	}
	// Attributes of canonical XML have an order that is known only at the end of
	// the tag.
	if w.opts.Canonical {
		w.canon.attr(w, prefix, n, v)
		return
	}
	w.out = append(appendName(append(w.out, ' '), prefix, n.Local), '=', '"')
	w.out = w.attrValue(w.out, v)
	w.out = append(w.out, '"')
}

func (w *Writer) attrValue(dst []byte, v infoset.Value) []byte {
	if v.Type() != infoset.TypeText && v.Type() != infoset.TypeList {
		return v.AppendText(dst)
	}
	if v.Type() == infoset.TypeText {
		return w.escapeAttr(dst, v.Raw())
	}
	return w.escapeAttr(dst, v.AppendText(nil))
}

// Declare binds a prefix: see infoset.Writer.
func (w *Writer) Declare(d infoset.Decl) {
	if w.err != nil {
		return
	}
	if why := w.tag.Declare(d); why != 0 {
		w.fail(why, "declaration of prefix "+infoset.Clip(d.Prefix))
	}
}

// closeTag writes the declarations of the open start tag.
func (w *Writer) closeTag() {
	if w.opts.Canonical {
		w.canon.tag(w)
		return
	}
	if !w.tag.Declares() {
		return
	}
	// Behind the attributes, where .NET writes them.
	for i, decls := 0, w.tag.Decls(); i < len(decls); i++ {
		d := &decls[i]
		w.out = append(w.out, " xmlns"...)
		if d.Prefix != "" {
			w.out = append(append(w.out, ':'), d.Prefix...)
		}
		w.out = append(w.out, '=', '"')
		w.out = w.escapeAttr(w.out, infoset.String(d.Space).Raw())
		w.out = append(w.out, '"')
	}
}

// ready ends what is open before new content: the start tag, a base64 group. It
// hands on full blocks.
func (w *Writer) ready() bool {
	if w.err != nil {
		return false
	}
	if w.tag.Open() {
		w.closeTag()
		w.out = append(w.out, '>')
	}
	if w.carried > 0 {
		w.endBytes()
	}
	return w.room()
}

// room keeps the limit and hands on full blocks.
func (w *Writer) room() bool {
	if len(w.out) < w.brim {
		return w.err == nil
	}
	return w.spill()
}

// spill is room where out is full, or longer than it may be.
func (w *Writer) spill() bool {
	if w.err == nil && w.opts.Limit > 0 && w.written+int64(len(w.out)) > w.opts.Limit {
		w.fail(infoset.Quota, "output limit")
	}
	if w.err == nil && w.dst != nil && len(w.out) >= blockSize {
		w.push()
	}
	return w.err == nil
}

// fill sets how long out may get.
func (w *Writer) fill() {
	w.brim = math.MaxInt
	if w.dst != nil {
		w.brim = blockSize
	}
	if left := w.opts.Limit - w.written; w.opts.Limit > 0 && left < int64(w.brim) {
		w.brim = int(max(left+1, 0))
	}
}

func (w *Writer) endBytes() {
	if w.carried > 0 {
		w.out = base64.StdEncoding.AppendEncode(w.out, w.carry[:w.carried])
		w.carried = 0
	}
}

// Text adds text: see infoset.Writer. Bytes that follow bytes are one value.
func (w *Writer) Text(v infoset.Value) { w.put(&v) }

// put is Text.
func (w *Writer) put(v *infoset.Value) {
	if w.err != nil {
		return
	}
	outside := w.tag.Outside()
	// Bytes after bytes go on with the open group of base64: nothing ends it.
	if v.Type() == infoset.TypeBytes && !w.tag.Open() && !outside {
		w.bytes(v.Raw())
		w.room()
		return
	}
	if !w.ready() {
		return
	}
	space := outside && v.Type() == infoset.TypeText && xmlchar.AllSpace(v.Raw())
	if why := w.tag.Text(space); why != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	// Canonical XML has a form of its own outside of the root (2.1).
	if w.opts.Canonical && space {
		return
	}
	switch v.Type() {
	case infoset.TypeBytes:
		w.bytes(v.Raw())
	case infoset.TypeText:
		w.out = w.escapeText(w.out, v.Raw())
	// Lists may hold text, which needs escapes; all other types are written in
	// characters that need none.
	case infoset.TypeList, infoset.TypeArray:
		w.out = w.escapeText(w.out, v.AppendText(nil))
	default:
		w.out = v.AppendText(w.out)
	}
	w.room()
}

// bytes writes whole groups of three and keeps the rest.
func (w *Writer) bytes(b []byte) {
	for w.carried > 0 && w.carried < 3 && len(b) > 0 {
		w.carry[w.carried] = b[0]
		w.carried++
		b = b[1:]
	}
	if w.carried == 3 {
		w.endBytes()
	}
	whole := len(b) / 3 * 3
	w.out = base64.StdEncoding.AppendEncode(w.out, b[:whole])
	w.carried += copy(w.carry[w.carried:], b[whole:])
}

// Comment adds a comment: see infoset.Writer. Text that would end it is an error.
func (w *Writer) Comment(v infoset.Value) {
	if !w.ready() {
		return
	}
	// Canonical XML puts each comment outside of the root on a line of its own.
	before := w.tag.Depth() == 0 && w.tag.Text(true) == 0
	if why := w.tag.Comment(); why != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	text := v.Raw()
	if v.Type() != infoset.TypeText {
		text = v.AppendText(nil)
	}
	for i, c := range text {
		if c == '-' && (i+1 == len(text) || text[i+1] == '-') {
			w.fail(infoset.BadValue, "-- in a comment")
			return
		}
	}
	if i := xmlchar.Invalid(text); i >= 0 {
		w.fail(infoset.BadCharacter, "comment")
		return
	}
	if w.opts.Canonical && before && w.canon.rooted {
		w.out = append(w.out, '\n')
	}
	w.out = append(append(append(w.out, "<!--"...), text...), "-->"...)
	if w.opts.Canonical && before && !w.canon.rooted {
		w.out = append(w.out, '\n')
	}
	w.room()
}

// End closes the innermost element: see infoset.Writer.
func (w *Writer) End() {
	if w.err != nil {
		return
	}
	open := w.tag.Open()
	if open {
		w.closeTag()
	}
	if w.carried > 0 {
		w.endBytes()
	}
	if why := w.tag.End(); why != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	switch {
	case open && !w.opts.FullEnd && !w.opts.Canonical:
		w.out = append(w.out, '/', '>')
	default:
		if open {
			w.out = append(w.out, '>')
		}
		w.endTag(w.tag.Last())
	}
	w.room()
}

func (w *Writer) endTag(n *infoset.Name) {
	size := len("</>") + nameLen(n)
	at := w.extend(size)
	at[0], at[1] = '<', '/'
	putName(at[2:], n)
	at[size-1] = '>'
}

// Items writes one element for each item: see infoset.Writer.
func (w *Writer) Items(v infoset.Value) {
	if w.err != nil {
		return
	}
	if v.Type() != infoset.TypeArray || !w.tag.Open() || w.tag.Depth() == 1 && v.Len() != 1 {
		w.fail(infoset.Misuse, "items in this place")
		return
	}
	if v.CheckItems() != 0 {
		w.fail(infoset.BadValue, "item of an array")
		return
	}
	w.closeTag()
	// The tag is kept aside, because out is handed on as it fills: a small array
	// can stand for a large text.
	w.item = append(append(w.item[:0], w.out[w.tagAt:]...), '>')
	w.out = w.out[:w.tagAt]
	name := *w.tag.Top()
	for i := range v.Len() {
		w.out = v.Item(i).AppendText(append(w.out, w.item...))
		w.endTag(&name)
		if !w.room() {
			return
		}
	}
	w.tag.End() // cannot fail: the tag is open
}

// Flush hands over all output: see infoset.Writer.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	// Flush in the middle of a document is allowed, to send on what there is.
	if w.tag.Depth() > 0 {
		if !w.tag.Open() { // an open start tag may still get attributes: what follows it closes it
			w.ready()
		}
	} else if w.tag.EOF() != 0 {
		w.fail(infoset.Misuse, "document has no root element")
	}
	if w.err == nil && w.dst != nil {
		w.push()
	}
	return w.err
}

// push hands on what is in out.
func (w *Writer) push() {
	b := w.encoded()
	w.written += int64(len(w.out))
	w.marked = true
	if _, err := w.dst.Write(b); err != nil {
		w.err = &infoset.Error{Reason: infoset.Source, Offset: w.written, Path: w.tag.Path(), Err: err}
	}
	w.out = w.out[:0]
	w.fill()
}

// encoded gives out in the output's encoding.
func (w *Writer) encoded() []byte {
	if w.opts.Encoding == UTF8 {
		return w.out
	}
	// out is UTF-8 whatever comes out, so that one code escapes and checks.
	w.wide = w.wide[:0]
	if !w.marked {
		w.wide = w.appendUnit(w.wide, 0xFEFF)
	}
	for b := w.out; len(b) > 0; {
		c, n := utf8.DecodeRune(b)
		b = b[n:]
		if c < 0x10000 {
			w.wide = w.appendUnit(w.wide, c)
			continue
		}
		hi, lo := utf16.EncodeRune(c)
		w.wide = w.appendUnit(w.appendUnit(w.wide, hi), lo)
	}
	return w.wide
}

func (w *Writer) appendUnit(dst []byte, u rune) []byte {
	if w.opts.Encoding == UTF16BE {
		return append(dst, byte(u>>8), byte(u))
	}
	return append(dst, byte(u), byte(u>>8))
}

func (w *Writer) fail(why infoset.Reason, detail string) {
	w.err = &infoset.Error{Reason: why, Offset: w.written + int64(len(w.out)), Path: w.tag.Path(), Detail: detail}
}
