package sample

import (
	"github.com/causeway-relay/causeway/wsdl/model"
)

// lean reports whether only what must be there is written from here on.
func (m *Maker) lean(depth int) bool {
	return m.opts.Amount == Minimal || depth > fullDepth || m.left < maxElements/2
}

// Bounds of a message. Behind fullDepth levels and half of the elements only what must be there is written.
const (
	fullDepth   = 7
	maxElements = 4000
	mostNodes   = 200_000
	mostSteps   = 2_000_000
)

// element writes an element into a parent; where others may stand in its place and it is abstract, the first of those that end.
func (m *Maker) element(e *model.Element, depth int) (*node, error) {
	if e.Abstract || m.heights.own(e) >= never && m.heights.element(e) < never {
		found := m.heights.inPlaceOf(e)
		if found == e {
			return nil, failed(e.Place, "element %s is abstract, and no element may stand in its place", e.Name)
		}
		e = found
	}
	if !isNCName(e.Name.Local) {
		return nil, failed(e.Place, "%q is no name of an element", clip(e.Name.Local))
	}
	if m.left--; m.left < maxElements-mostNodes {
		return nil, failed(e.Place, "the smallest message has more than %d elements", mostNodes)
	}
	n := &node{name: e.Name}
	if e.Nillable && (m.heights.concrete(e.Type) >= never || m.openTypes[e.Type] > 0) {
		n.set(model.Name{Space: model.NSInstance, Local: "nil"}, value{text: "true"})
		t := e.Type
		if t.Abstract {
			return n, nil
		}
		return n, m.attributes(n, t)
	}
	if err := m.typed(n, e.Type, depth, e.Place); err != nil {
		return nil, err
	}
	switch {
	case len(n.kids) > 0:
	case e.Fixed != nil:
		n.text = value{text: *e.Fixed}
	case e.Default != nil && *e.Default != "" && !isQName(e.Type.Root()):
		n.text = value{text: *e.Default}
	}
	return n, nil
}

// typed writes the content of a type. An abstract one is replaced by one derived from it, which xsi:type names.
func (m *Maker) typed(n *node, t *model.Type, depth int, at model.Place) error {
	switch {
	case t == nil, t.IsAny():
		n.set(xsiType, value{qname: model.Name{Space: model.NSSchema, Local: typeString}})
		n.text = value{text: "text"}
		return nil
	case t.Abstract, m.heights.typ(t) >= never && m.heights.concrete(t) < never:
		found := m.heights.standsFor(t)
		if found == t {
			return failed(at, "type %s is abstract, and no type that ends is derived from it", t.Name)
		}
		t = found
		n.set(xsiType, value{qname: t.Name})
	case m.encoded && !t.Name.IsZero() && t.ArrayOf == nil:
		n.set(xsiType, value{qname: t.Name})
	}
	if t.Simple {
		n.text = m.simple(t, at)
		return nil
	}
	if t.ArrayOf != nil && m.encoded {
		return m.array(n, t, depth, at)
	}
	if m.heights.typ(t) >= never {
		return failed(t.Place, "type %s contains itself without end: no finite message has it", nameOr(t.Name, "without name"))
	}
	if err := m.attributes(n, t); err != nil {
		return err
	}
	if text := textOf(t); text != nil {
		n.text = m.simple(text, at)
		return nil
	}
	m.openTypes[t]++
	defer func() { m.openTypes[t]-- }()
	for _, c := range t.Chain() {
		if err := m.particle(n, c.Particle, depth); err != nil {
			return err
		}
	}
	if t.Content == model.MixedContent && len(n.kids) == 0 {
		n.text = value{text: "text"}
	}
	return nil
}

var xsiType = model.Name{Space: model.NSInstance, Local: "type"}

// textOf gives the type of a type's text, nil if it has none.
func textOf(t *model.Type) *model.Type {
	if t.Content == model.SimpleContent {
		return t.Value
	}
	return nil
}

// times says how often a particle is written.
func (m *Maker) times(p *model.Particle, depth int) int {
	if p.Min > mostNodes {
		return mostNodes
	}
	if p.Min > 0 && (m.lean(depth) || m.opts.Amount != Full || !p.Repeats()) {
		return p.Min
	}
	if m.lean(depth) || m.recursive(p) || m.heights.once(p) >= never {
		return p.Min
	}
	if m.opts.Amount == Full && (p.Max == model.Unbounded || p.Max > 1) {
		return max(p.Min, 2)
	}
	return max(p.Min, 1)
}

// recursive reports whether an element's type is being written already.
func (m *Maker) recursive(p *model.Particle) bool {
	if p.Element == nil {
		return false
	}
	for _, e := range p.Element.Substitutes() {
		if m.openTypes[e.Type] > 0 {
			return true
		}
	}
	return false
}

// particle writes a particle as often as is fit.
func (m *Maker) particle(n *node, p *model.Particle, depth int) error {
	if p == nil {
		return nil
	}
	if p.Any != nil {
		return m.wildcard(n, p, depth)
	}
	for i := range m.times(p, depth) {
		if err := m.once(n, p, depth, i); err != nil {
			return err
		}
	}
	return nil
}

