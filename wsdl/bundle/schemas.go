package bundle

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// tagElement is the element of an element declaration.
const tagElement = "element"

// references are the attributes of XML Schema whose values are QNames (memberTypes: several).
var references = []string{"type", "base", "ref", "itemType", "memberTypes", "substitutionGroup", "refer"}

// symbol gives the symbol space and name of a global component, "" for what has none.
func symbol(k *etree.Element) string {
	switch k.Tag {
	case "complexType", "simpleType":
		return "type " + attr(k, "name")
	case tagElement, "attribute", "group", "attributeGroup", "notation":
		return k.Tag + " " + attr(k, "name")
	}
	return ""
}

// importing notes that the schema needs a namespace. Its own and XML Schema's need no import.
func (g *group) importing(space string) {
	if space != g.space && space != model.NSSchema && !slices.Contains(g.imports, space) {
		g.imports = append(g.imports, space)
	}
}

// add puts the components of a document into the group's schema. The first document gives the schema its form defaults; the others'
// are written at what they are for.
func (g *group) add(doc *document) {
	if g.first {
		g.first = false
		g.out = etree.NewElement(doc.root.Tag)
		g.out.Space = doc.root.Space
		all := decls(doc.root)
		for _, prefix := range sortedKeys(all) {
			declare(g.out, prefix, all[prefix])
		}
		if _, ok := all[""]; !ok {
			declare(g.out, "", "") // the WSDL around it may have a default namespace
		}
		for i := range doc.root.Attr {
			a := doc.root.Attr[i]
			if a.Space == "xmlns" || a.Space == "" && (a.Key == "xmlns" || a.Key == "targetNamespace") {
				continue
			}
			g.out.CreateAttr(a.FullKey(), a.Value)
		}
		if g.space != "" {
			g.out.CreateAttr("targetNamespace", g.space)
		}
	}
	for _, k := range doc.root.ChildElements() {
		if spaceOf(k) != model.NSSchema || k.Tag == "import" || k.Tag == "include" || k.Tag == "redefine" {
			continue
		}
		name := symbol(k)
		if name != "" && g.have[name] != nil {
			continue
		}
		copied := g.take(k, doc)
		if name != "" {
			g.have[name] = copied
		}
	}
}

// take moves a component into the schema.
func (g *group) take(k *etree.Element, doc *document) *etree.Element {
	copied := move(k, g.out)
	walk(copied, func(e *etree.Element) {
		if spaceOf(e) != model.NSSchema {
			return
		}
		if name := e.SelectAttr("name"); name != nil && name.Space == "" {
			name.Value = strings.TrimSpace(name.Value) // white space means nothing there, but stops some readers
		}
		g.form(e, doc)
		for _, ref := range references {
			g.refer(e, ref, doc)
		}
	})
	g.blocks(copied, doc)
	return copied
}

// form writes the form of a local declaration where the document's default is not the schema's.
func (g *group) form(e *etree.Element, doc *document) {
	byDefault := map[string]string{tagElement: "elementFormDefault", "attribute": "attributeFormDefault"}[e.Tag]
	if byDefault == "" || attr(e, "ref") != "" || attr(e, "form") != "" || e.Parent() == g.out {
		return
	}
	want, have := attr(doc.root, byDefault), attr(g.out, byDefault)
	if want == "" {
		want = "unqualified"
	}
	if have == "" {
		have = "unqualified"
	}
	if want != have {
		e.CreateAttr("form", want)
	}
}

// blocks writes what a document's blockDefault and finalDefault forbid, where the schema does not say the same.
func (g *group) blocks(e *etree.Element, doc *document) {
	for local, byDefault := range map[string]string{"block": "blockDefault", "final": "finalDefault"} {
		words := attr(doc.root, byDefault)
		if words == attr(g.out, byDefault) || attr(e, local) != "" {
			continue
		}
		var fit []string
		for w := range strings.FieldsSeq(words) {
			if w == "#all" || w == "extension" || w == "restriction" || w == "substitution" && e.Tag == tagElement && local == "block" {
				fit = append(fit, w)
			}
		}
		if e.Tag == "complexType" || e.Tag == tagElement {
			e.CreateAttr(local, strings.Join(fit, " "))
		}
	}
}

