package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// JSONError says what is wrong with a JSON document: all of it.
type JSONError struct{ Problems []JSONProblem }

// JSONProblem is one thing that is wrong.
type JSONProblem struct {
	Pointer string // to the value (RFC 6901)
	Text    string
	Suggest string // a member that was meant, perhaps
}

// Error tells the first, and how many more there are.
func (e *JSONError) Error() string {
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

// FromJSON reads a value from JSON: see ToJSON. Members may come in any order. Members that are unknown or stand twice, a null where
// the schema allows none, one value where many may be and the reverse, and values that are none of their type are errors, all of which
// are told at once (*JSONError).
func (m *Document[T]) FromJSON(text []byte) (v T, err error) {
	j := &jsonReader{}
	n, err := parseJSON(text)
	if err != nil {
		return v, err
	}
	j.value(m.Codec, &v, n, "")
	return v, j.err()
}

// UnmarshalJSON reads a struct from JSON. Generated types call it.
func UnmarshalJSON(x Struct, text []byte) error {
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
		return nil, &JSONError{[]JSONProblem{{Text: "something stands behind the document"}}}
	}
	return n, nil
}

func parseNode(d *json.Decoder, at string, depth int) (*jsonNode, error) {
	bad := func(text string) error { return &JSONError{[]JSONProblem{{Pointer: at, Text: text}}} }
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
			return nil, &JSONError{[]JSONProblem{{Pointer: inner, Text: "the member stands twice"}}}
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
type jsonReader struct{ problems []JSONProblem }

// maxProblems bounds what is told.
const maxProblems = 100

func (j *jsonReader) err() error {
	if len(j.problems) == 0 {
		return nil
	}
	return &JSONError{j.problems}
}

func (j *jsonReader) wrong(at, text string) {
	if len(j.problems) < maxProblems {
		j.problems = append(j.problems, JSONProblem{Pointer: at, Text: text})
	}
}

// value reads one value, or one more of a list, into a slot.
func (j *jsonReader) value(c Coder, slot any, n *jsonNode, at string) {
	switch c := c.(type) {
	case *Nil:
		j.nillable(c, slot, n, at)
		return
	case *Kinds:
		if !n.null() {
			j.kind(c, slot, n, at)
			return
		}
	case holder:
		if !n.null() {
			j.structure(c, slot, n, at)
			return
		}
	case lister:
		if !n.null() {
			j.list(c, slot, n, at)
			return
		}
	}
	switch {
	case n.null():
		j.wrong(at, "null stands where the schema allows no nil")
	case c.plain():
		j.scalar(c, slot, n, at)
	default:
		j.any(c, slot, n, at)
	}
}

func (j *jsonReader) nillable(c *Nil, slot any, n *jsonNode, at string) {
	v := c.Slots.more(slot)
	if v == nil {
		j.wrong(at, misfit(slot).Error())
		return
	}
	if n.null() {
		v.SetNil(true)
		return
	}
	text := n.member("$")
	null := text != nil && text.null()
	if h, ok := c.Of.(*StructOf); ok && null {
		x := h.New()
		if err := h.Slots.add(v.Slot(), x); err != nil {
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

func (j *jsonReader) kind(c *Kinds, slot any, n *jsonNode, at string) {
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
		k := c.kind(space, local)
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

func (j *jsonReader) structure(c holder, slot any, n *jsonNode, at string) {
	create := func() Struct { return nil }
	switch c := c.(type) {
	case *StructOf:
		create = c.New
	case *Content:
		create = c.New
	}
	j.keep(c.slots(), slot, create(), n, at)
}

func (j *jsonReader) keep(slots StructSlots, slot any, x Struct, n *jsonNode, at string) {
	if err := slots.add(slot, x); err != nil {
		j.wrong(at, err.Error())
		return
	}
	j.object(x, n, at)
}

func (j *jsonReader) list(c lister, slot any, n *jsonNode, at string) {
	if n.kind != '[' {
		j.wrong(at, "an array must stand here")
		return
	}
	into := c.begin(slot)
	for i, item := range n.items {
		j.value(c.items(), into, item, at+"/"+strconv.Itoa(i))
	}
}

// begin makes an empty list in a slot, or one more of many, and gives a pointer to it.
func begin[T any](slot any) any {
	switch p := slot.(type) {
	case *[]T:
		*p = []T{}
		return p
	case **[]T:
		*p = &[]T{}
		return *p
	case *[][]T:
		*p = append(*p, []T{})
		return &(*p)[len(*p)-1]
	}
	return slot
}

func (c *ListOf[T]) begin(slot any) any { return begin[T](slot) }

func (c *ArrayOf[T]) begin(slot any) any { return begin[T](slot) }

// scalar reads text, a number or a boolean as XML would have it.
func (j *jsonReader) scalar(c Coder, slot any, n *jsonNode, at string) {
	text, ok := n.text()
	if !ok {
		j.wrong(at, "one value must stand here, no array and no object")
		return
	}
	if of, ok := c.(*Literal); ok {
		c = of.Of
	}
	var err error
	if c == &QName {
		space, local := unclark(text)
		var q Coder = &Codec[xsd.QName]{Value: QName.Value, Decode: func(_ *Decoder, v *xsd.QName) error {
			*v = xsd.QName{Space: space, Local: local}
			return nil
		}}
		err = q.read(&Decoder{r: nowhere{}}, slot)
	} else {
		v := infoset.String(text)
		err = c.read(&Decoder{literal: &v, r: nowhere{}}, slot)
	}
	if err != nil {
		j.wrong(at, strings.TrimPrefix(err.Error(), "/: "))
	}
}

// object reads the members of a struct.
func (j *jsonReader) object(x Struct, n *jsonNode, at string) {
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
		j.whole(x, m, at)
	}
}

// whole tells what is missing, and branches of choices that stand beside each other.
func (j *jsonReader) whole(x Struct, m *Model, at string) {
	if m.Text != nil || m.Mixed != nil {
		return
	}
	counts := make([]int, len(m.Leaves))
	shared := false
	for i := range m.Leaves {
		l := &m.Leaves[i]
		counts[i] = l.Codec.count(x.XMLField(l.Field))
		shared = shared || l.Again && counts[i] > 0
	}
	e := &Encoder{}
	err := error(nil)
	if shared {
		err = e.place(m, counts)
	} else {
		err = e.check(m, counts)
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		j.wrong(at, p.Kind.String()+" "+p.Name)
	}
}

func (j *jsonReader) member(x Struct, m *Model, member jsonMember, at string) {
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
		if l.jsonName() != member.name {
			continue
		}
		slot := x.XMLField(l.Field)
		if !l.repeats() {
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

func (j *jsonReader) unknown(m *Model, name, at string) {
	j.wrong(at, "no such member")
	for i := range m.Leaves {
		if known := m.Leaves[i].jsonName(); strings.EqualFold(known, name) || strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(known), strings.NewReplacer("_", "", "-", "").Replace(name)) {
			j.problems[len(j.problems)-1].Suggest = known
		}
	}
}

func (j *jsonReader) attribute(x Struct, member jsonMember, at string) {
	m := x.XMLModel()
	for i := range m.Attrs {
		if a := &m.Attrs[i]; a.jsonName() == member.name {
			j.value(a.Codec, x.XMLField(a.Field), member.node, at)
			return
		}
	}
	text, ok := member.node.text()
	space, local := unclark(strings.TrimPrefix(member.name, "@"))
	if !m.AnyAttr.takes(space) || !ok {
		j.wrong(at, "no such attribute")
		return
	}
	if all, ok := x.XMLField(m.AnyAttr.Field).(*Attributes); ok {
		*all = append(*all, Attribute{Space: space, Local: local, Value: text})
	}
}

// any reads an element that no table describes, by way of its XML.
func (j *jsonReader) any(c Coder, slot any, n *jsonNode, at string) {
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	j.write(w, n, at, "any")
	if err := w.Flush(); err != nil {
		j.wrong(at, err.Error())
		return
	}
	r := xmltext.NewBytes(w.Bytes(), xmltext.Options{Quotas: infoset.Buffered()})
	start, err := r.Next()
	if err == nil {
		err = NewDecoder(r).Element(start, slot, c)
	}
	if err != nil {
		j.wrong(at, err.Error())
	}
}

func (j *jsonReader) mixed(slot any, n *jsonNode, at string) {
	v, ok := slot.(*Mixed)
	if !ok || n.kind != '[' {
		j.wrong(at, "an array of text and elements must stand here")
		return
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	j.write(w, &jsonNode{kind: '{', members: []jsonMember{{"$mixed", n}}}, strings.TrimSuffix(at, "/$mixed"), "any")
	if err := w.Flush(); err != nil {
		j.wrong(at, err.Error())
		return
	}
	r := xmltext.NewBytes(w.Bytes(), xmltext.Options{Quotas: infoset.Buffered()})
	start, err := r.Next()
	if err == nil {
		d := NewDecoder(r)
		d.start = start
		err = v.read(d)
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
			w.Attr(&typeName, xsd.WriteQName(w, xsd.QName{Space: space, Local: local}))
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
