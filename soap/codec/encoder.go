package codec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/soap/codec/facet"
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

	w      infoset.Writer
	failed []*infoset.Name // the elements around what could not be written, innermost first
	decls  []infoset.Decl  // to be made on the next element

	lit     *Literal      // the value that the field which is written must have
	bound   *facet.Facets // of the field that is written
	room    []byte        // for the text that facets look at
	unset   bool          // and it may be one that nobody set: the slot is no pointer
	scratch []byte        // the text of a list, until it is written
	counts  []int         // of the structs that are written, innermost last: how often each leaf is there
}

// NewEncoder makes an encoder that writes to w.
func NewEncoder(w infoset.Writer) *Encoder { return &Encoder{w: w} }

// Reset makes the encoder write to w.
func (e *Encoder) Reset(w infoset.Writer) {
	e.w, e.failed, e.counts, e.decls, e.lit, e.bound = w, e.failed[:0], e.counts[:0], nil, nil, nil
}

// Element writes an element with what slot holds as its content. The declarations are made on it, so that elements inside of it need not
// repeat them.
func (e *Encoder) Element(name *infoset.Name, decls []infoset.Decl, slot any, c Coder) error {
	e.decls = decls
	if err := c.write(e, name, slot); err != nil {
		return e.placed(err)
	}
	return e.w.Err()
}

// placed adds the place to an error. The way to it is gathered while the calls return: a path that is kept on the way in would cost each
// element something.
func (e *Encoder) placed(err error) error {
	var b strings.Builder
	for _, n := range slices.Backward(e.failed) {
		b.WriteString("/" + n.Local)
	}
	e.failed = e.failed[:0]
	if p, ok := errors.AsType[*Problem](err); ok {
		p.Path = b.String()
		return p
	}
	return fmt.Errorf("%s: %w", b.String(), err)
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
		if err := e.attributes(x, x.XMLModel()); err != nil {
			e.failed = append(e.failed, name)
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
	err := e.attributes(x, m)
	switch {
	case err != nil:
	case m.Text != nil:
		var text infoset.Value
		if text, _, err = m.Text.Codec.text(e, x.XMLField(m.Text.Field)); err != nil {
			break
		}
		e.w.Text(text)
	case m.Mixed != nil:
		mixed, ok := x.XMLField(m.Mixed.Field).(*xsd.Mixed)
		if !ok {
			return misfit(x.XMLField(m.Mixed.Field))
		}
		err = mixed.Write(e.w)
	default:
		err = e.content(x)
	}
	if err != nil {
		e.failed = append(e.failed, name)
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
	more, ok := x.XMLField(m.AnyAttr.Field).(*xsd.Attributes)
	if !ok {
		return misfit(x.XMLField(m.AnyAttr.Field))
	}
	return more.Write(e.w)
}

// content writes the content of x, its fields in the order of the schema: that of an element, or one turn of a repeated group.
func (e *Encoder) content(x Struct) error {
	m := x.XMLModel()
	counted := len(e.counts)
	shared := false
	for i := range m.Leaves {
		l := &m.Leaves[i]
		n := l.Codec.count(x.XMLField(l.Field))
		shared = shared || l.Again && n > 0
		e.counts = append(e.counts, n)
	}
	var err error
	if shared {
		err = e.place(m, e.counts[counted:])
	} else {
		err = e.check(m, e.counts[counted:])
	}
	for i := range m.Leaves {
		if err != nil {
			break
		}
		l := &m.Leaves[i]
		n := e.counts[counted+i]
		if n == 0 {
			continue
		}
		slot := x.XMLField(l.Field)
		if l.Item != nil || l.OneOf != nil {
			err = e.turns(l, slot, n)
			continue
		}
		err = l.Codec.write(e, &l.Name, slot)
	}
	e.counts = e.counts[:counted]
	return err
}

// turns writes the turns of a repeated group, or elements that others substitute.
func (e *Encoder) turns(l *Leaf, slot any, n int) error {
	c, ok := l.Codec.(*StructOf)
	if !ok {
		return misfit(slot)
	}
	for i := range n {
		x, _ := c.Slots.At(slot, i)
		if x == nil {
			return e.refuse(Missing, "an item that is nil")
		}
		if err := e.content(x); err != nil {
			return err
		}
	}
	return nil
}

// maxPlaces bounds how many ways to place fields are tried.
const maxPlaces = 256

// place decides at which of its leaves each field stands that has more than one: the first way that the schema allows. The counts of the
// others become 0. The error is that of the first way where none is allowed.
func (e *Encoder) place(m *Model, counts []int) (first error) {
	var fields [][]int // of each such field that is there: its leaves
	for i := range m.Leaves {
		if m.Leaves[i].Again || counts[i] == 0 {
			continue
		}
		all := []int{i}
		for j := i + 1; j < len(m.Leaves); j++ {
			if m.Leaves[j].Again && m.Leaves[j].Field == m.Leaves[i].Field {
				all = append(all, j)
			}
		}
		if len(all) > 1 {
			fields = append(fields, all)
		}
	}
	at := make([]int, len(fields))
	for range maxPlaces {
		for f, leaves := range fields {
			n := 0
			for _, leaf := range leaves {
				n = max(n, counts[leaf])
				counts[leaf] = 0
			}
			counts[leaves[at[f]]] = n
		}
		err := e.check(m, counts)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		f := 0
		for ; f < len(at); f++ {
			if at[f]++; at[f] < len(fields[f]) {
				break
			}
			at[f] = 0
		}
		if f == len(at) {
			break
		}
	}
	return first
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
			return e.refuse(Duplicate, fmt.Sprintf("%s: %d of at most %d", m.LeafName(i), n, l.Max))
		}
		if l.Group == 0 {
			continue
		}
		for j := range i {
			if counts[j] > 0 && m.Exclude(i, j) {
				return e.refuse(SecondBranch, m.LeafName(i)+" beside "+m.LeafName(j))
			}
		}
	}
	return m.Missing(counts, func(what string) error { return e.refuse(Missing, what) })
}

// refuse is the error of what the schema does not allow. Its place is added later.
func (*Encoder) refuse(kind Deviation, name string) error {
	return &Problem{Kind: kind, Name: name}
}
