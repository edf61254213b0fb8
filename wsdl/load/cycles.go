package load

import (
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// cutTypes cuts simple types that contain themselves: a list of itself, a union that is its own member, or either over others. XML
// Schema forbids them (part 2, 4.1.3 and 3.16.6), and whoever walks from a type to what its values are made of would never end.
// Bases that lead back are cut already, see breakCycle.
func (r *resolver) cutTypes(t *model.Type) {
	if done, seen := r.cut[t]; !t.Simple || t.Builtin || seen && done {
		return
	}
	r.cut[t] = false
	if t.Item != nil {
		if r.leadsBack(t, t.Item) {
			t.Item = r.builtin("string")
		}
		r.cutTypes(t.Item)
	}
	t.Members = slices.DeleteFunc(t.Members, func(m *model.Type) bool {
		back := r.leadsBack(t, m)
		if !back {
			r.cutTypes(m)
		}
		return back
	})
	if t.Derivation == model.Union && len(t.Members) == 0 {
		t.Members = []*model.Type{r.builtin("string")}
	}
	if b := t.Base; b != nil && b.Simple {
		if r.leadsBack(t, b) {
			t.Base, t.Derivation = r.builtin("string"), model.Restriction
		}
		r.cutTypes(t.Base)
	}
	r.cut[t] = true
}

// leadsBack reports whether a type that t is made of is one that cutTypes is in, and says so.
func (r *resolver) leadsBack(t, of *model.Type) bool {
	done, seen := r.cut[of]
	if of.Builtin || !of.Simple || !seen || done {
		return false
	}
	name := t.Name.String()
	if t.Name.IsZero() {
		name = "without name"
	}
	r.l.problem(model.Warning, t.Place, "CircularType", "give it another item or member", "type %s contains itself; cut there", name)
	return true
}
