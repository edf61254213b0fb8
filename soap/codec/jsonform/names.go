package jsonform

import (
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// repeats reports whether the field of a leaf is a list.
func repeats(l *codec.Leaf) bool { return l.Max > 1 || l.Max == codec.Unbounded }

// memberOf is the member that a leaf is in JSON.
func memberOf(l *codec.Leaf) string {
	switch {
	case l.JSON != "":
		return l.JSON
	case l.Item != nil:
		return "$items"
	case l.Wild != nil:
		return "$any"
	}
	return l.Name.Local
}

// attributeOf is the member that an attribute is in JSON.
func attributeOf(a *codec.Attr) string {
	switch {
	case a.JSON != "":
		return a.JSON
	case a.Name.Space == infoset.XMLNamespace:
		return "@xml:" + a.Name.Local
	}
	return "@" + a.Name.Local
}
