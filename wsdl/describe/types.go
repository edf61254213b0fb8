package describe

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// element outlines a declaration. A type that has a name is named, one that has none stands here.
func element(e *model.Element) Element {
	out := Element{
		Name: e.Name.String(), Doc: e.Doc, Type: typeName(e.Type), Nillable: e.Nillable, Abstract: e.Abstract, Default: e.Default, Fixed: e.Fixed,
	}
	if e.Head != nil {
		out.Head = e.Head.Name.String()
	}
	if out.Type == "" && e.Type != nil {
		out.Anonymous = typ(e.Type)
	}
	return out
}

// typ outlines a type. Types without names stand in each other as they do in the schema, so this ends.
func typ(t *model.Type) *Type {
	out := &Type{Name: t.Name.String(), Doc: t.Doc, Kind: "complex", Abstract: t.Abstract, Mixed: t.Content == model.MixedContent, ArrayOf: typeName(t.ArrayOf), Dimensions: t.ArrayDims}
	if t.Simple {
		out.Kind = "simple"
	}
	out.base(t)
	out.facets(t.Facets)
	if t.Value != nil && t.Derivation == model.Restriction && !t.Simple && t.Value.Name.IsZero() {
		out.Text = &Type{Kind: "simple", Base: typeName(t.Value.Base)}
		out.Text.facets(t.Value.Facets)
	}
	out.Content, out.Wildcard = particle(t.Particle), wildcard(t.AnyAttr)
	for _, u := range t.Attrs {
		a := attribute(u.Attribute)
		a.Required, a.Prohibited, a.ArrayType = u.Required, u.Prohibited, arrayType(u, t)
		if u.Doc != "" {
			a.Doc = u.Doc
		}
		if u.Default != nil {
			a.Default = u.Default
		}
		if u.Fixed != nil {
			a.Fixed = u.Fixed
		}
		out.Attributes = append(out.Attributes, a)
	}
	return out
}

// arrayType writes wsdl:arrayType without the prefix that happened to be used.
func arrayType(u *model.AttributeUse, t *model.Type) string {
	if _, dims, found := strings.Cut(u.ArrayType, "["); found {
		return typeName(t.ArrayOf) + "[" + dims
	}
	return ""
}

// base says what a type comes from. Its members are those of a union, or the item of a list.
func (out *Type) base(t *model.Type) {
	switch t.Derivation {
	case model.List:
		out.Derivation = "list"
		out.member(t.Item)
		return
	case model.Union:
		out.Derivation = "union"
		for _, m := range t.Members {
			out.member(m)
		}
		return
	case model.Extension:
		out.Derivation = "extension"
	case model.Restriction:
		out.Derivation = "restriction"
	case model.NoDerivation:
	}
	switch {
	case t.Base == nil, t.Base.IsAny() && !t.Simple && out.Derivation == "restriction": // what every type is that says nothing
		out.Derivation = ""
	case t.Base.Name.IsZero():
		out.Original = typ(t.Base)
	default:
		out.Base = typeName(t.Base)
	}
}

// member adds a member by its name, or the type itself where it has none.
func (out *Type) member(m *model.Type) {
	switch {
	case m == nil:
	case m.Name.IsZero():
		out.Anonymous = append(out.Anonymous, *typ(m))
	default:
		out.Members = append(out.Members, typeName(m))
	}
}

// facets writes the facets that a type itself states, by the names of XML Schema. Patterns of one step are alternatives.
func (out *Type) facets(f model.Facets) {
	for _, e := range f.Enum {
		out.Enum = append(out.Enum, e.Value)
	}
	set := func(name, value string) {
		if value == "" {
			return
		}
		if out.Facets == nil {
			out.Facets = map[string]string{}
		}
		out.Facets[name] = value
	}
	count := func(name string, n *int) {
		if n != nil {
			set(name, strconv.Itoa(*n))
		}
	}
	set("pattern", strings.Join(f.Patterns, "|"))
	count("length", f.Length)
	count("minLength", f.MinLength)
	count("maxLength", f.MaxLength)
	count("totalDigits", f.TotalDigits)
	count("fractionDigits", f.FractDigits)
	set("minInclusive", f.MinInclusive)
	set("maxInclusive", f.MaxInclusive)
	set("minExclusive", f.MinExclusive)
	set("maxExclusive", f.MaxExclusive)
	set("whiteSpace", f.WhiteSpace)
}

// attribute outlines a declaration; a use adds what it says to it.
func attribute(a *model.Attribute) Attribute {
	out := Attribute{Name: a.Name.String(), Doc: a.Doc, Type: typeName(a.Type), Default: a.Default, Fixed: a.Fixed}
	if out.Type == "" && a.Type != nil {
		out.Anonymous = typ(a.Type)
	}
	return out
}

// particle outlines a content model as a tree. References are not followed, so it ends.
func particle(p *model.Particle) *Particle {
	if p == nil {
		return nil
	}
	out := &Particle{Min: p.Min, Max: p.Max}
	switch {
	case p.Element != nil && p.Element.Global:
		out.Kind, out.Ref = "element", p.Element.Name.String()
	case p.Element != nil:
		e := element(p.Element)
		out.Kind, out.Element = "element", &e
	case p.Any != nil:
		out.Kind, out.Wildcard = "any", wildcard(p.Any)
	case p.Ref != nil:
		out.Kind, out.Ref = "group", p.Ref.Name.String()
	default:
		out.Kind = p.Compositor.String()
		for _, item := range p.Items {
			out.Items = append(out.Items, *particle(item))
		}
	}
	return out
}

// wildcard outlines a wildcard. ##other is written as the namespace that it leaves out, which means the same in every document.
func wildcard(w *model.Wildcard) *Wildcard {
	if w == nil {
		return nil
	}
	out := &Wildcard{Process: w.Process}
	for _, n := range w.Namespaces {
		if n == "##other" {
			n = "not " + w.Target
		}
		out.Namespaces = append(out.Namespaces, n)
	}
	return out
}
