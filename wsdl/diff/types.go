package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/describe"
)

// element compares two declarations of one element.
func (c *comparer) element(path string, a, b *describe.Element, w way) {
	c.ofType("element", path, a.Type, b.Type, a.Anonymous, b.Anonymous, w)
	c.flag("element", path, "nillable", a.Nillable, b.Nillable, hurts(w, sent), hurts(w, received))
	c.flag("element", path, "abstract", a.Abstract, b.Abstract, hurts(w, received), Breaking)
	c.text(Compatible, "element", path, "the default changed", text(a.Default), text(b.Default))
	c.fixed("element", path, a.Fixed, b.Fixed, w)
	c.text(Breaking, "element", path, "it stands in place of another element", a.Head, b.Head)
}

// fixed: a value that must be is less for who sends; one that need not be any more is more for who reads.
func (c *comparer) fixed(kind, path string, a, b *string, w way) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		c.add(hurts(w, sent), kind, path, "", *b, "the value is fixed now")
	case b == nil:
		c.add(hurts(w, received), kind, path, *a, "", "the value is not fixed any more")
	default:
		c.text(Breaking, kind, path, "the fixed value changed", *a, *b)
	}
}

// ofType compares what two declarations say of their types.
func (c *comparer) ofType(kind, path, a, b string, anonA, anonB *describe.Type, w way) {
	switch {
	case anonA != nil && anonB != nil:
		c.typ(path, anonA, anonB, w)
	case (anonA == nil) != (anonB == nil):
		c.text(Breaking, kind, path, "the type changed", orWords(a, "a type of its own"), orWords(b, "a type of its own"))
	case a != b:
		c.add(c.typeChange(a, b, w), kind, path, a, b, "the type changed")
	}
}

// orWords gives words for a type that has no name.
func orWords(a, otherwise string) string {
	if a == "" {
		return otherwise
	}
	return a
}

// wider are built-in types whose values are all values of another, and are written the same.
var wider = map[string]string{
	"xs:byte": "xs:short", "xs:short": "xs:int", "xs:int": "xs:long", "xs:long": "xs:integer", "xs:integer": "xs:decimal", "xs:unsignedByte": "xs:unsignedShort",
	"xs:unsignedShort": "xs:unsignedInt", "xs:unsignedInt": "xs:unsignedLong", "xs:unsignedLong": "xs:nonNegativeInteger", "xs:positiveInteger": "xs:nonNegativeInteger",
	"xs:nonNegativeInteger": "xs:integer", "xs:token": "xs:normalizedString", "xs:normalizedString": "xs:string", "xs:NCName": "xs:Name", "xs:Name": "xs:token", "xs:language": "xs:token",
}

// isWider reports whether every value of one built-in type is a value of another.
func isWider(from, to string) bool {
	for n := from; n != ""; n = wider[n] {
		if n == to {
			return true
		}
	}
	return false
}

// typeChange judges another type: a wider one hurts only those who receive it, a narrower one those who send it.
func (c *comparer) typeChange(a, b string, w way) Level {
	switch {
	case isWider(a, b):
		return hurts(w, received)
	case isWider(b, a):
		return hurts(w, sent)
	}
	return Breaking
}

// typ compares two definitions of one type.
func (c *comparer) typ(path string, a, b *describe.Type, w way) {
	c.text(Breaking, "type", path, "the kind changed", a.Kind, b.Kind)
	c.flag("type", path, "abstract", a.Abstract, b.Abstract, hurts(w, received), Breaking)
	c.flag("type", path, "mixed", a.Mixed, b.Mixed, hurts(w, sent), hurts(w, received))
	if a.Base != b.Base {
		c.add(c.typeChange(a.Base, b.Base, w), "type", path, a.Base, b.Base, "the base changed")
	}
	c.text(Breaking, "type", path, "the derivation changed", a.Derivation, b.Derivation)
	c.text(Breaking, "type", path, "what an array holds changed", a.ArrayOf, b.ArrayOf)
	c.text(Breaking, "type", path, "the dimensions of an array changed", strconv.Itoa(a.Dimensions), strconv.Itoa(b.Dimensions))
	c.inner(path+" / original", a.Original, b.Original, w)
	c.inner(path+" / text", a.Text, b.Text, w)
	c.members(path, a, b, w)
	c.values(path, a, b, w)
	c.content("type", path, a.Content, b.Content, w)
	c.attributes(path, a, b, w)
	c.wildcards("type", path+" / anyAttribute", a.Wildcard, b.Wildcard, w)
}

// inner compares types that stand in others.
func (c *comparer) inner(path string, a, b *describe.Type, w way) {
	switch {
	case a != nil && b != nil:
		c.typ(path, a, b, w)
	case a != b:
		c.add(Breaking, "type", path, "", "", "it came or went")
	}
}

