// Package opentag owns what both writers do while a start tag is open: it checks
// names, finds prefixes for them, and gathers the declarations that the tag must
// carry. It owns no bytes. One goroutine uses a Tag.
package opentag

import (
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Decl is a declaration to write.
type Decl struct {
	infoset.Decl
	// Redundant tells that the parent's scope has the same binding.
	Redundant bool
	auto      bool
}

// Tag is the machine of a writer together with the state of the open start tag.
type Tag struct {
	infoset.Machine
	decls []Decl
	attrs []infoset.Name // of this tag, with the prefixes they are written with
}

// Reset goes to the beginning of a document.
func (t *Tag) Reset() {
	t.Machine.Reset(infoset.Unlimited)
	t.clear()
}

// Release goes to the beginning of a document, and keeps about most bytes of memory at most: see infoset.Machine.
func (t *Tag) Release(most int) {
	const each = 64 // bytes of a declaration, and of an attribute's name
	t.Machine.Release(most)
	if (cap(t.decls)+cap(t.attrs))*each > most {
		t.decls, t.attrs = nil, nil
	}
	clear(t.decls[:cap(t.decls)])
	clear(t.attrs[:cap(t.attrs)])
	t.decls, t.attrs = t.decls[:0], t.attrs[:0]
}

func (t *Tag) clear() {
	clear(t.decls)
	clear(t.attrs)
	t.decls, t.attrs = t.decls[:0], t.attrs[:0]
}

// Start opens an element and binds its prefix.
func (t *Tag) Start(n *infoset.Name) infoset.Reason {
	// What is in the slot is the name of the sibling before, if there was one, which was checked; most lists have items of one name.
	var why infoset.Reason
	if *t.Slot() == *n && n.Local != "" {
		why = t.Again()
	} else if why = check(n); why == 0 {
		why = t.Machine.Start(n)
	}
	if why != 0 {
		return why
	}
	t.clear()
	if space, ok := t.Lookup(n.Prefix); ok && space == n.Space {
		return 0
	}
	return t.bind(n.Prefix, n)
}

// Fits puts n into the slot, for Leaf: an element that needs no declaration here. It gives false for every other, which Start opens.
func (t *Tag) Fits(n *infoset.Name) bool {
	if t.Outside() {
		return false
	}
	if space, ok := t.Lookup(n.Prefix); !ok || space != n.Space {
		return false
	}
	// As in Start.
	if slot := t.Slot(); *slot != *n || n.Local == "" {
		if check(n) != 0 {
			return false
		}
		*slot = *n
	}
	return true
}

func check(n *infoset.Name) infoset.Reason {
	switch {
	case !xmlchar.IsName(n.Local), n.Prefix != "" && !xmlchar.IsName(n.Prefix):
		return infoset.BadName
	case n.Prefix != "" && n.Space == "":
		return infoset.BadNamespace
	}
	return 0
}

// bind declares what a name needs.
func (t *Tag) bind(prefix string, n *infoset.Name) infoset.Reason {
	why := t.Machine.Declare(prefix, n.Space)
	if why == 0 {
		t.decls = append(t.decls, Decl{Decl: infoset.Decl{Prefix: prefix, Space: n.Space, Dict: n.Dict}, auto: true})
	}
	return why
}

// Attr allows an attribute and gives the prefix to write it with.
func (t *Tag) Attr(n *infoset.Name) (prefix string, why infoset.Reason) {
	if why := check(n); why != 0 {
		return "", why
	}
	if t.Machine.Attr() != 0 {
		return "", infoset.Misuse
	}
	for i := range t.attrs {
		if t.attrs[i].Same(n) {
			return "", infoset.Duplicate
		}
	}
	if n.Space != "" {
		if prefix, why = t.prefix(n); why != 0 {
			return "", why
		}
	}
	used := *n
	used.Prefix = prefix
	t.attrs = append(t.attrs, used)
	return prefix, 0
}

// prefix finds a prefix for an attribute: the wanted one, a bound one, a new one.
func (t *Tag) prefix(n *infoset.Name) (string, infoset.Reason) {
	if n.Prefix != "" {
		if space, ok := t.Lookup(n.Prefix); ok && space == n.Space {
			return n.Prefix, 0
		}
		if t.free(n.Prefix, n.Space) && t.bind(n.Prefix, n) == 0 {
			return n.Prefix, 0
		}
	}
	if p, ok := t.Prefix(n.Space); ok {
		return p, 0
	}
	for i := 1; ; i++ {
		p := "p" + strconv.Itoa(i)
		if _, taken := t.Lookup(p); !taken {
			return p, t.bind(p, n)
		}
	}
}

// free reports whether no name of this tag uses prefix for another namespace.
func (t *Tag) free(prefix, space string) bool {
	if name := t.Top(); name.Prefix == prefix && name.Space != space {
		return false
	}
	for i := range t.attrs {
		if a := &t.attrs[i]; a.Prefix == prefix && a.Space != "" && a.Space != space {
			return false
		}
	}
	return true
}

// Declare adds a declaration of the caller's.
func (t *Tag) Declare(d infoset.Decl) infoset.Reason {
	if t.Machine.Attr() != 0 {
		return infoset.Misuse
	}
	if d.Prefix != "" && !xmlchar.IsName(d.Prefix) {
		return infoset.BadName
	}
	if !t.free(d.Prefix, d.Space) {
		return infoset.BadNamespace
	}
	for i := range t.decls {
		if have := &t.decls[i]; have.Prefix == d.Prefix && have.auto {
			// Made by a name before; what the caller says comes in its place
			// and order.
			copy(t.decls[i:], t.decls[i+1:])
			t.decls[len(t.decls)-1] = Decl{Decl: d}
			return 0
		}
	}
	outer, ok := t.Lookup(d.Prefix)
	if why := t.Machine.Declare(d.Prefix, d.Space); why != 0 {
		return why
	}
	t.decls = append(t.decls, Decl{Decl: d, Redundant: ok && outer == d.Space})
	return 0
}

// Declares reports whether a start tag is open that has declarations to write.
func (t *Tag) Declares() bool { return len(t.decls) > 0 && t.Open() }

// Decls gives the declarations to write: the caller's in order, then those that
// names needed. It is valid until the next Start.
func (t *Tag) Decls() []Decl {
	autos := 0
	for i := range t.decls {
		if t.decls[i].auto {
			autos++
		}
	}
	if autos == 0 || autos == len(t.decls) {
		return t.decls
	}
	// Stable and in place: lists are short.
	for end := len(t.decls); autos > 0; autos-- {
		i := 0
		for !t.decls[i].auto {
			i++
		}
		d := t.decls[i]
		copy(t.decls[i:], t.decls[i+1:end])
		d.auto = false
		t.decls[end-1] = d
	}
	return t.decls
}
