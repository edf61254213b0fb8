package load

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// simpleType is the element of a simple type definition.
const simpleType = "simpleType"

// typeContent reads what is in a type definition.
func (r *resolver) typeContent(t *model.Type, k *node, d *schemaDoc) {
	t.Doc = k.doc()
	if t.Simple {
		r.simpleContent(t, k, d)
		return
	}
	t.Abstract = k.flag("abstract")
	mixed := k.flag("mixed")
	switch c := k.xsd("complexContent", "simpleContent"); {
	case c == nil:
		t.Base, t.Derivation = r.any(), model.Restriction
		r.complexBody(t, k, d, mixed)
	case c.name.Local == "simpleContent":
		r.textContent(t, c, d)
	default:
		if v, ok := c.find("", "mixed"); ok {
			mixed = strings.TrimSpace(v) == "true" || strings.TrimSpace(v) == "1"
		}
		r.derived(t, c, d, mixed)
	}
}

// derived reads complexContent: an extension or restriction of another complex type.
func (r *resolver) derived(t *model.Type, c *node, d *schemaDoc, mixed bool) {
	step := c.xsd("extension", "restriction")
	if step == nil {
		t.Base = r.any()
		r.l.problem(model.Warning, c.place, "NoDerivation", "write xs:extension or xs:restriction", "complexContent says neither extension nor restriction")
		return
	}
	t.Base, t.Derivation = r.typeOf(step, step.attr("base"), d), derivation(step)
	r.complexBody(t, step, d, mixed)
	if t.Base.Name.Space == model.NSEncoding && t.Base.Name.Local == "Array" {
		r.encodedArray(t, step, d)
	}
}

func derivation(step *node) model.Derivation {
	if step.name.Local == "extension" {
		return model.Extension
	}
	return model.Restriction
}

// complexBody reads the content model and attributes below complexType, extension or restriction.
func (r *resolver) complexBody(t *model.Type, k *node, d *schemaDoc, mixed bool) {
	if m := k.xsd("sequence", "choice", "all", "group"); m != nil {
		t.Particle = r.particle(m, d)
	}
	switch {
	case mixed:
		t.Content = model.MixedContent
	case t.Particle != nil:
		t.Content = model.ElementContent
	}
	t.Attrs, t.AnyAttr = r.attributes(k, d)
}

// textContent reads simpleContent.
func (r *resolver) textContent(t *model.Type, c *node, d *schemaDoc) {
	t.Content = model.SimpleContent
	step := c.xsd("extension", "restriction")
	if step == nil {
		t.Base, t.Value = r.any(), r.builtin("string")
		return
	}
	t.Base, t.Derivation = r.typeOf(step, step.attr("base"), d), derivation(step)
	t.Attrs, t.AnyAttr = r.attributes(step, d)
	if t.Derivation == model.Restriction {
		inner := &model.Type{Place: step.place, Simple: true, Derivation: model.Restriction, Content: model.SimpleContent, Base: t.Base}
		if s := step.xsd(simpleType); s != nil {
			inner.Base = r.anonymous(s, d)
		}
		inner.Facets = r.facets(step)
		t.Value = inner
	}
	// The value of an extension is its base's, which may not be read yet: link finds it.
}

// simpleContent reads a simpleType.
func (r *resolver) simpleContent(t *model.Type, k *node, d *schemaDoc) {
	t.Content = model.SimpleContent
	step := k.xsd("restriction", "list", "union")
	if step == nil {
		t.Base, t.Derivation = r.builtin("string"), model.Restriction
		r.l.problem(model.Warning, k.place, "NoDerivation", "write xs:restriction, xs:list or xs:union", "simpleType says nothing of its values; taken as xs:string")
		return
	}
	t.Base = r.builtin("anySimpleType")
	switch step.name.Local {
	case "restriction":
		t.Derivation = model.Restriction
		if s := step.xsd(simpleType); s != nil {
			t.Base = r.anonymous(s, d)
		} else if base := step.attr("base"); base != "" {
			t.Base = r.typeOf(step, base, d)
		}
		t.Facets = r.facets(step)
	case "list":
		t.Derivation = model.List
		if s := step.xsd(simpleType); s != nil {
			t.Item = r.anonymous(s, d)
		} else {
			t.Item = r.typeOf(step, step.attr("itemType"), d)
		}
	case "union":
		t.Derivation = model.Union
		for name := range strings.FieldsSeq(step.attr("memberTypes")) {
			t.Members = append(t.Members, r.typeOf(step, name, d))
		}
		for _, s := range step.all(model.NSSchema, simpleType) {
			t.Members = append(t.Members, r.anonymous(s, d))
		}
	}
}

// anonymous reads a type definition inside of another component.
func (r *resolver) anonymous(k *node, d *schemaDoc) *model.Type {
	t := &model.Type{Place: k.place, Simple: k.name.Local == simpleType}
	r.anon = append(r.anon, t)
	r.typeContent(t, k, d)
	return t
}

// facets reads the facets below a restriction.
func (r *resolver) facets(step *node) model.Facets {
	var f model.Facets
	for _, k := range step.kids {
		if k.name.Space != model.NSSchema {
			continue
		}
		raw, _ := k.find("", "value")
		value := strings.TrimSpace(raw)
		switch k.name.Local {
		case "enumeration":
			e := model.Enum{Value: raw, Doc: k.doc(), Place: k.place}
			if n, _, ok := k.qname(value); ok {
				e.Name = n
			}
			f.Enum = append(f.Enum, e)
		case "pattern":
			f.Patterns = append(f.Patterns, raw)
		case "length":
			f.Length = r.count(k, value)
		case "minLength":
			f.MinLength = r.count(k, value)
		case "maxLength":
			f.MaxLength = r.count(k, value)
		case "totalDigits":
			f.TotalDigits = r.count(k, value)
		case "fractionDigits":
			f.FractDigits = r.count(k, value)
		case "minInclusive":
			f.MinInclusive = value
		case "maxInclusive":
			f.MaxInclusive = value
		case "minExclusive":
			f.MinExclusive = value
		case "maxExclusive":
			f.MaxExclusive = value
		case "whiteSpace":
			f.WhiteSpace = value
		}
	}
	return f
}

func (r *resolver) count(k *node, value string) *int {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		r.l.problem(model.Warning, k.place, "BadFacet", "write a whole number", "%s of %q is left out", k.name.Local, value)
		return nil
	}
	return &n
}

// encodedArray finds the items of a type derived from SOAP encoding's Array (SOAP 1.1, 5.4.2; WSDL 1.1, 2.2).
func (r *resolver) encodedArray(t *model.Type, step *node, d *schemaDoc) {
	for _, a := range step.all(model.NSSchema, "attribute") {
		text := a.attrNS(model.NSWSDL, "arrayType")
		if text == "" {
			continue
		}
		name, dims, _ := strings.Cut(text, "[")
		t.ArrayDims = 1 + strings.Count(dims, ",")
		t.ArrayOf = r.typeOf(a, name, d)
		if rest := strings.Count(dims, "["); rest > 0 { // string[][]: an array of arrays
			t.ArrayOf = r.s.Type(model.Name{Space: model.NSEncoding, Local: "Array"})
		}
		return
	}
	if t.Particle != nil && len(t.Particle.Items) == 1 && t.Particle.Items[0].Element != nil {
		p := t.Particle
		t.ArrayDims = 1
		r.later(func() { t.ArrayOf = p.Items[0].Element.Type })
	}
}
