package codec

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// The JSON of a value follows its model, as its XML does:
//
//   - A struct is an object, its members in the order of the schema: the local names of elements; "@a" of attribute a; "$" for the text of
//     simple content. What has two fields of one name numbers the second: Leaf.JSON.
//   - What may repeat is an array always. One that is absent is [], in the branch of a choice it is left out.
//   - nil is null; of an element with attributes {"@a": ..., "$": null}. Absent is no member.
//   - Booleans, floats and whole numbers of at most 32 bits are those of JSON; long, decimal and integers of any size are strings, and so
//     are NaN and INF. Times are their text. Binary data are base64 or upper-case hex. A QName is "{namespace}local".
//   - A repeated group is "$items": an array of objects, so order survives. An element that others substitute holds an object of one
//     member. A derived type says "$type": its local name, or "{namespace}local" in another namespace than the declared one's.
//   - What a wildcard takes is "$any": {"$element", "$ns", "@a", and "$" for text alone or "$mixed" for content in order}. xs:anyType is
//     the same without a name, with "$type". Mixed content is "$mixed": an array of text and such objects.

// ToJSON writes v as JSON.
func (m *Document[T]) ToJSON(v T) ([]byte, error) {
	return jsonWriter{}.value(nil, m.Codec, &v)
}

// MarshalJSON writes a struct as JSON. Generated types call it.
func MarshalJSON(x Struct) ([]byte, error) { return jsonWriter{}.object(nil, x, nil) }

type jsonWriter struct{}

// value writes what a slot holds that is there once.
func (j jsonWriter) value(dst []byte, c Coder, slot any) ([]byte, error) {
	switch c := c.(type) {
	case *Literal:
		return j.value(dst, c.Of, slot)
	case *Nil:
		v, _ := c.Slots.value(slot, 0)
		return j.nillable(dst, c, v)
	case *Kinds:
		x, _ := c.Slots.at(slot, 0)
		return j.structure(dst, x, c.Declared)
	case holder:
		x, _ := c.slots().at(slot, 0)
		return j.structure(dst, x, nil)
	case lister:
		return j.array(dst, c.items(), c.list(slot))
	}
	if c == &QName {
		q, ok := at[xsd.QName](slot)
		if !ok {
			return dst, misfit(slot)
		}
		return quoteJSON(dst, clark(q.Space, q.Local)), nil
	}
	if a, ok := at[xsd.Any](slot); ok && !c.plain() {
		return j.any(dst, &a, c != &Wild), nil
	}
	v, _, err := c.text(&Encoder{}, slot)
	if err != nil {
		return dst, err
	}
	return scalar(dst, c.schema(), v), nil
}

// at gives the value of a slot that is there once.
func at[T any](slot any) (v T, ok bool) {
	switch p := slot.(type) {
	case *T:
		return *p, true
	case **T:
		if *p != nil {
			return **p, true
		}
	}
	return v, false
}

func (j jsonWriter) nillable(dst []byte, c *Nil, v nillable) ([]byte, error) {
	if v != nil && !v.IsNil() {
		return j.value(dst, c.Of, v.Slot())
	}
	h, ok := c.Of.(holder)
	if !ok || v == nil {
		return append(dst, "null"...), nil
	}
	x, _ := h.slots().at(v.Slot(), 0)
	if x == nil {
		return append(dst, "null"...), nil
	}
	attrs, err := j.attributes([]byte{'{'}, x, x.XMLModel())
	if err != nil || len(attrs) == 1 {
		return append(dst, "null"...), err
	}
	return append(append(dst, comma(attrs)...), `"$":null}`...), nil
}

func (j jsonWriter) structure(dst []byte, x Struct, declared *infoset.Name) ([]byte, error) {
	if x == nil {
		return append(dst, "null"...), nil
	}
	return j.object(dst, x, declared)
}

