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
}

// NewEncoder makes an encoder that writes to w.
func NewEncoder(w infoset.Writer) *Encoder { return &Encoder{w: w} }

// Reset makes the encoder write to w.
func (e *Encoder) Reset(w infoset.Writer) { e.w, e.path = w, e.path[:0] }

// Root writes an element with v as its content. The declarations are made on it, so that elements inside of it need not repeat them.
func Root[T any](e *Encoder, name *infoset.Name, decls []infoset.Decl, v T, c Codec[T]) error {
	e.decls = decls
	if err := one(e, name, v, c); err != nil {
		return err
	}
	return e.w.Err()
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
	case m.Text != None:
		err = x.XMLEncode(e, m.Text)
	case m.Mixed != None:
		err = x.XMLEncode(e, m.Mixed)
	default:
		err = e.Content(x)
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
		if x.XMLCount(a.Field) == 0 {
			if a.Required {
				return e.refuse(Missing, "@"+a.Name.Local)
			}
			continue
		}
		if err := x.XMLEncode(e, a.Field); err != nil {
			return err
		}
	}
	if m.AnyAttr != None {
		return x.XMLEncode(e, m.AnyAttr)
	}
	return nil
}

// Content writes the content of x, its fields in the order of the schema: that of an element, or one turn of a repeated group.
func (e *Encoder) Content(x Struct) error {
	m := x.XMLModel()
	if err := e.check(x, m); err != nil {
		return err
	}
	for i := range m.Leaves {
		l := &m.Leaves[i]
		if x.XMLCount(l.Field) == 0 || i > 0 && written(m, i) {
			continue
		}
		if err := x.XMLEncode(e, l.Field); err != nil {
			return err
		}
	}
	return nil
}

// written reports whether an earlier leaf has the same field: the branches of a choice may share one.
func written(m *Model, leaf int) bool {
	for i := range leaf {
		if m.Leaves[i].Field == m.Leaves[leaf].Field {
			return true
		}
	}
	return false
}

// check refuses content that the schema does not allow.
func (e *Encoder) check(x Struct, m *Model) error {
	count := func(leaf int) int { return x.XMLCount(m.Leaves[leaf].Field) }
	for i := range m.Leaves {
		l := &m.Leaves[i]
		n := count(i)
		if n == 0 {
			continue
		}
		if l.Max != Unbounded && n > l.Max {
			return e.refuse(Duplicate, fmt.Sprintf("%s: %d of at most %d", m.leafName(i), n, l.Max))
		}
		if l.Group == None {
			continue
		}
		for j := range i {
			if count(j) > 0 && m.exclude(i, j) && m.Leaves[i].Field != m.Leaves[j].Field {
				return e.refuse(SecondBranch, m.leafName(i)+" beside "+m.leafName(j))
			}
		}
	}
	return m.missing(count, func(what string) error { return e.refuse(Missing, what) })
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
