package inspect

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// maxDifferences bounds the list that Diff gives.
const maxDifferences = 100

// Difference is one place where two documents say different things.
type Difference struct {
	// Message is the number of the message in its input, from 1.
	Message int `json:"message"`
	// Path leads to the place, with [n] where an element has several siblings of
	// its name; an attribute comes last as @name.
	Path string `json:"path"`
	// What is the kind of difference: name, text, attribute, element.
	What string `json:"what"`
	// Left and Right are the two sides; empty for a thing that only one has.
	Left  string `json:"left"`
	Right string `json:"right"`
}

// String gives the difference as two or three lines.
func (d Difference) String() string {
	s := fmt.Sprintf("%s: %s", d.Path, d.What)
	if d.Left != "" {
		s += "\n- " + d.Left
	}
	if d.Right != "" {
		s += "\n+ " + d.Right
	}
	return s
}

// Diff compares the documents in two inputs, each of any form that Decode takes,
// as infosets: prefixes, declarations, the order of attributes, comments, and
// white space between elements do not matter. It gives at most 100 differences,
// none for equal documents, and an error for an input that cannot be read.
func Diff(left, right []byte) ([]Difference, error) {
	a, err := Decode(left)
	if err != nil {
		return nil, fmt.Errorf("left: %w", err)
	}
	b, err := Decode(right)
	if err != nil {
		return nil, fmt.Errorf("right: %w", err)
	}
	d := differ{}
	for i := range max(len(a.Messages), len(b.Messages)) {
		d.message = i + 1
		switch {
		case i >= len(a.Messages):
			d.add("/", "message", "", b.Messages[i].Summary.Line())
		case i >= len(b.Messages):
			d.add("/", "message", a.Messages[i].Summary.Line(), "")
		default:
			d.elements("", a.Messages[i].tree.root(), b.Messages[i].tree.root())
		}
	}
	return d.found, nil
}

type differ struct {
	message int
	found   []Difference
}

func (d *differ) add(path, what, left, right string) {
	if len(d.found) < maxDifferences {
		d.found = append(d.found, Difference{Message: d.message, Path: path, What: what, Left: left, Right: right})
	}
}

func (d *differ) elements(path string, a, b *node) {
	// Paths have the prefixes of the left side.
	path += "/" + a.name.String()
	if !a.name.Same(b.name) {
		d.add(path, "name", clark(a.name), clark(b.name))
		return
	}
	d.attributes(path, a, b)
	d.content(path, a.content(), b.content())
}

func (d *differ) attributes(path string, a, b *node) {
	for i := range a.attrs {
		n := &a.attrs[i].Name
		left, right := a.attrs[i].Value.String(), ""
		j := b.attr(n)
		if j >= 0 {
			right = b.attrs[j].Value.String()
		}
		if j < 0 || left != right {
			d.add(path+"/@"+n.String(), "attribute", quoted(left, true), quoted(right, j >= 0))
		}
	}
	for i := range b.attrs {
		if n := &b.attrs[i].Name; a.attr(n) < 0 {
			d.add(path+"/@"+n.String(), "attribute", "", quoted(b.attrs[i].Value.String(), true))
		}
	}
}

func (n *node) attr(name *infoset.Name) int {
	return slices.IndexFunc(n.attrs, func(a infoset.Attr) bool { return a.Name.Same(name) })
}

func quoted(s string, there bool) string {
	if !there {
		return ""
	}
	return fmt.Sprintf("%q", s)
}

// content gives what counts: elements, and text joined over comments; white
// space beside elements does not count.
func (n *node) content() (out []*node) {
	elements := n.child() != nil
	for _, k := range n.kids {
		switch {
		case k.kind == infoset.Comment, k.kind == infoset.Text && elements && xmlchar.AllSpace(k.chars()):
		case k.kind == infoset.Text && len(out) > 0 && out[len(out)-1].kind == infoset.Text:
			joined := slices.Concat(out[len(out)-1].chars(), k.chars())
			out[len(out)-1] = &node{kind: infoset.Text, text: joined}
		case k.kind == infoset.Text && len(k.chars()) == 0:
		default:
			out = append(out, k)
		}
	}
	return out
}

// content compares two lists in order. Where they fall apart it looks for the
// nearest place at which they go on together.
func (d *differ) content(path string, a, b []*node) {
	seen := map[string]int{}
	for len(a) > 0 || len(b) > 0 {
		if len(a) > 0 && len(b) > 0 && alike(a[0], b[0]) {
			d.pair(path, a, b, seen)
			a, b = a[1:], b[1:]
			continue
		}
		// Something is missing on one side, or in another order.
		skipA, skipB := resume(a, b)
		for _, n := range a[:skipA] {
			d.add(path, "element", n.short(), "")
		}
		for _, n := range b[:skipB] {
			d.add(path, "element", "", n.short())
		}
		a, b = a[skipA:], b[skipB:]
	}
}

// pair compares two nodes that belong together.
func (d *differ) pair(path string, a, b []*node, seen map[string]int) {
	x, y := a[0], b[0]
	if x.kind == infoset.Text {
		if !bytes.Equal(x.chars(), y.chars()) {
			d.add(path, "text", quoted(string(x.chars()), true), quoted(string(y.chars()), true))
		}
		return
	}
	key := clark(x.name)
	seen[key]++
	before := len(d.found)
	d.elements(path, x, y)
	if seen[key] > 1 || follows(a[1:], x) {
		// Only now, because most elements are equal and need no path.
		plain := path + "/" + x.name.String()
		for i := before; i < len(d.found); i++ {
			d.found[i].Path = fmt.Sprintf("%s[%d]%s", plain, seen[key], d.found[i].Path[len(plain):])
		}
	}
}

func follows(rest []*node, n *node) bool {
	return slices.ContainsFunc(rest, func(m *node) bool { return alike(m, n) })
}

// alike reports whether two nodes are the same kind of thing.
func alike(x, y *node) bool {
	return x.kind == y.kind && (x.kind == infoset.Text || x.name.Same(y.name))
}

// maxLook bounds the search for a place to go on.
const maxLook = 200

// resume gives how much of each list has no counterpart.
func resume(a, b []*node) (skipA, skipB int) {
	// Nearest first: by the number of nodes that are left out on both sides.
	for sum := 1; sum <= min(len(a)+len(b), maxLook); sum++ {
		for i := max(0, sum-len(b)); i <= min(sum, len(a)); i++ {
			if j := sum - i; i < len(a) && j < len(b) && alike(a[i], b[j]) {
				return i, j
			}
		}
	}
	return len(a), len(b)
}

// short names a node for a list of differences.
func (n *node) short() string {
	if n.kind == infoset.Text {
		return quoted(string(n.chars()), true)
	}
	return clark(n.name)
}
