package jsonform

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// To writes a document's value as JSON.
func To[T any](m *codec.Document[T], v T) ([]byte, error) {
	return jsonWriter{}.value(nil, m.Codec, &v)
}

// Marshal writes a struct as JSON. The MarshalJSON of generated types calls it.
func Marshal(x codec.Struct) ([]byte, error) { return jsonWriter{}.object(nil, x, nil) }

// Namespaces of the attributes and types that XML Schema has.
const (
	instance    = "http://www.w3.org/2001/XMLSchema-instance"
	schemaSpace = "http://www.w3.org/2001/XMLSchema"
)

type jsonWriter struct{}

// value writes what a slot holds that is there once.
func (j jsonWriter) value(dst []byte, c codec.Coder, slot any) ([]byte, error) {
	switch c := c.(type) {
	case *codec.Literal:
		return j.value(dst, c.Of, slot)
	case *codec.Bounded:
		return j.value(dst, c.Of, slot)
	case *codec.Nil:
		v, _ := c.Slots.Value(slot, 0)
		return j.nillable(dst, c, v)
	case *codec.Kinds:
		x, _ := c.Slots.At(slot, 0)
		return j.structure(dst, x, c.Declared)
	case codec.Holder:
		x, _ := c.Held().At(slot, 0)
		return j.structure(dst, x, nil)
	case codec.Lister:
		return j.array(dst, c.Items(), c.List(slot))
	}
	if c == &codec.QName {
		q, ok := at[xsd.QName](slot)
		if !ok {
			return dst, errors.New(misfit(slot))
		}
		return quoteJSON(dst, clark(q.Space, q.Local)), nil
	}
	if a, ok := at[xsd.Any](slot); ok && !codec.IsText(c) {
		return j.any(dst, &a, c != &codec.Wild), nil
	}
	v, err := codec.TextOf(c, slot)
	if err != nil {
		return dst, err
	}
	return scalar(dst, codec.SchemaOf(c), v), nil
}

// misfit is what is said of a slot that its coder does not know: a mistake of the code that made the table.
func misfit(slot any) string {
	return fmt.Sprintf("a field of type %T does not fit its entry in the model", slot)
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

func (j jsonWriter) nillable(dst []byte, c *codec.Nil, v codec.Nillable) ([]byte, error) {
	if v != nil && !v.IsNil() {
		return j.value(dst, c.Of, v.Slot())
	}
	h, ok := c.Of.(codec.Holder)
	if !ok || v == nil {
		return append(dst, "null"...), nil
	}
	x, _ := h.Held().At(v.Slot(), 0)
	if x == nil {
		return append(dst, "null"...), nil
	}
	attrs, err := j.attributes([]byte{'{'}, x, x.XMLModel())
	if err != nil || len(attrs) == 1 {
		return append(dst, "null"...), err
	}
	return append(append(dst, comma(attrs)...), `"$":null}`...), nil
}

func (j jsonWriter) structure(dst []byte, x codec.Struct, declared *infoset.Name) ([]byte, error) {
	if x == nil {
		return append(dst, "null"...), nil
	}
	return j.object(dst, x, declared)
}

// object writes a struct. One of simple content that has no attributes at all is its text.
func (j jsonWriter) object(dst []byte, x codec.Struct, declared *infoset.Name) (out []byte, err error) {
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
		if mixed, ok := x.XMLField(m.Mixed.Field).(*xsd.Mixed); ok {
			dst = j.content(append(comma(dst), `"$mixed":[`...), mixed.Tokens())
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

func (j jsonWriter) attributes(dst []byte, x codec.Struct, m *codec.Model) (out []byte, err error) {
	for i := range m.Attrs {
		a := &m.Attrs[i]
		slot := x.XMLField(a.Field)
		if codec.Count(a.Codec, slot) == 0 {
			continue
		}
		dst = append(quoteJSON(comma(dst), attributeOf(a)), ':')
		if dst, err = j.value(dst, a.Codec, slot); err != nil {
			return dst, err
		}
	}
	if m.AnyAttr == nil {
		return dst, nil
	}
	if more, ok := x.XMLField(m.AnyAttr.Field).(*xsd.Attributes); ok {
		for _, a := range *more {
			dst = quoteJSON(append(quoteJSON(comma(dst), "@"+clark(a.Space, a.Local)), ':'), a.Value)
		}
	}
	return dst, nil
}

func (j jsonWriter) members(dst []byte, x codec.Struct, m *codec.Model) (out []byte, err error) {
	for i := range m.Leaves {
		l := &m.Leaves[i]
		slot := x.XMLField(l.Field)
		n := codec.Count(l.Codec, slot)
		if l.Again || n == 0 && (!repeats(l) || l.Group > 0) {
			continue
		}
		dst = append(quoteJSON(comma(dst), memberOf(l)), ':')
		if repeats(l) {
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

// array writes the values of a list.
func (j jsonWriter) array(dst []byte, c codec.Coder, slot any) (out []byte, err error) {
	lit, ok := c.(*codec.Literal)
	if ok {
		c = lit.Of
	}
	if of, bounded := c.(*codec.Bounded); bounded {
		c = of.Of
	}
	dst = append(dst, '[')
	for i := range codec.Count(c, slot) {
		dst = comma(dst)
		switch c := c.(type) {
		case *codec.Text:
			text, _ := c.Slots.Get(slot, i)
			dst = quoteJSON(dst, text)
		case *codec.Nil:
			v, _ := c.Slots.Value(slot, i)
			dst, err = j.nillable(dst, c, v)
		case *codec.Kinds:
			x, _ := c.Slots.At(slot, i)
			dst, err = j.structure(dst, x, c.Declared)
		case codec.Holder:
			x, _ := c.Held().At(slot, i)
			dst, err = j.structure(dst, x, nil)
		case codec.Indexer:
			dst, err = j.value(dst, c, c.Index(slot, i))
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
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
