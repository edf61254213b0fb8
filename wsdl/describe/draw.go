package describe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mostValues is how many values of an enumeration a line shows.
const mostValues = 12

// typeWords says what a type is, as far as a line has room.
func (d *drawer) typeWords(t *Type) []string {
	var words []string
	switch t.Derivation {
	case "list":
		words = append(words, "list of "+d.members(t))
	case "union":
		words = append(words, "union of "+d.members(t))
	case "extension":
		words = append(words, "extends "+d.typeShort(t.Base))
	default:
		if t.Base != "" {
			words = append(words, d.typeShort(t.Base))
		}
	}
	if t.ArrayOf != "" {
		words = append(words, "array of "+d.typeShort(t.ArrayOf))
	}
	if t.Abstract {
		words = append(words, "abstract")
	}
	if t.Mixed {
		words = append(words, "mixed")
	}
	return append(words, simpleWords(t)...)
}

// members names the members of a union or the item of a list; those without names are told by what they are.
func (d *drawer) members(t *Type) string {
	var all []string
	for _, m := range t.Members {
		all = append(all, d.typeShort(m))
	}
	for i := range t.Anonymous {
		all = append(all, strings.Join(d.typeWords(&t.Anonymous[i]), " "))
	}
	return strings.Join(all, ", ")
}

// simpleWords says what values there are.
func simpleWords(t *Type) []string {
	var words []string
	if n := len(t.Enum); n > 0 {
		values := make([]string, 0, mostValues)
		for _, v := range t.Enum[:min(n, mostValues)] {
			if v == "" || strings.ContainsAny(v, " ,") {
				v = strconv.Quote(v)
			}
			values = append(values, v)
		}
		line := "one of " + strings.Join(values, ", ")
		if n > mostValues {
			line += fmt.Sprintf(" and %d more", n-mostValues)
		}
		words = append(words, line)
	}
	var facets []string
	for name, value := range t.Facets {
		facets = append(facets, name+" "+value)
	}
	slices.Sort(facets)
	if len(facets) > 0 {
		words = append(words, strings.Join(facets, ", "))
	}
	return words
}

// content hangs what stands in a type: its elements, then its attributes.
func (d *drawer) content(b *branch, t *Type) {
	if t.Original != nil {
		d.content(b.add("as it was before its redefinition"), t.Original)
	}
	if t.Text != nil {
		b.add(append([]string{"text"}, d.typeWords(t.Text)...)...)
	}
	d.particle(b, t.Content, true)
	for i := range t.Attributes {
		d.attribute(b, &t.Attributes[i])
	}
	if t.Wildcard != nil {
		b.add("@any", wildcardWords(t.Wildcard))
	}
}

// attribute hangs an attribute: its name behind an @, then what its values are and whether it must be there.
func (d *drawer) attribute(b *branch, a *Attribute) {
	words := []string{"@" + local(a.Name), d.typeShort(a.Type)}
	if a.Anonymous != nil {
		words = append(words, d.typeWords(a.Anonymous)...)
	}
	switch {
	case a.Prohibited:
		words = append(words, "prohibited")
	case a.Required:
		words = append(words, "required")
	}
	if a.Default != nil {
		words = append(words, fmt.Sprintf("default %q", *a.Default))
	}
	if a.Fixed != nil {
		words = append(words, fmt.Sprintf("fixed %q", *a.Fixed))
	}
	b.add(append(words, a.ArrayType)...)
}

// particle hangs a particle. The sequence of a type, once, needs no line of its own.
func (d *drawer) particle(b *branch, p *Particle, outer bool) {
	if p == nil {
		return
	}
	switch p.Kind {
	case "element":
		if p.Element == nil {
			b.add(d.short(p.Ref, "element"), "element of the schema", occurs(p))
			return
		}
		d.local(b, p)
	case "any":
		b.add("any", wildcardWords(p.Wildcard), occurs(p))
	case "group":
		b.add("group "+d.short(p.Ref, "group"), occurs(p))
	default:
		if !outer || p.Kind != "sequence" || p.Min != 1 || p.Max != 1 {
			b = b.add(p.Kind, occurs(p))
		}
		for i := range p.Items {
			d.particle(b, &p.Items[i], false)
		}
	}
}

// local hangs a local element.
func (d *drawer) local(b *branch, p *Particle) {
	e := p.Element
	words := []string{local(e.Name)}
	if e.Anonymous != nil {
		words = append(words, d.typeWords(e.Anonymous)...)
	} else {
		words = append(words, d.typeShort(e.Type))
	}
	kid := b.add(append(append(words, occurs(p)), elementWords(e)...)...)
	if e.Anonymous != nil {
		d.content(kid, e.Anonymous)
	}
}

// wildcardWords says which namespaces a wildcard takes and how what stands there is checked.
func wildcardWords(w *Wildcard) string {
	return strings.Join(w.Namespaces, " ") + " " + w.Process
}

// occurs writes how often a particle may stand; "" for once.
func occurs(p *Particle) string {
	switch {
	case p.Min == 1 && p.Max == 1:
		return ""
	case p.Max < 0:
		return fmt.Sprintf("[%d..*]", p.Min)
	}
	return fmt.Sprintf("[%d..%d]", p.Min, p.Max)
}
