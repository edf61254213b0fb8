package diff

import "github.com/causeway-relay/causeway/wsdl/describe"

// use knows which way each component of an outline goes: in requests, in responses, or both.
type use struct {
	ways     map[string]way
	elements map[string]*describe.Element
	types    map[string]*describe.Type
	groups   map[string]*describe.Group
	derived  map[string][]string // types by their base: they may stand in its place
	members  map[string][]string // elements by their head
}

// newUse walks from all messages to what they reach.
func newUse(o *describe.Outline) *use {
	u := &use{
		ways: map[string]way{}, elements: map[string]*describe.Element{}, types: map[string]*describe.Type{}, groups: map[string]*describe.Group{},
		derived: map[string][]string{}, members: map[string][]string{},
	}
	for i := range o.Elements {
		e := &o.Elements[i]
		u.elements[e.Name] = e
		u.members[e.Head] = append(u.members[e.Head], e.Name)
	}
	for i := range o.Types {
		t := &o.Types[i]
		u.types[t.Name] = t
		u.derived[t.Base] = append(u.derived[t.Base], t.Name)
	}
	for i := range o.Groups {
		u.groups[o.Groups[i].Name] = &o.Groups[i]
	}
	for _, s := range o.Services {
		u.ports(s.Ports)
	}
	u.ports(o.Bindings)
	return u
}

// ports walks from operations. What faults hold is received.
func (u *use) ports(ports []describe.Port) {
	for _, p := range ports {
		for _, o := range p.Operations {
			u.message(o.Input, sent)
			u.message(o.Output, received)
			for i := range o.Faults {
				u.message(&o.Faults[i], received)
			}
		}
	}
}

func (u *use) message(m *describe.Message, w way) {
	if m == nil {
		return
	}
	for _, list := range [][]describe.Part{m.Parts, m.Headers, m.Attached} {
		for _, p := range list {
			u.element(p.Element, w)
			u.typ(p.Type, w)
		}
	}
}

// mark notes a way; false if it was noted before, or there is no such component.
func (u *use) mark(key string, w way) bool {
	if u.ways[key]&w == w {
		return false
	}
	u.ways[key] |= w
	return true
}

// element marks an element and those that may stand in its place.
func (u *use) element(name string, w way) {
	if name == "" || !u.mark("element "+name, w) {
		return
	}
	if e := u.elements[name]; e != nil {
		u.inElement(e, w)
	}
	for _, m := range u.members[name] {
		u.element(m, w)
	}
}

func (u *use) inElement(e *describe.Element, w way) {
	u.typ(e.Type, w)
	if e.Anonymous != nil {
		u.inType(e.Anonymous, w)
	}
}

// typ marks a type and those derived from it, which xsi:type may put in its place.
func (u *use) typ(name string, w way) {
	if name == "" || u.types[name] == nil || !u.mark("type "+name, w) {
		return
	}
	u.inType(u.types[name], w)
	for _, d := range u.derived[name] {
		u.typ(d, w)
	}
}

// inType walks what stands in a type. Types without names end; those with names are marked once for each way.
func (u *use) inType(t *describe.Type, w way) {
	u.typ(t.Base, w)
	u.typ(t.ArrayOf, w)
	for _, m := range t.Members {
		u.typ(m, w)
	}
	for i := range t.Anonymous {
		u.inType(&t.Anonymous[i], w)
	}
	for _, inner := range []*describe.Type{t.Original, t.Text} {
		if inner != nil {
			u.inType(inner, w)
		}
	}
	for _, a := range t.Attributes {
		u.typ(a.Type, w)
		if a.Anonymous != nil {
			u.inType(a.Anonymous, w)
		}
	}
	u.particle(t.Content, w)
}

func (u *use) particle(p *describe.Particle, w way) {
	if p == nil {
		return
	}
	switch {
	case p.Element != nil:
		u.inElement(p.Element, w)
	case p.Kind == "element":
		u.element(p.Ref, w)
	case p.Kind == "group":
		if g := u.groups[p.Ref]; g != nil && u.mark("group "+p.Ref, w) {
			u.particle(g.Content, w)
		}
	}
	for i := range p.Items {
		u.particle(&p.Items[i], w)
	}
}
