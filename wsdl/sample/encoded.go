package sample

import (
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// badName says that a name cannot be an element's: written as it is, it would be markup.
func badName(at model.Place, name string) error {
	return failed(at, "%q is no name of an element", clip(name))
}

// array writes an array of SOAP encoding: its type with its size, and its items, whose names do not matter (SOAP 1.1, 5.4.2).
func (m *Maker) array(n *node, t *model.Type, depth int, at model.Place) error {
	items := 1
	if m.lean(depth) || m.openTypes[t] > 0 || m.heights.concrete(t.ArrayOf) >= never {
		items = 0
	}
	if m.opts.Amount == Full && items > 0 {
		items = 2
	}
	size := "[" + itoa(items) + strings.Repeat(",1", max(t.ArrayDims-1, 0)) + "]"
	item := t.ArrayOf.Name
	if item.IsZero() {
		item = model.Name{Space: model.NSSchema, Local: "anyType"}
	}
	n.set(xsiType, value{qname: model.Name{Space: model.NSEncoding, Local: "Array"}})
	n.set(model.Name{Space: model.NSEncoding, Local: "arrayType"}, value{qname: item, rest: size})
	m.openTypes[t]++
	defer func() { m.openTypes[t]-- }()
	for range items {
		m.left--
		kid := &node{name: model.Name{Local: "item"}}
		if err := m.typed(kid, t.ArrayOf, depth+1, at); err != nil {
			return err
		}
		n.kids = append(n.kids, kid)
	}
	return nil
}
