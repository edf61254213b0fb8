package sample

import (
	"fmt"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// node is an element of a message.
type node struct {
	name  model.Name
	attrs []attr
	text  value
	kids  []*node
}

type attr struct {
	name  model.Name
	value value
}

// value is a text, or a QName, whose prefix is found when all namespaces of the message are known. rest stands behind a QName, as the
// size of an array's type does.
type value struct {
	text  string
	qname model.Name
	rest  string
}

// set writes an attribute; one of that name is replaced.
func (n *node) set(name model.Name, v value) {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			n.attrs[i].value = v
			return
		}
	}
	n.attrs = append(n.attrs, attr{name, v})
}

// Prefixes that readers expect; other namespaces are ns1, ns2 in the order in which they come.
var usual = map[string]string{
	nsEnvelope11: "soap", nsEnvelope12: "soap", model.NSSchema: "xs", model.NSInstance: "xsi", model.NSEncoding: "soapenc", nsEncoding12: "enc",
	nsAddressing: "wsa",
}

// writer writes nodes as text, all namespaces declared at the root: nothing below has a default namespace, so unqualified elements stay so.
type writer struct {
	b        strings.Builder
	prefixes map[string]string
	order    []string
	taken    int
}

// write gives the document of a root.
func write(root *node) string {
	w := &writer{prefixes: map[string]string{"": "", model.NSXML: "xml"}}
	w.collect(root)
	w.b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	w.element(root, 0, true)
	return w.b.String()
}

// need gives a namespace a prefix if it has none.
func (w *writer) need(space string) {
	if _, ok := w.prefixes[space]; ok {
		return
	}
	prefix := usual[space]
	if prefix == "" {
		w.taken++
		prefix = fmt.Sprint("ns", w.taken)
	}
	w.prefixes[space] = prefix
	w.order = append(w.order, space)
}

// collect finds all namespaces of a message, those of QNames in values too, before anything is written.
func (w *writer) collect(n *node) {
	w.need(n.name.Space)
	w.need(n.text.qname.Space)
	for _, a := range n.attrs {
		w.need(a.name.Space)
		w.need(a.value.qname.Space)
	}
	for _, k := range n.kids {
		w.collect(k)
	}
}

func (w *writer) name(n model.Name) string {
	if p := w.prefixes[n.Space]; p != "" {
		return p + ":" + n.Local
	}
	return n.Local
}

func (w *writer) value(v value) string {
	if v.qname.Local == "" {
		return v.text
	}
	return w.name(v.qname) + v.rest
}

func (w *writer) element(n *node, depth int, root bool) {
	indent := strings.Repeat("  ", depth)
	w.b.WriteString(indent + "<" + w.name(n.name))
	if root {
		for _, space := range w.order {
			fmt.Fprintf(&w.b, ` xmlns:%s="%s"`, w.prefixes[space], quoted.Replace(space))
		}
	}
	for _, a := range n.attrs {
		fmt.Fprintf(&w.b, ` %s="%s"`, w.name(a.name), quoted.Replace(w.value(a.value)))
	}
	text := plain.Replace(w.value(n.text))
	switch {
	case len(n.kids) == 0 && text == "":
		w.b.WriteString("/>\n")
	case len(n.kids) == 0:
		w.b.WriteString(">" + text + "</" + w.name(n.name) + ">\n")
	default:
		w.b.WriteString(">" + text + "\n")
		for _, k := range n.kids {
			w.element(k, depth+1, false)
		}
		w.b.WriteString(indent + "</" + w.name(n.name) + ">\n")
	}
}

// What must be escaped. A line break in an attribute would be read as a space, a carriage return in a text as a line feed (XML 1.0, 2.11).
var (
	plain  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")
	quoted = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;")
)
