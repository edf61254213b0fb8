package load

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// node is an element of a document, with the scope that its QNames are read in.
type node struct {
	name   model.Name
	attrs  []attr
	kids   []*node
	text   string // its own character data, pieces joined
	scope  *scope
	place  model.Place
	parent *node
}

type attr struct {
	name  model.Name
	value string
}

// scope is one level of namespace declarations.
type scope struct {
	up    *scope
	decls []decl
}

type decl struct{ prefix, space string }

// lookup finds the namespace of a prefix; "" is bound to none unless declared.
func (s *scope) lookup(prefix string) (space string, ok bool) {
	for ; s != nil; s = s.up {
		for _, d := range s.decls {
			if d.prefix == prefix {
				return d.space, true
			}
		}
	}
	if prefix == "xml" {
		return model.NSXML, true
	}
	return "", prefix == ""
}

func (n *node) is(space, local string) bool { return n.name.Local == local && n.name.Space == space }

// attr gives the value of an attribute without namespace, white space around it removed; "" if it is not there.
func (n *node) attr(local string) string { return n.attrNS("", local) }

func (n *node) attrNS(space, local string) string {
	v, _ := n.find(space, local)
	return strings.TrimSpace(v)
}

// find gives the value of an attribute as it is written.
func (n *node) find(space, local string) (string, bool) {
	for i := range n.attrs {
		if a := &n.attrs[i]; a.name.Local == local && a.name.Space == space {
			return a.value, true
		}
	}
	return "", false
}

// text of an attribute that keeps its white space: default, fixed.
func (n *node) optional(local string) *string {
	if v, ok := n.find("", local); ok {
		return &v
	}
	return nil
}

// flag reads a boolean attribute.
func (n *node) flag(local string) bool {
	v := n.attr(local)
	return v == "true" || v == "1"
}

// all gives the children of one name.
func (n *node) all(space, local string) []*node {
	var found []*node
	for _, k := range n.kids {
		if k.is(space, local) {
			found = append(found, k)
		}
	}
	return found
}

// one gives the first child of a name, nil if there is none.
func (n *node) one(space, local string) *node {
	for _, k := range n.kids {
		if k.is(space, local) {
			return k
		}
	}
	return nil
}

// xsd gives the first child of XML Schema's namespace among the names.
func (n *node) xsd(locals ...string) *node {
	for _, k := range n.kids {
		if k.name.Space != model.NSSchema {
			continue
		}
		if slices.Contains(locals, k.name.Local) {
			return k
		}
	}
	return nil
}

// doc joins the documentation of an element: wsdl:documentation, or xs:annotation with its xs:documentation.
func (n *node) doc() string {
	var parts []string
	add := func(d *node) {
		if text := strings.TrimSpace(d.allText()); text != "" {
			parts = append(parts, text)
		}
	}
	for _, k := range n.kids {
		switch {
		case k.is(model.NSWSDL, "documentation"):
			add(k)
		case k.is(model.NSSchema, "annotation"):
			for _, d := range k.all(model.NSSchema, "documentation") {
				add(d)
			}
		}
	}
	return strings.Join(parts, "\n\n")
}

// allText is the character data of an element and all in it. Text between children is kept in front of them: places in mixed
// documentation do not matter.
func (n *node) allText() string {
	if len(n.kids) == 0 {
		return n.text
	}
	var b strings.Builder
	b.WriteString(n.text)
	for _, k := range n.kids {
		b.WriteByte(' ')
		b.WriteString(k.allText())
	}
	return b.String()
}

// qname splits a QName and resolves its prefix in the scope of n. ok is false for a prefix that nobody declared.
func (n *node) qname(text string) (name model.Name, prefixed, ok bool) {
	text = strings.TrimSpace(text)
	prefix, local, prefixed := strings.Cut(text, ":")
	if !prefixed {
		prefix, local = "", text
	}
	space, ok := n.scope.lookup(prefix)
	return model.Name{Space: modern(space), Local: local}, prefixed, ok
}

// modern replaces the namespaces of XML Schema's drafts, which some old stacks still write.
func modern(space string) string {
	switch space {
	case "http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema":
		return model.NSSchema
	}
	return space
}
