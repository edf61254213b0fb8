package load

import (
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// names gives the names that a reference may mean, the right one first. The others are what careless documents mean: an unprefixed
// name in a document whose default namespace is another one, a prefix that nobody declared.
func (r *resolver) names(n *node, text string, d *schemaDoc) []model.Name {
	name, prefixed, ok := n.qname(text)
	var all []model.Name
	switch {
	case !ok:
		if prefix, _, _ := strings.Cut(strings.TrimSpace(text), ":"); prefix == "xs" || prefix == "xsd" {
			all = append(all, model.Name{Space: model.NSSchema, Local: name.Local}) // what everybody means by it
		}
	case !prefixed && name.Space == "" && d != nil && d.chameleon:
		all = append(all, model.Name{Space: d.space, Local: name.Local})
	default:
		all = append(all, name)
	}
	if d != nil {
		all = append(all, model.Name{Space: d.space, Local: name.Local})
	}
	if !prefixed && name.Space != "" {
		all = append(all, model.Name{Local: name.Local})
	}
	return all
}

// resolveName finds what a reference means. The reference is repaired, and that reported, where only a careless reading finds it; what
// cannot be found is reported as a dangling reference.
func resolveName[T any](r *resolver, n *node, text, kind string, d *schemaDoc, find func(model.Name) *T) *T {
	names := r.names(n, text, d)
	for i, name := range names {
		c := find(name)
		if c == nil && r.bring(name.Space) {
			c = find(name)
		}
		if c == nil {
			continue
		}
		switch _, _, ok := n.qname(text); {
		case !ok:
			r.l.problem(model.Warning, n.place, "UndeclaredPrefix", "declare the prefix", "the prefix of %s %s is not declared; taken as %s", kind, text, name)
		case i > 0 && name != names[0]:
			r.l.problem(model.Warning, n.place, "WrongNamespace", "write the prefix of that namespace",
				"there is no %s %s; taken as %s", kind, names[0], name)
		}
		return c
	}
	code, remedy := "DanglingReference", "declare it, or import the schema that does"
	if prefix, _, prefixed := strings.Cut(text, ":"); prefixed {
		if _, ok := n.scope.lookup(prefix); !ok {
			code, remedy = "UndeclaredPrefix", "declare the prefix "+prefix
		}
	}
	what := text
	if len(names) > 0 {
		what = names[0].String()
	}
	r.l.problem(model.Warning, n.place, code, remedy, "there is no %s %s", kind, what)
	return nil
}

// elementOf finds the element that a message part names. Where the prefix is not declared and only one element of all has the local
// name, that one is meant.
func (r *resolver) elementOf(n *node, text string) *model.Element {
	if name, _, ok := n.qname(text); !ok {
		var found []*model.Element
		for _, e := range r.s.Elements {
			if e.Name.Local == name.Local {
				found = append(found, e)
			}
		}
		if len(found) == 1 {
			r.l.problem(model.Warning, n.place, "UndeclaredPrefix", "declare the prefix", "the prefix of element %s is not declared; taken as %s, the only element of that name", text, found[0].Name)
			return found[0]
		}
	}
	return resolveName(r, n, text, "element", tnsDoc(n), r.s.Element)
}

// typeOf finds a type by the QName in an attribute; xs:anyType where it cannot be found.
func (r *resolver) typeOf(n *node, text string, d *schemaDoc) *model.Type {
	t := resolveName(r, n, text, "type", d, r.s.Type)
	if t == nil {
		return r.any()
	}
	if was := r.inRedefinition(n, t.Name, "complexType", simpleType); was {
		if o, ok := r.originals[t].(*model.Type); ok {
			return o
		}
	}
	return t
}

func (r *resolver) any() *model.Type {
	return r.s.Type(model.Name{Space: model.NSSchema, Local: "anyType"})
}

func (r *resolver) builtin(local string) *model.Type {
	return r.s.Type(model.Name{Space: model.NSSchema, Local: local})
}

// inRedefinition reports whether n stands inside of the redefinition of the component that it names.
func (r *resolver) inRedefinition(n *node, name model.Name, kinds ...string) bool {
	for c := n; c.parent != nil; c = c.parent {
		if !c.parent.is(model.NSSchema, "redefine") {
			continue
		}
		for _, kind := range kinds {
			if c.name.Local == kind && c.attr("name") == name.Local {
				return true
			}
		}
	}
	return false
}