// object writes a struct. One of simple content that has no attributes at all is its text.
func (j jsonWriter) object(dst []byte, x Struct, declared *infoset.Name) (out []byte, err error) {
	m := x.XMLModel()
	derived := declared != nil && !declared.Same(&m.Type)
	if m.Text != nil && len(m.Attrs) == 0 && m.AnyAttr == nil && !derived {
		return j.value(dst, m.Text.Codec, x.XMLField(m.Text.Field))
	}
	dst = append(dst, '{')
	if derived {
		name := m.Type.Local
		if m.Type.Space != declared.Space {
			name = clark(m.Type.Space, name)
		}
		dst = quoteJSON(append(dst, `"$type":`...), name)
	}
	if dst, err = j.attributes(dst, x, m); err != nil {
		return dst, err
	}
	switch {
	case m.Text != nil:
		dst, err = j.value(append(comma(dst), `"$":`...), m.Text.Codec, x.XMLField(m.Text.Field))
	case m.Mixed != nil:
		if mixed, ok := x.XMLField(m.Mixed.Field).(*Mixed); ok {
			dst = j.content(append(comma(dst), `"$mixed":[`...), mixed.tokens)
		}
	default:
		dst, err = j.members(dst, x, m)
	}
	return append(dst, '}'), err
}

// comma separates a member from one before it.
func comma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last != '{' && last != '[' && last != ',' {
		dst = append(dst, ',')
	}
	return dst
}

func (j jsonWriter) attributes(dst []byte, x Struct, m *Model) (out []byte, err error) {
	for i := range m.Attrs {
		a := &m.Attrs[i]
		slot := x.XMLField(a.Field)
		if a.Codec.count(slot) == 0 {
			continue
		}
		dst = append(quoteJSON(comma(dst), a.jsonName()), ':')
		if dst, err = j.value(dst, a.Codec, slot); err != nil {
			return dst, err
		}
	}
	if m.AnyAttr == nil {
		return dst, nil
	}
	if more, ok := x.XMLField(m.AnyAttr.Field).(*Attributes); ok {
		for _, a := range *more {
			dst = quoteJSON(append(quoteJSON(comma(dst), "@"+clark(a.Space, a.Local)), ':'), a.Value)
		}
	}
	return dst, nil
}