// members compares unions and lists.
func (c *comparer) members(path string, a, b *describe.Type, w way) {
	if a.Derivation == "list" || b.Derivation == "list" {
		c.text(Breaking, "type", path, "the items changed", strings.Join(a.Members, " "), strings.Join(b.Members, " "))
	} else {
		each(c, a.Members, b.Members, func(m string) string { return m }, "member", path, hurts(w, sent), hurts(w, received), same)
	}
	for i := range max(len(a.Anonymous), len(b.Anonymous)) {
		at := fmt.Sprintf("%s / member %d", path, i+1)
		switch {
		case i >= len(a.Anonymous):
			c.add(hurts(w, received), "type", at, "", "", "it is new")
		case i >= len(b.Anonymous):
			c.add(hurts(w, sent), "type", at, "", "", "it is gone")
		default:
			c.typ(at, &a.Anonymous[i], &b.Anonymous[i], w)
		}
	}
}

// values compares enumerations and facets.
func (c *comparer) values(path string, a, b *describe.Type, w way) {
	switch {
	case len(a.Enum) == 0 && len(b.Enum) > 0:
		c.add(hurts(w, sent), "type", path, "", strings.Join(b.Enum, " "), "only some values are allowed now")
	case len(a.Enum) > 0 && len(b.Enum) == 0:
		c.add(hurts(w, received), "type", path, strings.Join(a.Enum, " "), "", "any value is allowed now")
	default:
		each(c, a.Enum, b.Enum, strconv.Quote, "value", path, hurts(w, sent), hurts(w, received), same)
	}
	names := map[string]bool{}
	for n := range a.Facets {
		names[n] = true
	}
	for n := range b.Facets {
		names[n] = true
	}
	for _, n := range []string{"pattern", "length", "minLength", "maxLength", "totalDigits", "fractionDigits", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "whiteSpace"} {
		if old, now := a.Facets[n], b.Facets[n]; names[n] && old != now {
			c.add(facetLevel(n, old, now, w), "type", path, old, now, "the facet %s changed", n)
		}
	}
}

// facetLevel judges a facet: tighter hurts who sends, looser who receives; what cannot be compared hurts both.
func facetLevel(name, old, now string, w way) Level {
	if now == "" {
		return hurts(w, received)
	}
	if old == "" {
		return hurts(w, sent)
	}
	x, errX := strconv.ParseFloat(old, 64)
	y, errY := strconv.ParseFloat(now, 64)
	if name == "pattern" || name == "length" || name == "whiteSpace" || errX != nil || errY != nil {
		return Breaking
	}
	tighter := y < x
	if strings.HasPrefix(name, "min") {
		tighter = y > x
	}
	if tighter {
		return hurts(w, sent)
	}
	return hurts(w, received)
}

// attributes compares those of a type by name: they have no order.
func (c *comparer) attributes(path string, a, b *describe.Type, w way) {
	key := func(a describe.Attribute) string { return "@" + a.Name }
	was := map[string]bool{}
	for _, x := range a.Attributes {
		was[key(x)] = true
	}
	// New ones are judged by whether they must be there, gone ones by whether they were.
	for _, x := range b.Attributes {
		if was[key(x)] {
			continue
		}
		level, how := Compatible, "it is new"
		if x.Required {
			level, how = hurts(w, sent), "it is new and required"
		}
		c.add(level, "attribute", path+" / "+key(x), "", "", "%s", how)
	}
	still := slices.DeleteFunc(slices.Clone(b.Attributes), func(x describe.Attribute) bool { return !was[key(x)] })
	each(c, a.Attributes, still, key, "attribute", path, Breaking, Compatible,
		func(path string, x, y describe.Attribute) { c.attribute(path, &x, &y, w) })
}

// attribute compares two uses of an attribute.
func (c *comparer) attribute(path string, a, b *describe.Attribute, w way) {
	c.ofType("attribute", path, a.Type, b.Type, a.Anonymous, b.Anonymous, w)
	c.flag("attribute", path, "required", a.Required, b.Required, hurts(w, received), hurts(w, sent))
	c.flag("attribute", path, "prohibited", a.Prohibited, b.Prohibited, Compatible, Breaking)
	c.text(Compatible, "attribute", path, "the default changed", text(a.Default), text(b.Default))
	c.fixed("attribute", path, a.Fixed, b.Fixed, w)
	c.text(Breaking, "attribute", path, "the array's type changed", a.ArrayType, b.ArrayType)
}

// wildcards: a content that is open newly hurts nobody, since readers pass over what they do not know.
func (c *comparer) wildcards(kind, path string, a, b *describe.Wildcard, w way) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		c.add(Compatible, kind, path, "", "", "it is open now")
	case b == nil:
		c.add(hurts(w, sent), kind, path, "", "", "it is not open any more")
	default:
		c.text(Breaking, kind, path, "the namespaces changed", strings.Join(a.Namespaces, " "), strings.Join(b.Namespaces, " "))
		c.text(hurts(w, sent), kind, path, "how its content is checked changed", a.Process, b.Process)
	}
}
