package bundle

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// lookup finds the namespace of a prefix at an element; "" is the default namespace.
func lookup(e *etree.Element, prefix string) (space string, ok bool) {
	for ; e != nil; e = e.Parent() {
		for i := range e.Attr {
			a := &e.Attr[i]
			if prefix == "" && a.Space == "" && a.Key == "xmlns" || prefix != "" && a.Space == "xmlns" && a.Key == prefix {
				return a.Value, true
			}
		}
	}
	if prefix == "xml" {
		return model.NSXML, true
	}
	return "", prefix == ""
}

// spaceOf gives the namespace of an element; those of XML Schema's drafts are taken as XML Schema's, as the reader does.
func spaceOf(e *etree.Element) string {
	space, _ := lookup(e, e.Space)
	switch space {
	case "http://www.w3.org/1999/XMLSchema", "http://www.w3.org/2000/10/XMLSchema":
		return model.NSSchema
	}
	return space
}

func is(e *etree.Element, space, local string) bool { return e.Tag == local && spaceOf(e) == space }

// children gives the children of one name, in document order.
func children(e *etree.Element, space, local string) []*etree.Element {
	var all []*etree.Element
	for _, k := range e.ChildElements() {
		if is(k, space, local) {
			all = append(all, k)
		}
	}
	return all
}

// attr gives the value of an attribute without namespace, white space around it removed.
func attr(e *etree.Element, local string) string {
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Space == "" && a.Key == local {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// qname resolves a QName in the scope of an element.
func qname(e *etree.Element, text string) (name model.Name, prefix string, ok bool) {
	prefix, local, prefixed := strings.Cut(strings.TrimSpace(text), ":")
	if !prefixed {
		prefix, local = "", prefix
	}
	space, ok := lookup(e, prefix)
	return model.Name{Space: space, Local: local}, prefix, ok
}

// decls gives the declarations in scope at an element, "" for the default namespace.
func decls(e *etree.Element) map[string]string {
	all := map[string]string{}
	for ; e != nil; e = e.Parent() {
		for i := range e.Attr {
			a := &e.Attr[i]
			prefix := a.Key
			switch {
			case a.Space == "" && a.Key == "xmlns":
				prefix = ""
			case a.Space != "xmlns":
				continue
			}
			if _, nearer := all[prefix]; !nearer {
				all[prefix] = a.Value
			}
		}
	}
	return all
}

// move copies an element from its document to a place in another, with the declarations that it needs and does not find there.
// Which it needs is told by its own names and by every attribute and text in which a prefix could stand.
func move(e, to *etree.Element) *etree.Element {
	copied := e.Copy()
	there, here := decls(to), decls(e)
	for _, prefix := range sortedKeys(here) {
		space := here[prefix]
		if now, ok := there[prefix]; ok && now == space {
			continue
		}
		if declares(copied, prefix) || prefix != "" && !mentions(copied, prefix) {
			continue
		}
		declare(copied, prefix, space)
	}
	if here[""] == "" && there[""] != "" && !declares(copied, "") {
		declare(copied, "", "")
	}
	to.AddChild(copied)
	return copied
}

// declares reports whether an element itself declares a prefix; "" is the default namespace.
func declares(e *etree.Element, prefix string) bool {
	for i := range e.Attr {
		a := &e.Attr[i]
		if prefix == "" && a.Space == "" && a.Key == "xmlns" || prefix != "" && a.Space == "xmlns" && a.Key == prefix {
			return true
		}
	}
	return false
}

// declare binds a prefix at an element; "" with "" takes the default namespace away.
func declare(e *etree.Element, prefix, space string) {
	if prefix == "" {
		e.CreateAttr("xmlns", space)
		return
	}
	e.CreateAttr("xmlns:"+prefix, space)
}

// mentions reports whether a prefix may stand in an element or below.
func mentions(e *etree.Element, prefix string) bool {
	if e.Space == prefix {
		return true
	}
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Space == prefix || strings.Contains(a.Value, prefix+":") {
			return true
		}
	}
	for _, c := range e.Child {
		switch c := c.(type) {
		case *etree.Element:
			if mentions(c, prefix) {
				return true
			}
		case *etree.CharData:
			if strings.Contains(c.Data, prefix+":") {
				return true
			}
		}
	}
	return false
}

// walk calls f for an element and all below it.
func walk(e *etree.Element, f func(*etree.Element)) {
	f(e)
	for _, k := range e.ChildElements() {
		walk(k, f)
	}
}

// indent lays out an element's children, one a line. Text that people wrote is left as it is: documentation, and whatever has words
// between its elements.
func indent(e *etree.Element, depth int) {
	if e.Tag == "documentation" || e.Tag == "appinfo" {
		return
	}
	var kids []etree.Token
	for _, c := range e.Child {
		text, isText := c.(*etree.CharData)
		switch {
		case isText && strings.TrimSpace(text.Data) != "":
			return
		case !isText:
			kids = append(kids, c)
		}
	}
	e.Child = nil
	for _, c := range kids {
		e.CreateText("\n" + strings.Repeat("  ", depth+1))
		e.AddChild(c)
		if k, ok := c.(*etree.Element); ok {
			indent(k, depth+1)
		}
	}
	if len(kids) > 0 {
		e.CreateText("\n" + strings.Repeat("  ", depth))
	}
}
