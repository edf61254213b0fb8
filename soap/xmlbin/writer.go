package xmlbin

import (
	"io"
	"math"
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/opentag"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// blockSize is how much output a Writer gathers before it hands it on.
const blockSize = 32 << 10

// WriterOptions say how a Writer writes. The zero Options write a message of
// application/soap+msbin1.
type WriterOptions struct {
	// Dictionary has the even ids; nil is Static().
	Dictionary *Dictionary
	// Session gives out the odd ids; nil: there are none. Its table must go
	// before the document, so use it with a nil destination: see WriterSession.
	Session *WriterSession
	// AllNames treats every name, and every namespace that is declared, as
	// Shared unless marked. It is for text that becomes binary and has no marks.
	// Values are never marked by it: user data stays out of dictionaries.
	AllNames bool
	// Limit bounds a document that is gathered, in bytes; 0 is no bound. A few bytes of a peer's array can stand for many elements. It is
	// looked at between elements: what is gathered is longer by one of them at most.
	Limit int
}

// Writer writes a document as .NET binary XML; see infoset.Writer.
//
// The rules (marks on names and values as the caller set them):
//   - one-letter prefixes a-z are part of the record;
//   - declarations follow the attributes;
//   - a marked string goes by number, if its dictionary has it or room for it;
//   - "0", "1" and integers take the smallest record, floats that are integers
//     or fit single precision too; decimal, times and GUIDs keep their record;
//   - text is UTF-8 unless that takes more than twice its UTF-16 units;
//   - empty text in an element writes nothing;
//   - bytes are held back to a multiple of three until the value ends;
//   - the end of an element joins the text before it, if that has at most
//     fuseUnits UTF-16 units, as .NET does from an empty buffer.
type Writer struct {
	tag  opentag.Tag
	dst  io.Writer // nil: everything stays in out
	opts WriterOptions
	dict *Dictionary

	out     []byte
	brim    int   // length of out from which it is too full
	written int64 // bytes handed on before out
	tagAt   int   // where the open start tag begins in out
	textAt  int   // record that the end of the element may join; -1: none
	carry   [3]byte
	carried int // bytes that wait for a multiple of three
	err     error
	idle    bool // it was released
	memo    [memoSize]memo
}

// memo is a name of this document that was written as Shared and has a number. Documents have few names and use them again and again,
// and two tables have to be asked for most of them.
type memo struct {
	name string
	id   uint32
}

// memoSize is a power of two.
const memoSize = 16

// memoAt is where the memo of a name is, if there is one. Names of one vocabulary mostly differ in their length or their last letter.
func memoAt(name string) int { return (len(name) ^ int(name[len(name)-1])) % memoSize }

var _ infoset.TokenWriter = (*Writer)(nil)

// NewWriter writes to dst in blocks. With a nil dst the document is gathered and
// Bytes gives it.
func NewWriter(dst io.Writer, o WriterOptions) *Writer {
	w := &Writer{}
	w.Begin(dst, o)
	return w
}

// Begin begins another document with other options and the memory of before.
func (w *Writer) Begin(dst io.Writer, o WriterOptions) {
	w.opts, w.dict = o, o.Dictionary
	if w.dict == nil {
		w.dict = Static()
	}
	w.Reset(dst)
}

// Release forgets the document, so that a Writer can wait for its next one: Begin. Of each buffer that grew with the document at most
// most bytes stay.
func (w *Writer) Release(most int) {
	if w.idle {
		return
	}
	w.tag.Release(most)
	w.dst, w.idle, w.opts, w.memo = nil, true, WriterOptions{}, [memoSize]memo{}
	if w.out = w.out[:0]; cap(w.out) > most {
		w.out = nil
	}
}

// Reset begins another document with the options, the session and the memory of
// before.
func (w *Writer) Reset(dst io.Writer) {
	w.tag.Reset()
	w.dst, w.err, w.written, w.carried, w.textAt, w.idle = dst, nil, 0, 0, -1, false
	w.out = w.out[:0]
	w.memo = [memoSize]memo{}
	switch w.brim = blockSize; {
	case dst != nil:
	case w.opts.Limit > 0:
		w.brim = w.opts.Limit + 1
	default:
		w.brim = math.MaxInt
	}
}

// Bytes gives the output that was not handed on: with a nil dst, the document.
// It is valid until the next call.
func (w *Writer) Bytes() []byte { return w.out }

// Lookup gives the namespace of prefix: see infoset.Writer.
func (w *Writer) Lookup(prefix string) (string, bool) { return w.tag.Lookup(prefix) }

// Err is the first error.
func (w *Writer) Err() error { return w.err }

// id gives the number of a string as its mark allows.
func (w *Writer) id(s string, mark infoset.Dict) (uint32, bool) {
	return w.charsID(infoset.String(s).Raw(), mark)
}

// nameID is id for a name, which is not empty.
func (w *Writer) nameID(name string, mark infoset.Dict) (uint32, bool) {
	if mark != infoset.Shared {
		return w.id(name, mark)
	}
	m := &w.memo[memoAt(name)]
	if m.name == name {
		return m.id, true
	}
	id, known := w.id(name, mark)
	if known {
		*m = memo{name, id}
	}
	return id, known
}

// charsID is id for the bytes of a string, which are not kept.
func (w *Writer) charsID(b []byte, mark infoset.Dict) (uint32, bool) {
	if mark == infoset.InFull {
		return 0, false
	}
	if mark == infoset.Shared {
		if id, ok := w.dict.id(b); ok {
			return id, true
		}
	}
	if w.opts.Session == nil {
		return 0, false
	}
	return w.opts.Session.id(b)
}

// mark gives the mark that a name or a namespace with the mark d is written with.
func (w *Writer) mark(d infoset.Dict) infoset.Dict {
	if d == infoset.InFull && w.opts.AllNames {
		return infoset.Shared
	}
	return d
}

// letter gives the place of a one-letter prefix in the alphabet.
func letter(prefix string) (byte, bool) {
	if len(prefix) == 1 && prefix[0] >= 'a' && prefix[0] <= 'z' {
		return prefix[0] - 'a', true
	}
	return 0, false
}

func (w *Writer) string(s string) {
	w.out = append(appendInt31(w.out, len(s)), s...)
}

// extend makes out longer by n bytes, and gives those.
func (w *Writer) extend(n int) []byte {
	at := len(w.out)
	w.out = slices.Grow(w.out, n)[:at+n]
	return w.out[at:]
}

// nameRecords are the records of a name of one kind: for no prefix, any prefix and the prefix a; each also for a name of a dictionary.
type nameRecords struct {
	short, shortDict, long, longDict, letterA, letterDictA byte
}

var (
	elementRecords   = nameRecords{recShortElement, recShortDictElement, recElement, recDictElement, recPrefixElemA, recPrefixDictElemA}
	attributeRecords = nameRecords{recShortAttribute, recShortDictAttribute, recAttribute, recDictAttribute, recPrefixAttrA, recPrefixDictAttrA}
)

// name writes the record of a name. The record says where the prefix and the name
// are; what it does not say itself follows it.
func (w *Writer) name(as *nameRecords, prefix, local string, mark infoset.Dict) {
	id, known := w.nameID(local, mark)
	short, long, letterA := as.short, as.long, as.letterA
	if known {
		short, long, letterA = as.shortDict, as.longDict, as.letterDictA
	}
	if prefix == "" {
		w.out = append(w.out, short)
	} else if i, ok := letter(prefix); ok {
		w.out = append(w.out, letterA+i)
	} else {
		w.out = append(w.out, long)
		w.string(prefix)
	}
	if !known {
		w.string(local)
	} else if id < 0x80 {
		w.out = append(w.out, byte(id))
	} else {
		w.out = appendInt31(w.out, int(id))
	}
}

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
	// Only between start tags: Items and the end of an element change bytes that
	// are still in out.
	if len(w.out) >= w.brim && !w.spill() {
		return
	}
	if why := w.tag.Start(n); why != 0 {
		w.fail(why, "element "+infoset.Clip(n.Local))
		return
	}
	// The text before belongs to the parent, whose end cannot join it any more.
	w.tagAt, w.textAt = len(w.out), -1
	w.name(&elementRecords, n.Prefix, n.Local, w.mark(n.Dict))
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
	w.name(&attributeRecords, prefix, n.Local, w.mark(n.Dict))
	w.value(&v)
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
	// .NET writes declarations behind the attributes that need them.
	for i, decls := 0, w.tag.Decls(); i < len(decls); i++ {
		d := &decls[i]
		if xmlchar.Invalid(infoset.String(d.Space).Raw()) >= 0 {
			w.fail(infoset.BadCharacter, "namespace")
			return
		}
		id, known := w.id(d.Space, w.mark(d.Dict))
		switch {
		case known && d.Prefix == "":
			w.out = append(w.out, recShortDictXmlns)
		case known:
			w.out = append(w.out, recDictXmlns)
		case d.Prefix == "":
			w.out = append(w.out, recShortXmlns)
		default:
			w.out = append(w.out, recXmlns)
		}
		if d.Prefix != "" {
			w.string(d.Prefix)
		}
		if known {
			w.out = appendInt31(w.out, int(id))
		} else {
			w.string(d.Space)
		}
	}
}