// once writes a particle one time. turn counts the times, so that a repeated choice shows each branch.
func (m *Maker) once(n *node, p *model.Particle, depth, turn int) error {
	if m.steps++; m.steps > mostSteps { // groups of groups that hold nothing
		return failed(p.Place, "the content has more than %d places", mostSteps)
	}
	switch {
	case p.Element != nil:
		kid, err := m.element(p.Element, depth+1)
		if err == nil {
			n.kids = append(n.kids, kid)
		}
		return err
	case p.Ref != nil:
		return m.particle(n, p.Ref.Particle, depth)
	case p.Compositor == model.Choice:
		return m.choice(n, p, depth, turn)
	}
	for _, item := range p.Items {
		if err := m.particle(n, item, depth); err != nil {
			return err
		}
	}
	return nil
}

// choice writes one branch: the lowest in lean samples, else the first that ends and is not recursive; the next one at each repetition.
func (m *Maker) choice(n *node, p *model.Particle, depth, turn int) error {
	var fit []*model.Particle
	lowest, best := never, (*model.Particle)(nil)
	for _, item := range p.Items {
		height := m.heights.particle(item)
		if height < lowest {
			lowest, best = height, item
		}
		if height < never && !m.recursive(item) {
			fit = append(fit, item)
		}
	}
	if !m.lean(depth) && len(fit) > 0 {
		best = fit[turn%len(fit)]
	}
	if best == nil {
		if len(p.Items) == 0 {
			return nil
		}
		return failed(p.Place, "no branch of the choice ends: no finite message has it")
	}
	return m.particle(n, best, depth)
}

// attributes writes those that must be there, in full samples all of the schema's own.
func (m *Maker) attributes(n *node, t *model.Type) error {
	uses, _ := t.AllAttributes()
	for _, u := range uses {
		a := u.Attribute
		if u.Prohibited || !u.Required && m.opts.Amount != Full {
			continue
		}
		root := a.Type.Root()
		if !u.Required && (foreign(a.Name.Space) || root != nil && root.Name.Local == "IDREF") {
			continue
		}
		if !isNCName(a.Name.Local) {
			return failed(u.Place, "%q is no name of an attribute", clip(a.Name.Local))
		}
		fixed := u.Fixed
		for _, other := range []*string{a.Fixed, u.Default, a.Default} {
			if fixed == nil {
				fixed = other
			}
		}
		if fixed != nil && !isQName(root) {
			n.set(a.Name, value{text: *fixed})
			continue
		}
		n.set(a.Name, m.simple(a.Type, u.Place))
	}
	return nil
}

// foreign reports whether an attribute is one of those that stand in many schemas and say nothing of their messages.
func foreign(space string) bool {
	switch space {
	case model.NSXML, model.NSEncoding, nsEncoding12, nsEnvelope11, nsEnvelope12, nsUtility:
		return true
	}
	return false
}

// wildcard writes what a wildcard takes: nothing if it may be empty, else an element that is declared and allowed, else one of its own.
func (m *Maker) wildcard(n *node, p *model.Particle, depth int) error {
	times := p.Min
	if m.opts.Amount == Full && !m.lean(depth) && p.Any.Process != "strict" && times == 0 && openTo(p.Any, nsExample) {
		times = 1
	}
	for range min(times, mostNodes) {
		kid, err := m.wild(p.Any, depth)
		if err != nil {
			return err
		}
		n.kids = append(n.kids, kid)
	}
	return nil
}

// wild gives one element that a wildcard takes: one of nobody's where nothing checks it, else the lowest that is declared.
func (m *Maker) wild(w *model.Wildcard, depth int) (*node, error) {
	if w.Process != "strict" && openTo(w, nsExample) {
		m.left--
		return &node{name: model.Name{Space: nsExample, Local: "anything"}, text: value{text: "text"}}, nil
	}
	if w.Process != "strict" && openTo(w, "") {
		m.left--
		return &node{name: model.Name{Local: "anything"}, text: value{text: "text"}}, nil
	}
	best, found := never, (*model.Element)(nil)
	for _, e := range m.d.Schema.Elements {
		if openTo(w, e.Name.Space) && !e.Abstract && m.openTypes[e.Type] == 0 {
			if height := m.heights.element(e); height < best {
				best, found = height, e
			}
		}
	}
	if found != nil {
		return m.element(found, depth+1)
	}
	if w.Process == "strict" {
		m.note(w.Place, "the wildcard takes only declared elements, and none fits")
	}
	for _, space := range w.Namespaces {
		if space != "##other" && space != "##any" && space != "##local" {
			return &node{name: model.Name{Space: space, Local: "anything"}, text: value{text: "text"}}, nil
		}
	}
	return &node{name: model.Name{Space: nsExample, Local: "anything"}, text: value{text: "text"}}, nil
}

const nsExample = "urn:example:anything"

// openTo reports whether a wildcard takes elements of a namespace (XML Schema part 1, 3.10.4).
func openTo(w *model.Wildcard, space string) bool {
	for _, word := range w.Namespaces {
		switch {
		case word == "##any", word == space && space != "", word == "##local" && space == "",
			word == "" && space == "", word == "##other" && space != w.Target && space != "":
			return true
		}
	}
	return false
}
