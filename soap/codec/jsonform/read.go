package jsonform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Error says what is wrong with a JSON document: all of it.
type Error struct{ Problems []Problem }

// Problem is one thing that is wrong.
type Problem struct {
	Pointer string // to the value (RFC 6901)
	Text    string
	Suggest string // a member that was meant, perhaps
}

// Error tells the first, and how many more there are.
func (e *Error) Error() string {
	p := e.Problems[0]
	text := fmt.Sprintf("%q: %s", p.Pointer, p.Text)
	if p.Suggest != "" {
		text += "; " + p.Suggest + " is meant perhaps"
	}
	if n := len(e.Problems) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// From reads a document's value from JSON: see To. Members may come in any order. Members that are unknown or stand twice, a null where
// the schema allows none, one value where many may be and the reverse, and values that are none of their type are errors, all of which
// are told at once (*Error).
func From[T any](m *codec.Document[T], text []byte) (v T, err error) {
	j := &jsonReader{}
	n, err := parseJSON(text)
	if err != nil {
		return v, err
	}
	j.value(m.Codec, &v, n, "")
	return v, j.err()
}

// Unmarshal reads a struct from JSON. The UnmarshalJSON of generated types calls it.
func Unmarshal(x codec.Struct, text []byte) error {
	j := &jsonReader{}
	n, err := parseJSON(text)
	if err != nil {
		return err
	}
	j.object(x, n, "")
	return j.err()
}

// maxJSONDepth bounds how deep arrays and objects may stand in each other.
const maxJSONDepth = 200

// jsonNode is a value: an object with members in order, an array, or what json.Decoder gives (string, json.Number, bool, nil).
type jsonNode struct {
	members []jsonMember
	items   []*jsonNode
	scalar  any
	kind    byte // '{', '[' or 0
}

type jsonMember struct {
	name string
	node *jsonNode
}

func parseJSON(text []byte) (*jsonNode, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	n, err := parseNode(d, "", 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &Error{[]Problem{{Text: "something stands behind the document"}}}
	}
	return n, nil
}

func parseNode(d *json.Decoder, at string, depth int) (*jsonNode, error) {
	bad := func(text string) error { return &Error{[]Problem{{Pointer: at, Text: text}}} }
	if depth > maxJSONDepth {
		return nil, bad("arrays and objects are nested too deep")
	}
	t, err := d.Token()
	if err != nil {
		return nil, bad("this is no JSON: " + err.Error())
	}
	open, ok := t.(json.Delim)
	if !ok {
		return &jsonNode{scalar: t}, nil
	}
	n := &jsonNode{kind: byte(open)}
	seen := map[string]bool{}
	for d.More() {
		if open == '[' {
			item, err := parseNode(d, at+"/"+strconv.Itoa(len(n.items)), depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
			continue
		}
		key, err := d.Token()
		if err != nil {
			return nil, bad("this is no JSON: " + err.Error())
		}
		name, _ := key.(string)
		inner := at + "/" + pointer(name)
		if seen[name] {
			return nil, &Error{[]Problem{{Pointer: inner, Text: "the member stands twice"}}}
		}
		seen[name] = true
		v, err := parseNode(d, inner, depth+1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, jsonMember{name, v})
	}
	if _, err := d.Token(); err != nil {
		return nil, bad("this is no JSON: " + err.Error())
	}
	return n, nil
}

// pointer escapes a name for a JSON pointer (RFC 6901, 4).
func pointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func (n *jsonNode) member(name string) *jsonNode {
	for i := range n.members {
		if n.members[i].name == name {
			return n.members[i].node
		}
	}
	return nil
}

func (n *jsonNode) null() bool { return n.kind == 0 && n.scalar == nil }

// text gives what a scalar says; false for objects, arrays and null.
func (n *jsonNode) text() (string, bool) {
	switch s := n.scalar.(type) {
	case string:
		return s, true
	case json.Number:
		return s.String(), true
	case bool:
		return strconv.FormatBool(s), true
	}
	return "", false
}

// jsonReader gathers what is wrong.
type jsonReader struct{ problems []Problem }

// maxProblems bounds what is told.
const maxProblems = 100

func (j *jsonReader) err() error {
	if len(j.problems) == 0 {
		return nil
	}
	return &Error{j.problems}
}

func (j *jsonReader) wrong(at, text string) {
	if len(j.problems) < maxProblems {
		j.problems = append(j.problems, Problem{Pointer: at, Text: text})
	}
}

// value reads one value, or one more of a list, into a slot.
func (j *jsonReader) value(c codec.Coder, slot any, n *jsonNode, at string) {
	if of, ok := c.(*codec.Bounded); ok {
		c = of.Of // facets bound what is on the wire
	}
	switch c := c.(type) {
	case *codec.Nil:
		j.nillable(c, slot, n, at)
		return
	case *codec.Kinds:
		if !n.null() {
			j.kind(c, slot, n, at)
			return
		}
	case codec.Holder:
		if !n.null() {
			j.structure(c, slot, n, at)
			return
		}
	case codec.Lister:
		if !n.null() {
			j.list(c, slot, n, at)
			return
		}
	}
	switch {
	case n.null():
		j.wrong(at, "null stands where the schema allows no nil")
	case codec.IsText(c):
		j.scalar(c, slot, n, at)
	default:
		j.any(c, slot, n, at)
	}
}

func (j *jsonReader) nillable(c *codec.Nil, slot any, n *jsonNode, at string) {
	v := c.Slots.More(slot)
	if v == nil {
		j.wrong(at, misfit(slot))
		return
	}
	if n.null() {
		v.SetNil(true)
		return
	}
	text := n.member("$")
	null := text != nil && text.null()
	if h, ok := c.Of.(*codec.StructOf); ok && null {
		x := h.New()
		if err := h.Slots.Add(v.Slot(), x); err != nil {
			j.wrong(at, err.Error())
		}
		for _, m := range n.members {
			if m.name != "$" {
				j.attribute(x, m, at+"/"+pointer(m.name))
			}
		}
		v.SetNil(true)
		return
	}
	j.value(c.Of, v.Slot(), n, at)
}

func (j *jsonReader) kind(c *codec.Kinds, slot any, n *jsonNode, at string) {
	create := c.Plain
	for _, key := range []string{"$type", "__type"} {
		t := n.member(key)
		if t == nil {
			continue
		}
		name, _ := t.text()
		space, local := unclark(name)
		if space == "" {
			space = c.Declared.Space
		}
		k := c.Kind(space, local)
		if k == nil {
			j.wrong(at+"/"+key, "no type "+infoset.Clip(name)+" may stand here")
			return
		}
		create = k.New
	}
	if create == nil {
		j.wrong(at, "the type is abstract: $type must say which is meant")
		return
	}
	j.keep(c.Slots, slot, create(), n, at)
}

func (j *jsonReader) structure(c codec.Holder, slot any, n *jsonNode, at string) {
	create := func() codec.Struct { return nil }
	switch c := c.(type) {
	case *codec.StructOf:
		create = c.New
	case *codec.Content:
		create = c.New
	}
	j.keep(c.Held(), slot, create(), n, at)
}

func (j *jsonReader) keep(slots codec.StructSlots, slot any, x codec.Struct, n *jsonNode, at string) {
	if err := slots.Add(slot, x); err != nil {
		j.wrong(at, err.Error())
		return
	}
	j.object(x, n, at)
}

func (j *jsonReader) list(c codec.Lister, slot any, n *jsonNode, at string) {
	if n.kind != '[' {
		j.wrong(at, "an array must stand here")
		return
	}
	into := c.Begin(slot)
	for i, item := range n.items {
		j.value(c.Items(), into, item, at+"/"+strconv.Itoa(i))
	}
}

// scalar reads text, a number or a boolean as XML would have it.
func (j *jsonReader) scalar(c codec.Coder, slot any, n *jsonNode, at string) {
	text, ok := n.text()
	if !ok {
		j.wrong(at, "one value must stand here, no array and no object")
		return
	}
	if of, ok := c.(*codec.Literal); ok {
		c = of.Of
	}
	if of, ok := c.(*codec.Bounded); ok {
		c = of.Of
	}
	var err error
	if c == &codec.QName {
		space, local := unclark(text)
		var q codec.Coder = &codec.Codec[xsd.QName]{Value: codec.QName.Value, Decode: func(_ *codec.Decoder, v *xsd.QName) error {
			*v = xsd.QName{Space: space, Local: local}
			return nil
		}}
		err = codec.ReadText(q, slot, text)
	} else {
		err = codec.ReadText(c, slot, text)
	}
	if err != nil {
		j.wrong(at, strings.TrimPrefix(err.Error(), "/: "))
	}
}

// object reads the members of a struct.
func (j *jsonReader) object(x codec.Struct, n *jsonNode, at string) {
	m := x.XMLModel()
	if n.kind != '{' {
		if m.Text != nil && n.kind == 0 {
			j.value(m.Text.Codec, x.XMLField(m.Text.Field), n, at)
			return
		}
		j.wrong(at, "an object must stand here")
		return
	}
	before := len(j.problems)
	for _, member := range n.members {
		j.member(x, m, member, at+"/"+pointer(member.name))
	}
	if len(j.problems) == before {
		j.whole(x, at)
	}
}

// whole tells what is missing, and branches of choices that stand beside each other.
func (j *jsonReader) whole(x codec.Struct, at string) {
	if p, ok := errors.AsType[*codec.Problem](codec.Check(x)); ok {
		j.wrong(at, p.Kind.String()+" "+p.Name)
	}
}

func (j *jsonReader) member(x codec.Struct, m *codec.Model, member jsonMember, at string) {
	n := member.node
	switch {
	case member.name == "$type" || member.name == "__type":
		return
	case strings.HasPrefix(member.name, "@"):
		j.attribute(x, member, at)
		return
	case member.name == "$" && m.Text != nil:
		j.value(m.Text.Codec, x.XMLField(m.Text.Field), n, at)
		return
	case member.name == "$mixed" && m.Mixed != nil:
		j.mixed(x.XMLField(m.Mixed.Field), n, at)
		return
	}
	for i := range m.Leaves {
		l := &m.Leaves[i]
		if memberOf(l) != member.name {
			continue
		}
		slot := x.XMLField(l.Field)
		if !repeats(l) {
			j.value(l.Codec, slot, n, at)
			return
		}
		if n.kind != '[' {
			j.wrong(at, "an array must stand here")
			return
		}
		for k, item := range n.items {
			j.value(l.Codec, slot, item, at+"/"+strconv.Itoa(k))
		}
		return
	}
	j.unknown(m, member.name, at)
}

func (j *jsonReader) unknown(m *codec.Model, name, at string) {
	j.wrong(at, "no such member")
	for i := range m.Leaves {
		if known := memberOf(&m.Leaves[i]); strings.EqualFold(known, name) || strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(known), strings.NewReplacer("_", "", "-", "").Replace(name)) {
			j.problems[len(j.problems)-1].Suggest = known
		}
	}
}

func (j *jsonReader) attribute(x codec.Struct, member jsonMember, at string) {
	m := x.XMLModel()
	for i := range m.Attrs {
		if a := &m.Attrs[i]; attributeOf(a) == member.name {
			j.value(a.Codec, x.XMLField(a.Field), member.node, at)
			return
		}
	}
	text, ok := member.node.text()
	space, local := unclark(strings.TrimPrefix(member.name, "@"))
	if !m.AnyAttr.Takes(space) || !ok {
		j.wrong(at, "no such attribute")
		return
	}
	if all, ok := x.XMLField(m.AnyAttr.Field).(*xsd.Attributes); ok {
		*all = append(*all, xsd.Attribute{Space: space, Local: local, Value: text})
	}
}

// tokens writes a node as XML and begins to read that: the reader stands behind the start tag.
func (j *jsonReader) tokens(n *jsonNode, at string) (r *xmltext.Reader, start *infoset.Token, err error) {
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	j.write(w, n, at, "any")
	if err := w.Flush(); err != nil {
		return nil, nil, err
	}
	r = xmltext.NewBytes(w.Bytes(), xmltext.Options{Quotas: infoset.Buffered()})
	start, err = r.Next()
	return r, start, err
}

// any reads an element that no table describes, by way of its XML.
func (j *jsonReader) any(c codec.Coder, slot any, n *jsonNode, at string) {
	r, start, err := j.tokens(n, at)
	if err == nil {
		err = codec.NewDecoder(r).Element(start, slot, c)
	}
	if err != nil {
		j.wrong(at, err.Error())
	}
}

func (j *jsonReader) mixed(slot any, n *jsonNode, at string) {
	v, ok := slot.(*xsd.Mixed)
	if !ok || n.kind != '[' {
		j.wrong(at, "an array of text and elements must stand here")
		return
	}
	r, start, err := j.tokens(&jsonNode{kind: '{', members: []jsonMember{{"$mixed", n}}}, strings.TrimSuffix(at, "/$mixed"))
	if err == nil {
		err = v.Read(r, start)
	}
	if err != nil {
		j.wrong(at, err.Error())
	}
}

// write writes the element that a node describes. local is its name where the node has none.
func (j *jsonReader) write(w infoset.Writer, n *jsonNode, at, local string) {
	name := infoset.Name{Local: local}
	for key, into := range map[string]*string{"$element": &name.Local, "$ns": &name.Space} {
		if m := n.member(key); m != nil {
			*into, _ = m.text()
		}
	}
	w.Start(&name)
	if text, ok := n.text(); ok {
		w.Text(infoset.String(text))
	}
	for _, m := range n.members {
		text, ok := m.node.text()
		switch {
		case m.name == "$type" && ok:
			space, local := unclark(text)
			w.Attr(&infoset.Name{Prefix: "xsi", Space: instance, Local: "type"}, xsd.WriteQName(w, xsd.QName{Space: space, Local: local}))
		case strings.HasPrefix(m.name, "@") && ok:
			space, local := unclark(m.name[1:])
			w.Attr(&infoset.Name{Space: space, Local: local}, infoset.String(text))
		}
	}
	for _, m := range n.members {
		text, ok := m.node.text()
		inner := at + "/" + pointer(m.name)
		switch {
		case m.name == "$element" || m.name == "$ns" || m.name == "$type" || strings.HasPrefix(m.name, "@"):
		case m.name == "$" && ok:
			w.Text(infoset.String(text))
		case m.name == "$mixed" && m.node.kind == '[':
			for i, item := range m.node.items {
				if text, ok := item.text(); ok {
					w.Text(infoset.String(text))
					continue
				}
				j.write(w, item, inner+"/"+strconv.Itoa(i), "")
			}
		default:
			j.wrong(inner, "no such member of an element that the schema does not describe")
		}
	}
	w.End()
}
