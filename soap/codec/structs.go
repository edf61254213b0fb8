package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
)

// StructSlots reaches the structs in slots of one Go type: a *Pointers.
type StructSlots interface {
	// At gives the i-th struct, nil where that is nil, and how many there are.
	At(slot any, i int) (x Struct, n int)
	// Add keeps x in the slot, or adds it to a list.
	Add(slot any, x Struct) error
}

// Pointers reaches slots of P: a pointer to a struct, or an interface that such pointers are values of. It is generic by itself, and its
// type parameter has no bound: that makes one function of it for all pointers, where else there would be one for each type.
type Pointers[P any] struct{}

// At gives the i-th struct: see StructSlots.
func (*Pointers[P]) At(slot any, i int) (x Struct, n int) {
	var v, none P
	switch p := slot.(type) {
	case *P:
		v = *p
		if any(v) == any(none) {
			return nil, 0
		}
		n = 1
	case *[]P:
		if n = len(*p); i < n {
			v = (*p)[i]
		}
		if any(v) == any(none) {
			return nil, n
		}
	default:
		return nil, 0
	}
	x, _ = any(v).(Struct)
	return x, n
}

// Add keeps a struct: see StructSlots.
func (*Pointers[P]) Add(slot any, x Struct) error {
	v, ok := x.(P)
	if !ok {
		return misfit(slot)
	}
	switch p := slot.(type) {
	case *P:
		*p = v
	case *[]P:
		*p = append(*p, v)
	default:
		return misfit(slot)
	}
	return nil
}

// StructOf is the Coder of a struct type.
type StructOf struct {
	noText

	New   func() Struct
	Slots StructSlots
}

func (*StructOf) schema() *infoset.Name { return nil }

func (c *StructOf) count(slot any) int {
	_, n := c.Slots.At(slot, 0)
	return n
}

func (c *StructOf) read(d *Decoder, slot any) error {
	if err := d.unexpectedNil(); err != nil {
		return err
	}
	x := c.New()
	if err := c.Slots.Add(slot, x); err != nil {
		return err
	}
	return d.Struct(x)
}

func (c *StructOf) write(e *Encoder, name *infoset.Name, slot any) error {
	return e.structs(name, slot, c.Slots, nil)
}

// Kinds is the Coder of a type that others are derived from: xsi:type says which of them a value is.
type Kinds struct {
	noText

	Slots    StructSlots   // of the interface that all are values of
	Declared *infoset.Name // the type that the schema declares, which needs no xsi:type
	Plain    func() Struct // makes one of that type; nil: it is abstract
	Kinds    []Kind        // the type itself, and what is derived from it
}

// NoType is the declared type of an anonymous one.
var NoType infoset.Name

// Kind is one of the types that a value may be of.
type Kind struct {
	Name infoset.Name
	New  func() Struct
}

func (c *Kinds) schema() *infoset.Name { return c.Declared }

func (c *Kinds) count(slot any) int {
	_, n := c.Slots.At(slot, 0)
	return n
}

// read reads the type that xsi:type names; one of a name that is not known here is read as the declared type, and told.
func (c *Kinds) read(d *Decoder, slot any) error {
	create := c.Plain
	if q, ok := d.Type(); ok {
		k := c.Kind(q.Space, q.Local)
		if k != nil {
			create = k.New
		} else if err := d.report(UnknownType, q.Local); err != nil {
			return err
		}
	}
	if create == nil {
		return d.bad("an abstract type needs the xsi:type of one that is derived from it")
	}
	if err := d.unexpectedNil(); err != nil {
		return err
	}
	x := create()
	if err := c.Slots.Add(slot, x); err != nil {
		return err
	}
	return d.Struct(x)
}

// Kind gives the type of a name, nil if it may not stand here.
func (c *Kinds) Kind(space, local string) *Kind {
	for i := range c.Kinds {
		if k := &c.Kinds[i]; k.Name.Local == local && k.Name.Space == space {
			return k
		}
	}
	return nil
}

func (c *Kinds) write(e *Encoder, name *infoset.Name, slot any) error {
	return e.structs(name, slot, c.Slots, c.Declared)
}

// Content is the Coder of a struct whose fields stand side by side in a body, without an element around them.
type Content struct {
	StructOf
}

func (c *Content) read(d *Decoder, slot any) error {
	x := c.New()
	if err := c.Slots.Add(slot, x); err != nil {
		return err
	}
	return d.content(x, x.XMLModel())
}

func (c *Content) write(e *Encoder, _ *infoset.Name, slot any) error {
	x, _ := c.Slots.At(slot, 0)
	if x == nil {
		return e.refuse(Missing, "the message")
	}
	return e.content(x)
}

// structs writes an element for each struct of a slot. declared is the type that a reader expects.
func (e *Encoder) structs(name *infoset.Name, slot any, slots StructSlots, declared *infoset.Name) error {
	x, n := slots.At(slot, 0)
	if n == 0 {
		n = 1 // one that must be there
	}
	for i := range n {
		if i > 0 {
			x, _ = slots.At(slot, i)
		}
		if x == nil {
			return e.refuse(Missing, name.String())
		}
		if err := e.structure(name, x, declared); err != nil {
			return err
		}
	}
	return nil
}
