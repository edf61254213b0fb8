package ir

import (
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// structure lowers the content and attributes of a complex type.
func (l *lowerer) structure(t *Type, m *model.Type) {
	b := &builder{l: l, t: t, hint: t.path()}
	if m.Base != nil && !m.Base.Simple && !m.Base.Builtin && m.Base.ArrayOf == nil {
		if base := l.typeOf(m.Base, nil); base.Kind == Struct {
			t.Base = base
		}
	}
	attrs, anyAttr := m.AllAttributes()
	for _, u := range attrs {
		b.attribute(u)
	}
	if anyAttr != nil {
		b.add(&Field{Kind: AnyAttributes, Place: anyAttr.Place, Optional: true, Repeated: true, Max: model.Unbounded, Wildcard: anyAttr})
	}
	if m.Content == model.SimpleContent {
		b.add(&Field{Kind: Text, Place: m.Place, Type: l.typeOf(m.Value, append(b.hint, "Value"))})
		return
	}
	if value := simpleBase(m); value != nil {
		l.problem(m.Place, "ContentOfText", "complexContent of a type whose content is text; it is read as simpleContent")
		b.add(&Field{Kind: Text, Place: m.Place, Type: l.typeOf(value, append(b.hint, "Value"))})
		return
	}
	chain := m.Chain()
	if slices.ContainsFunc(chain, func(c *model.Type) bool { return c.Content == model.MixedContent && !c.Builtin }) {
		t.Mixed = true
		b.add(&Field{Kind: Mixed, Place: m.Place, Optional: true})
		return
	}
	whole := &Group{Place: m.Place, Min: 1, Max: 1}
	for _, c := range chain {
		if c.Particle != nil {
			if g := b.particle(c.Particle, false, nil); g != nil {
				whole.Nodes = append(whole.Nodes, g)
			}
		}
	}
	if len(whole.Nodes) > 0 {
		t.Content = whole
	}
}

// simpleBase is the simple type that a type extends though it says complexContent; nil if it does not.
func simpleBase(m *model.Type) *model.Type {
	if m.Particle != nil || m.Base == nil || m.Base.IsAny() {
		return nil
	}
	for c := m.Base; c != nil; c = c.Base {
		switch {
		case c.Simple:
			return c
		case c.Content == model.SimpleContent:
			return c.Value
		case c.Particle != nil:
			return nil
		}
	}
	return nil
}

// path names a type for those inside of it.
func (t *Type) path() []string {
	if !t.Name.IsZero() {
		return []string{t.Name.Local}
	}
	return slices.Clip(t.Hint)
}

// builder fills one struct.
type builder struct {
	l    *lowerer
	t    *Type
	hint []string

	at      []branch              // the choices around the particle that is lowered
	places  map[*Field][][]branch // those around each place of a field
	choices int
}

// branch is a choice, by its number, and one of its branches.
type branch struct{ choice, number int }

// apart reports whether two places exclude each other: they stand in different branches of one choice.
func apart(a, b []branch) bool {
	for i := range min(len(a), len(b)) {
		if a[i].choice != b[i].choice {
			return false
		}
		if a[i].number != b[i].number {
			return true
		}
	}
	return false
}

// stands notes that a field has a place where the builder is.
func (b *builder) stands(f *Field) *Field {
	if b.places == nil {
		b.places = map[*Field][][]branch{}
	}
	b.places[f] = append(b.places[f], slices.Clone(b.at))
	return f
}

// apart reports whether all places of a field exclude the one where the builder is.
func (b *builder) apart(f *Field) bool {
	for _, place := range b.places[f] {
		if !apart(place, b.at) {
			return false
		}
	}
	return true
}

func (b *builder) add(f *Field) *Field {
	f.Index = len(b.t.Fields)
	b.t.Fields = append(b.t.Fields, f)
	return f
}

func (b *builder) attribute(u *model.AttributeUse) {
	a := u.Attribute
	f := &Field{
		Kind: Attribute, Name: a.Name, Place: u.Place, Doc: u.Doc, Optional: !u.Required, Default: u.Default, Fixed: u.Fixed,
		Type: b.l.typeOf(a.Type, append(slices.Clip(b.hint), a.Name.Local)),
	}
	if f.Doc == "" {
		f.Doc = a.Doc
	}
	if f.Fixed == nil {
		f.Fixed = a.Fixed
	}
	if f.Default == nil {
		f.Default = a.Default
	}
	b.add(f)
}

// particle lowers a particle to a node. optional says that a group around it may be absent; groups are those it stands in, against
// groups that contain themselves.
func (b *builder) particle(p *model.Particle, optional bool, groups []*model.Group) *Group {
	switch {
	case p.Max == 0:
		return nil
	case p.Element != nil:
		return b.leaf(p, b.element(p, optional))
	case p.Any != nil:
		return b.leaf(p, b.add(&Field{
			Kind: Wild, Place: p.Place, Doc: p.Any.Doc, Optional: optional || p.Min == 0,
			Repeated: p.Repeats(), Min: p.Min, Max: p.Max, Wildcard: p.Any,
		}))
	case p.Ref != nil:
		return b.reference(p, optional, groups)
	case p.Repeats():
		return b.repeated(p, optional, groups)
	}
	return b.group(p, optional, groups)
}

func (b *builder) leaf(p *model.Particle, f *Field) *Group {
	return &Group{Place: p.Place, Min: p.Min, Max: p.Max, Field: f}
}

// reference lowers a named group where it is used.
func (b *builder) reference(p *model.Particle, optional bool, groups []*model.Group) *Group {
	if b.l.expanded++; b.l.expanded > maxExpanded {
		if b.l.expanded == maxExpanded+1 {
			b.l.problem(p.Place, "TooManyGroups", "groups are used more than %d times in all; what comes behind is left out", maxExpanded)
		}
		return nil
	}
	if slices.Contains(groups, p.Ref) || len(groups) > 50 {
		b.l.problem(p.Place, "CircularGroup", "group %s contains itself; its inner use is left out", p.Ref.Name)
		return nil
	}
	if p.Ref.Particle == nil {
		return nil
	}
	inner := *p.Ref.Particle
	inner.Min, inner.Max = times(inner.Min, p.Min), times(inner.Max, p.Max)
	return b.particle(&inner, optional, append(groups, p.Ref))
}

// maxExpanded bounds the uses of groups in a program: a few groups that use each other twice would double at each level.
const maxExpanded = 100_000

// times multiplies occurrences.
func times(a, b int) int {
	if a == model.Unbounded || b == model.Unbounded {
		if a == 0 || b == 0 {
			return 0
		}
		return model.Unbounded
	}
	if b > 0 && a > (1<<30)/b {
		return model.Unbounded
	}
	return a * b
}

// group lowers a group that occurs at most once: its elements are fields of the struct itself.
func (b *builder) group(p *model.Particle, optional bool, groups []*model.Group) *Group {
	g := &Group{Place: p.Place, Compositor: p.Compositor, Min: p.Min, Max: p.Max}
	inner := optional || p.Min == 0 || p.Compositor == model.Choice && len(p.Items) > 1
	choice := p.Compositor == model.Choice && len(p.Items) > 1
	b.choices++
	own := b.choices
	for i, item := range p.Items {
		if choice {
			b.at = append(b.at, branch{own, i})
		}
		if n := b.particle(item, inner, groups); n != nil {
			g.Nodes = append(g.Nodes, n)
		}
		if choice {
			b.at = b.at[:len(b.at)-1]
		}
	}
	if len(g.Nodes) == 0 {
		return nil
	}
	return g
}

// repeated lowers a group that may repeat. One around a single element is that element, repeated.
func (b *builder) repeated(p *model.Particle, optional bool, groups []*model.Group) *Group {
	if only := single(p); only != nil {
		return b.particle(only, optional, groups)
	}
	item := &Type{Kind: Item, Hint: append(slices.Clip(b.hint), "Item"), Place: p.Place, Doc: p.Doc}
	inner := &builder{l: b.l, t: item, hint: item.Hint}
	once := *p
	once.Min, once.Max = 1, 1
	item.Content = inner.group(&once, false, groups)
	if item.Content == nil {
		return nil
	}
	b.l.p.Types = append(b.l.p.Types, item)
	return b.leaf(p, b.add(&Field{
		Kind: Items, Place: p.Place, Type: item, Optional: optional || p.Min == 0, Repeated: true, Min: p.Min, Max: p.Max,
	}))
}

// single gives the only element or wildcard of a repeated group with the occurrence that the two make together; nil if there are more, or
// if counting both would not say the same.
func single(p *model.Particle) *model.Particle {
	if len(p.Items) != 1 {
		return nil
	}
	item := *p.Items[0]
	if item.Element == nil && item.Any == nil || item.Max != 1 && !(item.Max == model.Unbounded && item.Min <= 1) {
		return nil
	}
	item.Min, item.Max = times(item.Min, p.Min), times(item.Max, p.Max)
	return &item
}

// element lowers an element of a content model.
func (b *builder) element(p *model.Particle, optional bool) *Field {
	e := p.Element
	f := &Field{
		Kind: Element, Name: e.Name, Place: p.Place, Doc: p.Doc, Optional: optional || p.Min == 0, Repeated: p.Repeats(), Min: p.Min, Max: p.Max,
		Nillable: e.Nillable, Default: e.Default, Fixed: e.Fixed, MIME: e.MIME,
	}
	if f.Doc == "" {
		f.Doc = e.Doc
	}
	if old := b.same(f, e); old != nil {
		return b.stands(old)
	}
	if e.Global && (len(e.Members) > 0 || e.Abstract) {
		f.Type = b.l.substitutes(e)
		f.Nillable, f.Default, f.Fixed = false, nil, nil
	} else {
		f.Type = b.l.typeOf(e.Type, append(slices.Clip(b.hint), e.Name.Local))
	}
	b.l.sources[f] = e
	return b.stands(b.add(f))
}

// same finds the field of an element that stands in another branch of a choice already: one field serves both. Two places of a
// sequence stay two fields.
func (b *builder) same(f *Field, e *model.Element) *Field {
	if !f.Optional || f.Repeated {
		return nil
	}
	for _, old := range b.t.Fields {
		if old.Kind == Element && old.Name == f.Name && old.Optional && !old.Repeated && b.apart(old) {
			if was := b.l.sources[old]; was != nil && was.Type == e.Type && was.Nillable == e.Nillable {
				return old
			}
		}
	}
	return nil
}

// substitutes is the struct of an element that others may stand for: one optional member for each.
func (l *lowerer) substitutes(e *model.Element) *Type {
	if t := l.oneOf[e]; t != nil {
		return t
	}
	t := &Type{Kind: OneOf, Name: e.Name, Hint: []string{e.Name.Local, "Element"}, Place: e.Place, Doc: e.Doc}
	l.oneOf[e] = t
	l.p.Types = append(l.p.Types, t)
	t.Content = &Group{Place: e.Place, Compositor: model.Choice, Min: 1, Max: 1}
	b := &builder{l: l, t: t, hint: t.Hint}
	for _, s := range e.Substitutes() {
		f := b.add(&Field{
			Kind: Element, Name: s.Name, Place: s.Place, Doc: s.Doc, Optional: true, Max: 1, Nillable: s.Nillable, Default: s.Default, Fixed: s.Fixed,
			Type: l.typeOf(s.Type, []string{s.Name.Local}), MIME: s.MIME,
		})
		t.Content.Nodes = append(t.Content.Nodes, &Group{Place: s.Place, Min: 1, Max: 1, Field: f})
	}
	if len(t.Fields) == 0 {
		l.problem(e.Place, "NothingSubstitutes", "element %s is abstract and nothing substitutes it: it can never be sent", e.Name)
	}
	return t
}
