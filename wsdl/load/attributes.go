package load

import (
	"github.com/causeway-relay/causeway/wsdl/model"
)

// attributes reads the attributes below a type, extension, restriction or attribute group, groups resolved into them.
func (r *resolver) attributes(k *node, d *schemaDoc) (uses []*model.AttributeUse, wild *model.Wildcard) {
	for _, c := range k.kids {
		if c.name.Space != model.NSSchema {
			continue
		}
		switch c.name.Local {
		case "attribute":
			if u := r.attributeUse(c, d); u != nil {
				uses = append(uses, u)
			}
		case "attributeGroup":
			if g := r.attributeGroupRef(c, d); g != nil {
				r.fillGroup(g)
				uses = join(uses, g.Attrs) // groups of groups that are used twice would double at each level
				if wild == nil {
					wild = g.AnyAttr
				}
			}
		case "anyAttribute":
			wild = wildcard(c, d)
		}
	}
	return uses, wild
}

// join adds the attributes of a group that are not there yet.
func join(uses, more []*model.AttributeUse) []*model.AttributeUse {
	there := make(map[*model.AttributeUse]bool, len(uses))
	for _, u := range uses {
		there[u] = true
	}
	for _, u := range more {
		if !there[u] {
			there[u] = true
			uses = append(uses, u)
		}
	}
	return uses
}

func (r *resolver) attributeUse(k *node, d *schemaDoc) *model.AttributeUse {
	u := &model.AttributeUse{
		Place: k.place, Doc: k.doc(), Required: k.attr("use") == "required", Prohibited: k.attr("use") == "prohibited",
		Default: k.optional("default"), Fixed: k.optional("fixed"), ArrayType: k.attrNS(model.NSWSDL, "arrayType"),
	}
	if ref := k.attr("ref"); ref != "" {
		u.Attribute = resolveName(r, k, ref, "attribute", d, r.s.Attribute)
		if u.Attribute == nil {
			name, _, _ := k.qname(ref)
			u.Attribute = &model.Attribute{Name: name, Place: k.place, Global: true, Type: r.builtin("string")}
		}
		return u
	}
	if k.attr("name") == "" {
		r.l.problem(model.Warning, k.place, "NoName", "give it a name or a ref", "an attribute has neither name nor ref")
		return nil
	}
	a := &model.Attribute{Name: model.Name{Local: k.attr("name")}, Place: k.place}
	if form := k.attr("form"); form == "qualified" || form == "" && d.attrs {
		a.Name.Space = d.space
	}
	r.attributeContent(a, k, d)
	u.Attribute = a
	return u
}

// attributeContent reads what an attribute declaration says.
func (r *resolver) attributeContent(a *model.Attribute, k *node, d *schemaDoc) {
	a.Doc = k.doc()
	a.Default, a.Fixed = k.optional("default"), k.optional("fixed")
	switch t, inner := k.attr("type"), k.xsd("simpleType"); {
	case t != "":
		a.Type = r.typeOf(k, t, d)
		if a.Type.IsAny() {
			a.Type = r.builtin("anySimpleType")
		}
	case inner != nil:
		a.Type = r.anonymous(inner, d)
		a.Type.Of = a
	default:
		a.Type = r.builtin("anySimpleType")
	}
}

func (r *resolver) attributeGroupRef(k *node, d *schemaDoc) *model.AttributeGroup {
	g := resolveName(r, k, k.attr("ref"), "attribute group", d, r.s.AttributeGroup)
	if g != nil && r.inRedefinition(k, g.Name, "attributeGroup") {
		if was, ok := r.originals[g].(*model.AttributeGroup); ok {
			return was
		}
	}
	return g
}

// fillGroup reads an attribute group if it is not read yet. One that contains itself is cut there.
func (r *resolver) fillGroup(g *model.AttributeGroup) {
	p := r.groups[g]
	if p == nil || p.done {
		return
	}
	if p.busy {
		r.l.problem(model.Warning, p.node.place, "CircularGroup", "remove the reference to itself", "attribute group %s contains itself", g.Name)
		return
	}
	p.busy = true
	g.Attrs, g.AnyAttr = r.attributes(p.node, p.doc)
	p.busy, p.done = false, true
}