// ready ends what is open before new content: the start tag, a held-back rest of
// bytes.
func (w *Writer) ready() bool {
	if w.err != nil {
		return false
	}
	if w.tag.Declares() {
		w.closeTag()
	}
	if w.carried > 0 {
		w.endBytes()
	}
	return w.err == nil
}

// Text adds text: see infoset.Writer. Bytes that follow bytes are one value.
func (w *Writer) Text(v infoset.Value) { w.put(&v) }

// put is Text.
func (w *Writer) put(v *infoset.Value) {
	outside := w.tag.Outside()
	// More bytes of a value that has begun: its rest is not written yet.
	if v.Type() == infoset.TypeBytes && w.err == nil && !w.tag.Open() && !outside {
		w.bytes(v.Raw())
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
	if len(w.out) >= w.brim && !w.spill() {
		return
	}
	switch {
	case v.Type() == infoset.TypeBytes:
		w.bytes(v.Raw())
	// An empty text in an element leaves no record, as in .NET.
	case v.Type() == infoset.TypeText && len(v.Raw()) == 0:
	default:
		w.textAt = len(w.out)
		w.value(v)
	}
}

// Comment adds a comment: see infoset.Writer. Text that would end a comment in
// text XML is an error.
func (w *Writer) Comment(v infoset.Value) {
	if !w.ready() {
		return
	}
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
	if xmlchar.Invalid(text) >= 0 {
		w.fail(infoset.BadCharacter, "comment")
		return
	}
	w.textAt = -1
	w.out = append(appendInt31(append(w.out, recComment), len(text)), text...)
}

// End closes the innermost element: see infoset.Writer.
func (w *Writer) End() {
	if !w.ready() {
		return
	}
	if why := w.tag.End(); why != 0 {
		w.fail(infoset.Misuse, w.tag.Complaint())
		return
	}
	// The record of a text becomes that of the text and the end.
	if w.textAt >= 0 {
		w.out[w.textAt] |= withEnd
		w.textAt = -1
		return
	}
	w.out = append(w.out, recEndElement)
}

// Items writes an array: see infoset.Writer.
func (w *Writer) Items(v infoset.Value) {
	if w.err != nil {
		return
	}
	n := v.Len()
	if v.Type() != infoset.TypeArray || !w.tag.Open() || w.tag.Depth() == 1 && n != 1 {
		w.fail(infoset.Misuse, "items in this place")
		return
	}
	if v.CheckItems() != 0 {
		w.fail(infoset.BadValue, "item of an array")
		return
	}
	// No items are no elements: the start tag goes. Else an array is the start tag
	// with a record before it, which is known only now.
	if n == 0 {
		w.out = w.out[:w.tagAt]
	} else {
		w.closeTag()
		w.out = append(w.out, 0)
		copy(w.out[w.tagAt+1:], w.out[w.tagAt:])
		w.out[w.tagAt] = recArray
		w.out = append(w.out, recEndElement, itemRecord(v.ItemType()))
		w.out = append(appendInt31(w.out, n), v.Raw()...)
	}
	w.tag.End() // cannot fail: the tag is open
	w.textAt = -1
}

// Flush hands over all output: see infoset.Writer.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
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

// spill makes room in out, or fails where none is to be had.
func (w *Writer) spill() bool {
	if w.dst == nil {
		w.fail(infoset.Quota, "output limit")
	} else {
		w.push()
	}
	return w.err == nil
}

// push hands on what is in out.
func (w *Writer) push() {
	w.written += int64(len(w.out))
	if _, err := w.dst.Write(w.out); err != nil {
		w.err = &infoset.Error{Reason: infoset.Source, Offset: w.written, Path: w.tag.Path(), Err: err}
	}
	w.out, w.textAt = w.out[:0], -1
}

func (w *Writer) fail(why infoset.Reason, detail string) {
	w.err = &infoset.Error{Reason: why, Offset: w.written + int64(len(w.out)), Path: w.tag.Path(), Detail: detail}
}
