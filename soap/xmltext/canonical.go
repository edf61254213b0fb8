package xmltext

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/opentag"
)

// canonical holds a start tag of Canonical XML until it is complete, because its
// parts are written in an order of their own (Canonical XML 1.0, 2.2 and 2.3).
type canonical struct {
	attrs  []canonicalAttr
	values []byte
	decls  []opentag.Decl
	rooted bool // the root element has begun
}

type canonicalAttr struct {
	prefix, space, local string
	from, to             int // of values
}

func (c *canonical) reset() {
	clear(c.attrs)
	c.attrs, c.values, c.rooted = c.attrs[:0], c.values[:0], false
}

func (c *canonical) attr(w *Writer, prefix string, n *infoset.Name, v infoset.Value) {
	from := len(c.values)
	c.values = w.attrValue(c.values, v)
	c.attrs = append(c.attrs, canonicalAttr{prefix, n.Space, n.Local, from, len(c.values)})
}

// tag writes declarations by prefix, then attributes by namespace and name.
func (c *canonical) tag(w *Writer) {
	c.rooted = true
	// A declaration is written only where it changes something (2.3): the parent
	// was written too, so its scope is all that counts.
	c.decls = append(c.decls[:0], w.tag.Decls()...)
	slices.SortFunc(c.decls, func(a, b opentag.Decl) int { return strings.Compare(a.Prefix, b.Prefix) })
	for _, d := range c.decls {
		if d.Redundant {
			continue
		}
		w.out = append(w.out, " xmlns"...)
		if d.Prefix != "" {
			w.out = append(append(w.out, ':'), d.Prefix...)
		}
		w.out = append(w.out, '=', '"')
		w.out = append(w.escapeAttr(w.out, []byte(d.Space)), '"')
	}
	// By namespace first, the empty one before all, then by local name; prefixes
	// do not matter.
	slices.SortFunc(c.attrs, func(a, b canonicalAttr) int {
		if a.space != b.space {
			return strings.Compare(a.space, b.space)
		}
		return strings.Compare(a.local, b.local)
	})
	for _, a := range c.attrs {
		w.out = append(appendName(append(w.out, ' '), a.prefix, a.local), '=', '"')
		w.out = append(append(w.out, c.values[a.from:a.to]...), '"')
	}
	c.attrs, c.values = c.attrs[:0], c.values[:0]
}
