package xmltext

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/names"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// What this file does: most elements of most documents are <name>text</name>. They are read and written here in one step, where all of it
// is plain and at hand; whatever is otherwise goes the usual way, which also finds what is wrong.

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
	if r.err != nil || r.empty || r.section || r.m.Outside() || len(b) == 0 || b[0] != '<' {
		return false
	}
	entry := r.leafName(b[1:])
	if entry == nil {
		return false
	}
	n := len(entry.Raw)
	text := b[n+2:]
	size := xmlchar.PlainText(text[:min(pieceSize, len(text))])
	end := text[size:]
	if size == 0 || size > r.q.StringContent || n+2 > r.q.BytesPerRead || len(end) < n+3 ||
		end[0] != '<' || end[1] != '/' || end[n+2] != '>' || string(end[2:n+2]) != entry.Raw {
		return false
	}
	space, ok := r.m.Lookup(entry.Prefix)
	if !ok || !r.m.Leaf() {
		return false
	}
	r.run = 0
	w.Mark()
	t := &r.tok
	t.Kind = infoset.Leaf
	t.Name = r.m.Slot()
	t.Name.Prefix, t.Name.Local, t.Name.Space, t.Name.Dict = entry.Prefix, entry.Local, space, infoset.InFull
	t.Attrs, t.Decls = t.Attrs[:0], t.Decls[:0]
	t.Value.SetChars(text[:size])
	t.Offset = w.Offset(w.Pos)
	w.Pos += n + 2 + size + n + 3
	t.End = w.Offset(w.Pos)
	return true
}

// leafName gives the name at the front of b, if '>' is right behind it and it is that of an element; else nil.
func (r *Reader) leafName(b []byte) *names.Entry {
	if e := r.last; e != nil && len(b) > len(e.Raw) && b[len(e.Raw)] == '>' && string(b[:len(e.Raw)]) == e.Raw {
		return e
	}
	n := 0
	for n < len(b) && xmlchar.Class[b[n]]&xmlchar.Word != 0 {
		n++
	}
	if n == 0 || n == len(b) || b[n] != '>' {
		return nil
	}
	e := r.names.Intern(b[:n])
	if e == nil || e.Kind != names.Plain && e.Kind != names.Prefixed {
		return nil
	}
	r.last = e
	return e
}

// leaf writes an element that holds nothing but text.
func (w *Writer) leaf(n *infoset.Name, v *infoset.Value) {
	text := v.Raw()
	if w.opts.Canonical || v.Type() != infoset.TypeText || len(text) == 0 || xmlchar.PlainText(text) != len(text) || !w.tag.Fits(n) {
		w.Start(n)
		w.put(v)
		w.End()
		return
	}
	if !w.ready() {
		return
	}
	w.tag.Leaf() // an element is open, and nothing bounds how deep they are
	name := nameLen(n)
	at := w.extend(len("<></>") + 2*name + len(text))
	at[0] = '<'
	putName(at[1:], n)
	at[1+name] = '>'
	copy(at[2+name:], text)
	at = at[2+name+len(text):]
	at[0], at[1] = '<', '/'
	putName(at[2:], n)
	at[2+name] = '>'
	w.room()
}
