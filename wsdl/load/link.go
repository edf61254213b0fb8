package load

import (
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// link sets what needs all components to be read: types that are inherited, the members of substitution groups, derived types.
// It may run again when more components have come.
func (r *resolver) link() {
	for _, e := range r.s.Elements {
		r.elementType(e, nil)
	}
	for _, e := range r.s.Elements[r.linkedElements:] {
		if e.Head != nil {
			e.Head.Members = append(e.Head.Members, e)
		}
	}
	r.linkedElements = len(r.s.Elements)
	fresh := append(slices.Clone(r.s.Types[r.linkedTypes:]), r.anon[r.linkedAnon:]...)
	r.linkedTypes, r.linkedAnon = len(r.s.Types), len(r.anon)
	for _, t := range fresh {
		r.linkType(t)
	}
	for _, t := range fresh {
		r.cutTypes(t)
	}
}

func (r *resolver) linkType(t *model.Type) {
	r.breakCycle(t)
	if t.Base != nil && !t.Base.IsAny() {
		t.Base.Derived = append(t.Base.Derived, t)
	}
	r.inheritContent(t)
	if t.Content == model.SimpleContent && !t.Simple {
		t.Value = r.valueOf(t, 0)
	}
	if !t.Simple || t.Base == nil {
		return
	}
	if t.Derivation == model.Restriction && !t.Base.Simple { // a simple type of a complex one with text: its text
		t.Base = r.valueOf(t.Base, 0)
	}
}

// inheritContent gives a type that extends another by nothing but attributes the kind of content that it extends (part 1, 3.4.2): an
// extension by complexContent of a type with text has text.
func (r *resolver) inheritContent(t *model.Type) {
	for i, c := 0, t; i < maxChain && c != nil && !c.IsAny(); i, c = i+1, c.Base {
		if c.Content != model.Empty {
			if c != t {
				t.Content = c.Content
			}
			return
		}
		if c.Simple || c.Derivation != model.Extension || c.Particle != nil {
			return
		}
	}
}

// elementType gives an element of a substitution group its head's type (part 1, 3.3.2).
func (r *resolver) elementType(e *model.Element, chain []*model.Element) *model.Type {
	if e.Type != nil {
		return e.Type
	}
	if slices.Contains(chain, e) {
		r.l.problem(model.Warning, e.Place, "CircularSubstitution", "", "element %s substitutes itself", e.Name)
		e.Type = r.any()
		return e.Type
	}
	e.Type = r.any()
	if head := e.Head; head != nil {
		e.Type = nil
		t := r.elementType(head, append(chain, e))
		e.Type = t
	}
	return e.Type
}

// valueOf is the simple type of a type's text.
func (r *resolver) valueOf(t *model.Type, depth int) *model.Type {
	switch {
	case depth > maxChain || t == nil:
		return r.builtin("string")
	case t.Simple:
		return t
	case t.Value != nil:
		if t.Value.Base != nil && !t.Value.Base.Simple {
			t.Value.Base = r.valueOf(t.Base, depth+1)
		}
		return t.Value
	case t.Base == nil || t.IsAny():
		return r.builtin("string")
	}
	return r.valueOf(t.Base, depth+1)
}

// maxChain is how many bases a type may have; more is a circle.
const maxChain = 200

// breakCycle cuts a type off from a base that is derived from it.
func (r *resolver) breakCycle(t *model.Type) {
	slow := t
	for i, c := 0, t; c != nil; i, c = i+1, c.Base {
		if i > maxChain || i > 0 && c == t {
			r.l.problem(model.Warning, slow.Place, "CircularType", "give it another base", "type %s is derived from itself; taken as derived from nothing", t.Name)
			t.Base, t.Derivation = r.any(), model.Restriction
			if t.Simple {
				t.Base = r.builtin("string")
			}
			return
		}
	}
}
