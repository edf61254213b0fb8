package codec

import (
	"fmt"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Names that the encoder writes itself. The writer declares their prefixes.
var (
	nilName  = infoset.Name{Prefix: "xsi", Space: instance, Local: "nil"}
	typeName = infoset.Name{Prefix: "xsi", Space: instance, Local: "type"}
)

// Encoder writes typed values. Make one with NewEncoder.
type Encoder struct {
	// Encoded writes the type of every element, as SOAP's encoding wants it (use="encoded").
	Encoded bool

	w     infoset.Writer
	path  []*infoset.Name
	decls []infoset.Decl // to be made on the next element

	lit    *Literal // the value that the field which is written must have
	unset  bool     // and it may be one that nobody set: the slot is no pointer
	slots  []any    // of the structs that are written, innermost last: what stands at their leaves
	counts []int
}

// NewEncoder makes an encoder that writes to w.
func NewEncoder(w infoset.Writer) *Encoder { return &Encoder{w: w} }

// Reset makes the encoder write to w.
func (e *Encoder) Reset(w infoset.Writer) {
	clear(e.slots[:cap(e.slots)]) // no message is kept
	e.w, e.path, e.slots, e.counts, e.decls, e.lit = w, e.path[:0], e.slots[:0], e.counts[:0], nil, nil
}

// Element writes an element with what slot holds as its content. The declarations are made on it, so that elements inside of it need not
// repeat them.
func (e *Encoder) Element(name *infoset.Name, decls []infoset.Decl, slot any, c Coder) error {
	e.decls = decls
	if err := c.write(e, name, slot); err != nil {
		return err
	}
	return e.w.Err()
}

// begin opens an element that holds one text, and finish writes it. The text is made between them: a name in it may need a declaration
// on the element.
func (e *Encoder) begin(name, schema *infoset.Name) {
	e.start(name)
	if e.Encoded && schema != nil {
		e.typed(schema)
	}
}

func (e *Encoder) finish(name *infoset.Name, text infoset.Value, err error) error {
	if err != nil {
		return e.wrong(name, err)
	}
	e.w.Text(text)
	e.w.End()
	return nil
}

// start opens an element.
func (e *Encoder) start(name *infoset.Name) {
	e.w.Start(name)
	for _, d := range e.decls {
		e.w.Declare(d)
	}
	e.decls = nil
}

// typed writes xsi:type.
func (e *Encoder) typed(t *infoset.Name) {
	e.w.Attr(&typeName, xsd.WriteQName(e.w, xsd.QName{Prefix: t.Prefix, Space: t.Space, Local: t.Local}))
}

// null writes an element that is nil, with the attributes of x if there is one.
func (e *Encoder) null(name *infoset.Name, x Struct) error {
	e.start(name)
	e.w.Attr(&nilName, infoset.Bool(true))
	if x != nil {
		e.path = append(e.path, name)
		err := e.attributes(x, x.XMLModel())
		e.path = e.path[:len(e.path)-1]
		if err != nil {
			return err
		}
	}
	e.w.End()
	return e.w.Err()
}

// structure writes an element with the attributes and content of x. declared is the type that a reader expects; another one is named.
func (e *Encoder) structure(name *infoset.Name, x Struct, declared *infoset.Name) error {
	m := x.XMLModel()
	e.start(name)
	if m.Type.Local != "" && (e.Encoded || declared != nil && !declared.Same(&m.Type)) {
		e.typed(&m.Type)
	}
	e.path = append(e.path, name)
	err := e.attributes(x, m)
	switch {
	case err != nil:
	case m.Text != nil:
		var text infoset.Value
		if text, _, err = m.Text.Codec.text(e, x.XMLField(m.Text.Field)); err != nil {
			err = e.wrong(nil, err)
			break
		}
		e.w.Text(text)
	case m.Mixed != nil:
		mixed, ok := x.XMLField(m.Mixed.Field).(*Mixed)
		if !ok {
			return misfit(x.XMLField(m.Mixed.Field))
		}
		err = mixed.write(e.w)
	default:
		err = e.content(x)
	}
	e.path = e.path[:len(e.path)-1]
	if err != nil {
		return err
	}
	e.w.End()
	return e.w.Err()
}

func (e *Encoder) attributes(x Struct, m *Model) error {
	for i := range m.Attrs {
		a := &m.Attrs[i]
		text, there, err := a.Codec.text(e, x.XMLField(a.Field))
		switch {
		case err != nil:
			return e.wrong(&a.Name, err)
		case there:
			e.w.Attr(&a.Name, text)
		case a.Required:
			return e.refuse(Missing, "@"+a.Name.Local)
		}
	}
	if m.AnyAttr == nil {
		return nil
	}
	more, ok := x.XMLField(m.AnyAttr.Field).(*Attributes)
	if !ok {
		return misfit(x.XMLField(m.AnyAttr.Field))
	}
	return more.write(e.w)
}

// content writes the content of x, its fields in the order of the schema: that of an element, or one turn of a repeated group.
func (e *Encoder) content(x Struct) error {
	m := x.XMLModel()
	base, counted := len(e.slots), len(e.counts)
	for i := range m.Leaves {
		l := &m.Leaves[i]
		slot := x.XMLField(l.Field)
		e.slots, e.counts = append(e.slots, slot), append(e.counts, l.Codec.count(slot))
	}
	err := e.check(m, e.counts[counted:])
	for i := range m.Leaves {
		if err != nil {
			break
		}
		l := &m.Leaves[i]
		n := e.counts[counted+i]
		if n == 0 || l.Again {
			continue
		}
		slot := e.slots[base+i]
		if l.Item != nil || l.OneOf != nil {
			err = e.turns(l, slot, n)
			continue
		}
		err = l.Codec.write(e, &l.Name, slot)
	}
	e.slots, e.counts = e.slots[:base], e.counts[:counted]
	return err
}

// turns writes the turns of a repeated group, or elements that others substitute.
func (e *Encoder) turns(l *Leaf, slot any, n int) error {
	c, ok := l.Codec.(*StructOf)
	if !ok {
		return misfit(slot)
	}
	for i := range n {
		x, _ := c.Slots.at(slot, i)
		if x == nil {
			return e.refuse(Missing, "an item that is nil")
		}
		if err := e.content(x); err != nil {
			return err
		}
	}
	return nil
}

// check refuses content that the schema does not allow. counts has how often each leaf is there.
func (e *Encoder) check(m *Model, counts []int) error {
	for i := range m.Leaves {
		l := &m.Leaves[i]
		n := counts[i]
		if n == 0 {
			continue
		}
		if l.Max != Unbounded && n > l.Max {
			return e.refuse(Duplicate, fmt.Sprintf("%s: %d of at most %d", m.leafName(i), n, l.Max))
		}
		if l.Group == 0 {
			continue
		}
		for j := range i {
			if counts[j] > 0 && m.exclude(i, j) && l.Field != m.Leaves[j].Field {
				return e.refuse(SecondBranch, m.leafName(i)+" beside "+m.leafName(j))
			}
		}
	}
	return m.missing(counts, func(what string) error { return e.refuse(Missing, what) })
}

func (e *Encoder) refuse(kind Deviation, name string) error {
	return &Problem{Kind: kind, Path: e.where(), Name: name}
}

func (e *Encoder) where() string {
	var b strings.Builder
	for _, n := range e.path {
		b.WriteString("/" + n.Local)
	}
	return b.String()
}
