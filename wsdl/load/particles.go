package load

import (
	"errors"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// particle reads a particle: element, any, group reference, or a group with what is in it.
func (r *resolver) particle(k *node, d *schemaDoc) *model.Particle {
	p := &model.Particle{Place: k.place, Min: 1, Max: 1}
	p.Min = r.occurs(k, "minOccurs")
	p.Max = r.occurs(k, "maxOccurs")
	p.Min = max(p.Min, 0)
	switch k.name.Local {
	case "element":
		p.Element, p.Doc = r.localElement(k, d), k.doc()
	case "any":
		p.Any = wildcard(k, d)
	case "group":
		p.Ref = r.groupRef(k, d)
		if p.Ref == nil {
			return nil
		}
	case "sequence":
		r.items(p, k, d)
	case "choice":
		p.Compositor = model.Choice
		r.items(p, k, d)
	case "all":
		p.Compositor = model.All
		r.items(p, k, d)
	}
	if p.Max != model.Unbounded && p.Max < p.Min {
		r.l.problem(model.Warning, k.place, "BadOccurrence", "", "maxOccurs %d is less than minOccurs %d; taken as %d", p.Max, p.Min, p.Min)
		p.Max = p.Min
	}
	return p
}

func (r *resolver) items(p *model.Particle, k *node, d *schemaDoc) {
	for _, c := range k.kids {
		if c.name.Space != model.NSSchema {
			continue
		}
		switch c.name.Local {
		case "element", "any", "group", "sequence", "choice", "all":
			if item := r.particle(c, d); item != nil && item.Max != 0 {
				p.Items = append(p.Items, item)
			}
		}
	}
}

// occurs reads minOccurs or maxOccurs.
func (r *resolver) occurs(k *node, name string) int {
	v := k.attr(name)
	switch v {
	case "":
		return 1
	case "unbounded":
		if name == "maxOccurs" {
			return model.Unbounded
		}
	}
	n, err := strconv.Atoi(v)
	if errors.Is(err, strconv.ErrRange) && v[0] != '-' || n > mostOccurs {
		return model.Unbounded // more than anybody can send
	}
	if err != nil || n < 0 {
		r.l.problem(model.Warning, k.place, "BadOccurrence", "write a whole number or unbounded", "%s of %q; taken as 1", name, v)
		return 1
	}
	return n
}

// mostOccurs is the largest number of occurrences that is kept as a number.
const mostOccurs = 1 << 30

// localElement reads an element of a content model: a reference, or a declaration of its own.
func (r *resolver) localElement(k *node, d *schemaDoc) *model.Element {
	if ref := k.attr("ref"); ref != "" {
		if e := resolveName(r, k, ref, "element", d, r.s.Element); e != nil {
			return e
		}
		name, _, _ := k.qname(ref)
		return &model.Element{Name: name, Place: k.place, Global: true, Type: r.any()}
	}
	e := &model.Element{Name: model.Name{Local: k.attr("name")}, Place: k.place}
	if form := k.attr("form"); form == "qualified" || form == "" && d.elements {
		e.Name.Space = d.space
	}
	if e.Name.Local == "" {
		r.l.problem(model.Warning, k.place, "NoName", "give it a name or a ref", "an element has neither name nor ref")
	}
	r.elementContent(e, k, d)
	return e
}

// elementContent reads what an element declaration says.
func (r *resolver) elementContent(e *model.Element, k *node, d *schemaDoc) {
	e.Doc = k.doc()
	e.Nillable, e.Abstract = k.flag("nillable"), k.flag("abstract")
	e.Default, e.Fixed = k.optional("default"), k.optional("fixed")
	e.MIME = k.attrNS("http://www.w3.org/2005/05/xmlmime", "expectedContentTypes")
	if e.MIME == "" {
		e.MIME = k.attrNS("http://www.w3.org/2004/11/xmlmime", "expectedContentTypes")
	}
	if head := k.attr("substitutionGroup"); head != "" && e.Global {
		e.Head = resolveName(r, k, head, "element", d, r.s.Element)
	}
	if t := k.attr("type"); t != "" {
		e.Type = r.typeOf(k, t, d)
		return
	}
	if inner := k.xsd("complexType", simpleType); inner != nil {
		e.Type = r.anonymous(inner, d)
		e.Type.Owner = e
		return
	}
	if e.Head == nil {
		e.Type = r.any()
	}
	// Else the type is the head's, which may not be read yet: link finds it.
}

func (r *resolver) groupRef(k *node, d *schemaDoc) *model.Group {
	g := resolveName(r, k, k.attr("ref"), "group", d, r.s.Group)
	if g != nil && r.inRedefinition(k, g.Name, "group") {
		if was, ok := r.originals[g].(*model.Group); ok {
			return was
		}
	}
	return g
}

// modelGroup reads the content of a named group.
func (r *resolver) modelGroup(k *node, d *schemaDoc) *model.Particle {
	if m := k.xsd("sequence", "choice", "all"); m != nil {
		return r.particle(m, d)
	}
	return nil
}

func wildcard(k *node, d *schemaDoc) *model.Wildcard {
	w := &model.Wildcard{Place: k.place, Doc: k.doc(), Target: d.space, Process: k.attr("processContents")}
	if w.Process == "" {
		w.Process = "strict"
	}
	for word := range strings.FieldsSeq(k.attr("namespace")) {
		if word == "##targetNamespace" {
			word = d.space
		}
		w.Namespaces = append(w.Namespaces, word)
	}
	if len(w.Namespaces) == 0 {
		w.Namespaces = []string{"##any"}
	}
	return w
}
