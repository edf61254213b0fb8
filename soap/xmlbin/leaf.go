package xmlbin

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/names"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// What this file does: elements that are a name and a short text, as most are, are read and written in one step where all of it is plain
// and at hand. Whatever is otherwise goes the usual way, which also finds what is wrong.

var _ infoset.LeafReader = (*Reader)(nil)

// NextLeaf gives the next token: see infoset.LeafReader.
func (r *Reader) NextLeaf() (*infoset.Token, error) {
	if r.leaf() {
		return &r.tok, nil
	}
	return r.Next()
}

// leaf makes the token, or gives false and has done nothing that shows.
func (r *Reader) leaf() bool {
	w := &r.win
	b := w.Buf[w.Pos:]
	if r.err != nil || r.ends || r.long.left|r.array.left > 0 || r.m.Outside() || len(b) < 2 {
		return false
	}
	// The name is written to the slot, which nobody looks at unless the element is opened.
	name := r.m.Slot()
	n := r.leafName(b, name)
	if n == 0 || len(b)-n < 3 || b[n] != recChars8|withEnd {
		return false
	}
	size := int(b[n+1])
	if size == 0 || size > len(b)-n-2 || size > r.q.StringContent || n > r.q.BytesPerRead {
		return false
	}
	text := b[n+2 : n+2+size]
	if xmlchar.Invalid(text) >= 0 {
		return false
	}
	space, ok := r.m.Lookup(name.Prefix)
	if !ok || !r.m.Leaf() {
		return false
	}
	name.Space = space
	r.run = 0
	w.Mark()
	t := r.plain(infoset.Leaf)
	t.Name = name
	t.Value.SetChars(text)
	t.Offset = w.Offset(w.Pos)
	w.Pos += n + 2 + size
	t.End = w.Offset(w.Pos)
	return true
}

// leafName reads an element record that has a prefix of one letter or none, and whose name is short, into name. It gives the bytes that
// takes, of b, which has two at least; 0: it is none such.
func (r *Reader) leafName(b []byte, name *infoset.Name) int {
	rec, n := b[0], int(b[1])
	dict := false
	name.Prefix = ""
	switch {
	case rec < recShortElement || rec > recLastElement || n >= 0x80:
		return 0
	case rec >= recPrefixElemA:
		name.Prefix = letters[rec-recPrefixElemA:][:1]
	case rec >= recPrefixDictElemA:
		name.Prefix, dict = letters[rec-recPrefixDictElemA:][:1], true
	case rec == recShortDictElement:
		dict = true
	case rec != recShortElement:
		return 0
	}
	if dict {
		if name.Local, name.Dict, dict, _ = r.known(n); dict {
			return 2
		}
		return 0
	}
	if n > len(b)-2 || n > r.q.NameTable {
		return 0
	}
	e := r.names.Intern(b[2 : 2+n])
	if e == nil || e.Kind != names.Plain {
		return 0
	}
	name.Local, name.Dict = e.Raw, infoset.InFull
	return 2 + n
}

// leaf writes an element that holds nothing but text.
func (w *Writer) leaf(n *infoset.Name, v *infoset.Value) {
	text := v.Raw()
	plain := v.Type() == infoset.TypeText && v.Dict() == infoset.InFull && len(text) > 1 && len(text) <= fuseUnits && xmlchar.Printable(text)
	if !plain || len(w.out) >= w.brim || !w.tag.Fits(n) {
		w.Start(n)
		w.put(v)
		w.End()
		return
	}
	if !w.ready() {
		return
	}
	w.tag.Leaf()  // an element is open, and nothing bounds how deep they are
	w.textAt = -1 // as in Start
	w.name(&elementRecords, n.Prefix, n.Local, w.mark(n.Dict))
	at := w.extend(2 + len(text))
	at[0], at[1] = recChars8|withEnd, byte(len(text))
	copy(at[2:], text)
}