func (j jsonWriter) members(dst []byte, x Struct, m *Model) (out []byte, err error) {
	for i := range m.Leaves {
		l := &m.Leaves[i]
		slot := x.XMLField(l.Field)
		n := l.Codec.count(slot)
		if l.Again || n == 0 && (!l.repeats() || l.Group > 0) {
			continue
		}
		dst = append(quoteJSON(comma(dst), l.jsonName()), ':')
		if l.repeats() {
			dst, err = j.array(dst, l.Codec, slot)
		} else {
			dst, err = j.value(dst, l.Codec, slot)
		}
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// repeats reports whether the field of a leaf is a list.
func (l *Leaf) repeats() bool { return l.Max > 1 || l.Max == Unbounded }

// array writes the values of a list.
func (j jsonWriter) array(dst []byte, c Coder, slot any) (out []byte, err error) {
	lit, ok := c.(*Literal)
	if ok {
		c = lit.Of
	}
	dst = append(dst, '[')
	for i := range c.count(slot) {
		dst = comma(dst)
		switch c := c.(type) {
		case *Text:
			text, _ := c.Slots.get(slot, i)
			dst = quoteJSON(dst, text)
		case *Nil:
			v, _ := c.Slots.value(slot, i)
			dst, err = j.nillable(dst, c, v)
		case *Kinds:
			x, _ := c.Slots.at(slot, i)
			dst, err = j.structure(dst, x, c.Declared)
		case holder:
			x, _ := c.slots().at(slot, i)
			dst, err = j.structure(dst, x, nil)
		case indexer:
			dst, err = j.value(dst, c, c.index(slot, i))
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// indexer is a Coder that can point to one value of a list.
type indexer interface {
	Coder
	index(slot any, i int) any
}

// lister is a Coder whose value is a list itself.
type lister interface {
	items() Coder
	list(slot any) any  // a pointer to the slice
	begin(slot any) any // the same of an empty one that it makes
}

func index[T any](slot any, i int) any {
	if p, ok := slot.(*[]T); ok {
		return &(*p)[i]
	}
	return slot
}

func list[T any](slot any) any {
	if p, ok := slot.(**[]T); ok {
		return *p
	}
	return slot
}

func (c *Codec[T]) index(slot any, i int) any { return index[T](slot, i) }

func (c *ListOf[T]) index(slot any, i int) any { return index[[]T](slot, i) }

func (c *ArrayOf[T]) index(slot any, i int) any { return index[[]T](slot, i) }

func (c *ListOf[T]) items() Coder { return c.Item }

func (c *ArrayOf[T]) items() Coder { return c.Item }

func (c *ListOf[T]) list(slot any) any { return list[T](slot) }

func (c *ArrayOf[T]) list(slot any) any { return list[T](slot) }

// jsonName is the member of a leaf.
func (l *Leaf) jsonName() string {
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

func (a *Attr) jsonName() string {
	switch {
	case a.JSON != "":
		return a.JSON
	case a.Name.Space == infoset.XMLNamespace:
		return "@xml:" + a.Name.Local
	}
	return "@" + a.Name.Local
}

// scalar writes a text as its type has it in JSON.
func scalar(dst []byte, t *infoset.Name, v infoset.Value) []byte {
	if t != nil && t.Space == schemaSpace {
		switch t.Local {
		case "boolean":
			b, err := v.AsBool()
			if err == nil {
				return strconv.AppendBool(dst, b)
			}
		case "byte", "short", "int", "unsignedByte", "unsignedShort", "unsignedInt":
			return v.AppendText(dst)
		case "float", "double":
			if n := v.AppendText(nil); json.Valid(n) {
				return append(dst, n...)
			}
		}
	}
	return quoteJSON(dst, v.String())
}

// any writes an element that no table describes. nameless: its name is that of the member it stands in.
func (j jsonWriter) any(dst []byte, a *xsd.Any, nameless bool) []byte {
	if a.IsZero() {
		return append(dst, "null"...)
	}
	return j.element(dst, a.Tokens(), a.Outer(), nameless)
}

func (j jsonWriter) element(dst []byte, tokens []infoset.Token, scope []infoset.Decl, nameless bool) []byte {
	t := &tokens[0]
	dst = append(dst, '{')
	if !nameless {
		dst = quoteJSON(append(dst, `"$element":`...), t.Name.Local)
		if t.Name.Space != "" {
			dst = quoteJSON(append(dst, `,"$ns":`...), t.Name.Space)
		}
	}
	for i := range t.Attrs {
		a := &t.Attrs[i]
		name := "@" + clark(a.Name.Space, a.Name.Local)
		value := a.Value.String()
		if a.Name.Space == instance && a.Name.Local == "type" {
			name, value = "$type", resolved(value, t.Decls, scope)
		}
		dst = quoteJSON(append(quoteJSON(comma(dst), name), ':'), value)
	}
	inner := tokens[1 : len(tokens)-1]
	for i := range inner {
		if inner[i].Kind == infoset.StartElement {
			return append(j.content(append(comma(dst), `"$mixed":[`...), inner), '}')
		}
	}
	var text []byte
	for i := range inner {
		if inner[i].Kind == infoset.Text {
			text = inner[i].Value.AppendText(text)
		}
	}
	return append(quoteJSON(append(comma(dst), `"$":`...), string(text)), '}')
}

// content writes text and elements in order, and ends the array.
func (j jsonWriter) content(dst []byte, tokens []infoset.Token) []byte {
	for i := 0; i < len(tokens); i++ {
		switch tokens[i].Kind {
		case infoset.Text:
			dst = quoteJSON(comma(dst), tokens[i].Value.String())
		case infoset.StartElement:
			end := i
			for depth := 0; ; end++ {
				switch tokens[end].Kind {
				case infoset.StartElement:
					depth++
				case infoset.EndElement:
					depth--
				}
				if depth == 0 {
					break
				}
			}
			dst = j.element(comma(dst), tokens[i:end+1], nil, false)
			i = end
		}
	}
	return append(dst, ']')
}

// resolved gives a QName in text as "{namespace}local".
func resolved(text string, inner, outer []infoset.Decl) string {
	prefix, local, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok {
		prefix, local = "", prefix
	}
	for _, decls := range [][]infoset.Decl{inner, outer} {
		for _, d := range decls {
			if d.Prefix == prefix {
				return clark(d.Space, local)
			}
		}
	}
	return text
}

// clark writes a name as "{namespace}local"; one of no namespace is local alone.
func clark(space, local string) string {
	if space == "" {
		return local
	}
	return "{" + space + "}" + local
}

func unclark(name string) (space, local string) {
	if inner, ok := strings.CutPrefix(name, "{"); ok {
		if space, local, ok = strings.Cut(inner, "}"); ok {
			return space, local
		}
	}
	return "", name
}

func quoteJSON(dst []byte, s string) []byte {
	b, _ := json.Marshal(s) // a string is always written
	return append(dst, b...)
}
