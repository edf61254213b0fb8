// Package content owns what may stand in the content of a type: the tables that package codec reads and writes by, and what follows of
// them (which leaf takes a name, which branches exclude each other, what is missing). It reads and writes nothing. C is what codes a
// field: codec.Coder. Tables are static data and may be shared by goroutines.
//
// Source: XML Schema part 1 second edition, 3.8 (content models) and 3.10 (wildcards).
package content

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Unbounded is a Max without bound.
const Unbounded = -1

// Model says what stands in the content of a type. It is static data.
type Model[C any] struct {
	Type    infoset.Name // name of the schema's type, for xsi:type; zero for an anonymous one
	Attrs   []Attr[C]
	AnyAttr *Simple[C] // the field of attributes that no declaration names: an xsd.Attributes; nil: the type has none
	Text    *Simple[C] // the field of simple content; nil: it has none
	Mixed   *Simple[C] // the field of mixed content, an xsd.Mixed; nil: it has none
	Leaves  []Leaf[C]
	Groups  []Group
	All     bool // the leaves stand in any order (xs:all)
}

// Simple is a field that is no attribute and no element.
type Simple[C any] struct {
	Field int
	Codec C         // of simple content
	Wild  *Wildcard // of attributes that no declaration names: which; nil: all
}

// Attr is an attribute.
type Attr[C any] struct {
	Name     infoset.Name
	Field    int
	Codec    C
	JSON     string // the member in JSON; "": by the name
	Required bool
}

// Leaf is a place of elements in the content, in the order of the schema. A leaf with Item is a repeated group: each turn of it is a
// struct of that model. One with OneOf is an element that others substitute: a struct with one member.
type Leaf[C any] struct {
	Name     infoset.Name // of an element
	Field    int
	Codec    C
	JSON     string // the member in JSON; "": by the name
	Again    bool   // an earlier leaf has the same field: branches of a choice may share one
	Min, Max int
	Group    int // innermost group around it: its place in Groups, counted from 1; 0: none
	Branch   int // which branch of that group it is in
	Wild     *Wildcard
	Item     *Model[C]
	OneOf    *Model[C]
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

// Matches reports whether an element may stand at the leaf.
func (l *Leaf[C]) Matches(n *infoset.Name) bool {
	switch {
	case l.Item != nil:
		return l.Item.starts(n)
	case l.OneOf != nil:
		return l.OneOf.Find(n) >= 0
	case l.Wild != nil:
		return l.Wild.Takes(n.Space)
	}
	return l.Name.Local == n.Local && l.Name.Space == n.Space
}

// Find gives the leaf of a name wherever it stands, -1 if there is none. Wildcards come last.
func (m *Model[C]) Find(n *infoset.Name) int {
	wild := -1
	for i := range m.Leaves {
		l := &m.Leaves[i]
		if !l.Matches(n) {
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
func (m *Model[C]) starts(n *infoset.Name) bool {
	for i := range m.Leaves {
		if m.Leaves[i].Matches(n) && (m.All || m.first(i)) {
			return true
		}
	}
	return false
}

// first reports whether nothing that must come stands before a leaf.
func (m *Model[C]) first(leaf int) bool {
	for i := range leaf {
		l := &m.Leaves[i]
		if l.Min > 0 && m.together(i, leaf) {
			return false
		}
	}
	return true
}

// together reports whether leaf must be there when other is: every group around it has other in the same branch.
func (m *Model[C]) together(leaf, other int) bool {
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
func (m *Model[C]) branchOf(leaf, group int) (branch int, in bool) {
	g, branch := m.Leaves[leaf].Group, m.Leaves[leaf].Branch
	for g != 0 {
		if g == group {
			return branch, true
		}
		branch, g = m.Groups[g-1].Branch, m.Groups[g-1].Outer
	}
	return 0, false
}

// Exclude reports whether two leaves stand in different branches of a choice.
func (m *Model[C]) Exclude(a, b int) bool {
	g, branch := m.Leaves[a].Group, m.Leaves[a].Branch
	for g != 0 {
		if other, in := m.branchOf(b, g); in {
			return m.Groups[g-1].Choice && other != branch
		}
		branch, g = m.Groups[g-1].Branch, m.Groups[g-1].Outer
	}
	return false
}

// Missing tells what must be there and is not: leaves of no group or of a branch that is there, and groups with no branch.
func (m *Model[C]) Missing(counts []int, tell func(what string) error) error {
	for i := range m.Leaves {
		l := &m.Leaves[i]
		if counts[i] < l.Min && !l.emptiable() && (l.Group == 0 || m.branchThere(l.Group, l.Branch, counts)) {
			if err := tell(m.LeafName(i)); err != nil {
				return err
			}
		}
	}
	for g := range m.Groups {
		grp := &m.Groups[g]
		if grp.Optional || m.present(g+1, counts) || m.satisfied(g+1) {
			continue
		}
		if grp.Outer == 0 || m.branchThere(grp.Outer, grp.Branch, counts) {
			if err := tell("one of a choice"); err != nil {
				return err
			}
		}
	}
	return nil
}

// emptiable reports whether a turn of a repeated group may hold nothing, so that none need be there.
func (l *Leaf[C]) emptiable() bool {
	if l.Item == nil {
		return false
	}
	empty := true
	_ = l.Item.Missing(make([]int, len(l.Item.Leaves)), func(string) error { // tell gives no error
		empty = false
		return nil
	})
	return empty
}

// LeafName is what a leaf is called in messages.
func (m *Model[C]) LeafName(i int) string {
	switch l := &m.Leaves[i]; {
	case l.Wild != nil:
		return "an element of any name"
	case l.Item != nil && len(l.Item.Leaves) > 0:
		return "a group of " + l.Item.LeafName(0)
	default:
		return l.Name.String()
	}
}

// present reports whether anything inside of a group is there.
func (m *Model[C]) present(group int, counts []int) bool {
	for i := range m.Leaves {
		if _, in := m.branchOf(i, group); in && counts[i] > 0 {
			return true
		}
	}
	return false
}

// branchThere reports whether anything of a branch of a group is there.
func (m *Model[C]) branchThere(group, branch int, counts []int) bool {
	for i := range m.Leaves {
		if b, in := m.branchOf(i, group); in && b == branch && counts[i] > 0 {
			return true
		}
	}
	return false
}

// satisfied reports whether a choice has a branch that may be empty, so that nothing of it need be there.
func (m *Model[C]) satisfied(group int) bool {
	empty := map[int]bool{}
	for i := range m.Leaves {
		b, in := m.branchOf(i, group)
		if !in {
			continue
		}
		if _, known := empty[b]; !known {
			empty[b] = true
		}
		if m.Leaves[i].Min > 0 && m.Leaves[i].Group == group {
			empty[b] = false
		}
	}
	for _, ok := range empty {
		if ok {
			return true
		}
	}
	return false
}

// Takes reports whether attributes of a namespace are kept though no declaration names them.
func (s *Simple[C]) Takes(space string) bool {
	return s != nil && (s.Wild == nil || s.Wild.Takes(space))
}

// Attr finds an attribute by its name, -1 for none.
func (m *Model[C]) Attr(n *infoset.Name) int {
	for i := range m.Attrs {
		if a := &m.Attrs[i].Name; a.Local == n.Local && a.Space == n.Space {
			return i
		}
	}
	return -1
}