// refer notes which namespace a reference needs, and writes the prefix that the reader had to guess: for names of a chameleon, which
// have the namespace that it took, and for careless ones, which name nothing and are found in the document's own namespace.
func (g *group) refer(e *etree.Element, local string, doc *document) {
	a := e.SelectAttr(local)
	if a == nil || a.Space != "" {
		return
	}
	words := strings.Fields(a.Value)
	for i, w := range words {
		name, prefix, ok := qname(e, w)
		own := model.Name{Space: g.space, Local: name.Local}
		switch {
		case !ok:
		case doc.chameleon && prefix == "" && name.Space == "",
			name.Space != model.NSSchema && !g.declared(e, local, name) && g.declared(e, local, own):
			words[i] = prefixFor(e, g.out, g.space) + name.Local
		default:
			g.importing(name.Space)
		}
	}
	a.Value = strings.Join(words, " ")
}

// declared reports whether the description has what an attribute names.
func (g *group) declared(e *etree.Element, local string, n model.Name) bool {
	switch {
	case local == "refer":
		return true // keys are in no model
	case local == "substitutionGroup", local == "ref" && e.Tag == tagElement:
		return g.schema.Element(n) != nil
	case local == "ref" && e.Tag == "attribute":
		return g.schema.Attribute(n) != nil
	case local == "ref" && e.Tag == "group":
		return g.schema.Group(n) != nil
	case local == "ref" && e.Tag == "attributeGroup":
		return g.schema.AttributeGroup(n) != nil
	}
	return g.schema.Type(n) != nil
}

// prefixFor finds a prefix for a namespace at e, or declares one at top, which is above it.
func prefixFor(e, top *etree.Element, space string) string {
	if space == "" {
		return ""
	}
	all := decls(e)
	for _, prefix := range sortedKeys(all) {
		if prefix != "" && all[prefix] == space {
			return prefix + ":"
		}
	}
	for n := 1; ; n++ {
		prefix := "b" + itoa(n)
		if _, used := lookup(e, prefix); !used && !declares(top, prefix) {
			declare(top, prefix, space)
			return prefix + ":"
		}
	}
}

// redefine puts redefinitions in the place of what they redefine, which gets another name; references that a redefinition makes to
// itself mean that (XML Schema part 1, 4.2.2).
func (b *bundler) redefine() {
	for _, r := range b.redefs {
		name := symbol(r.node)
		was := r.group.have[name]
		if was == nil {
			continue
		}
		kind, local, _ := strings.Cut(name, " ")
		renamed := local + ".original"
		for r.group.have[kind+" "+renamed] != nil {
			renamed += "2"
		}
		was.CreateAttr("name", renamed)
		r.group.have[kind+" "+renamed] = was
		now := r.group.take(r.node, r.doc)
		r.group.have[name] = now
		walk(now, func(e *etree.Element) {
			for _, ref := range []string{"base", "ref"} {
				a := e.SelectAttr(ref)
				if a == nil || a.Space != "" || spaceOf(e) != model.NSSchema || !same(kind, e.Tag) {
					continue
				}
				if n, _, ok := qname(e, a.Value); ok && n == (model.Name{Space: r.group.space, Local: local}) {
					a.Value = prefixFor(e, r.group.out, r.group.space) + renamed
				}
			}
		})
	}
}

// same reports whether a reference at an element of a tag is to a symbol space.
func same(kind, tag string) bool {
	switch kind {
	case "group", "attributeGroup":
		return tag == kind
	}
	return tag == "restriction" || tag == "extension"
}
