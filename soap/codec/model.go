package codec

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// none is the index of what is not there.
const none = -1

// Unbounded is a Max without bound.
const Unbounded = -1

// Model says what stands in the content of a type. It is static data.
type Model struct {
	Type    infoset.Name // name of the schema's type, for xsi:type; zero for an anonymous one
	Attrs   []Attr
	AnyAttr *Simple // the field of attributes that no declaration names: an xsd.Attributes; nil: the type has none
	Text    *Simple // the field of simple content; nil: it has none
	Mixed   *Simple // the field of mixed content, an xsd.Mixed; nil: it has none
	Leaves  []Leaf
	Groups  []Group
	All     bool // the leaves stand in any order (xs:all)
}

// Simple is a field that is no attribute and no element.
type Simple struct {
	Field int
	Codec Coder     // of simple content
	Wild  *Wildcard // of attributes that no declaration names: which; nil: all
}

// Attr is an attribute.
type Attr struct {
	Name     infoset.Name
	Field    int
	Codec    Coder
	JSON     string // the member in JSON; "": by the name
	Required bool
}

// Leaf is a place of elements in the content, in the order of the schema. A leaf with Item is a repeated group: each turn of it is a
// struct of that model. One with OneOf is an element that others substitute: a struct with one member.
type Leaf struct {
	Name     infoset.Name // of an element
	Field    int
	Codec    Coder
	JSON     string // the member in JSON; "": by the name
	Again    bool   // an earlier leaf has the same field: branches of a choice may share one
	Min, Max int
	Group    int // innermost group around it: its place in Groups, counted from 1; 0: none
	Branch   int // which branch of that group it is in
	Wild     *Wildcard
	Item     *Model
	OneOf    *Model
}

// Group is a choice, or a sequence that may be absent as a whole: that is a choice of one branch.
type Group struct {
	Outer    int // the group around it, counted from 1; 0: none
	Branch   int // which branch of that one it is in
	Optional bool
	Choice   bool
}

// Wildcard says which elements or attributes xs:any takes.
type Wildcard struct {
	Any    bool     // ##any
	Other  bool     // ##other: every namespace but Target and none
	Target string   // the namespace that Other leaves out
	Spaces []string // else: these; "" is none
}

// Takes reports whether a name of the namespace is taken.
func (w *Wildcard) Takes(space string) bool {
	switch {
	case w.Any:
		return true
	case w.Other:
		return space != "" && space != w.Target
	}
	return slices.Contains(w.Spaces, space)
}

// Struct is a value with fields. Fields are numbered as its Model says.
type Struct interface {
	XMLModel() *Model
	// XMLField gives a pointer to a field, which the Coder in the model reads into and writes from.
	XMLField(field int) any
}

// matches reports whether an element may stand at the leaf.
func (l *Leaf) matches(n *infoset.Name) bool {
	switch {
	case l.Item != nil:
		return l.Item.starts(n)
	case l.OneOf != nil:
		return l.OneOf.find(n) >= 0
	case l.Wild != nil:
		return l.Wild.Takes(n.Space)
	}
	return l.Name.Local == n.Local && l.Name.Space == n.Space
}

// find gives the leaf of a name wherever it stands, -1 if there is none. Wildcards come last.
func (m *Model) find(n *infoset.Name) int {
	wild := -1
	for i := range m.Leaves {
		l := &m.Leaves[i]
		if !l.matches(n) {
			continue
		}
		if l.Wild == nil {
			return i
		}
		if wild < 0 {
			wild = i
		}
	}
	return wild
}

// starts reports whether an element may be the first of the content.
func (m *Model) starts(n *infoset.Name) bool {
	for i := range m.Leaves {
		if m.Leaves[i].matches(n) && (m.All || m.first(i)) {
			return true
		}
	}
	return false
}

// first reports whether nothing that must come stands before a leaf.
func (m *Model) first(leaf int) bool {
	for i := range leaf {
		l := &m.Leaves[i]
		if l.Min > 0 && m.together(i, leaf) {
			return false
		}
	}
	return true
}

// together reports whether leaf must be there when other is: every group around it has other in the same branch.
func (m *Model) together(leaf, other int) bool {
	g, branch := m.Leaves[leaf].Group, m.Leaves[leaf].Branch
	for g != 0 {
		b, in := m.branchOf(other, g)
		if !in || b != branch {
			return false
		}
		branch, g = m.Groups[g-1].Branch, m.Groups[g-1].Outer
	}
	return true
}

// branchOf tells in which branch of a group a leaf is, if it is inside of it.
func (m *Model) branchOf(leaf, group int) (branch int, in bool) {
	g, branch := m.Leaves[leaf].Group, m.Leaves[leaf].Branch
	for g != 0 {
		if g == group {
			return branch, true
		}
		branch, g = m.Groups[g-1].Branch, m.Groups[g-1].Outer
	}
	return 0, false
}
