package inspect

import (
	"errors"
	"io"
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// node is an element, a run of text or a comment of a document in memory.
type node struct {
	kind  infoset.Kind // StartElement, Text or Comment
	name  *infoset.Name
	attrs []infoset.Attr
	decls []infoset.Decl
	text  []byte
	bytes []byte // of a run that is nothing but binary data, in place of text
	kids  []*node
}

// tree is a document, or as much of one as could be read. Its depth is bounded
// by the reader's quota.
type tree struct {
	top      node // holds comments and the root
	elements int
}

// read takes all of r. What was read before an error stays.
func (t *tree) read(r infoset.Reader) error {
	open := []*node{&t.top}
	for {
		tok, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		in := open[len(open)-1]
		switch tok.Kind {
		case infoset.StartElement:
			c := tok.Clone()
			n := &node{kind: infoset.StartElement, name: c.Name, attrs: c.Attrs, decls: c.Decls}
			in.kids = append(in.kids, n)
			open = append(open, n)
			t.elements++
		case infoset.EndElement:
			open = open[:len(open)-1]
		case infoset.Comment:
			in.kids = append(in.kids, &node{kind: infoset.Comment, text: tok.Value.AppendText(nil)})
		case infoset.Text:
			in.add(tok.Value)
		}
	}
}

// add joins text to a run. Binary data side by side is one value, so its bytes
// are joined before they become base64.
func (n *node) add(v infoset.Value) {
	k := len(n.kids)
	if k == 0 || n.kids[k-1].kind != infoset.Text {
		n.kids = append(n.kids, &node{kind: infoset.Text})
		k++
	}
	run := n.kids[k-1]
	if v.Type() == infoset.TypeBytes && len(run.text) == 0 {
		run.bytes = append(run.bytes, v.Raw()...)
		return
	}
	run.text = v.AppendText(run.chars())
	run.bytes = nil
}

// chars gives the text of a run or comment.
func (n *node) chars() []byte {
	if n.bytes != nil {
		return infoset.Bytes(n.bytes).AppendText(nil)
	}
	return n.text
}

// root gives the root element, nil if none was read.
func (t *tree) root() *node {
	for _, n := range t.top.kids {
		if n.kind == infoset.StartElement {
			return n
		}
	}
	return nil
}

// child gives the first child element of any of the given names; no name is any
// element.
func (n *node) child(locals ...string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.kind != infoset.StartElement {
			continue
		}
		if len(locals) == 0 || slices.Contains(locals, k.name.Local) {
			return k
		}
	}
	return nil
}

// value gives the text of an element without white space around it.
func (n *node) value() string {
	if n == nil {
		return ""
	}
	var b []byte
	for _, k := range n.kids {
		if k.kind == infoset.Text {
			b = append(b, k.chars()...)
		}
	}
	return printable(xmlchar.Trim(b))
}

// mixed reports whether n has text that is not white space: then none of its
// content may be moved.
func (n *node) mixed() bool {
	elements := false
	for _, k := range n.kids {
		switch {
		case k.kind == infoset.Text && !xmlchar.AllSpace(k.chars()):
			return true
		case k.kind != infoset.Text:
			elements = true
		}
	}
	return !elements
}

// indented writes the document with two spaces a level. Elements with text are
// left as they are.
func (t *tree) indented() []byte {
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	for _, n := range t.top.kids {
		if n.kind == infoset.Text {
			continue
		}
		if len(w.Bytes()) > 0 {
			w.Text(infoset.String("\n"))
		}
		n.write(w, 0, true)
	}
	return w.Bytes()
}

// copyTo writes the document as it is.
func (t *tree) copyTo(w infoset.Writer) error {
	for _, n := range t.top.kids {
		n.write(w, 0, false)
	}
	return w.Flush()
}

const spaces = "\n                                                                "

func indent(w infoset.Writer, depth int) {
	w.Text(infoset.String(spaces[:min(len(spaces), 1+2*depth)]))
}

func (n *node) write(w infoset.Writer, depth int, pretty bool) {
	switch n.kind {
	case infoset.Text:
		w.Text(infoset.Chars(n.chars()))
		return
	case infoset.Comment:
		w.Comment(infoset.Chars(n.text))
		return
	}
	w.Start(n.name)
	for i := range n.attrs {
		w.Attr(&n.attrs[i].Name, n.attrs[i].Value)
	}
	for _, d := range n.decls {
		w.Declare(d)
	}
	// Once an element has text beside elements, white space inside it counts, all
	// the way down.
	inner := pretty && !n.mixed()
	for _, k := range n.kids {
		if inner && k.kind == infoset.Text {
			continue
		}
		if inner {
			indent(w, depth+1)
		}
		k.write(w, depth+1, inner)
	}
	if inner && len(n.kids) > 0 {
		indent(w, depth)
	}
	w.End()
}
