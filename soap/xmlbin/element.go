package xmlbin

import (
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/names"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// itoa and recName are for the texts of errors.
func itoa(n int) string { return strconv.Itoa(n) }

func recName(b byte) string { return "0x" + strconv.FormatUint(uint64(b), 16) }

// An element is its record and all attribute records behind it: [MC-NBFX] has no
// mark for the end of a start tag, so the reader looks at the byte that follows.
// Prefixes may be declared behind their use, so names are resolved when all
// records are there, by infoset.Machine, as for text.

// element reads an element record and the attribute records behind it.
func (r *Reader) element(rec byte) error {
	if err := r.startTag(rec); err != nil {
		return err
	}
	// A new run of text begins behind the tag.
	r.run = 0
	if why, detail := r.m.Enter(&r.tok); why != 0 {
		return r.refuse(why, detail)
	}
	return nil
}

// enter opens the element of the token, as element does.
func (r *Reader) enter() error {
	if why, detail := r.m.Enter(&r.tok); why != 0 {
		return r.refuse(why, detail)
	}
	return nil
}

// refuse makes the error of an element that cannot be opened.
func (r *Reader) refuse(why infoset.Reason, detail string) error {
	if why == infoset.Quota {
		return r.quota(detail, r.q.Depth)
	}
	return r.fail(why, detail)
}

// startTag reads the records into the token, without a look at namespaces.
func (r *Reader) startTag(rec byte) error {
	t, w := &r.tok, &r.win
	t.Kind = infoset.StartElement
	r.clear()
	r.scratch = r.scratch[:0]
	r.items = r.items[:0]
	t.Name = r.m.Slot()
	n := t.Name // its Space is set by Enter
	var err error
	// Nearly all elements of WCF have a prefix of one letter, or none, and a name
	// of a dictionary; these come first.
	switch {
	case rec >= recPrefixElemA:
		n.Prefix = letters[rec-recPrefixElemA:][:1]
		err = r.name(n)
	case rec >= recPrefixDictElemA:
		n.Prefix = letters[rec-recPrefixDictElemA:][:1]
		err = r.dictName(n)
	default:
		err = r.elementName(rec, n)
	}
	if err != nil {
		return err
	}
	for {
		if w.Pos == len(w.Buf) && !w.More() {
			return r.truncated()
		}
		rec := w.Buf[w.Pos]
		// One comparison for "below the attribute records or above them".
		if rec-recShortAttribute >= recShortElement-recShortAttribute {
			break
		}
		w.Pos++
		// Before the attribute is read: two bytes of it take over a hundred here.
		if len(t.Attrs)+len(t.Decls) >= r.q.Attributes {
			return r.quota("attributes", r.q.Attributes)
		}
		if rec >= recShortXmlns && rec <= recDictXmlns {
			err = r.xmlns(rec)
		} else {
			err = r.attribute(rec)
		}
		if err != nil {
			return err
		}
		// Checked at each record, so that a tag without end stops here.
		if w.Size() > r.q.BytesPerRead {
			return r.quota("bytes per read", r.q.BytesPerRead)
		}
	}
	if w.Size() > r.q.BytesPerRead {
		return r.quota("bytes per read", r.q.BytesPerRead)
	}
	return nil
}

// elementName reads what the rarer element records have behind their type: no
// prefix, or one that is spelled out.
func (r *Reader) elementName(rec byte, n *infoset.Name) error {
	n.Prefix = ""
	if rec == recElement || rec == recDictElement {
		if err := r.prefix(&n.Prefix); err != nil {
			return err
		}
	}
	if rec == recShortDictElement || rec == recDictElement {
		return r.dictName(n)
	}
	return r.name(n)
}

// attribute reads an attribute record and its value.
func (r *Reader) attribute(rec byte) error {
	t := &r.tok
	t.Attrs = append(t.Attrs, infoset.Attr{})
	// Filled in place: it is too large to copy.
	a := &t.Attrs[len(t.Attrs)-1]
	n := &a.Name
	// 0C to 25 and 26 to 3F have the prefix in the number; the four before are
	// with and without prefix, as a string and by number.
	dict := false
	switch {
	case rec >= recPrefixAttrA:
		n.Prefix = letters[rec-recPrefixAttrA:][:1]
	case rec >= recPrefixDictAttrA:
		n.Prefix = letters[rec-recPrefixDictAttrA:][:1]
		dict = true
	default:
		dict = rec == recShortDictAttribute || rec == recDictAttribute
		if rec == recAttribute || rec == recDictAttribute {
			if err := r.prefix(&n.Prefix); err != nil {
				return err
			}
		}
	}
	var err error
	if dict {
		err = r.dictName(n)
	} else {
		err = r.name(n)
	}
	if err != nil {
		return err
	}
	// The value is a text record of the plain form.
	w := &r.win
	if w.Pos == len(w.Buf) && !w.More() {
		return r.truncated()
	}
	value := w.Buf[w.Pos]
	if value < recZero || value > recLast || value&withEnd != 0 {
		return r.fail(infoset.Malformed, "attribute with record "+recName(value)+" as value")
	}
	w.Pos++
	return r.value(value, &a.Value)
}

// xmlns reads a declaration.
func (r *Reader) xmlns(rec byte) error {
	t := &r.tok
	d := infoset.Decl{}
	if rec == recXmlns || rec == recDictXmlns {
		if err := r.prefix(&d.Prefix); err != nil {
			return err
		}
		if d.Prefix == "" {
			return r.fail(infoset.BadName, "empty prefix")
		}
	}
	// 08 and 09 have the namespace as a string, 0A and 0B by its number.
	if rec >= recShortDictXmlns {
		space, mark, _, err := r.dict()
		if err != nil {
			return err
		}
		d.Space, d.Dict = space, mark
	} else {
		word, err := r.word()
		if err != nil {
			return err
		}
		// Strings of dictionaries were checked when they came; this one was not.
		if i := xmlchar.Invalid(word); i >= 0 {
			return r.badChar(word[i:])
		}
		entry := r.names.Intern(word)
		if entry == nil {
			return r.quota("name table", r.q.NameTable)
		}
		d.Space = entry.Raw
	}
	t.Decls = append(t.Decls, d)
	return nil
}

// word reads a string of the kind that is kept in the name table.
func (r *Reader) word() ([]byte, error) {
	n, err := r.int31()
	if err != nil {
		return nil, err
	}
	if n > r.q.NameTable {
		return nil, r.quota("name table", r.q.NameTable)
	}
	return r.take(n)
}

// prefix reads a prefix as a string. An empty one is taken as none.
func (r *Reader) prefix(p *string) error {
	w := &r.win
	// Most prefixes that are spelled out have few letters.
	word, err := r.word()
	if err != nil || len(word) == 0 {
		return err
	}
	entry := r.names.Intern(word)
	if entry == nil {
		return r.quota("name table", r.q.NameTable)
	}
	if entry.Kind != names.Plain {
		w.Pos -= len(word)
		return r.fail(infoset.BadName, "prefix "+infoset.Clip(word))
	}
	*p = entry.Raw
	return nil
}

// name reads a local name that is spelled out.
func (r *Reader) name(n *infoset.Name) error {
	word, err := r.word()
	if err != nil {
		return err
	}
	entry := r.names.Intern(word)
	if entry == nil {
		return r.quota("name table", r.q.NameTable)
	}
	// .NET takes any string for a name. It would not survive as text, so it is
	// refused here, where the offset is still known.
	if entry.Kind != names.Plain {
		return r.fail(infoset.BadName, infoset.Clip(word))
	}
	n.Local, n.Dict = entry.Raw, infoset.InFull
	return nil
}

// dictName reads a local name by its id.
func (r *Reader) dictName(n *infoset.Name) error {
	// Nearly all names of a message have one of the first 64 numbers of either
	// dictionary. This is dict for them, without its calls.
	if w := &r.win; w.Pos < len(w.Buf) && w.Buf[w.Pos] < 0x80 {
		if local, mark, is, _ := r.known(int(w.Buf[w.Pos])); is {
			n.Local = local
			n.Dict = mark
			w.Pos++
			return nil
		}
	}
	s, mark, ok, err := r.dict()
	if err != nil {
		return err
	}
	if !ok {
		return r.fail(infoset.BadName, infoset.Clip(s))
	}
	n.Local = s
	n.Dict = mark
	return nil
}

// array is an array that is being given out.
type array struct {
	left  int // items to come
	step  int // of the current item: 0 start, 1 text, 2 end
	typ   infoset.Type
	size  int
	name  infoset.Name
	attrs []infoset.Attr
	decls []infoset.Decl
}

// startArray reads an array up to its items: the element they all have, the end
// of that, their type and number ([MC-NBFX] 2.2.1.4).
func (r *Reader) startArray() error {
	w, a := &r.win, &r.array
	b, err := r.take(1)
	if err != nil {
		return err
	}
	if b[0] < recShortElement || b[0] > recLastElement {
		return r.fail(infoset.Malformed, "array of record "+recName(b[0]))
	}
	if err := r.startTag(b[0]); err != nil {
		return err
	}
	if b, err = r.take(2); err != nil {
		return err
	}
	// The template has no content, so its end follows at once. Then the type of
	// the items, with the end bit that says what each of them is: a whole element.
	typ, ok := itemType(b[1])
	if b[0] != recEndElement || !ok {
		w.Pos -= 2
		return r.fail(infoset.Malformed, "array with records "+recName(b[0])+" "+recName(b[1]))
	}
	count, err := r.int31()
	if err != nil {
		return err
	}
	// Nothing is allocated by this number.
	switch {
	case count == 0:
		return r.fail(infoset.Malformed, "array of no items")
	case count > r.q.ArrayLength:
		return r.quota("array length", r.q.ArrayLength)
	// .NET shows the first item and stops looking; two roots are no document.
	case count > 1 && r.m.Outside():
		return r.fail(infoset.Malformed, "array in place of the root element")
	}
	a.left, a.step, a.typ, a.size = count, 0, typ, infoset.ItemSize(typ)
	// The items may reach beyond the window, so the tag must not be a view.
	t := &r.tok
	a.name = *t.Name
	a.decls = append(a.decls[:0], t.Decls...)
	a.attrs = a.attrs[:0]
	for i := range t.Attrs {
		a.attrs = append(a.attrs, infoset.Attr{Name: t.Attrs[i].Name, Value: t.Attrs[i].Value.Clone()})
	}
	return r.nextItem()
}

// nextItem gives the next token of an array.
func (r *Reader) nextItem() error {
	a := &r.array
	if r.opts.Arrays {
		return r.someItems()
	}
	// One item is three tokens.
	a.step++
	switch a.step {
	case 1:
		r.template(infoset.StartElement)
		return r.enter()
	case 2:
		b, err := r.take(a.size)
		if err != nil {
			return err
		}
		r.m.Text(false) // cannot fail: an element is open
		if why := r.plain(infoset.Text).Value.SetRaw(a.typ, b); why != 0 {
			return r.fail(why, a.typ.String())
		}
		return nil
	}
	a.step = 0
	a.left--
	return r.end()
}

func (r *Reader) template(kind infoset.Kind) {
	t, a := &r.tok, &r.array
	t.Kind = kind
	t.Name = r.m.Slot()
	*t.Name = a.name
	t.Value = infoset.Value{}
	t.Attrs = append(t.Attrs[:0], a.attrs...)
	t.Decls = append(t.Decls[:0], a.decls...)
}

// someItems gives as many items as fit into a piece, as one token.
func (r *Reader) someItems() error {
	a := &r.array
	// A long array comes in several tokens, so that it need not be in memory
	// whole; they are siblings all the same.
	n := min(a.left, pieceSize/a.size)
	r.template(infoset.Array)
	if err := r.enter(); err != nil {
		return err
	}
	b, err := r.take(n * a.size)
	if err != nil {
		return err
	}
	v := infoset.Items(a.typ, b)
	if why := v.CheckItems(); why != 0 {
		return r.fail(why, a.typ.String())
	}
	r.tok.Value = v
	r.m.End() // cannot fail: the element was just opened
	r.run = 0
	a.left -= n
	return nil
}
