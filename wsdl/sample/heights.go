package sample

import "github.com/causeway-relay/causeway/wsdl/model"

// never is the height of what has no finite message.
const never = 1 << 30

// heights knows how many elements deep the shortest content of each type is. Where a schema leaves a choice, samples take what ends.
type heights struct {
	types    map[*model.Type]int
	groups   map[*model.Group]int   // of what stands in them
	derived  map[*model.Type]int    // the lowest of the types that may stand for one: itself unless it is abstract, those derived from it
	elements map[*model.Element]int // the lowest of the elements that may stand for one, of those that others substitute

	typeChoice    map[*model.Type]*model.Type       // what standsFor has found
	elementChoice map[*model.Element]*model.Element // what inPlaceOf has found
}

// mostRounds bounds the search: what is higher than that counts as endless.
const mostRounds = 300

// newHeights finds the heights of all types of a schema: each starts at never and sinks until nothing changes. A round settles at least
// all types of one more height, so rounds are bounded by the deepest type.
func newHeights(s *model.Schema) *heights {
	h := &heights{types: map[*model.Type]int{}, groups: map[*model.Group]int{}, derived: map[*model.Type]int{}, elements: map[*model.Element]int{},
		typeChoice: map[*model.Type]*model.Type{}, elementChoice: map[*model.Element]*model.Element{}}
	for _, g := range s.Groups {
		h.addGroup(g)
	}
	for _, t := range s.Types {
		h.add(t)
	}
	for _, e := range s.Elements {
		h.add(e.Type)
		if len(e.Members) > 0 {
			h.elements[e] = never
		}
	}
	changed := true
	for round := 0; changed && round < mostRounds; round++ {
		changed = false
		for g, old := range h.groups {
			if now := h.particle(g.Particle); now < old {
				h.groups[g], changed = now, true
			}
		}
		for t, old := range h.types {
			if now := h.compute(t); now < old {
				h.types[t], changed = now, true
			}
			if now := h.lowest(t); now < h.derived[t] {
				h.derived[t], changed = now, true
			}
		}
		for e, old := range h.elements {
			if now := h.substitutes(e); now < old {
				h.elements[e], changed = now, true
			}
		}
	}
	return h
}

// lowest gives the height of the lowest type that may stand for one.
func (h *heights) lowest(t *model.Type) int {
	low := never
	if !t.Abstract {
		low = h.typ(t)
	}
	for _, d := range t.Derived {
		if known, ok := h.derived[d]; ok {
			low = min(low, known)
		}
	}
	return low
}

// substitutes gives the height of the lowest element that may stand for one.
func (h *heights) substitutes(e *model.Element) int {
	low := never
	if !e.Abstract {
		low = h.own(e)
	}
	for _, m := range e.Members {
		if known, ok := h.elements[m]; ok {
			low = min(low, known)
		} else if !m.Abstract {
			low = min(low, h.own(m))
		}
	}
	return low
}

// own gives the height of an element that nothing stands for.
func (h *heights) own(e *model.Element) int {
	if e.Nillable {
		return 1
	}
	return min(1+h.concrete(e.Type), never)
}

// add notes a complex type and those that stand in it.
func (h *heights) add(t *model.Type) {
	for ; t != nil && !t.Simple && !t.Builtin; t = t.Base {
		if _, seen := h.types[t]; seen {
			return
		}
		h.types[t], h.derived[t] = never, never
		h.addParticle(t.Particle)
		h.add(t.ArrayOf)
	}
}

// addParticle notes the types without names in a content model, and groups that only it knows: originals of redefinitions.
func (h *heights) addParticle(p *model.Particle) {
	if p == nil {
		return
	}
	if p.Element != nil && !p.Element.Global {
		h.add(p.Element.Type)
	}
	if p.Ref != nil {
		h.addGroup(p.Ref)
	}
	for _, item := range p.Items {
		h.addParticle(item)
	}
}

func (h *heights) addGroup(g *model.Group) {
	if _, seen := h.groups[g]; seen {
		return
	}
	h.groups[g] = never
	h.addParticle(g.Particle)
}

// typ gives the height of the content of a type, its derived types not counted.
func (h *heights) typ(t *model.Type) int {
	if t == nil || t.Simple || t.Builtin {
		return 0
	}
	if known, ok := h.types[t]; ok {
		return known
	}
	return 0 // a type of a message part alone: it has no content model
}

// compute gives the height of a type's content from what is known so far.
func (h *heights) compute(t *model.Type) int {
	deepest := 0
	for _, c := range t.Chain() {
		if c.Base != nil && c.Base.Name.Space == model.NSEncoding && c.Base.Name.Local == "Array" {
			continue // an array may be empty
		}
		deepest = max(deepest, h.particle(c.Particle))
	}
	return deepest
}

// concrete gives the height of what may stand for a type: itself, or where it is abstract the lowest type derived from it.
func (h *heights) concrete(t *model.Type) int {
	if t == nil || !t.Abstract {
		return h.typ(t)
	}
	if known, ok := h.derived[t]; ok {
		return known
	}
	return never
}

// element gives the height of an element: one more than its content. A nil element has none.
func (h *heights) element(e *model.Element) int {
	if known, ok := h.elements[e]; ok {
		return known
	}
	if e.Abstract {
		return never
	}
	return h.own(e)
}

// particle gives the height of a particle, 0 for one that may be left out.
func (h *heights) particle(p *model.Particle) int {
	if p == nil || p.Min == 0 || p.Max == 0 {
		return 0
	}
	return h.once(p)
}

// once gives the height of a particle that is written: of a choice the lowest branch, of others the highest.
func (h *heights) once(p *model.Particle) int {
	switch {
	case p.Element != nil:
		return h.element(p.Element)
	case p.Any != nil:
		return 1
	case p.Ref != nil:
		return h.groups[p.Ref]
	}
	if p.Compositor == model.Choice && len(p.Items) > 0 {
		lowest := never
		for _, item := range p.Items {
			lowest = min(lowest, h.particle(item))
		}
		return lowest
	}
	deepest := 0
	for _, item := range p.Items {
		deepest = max(deepest, h.particle(item))
	}
	return deepest
}

// standsFor gives the first of the lowest types with a name that are derived from an abstract one; the type itself if there is none.
func (h *heights) standsFor(t *model.Type) *model.Type {
	if known := h.typeChoice[t]; known != nil {
		return known
	}
	best, found := never, t
	for _, d := range descendants(t) {
		if height := h.typ(d); !d.Abstract && !d.Name.IsZero() && height < best {
			best, found = height, d
		}
	}
	h.typeChoice[t] = found
	return found
}

// inPlaceOf gives the first of the lowest elements that may stand in place of an abstract one; the element itself if there is none.
func (h *heights) inPlaceOf(e *model.Element) *model.Element {
	if known := h.elementChoice[e]; known != nil {
		return known
	}
	best, found := never, e
	for _, s := range e.Substitutes() {
		if height := h.own(s); height < best {
			best, found = height, s
		}
	}
	h.elementChoice[e] = found
	return found
}

// descendants gives the types derived from a type, nearest first, in document order.
func descendants(t *model.Type) []*model.Type {
	var all []*model.Type
	seen := map[*model.Type]bool{t: true}
	for level := t.Derived; len(level) > 0; {
		var next []*model.Type
		for _, d := range level {
			if !seen[d] {
				seen[d] = true
				all = append(all, d)
				next = append(next, d.Derived...)
			}
		}
		level = next
	}
	return all
}
