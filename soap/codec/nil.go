package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// NilSlots reaches the values in slots of one Go type: a *Nils.
type NilSlots interface {
	// Value gives the i-th value, and how many there are.
	Value(slot any, i int) (v Nillable, n int)
	// More makes the value, or one more of a list.
	More(slot any) Nillable
}

// Nillable is a *xsd.Nillable.
type Nillable interface {
	IsNil() bool
	SetNil(null bool)
	Slot() any // a pointer to the content
}

// Nils reaches slots of xsd.Nillable values of T. It is generic by itself: see Texts.
type Nils[T any] struct{}

// Value gives the i-th value: see NilSlots.
func (*Nils[T]) Value(slot any, i int) (v Nillable, n int) {
	switch p := slot.(type) {
	case *xsd.Nillable[T]:
		return p, 1
	case **xsd.Nillable[T]:
		if *p != nil {
			return *p, 1
		}
	case *[]xsd.Nillable[T]:
		if n = len(*p); i < n {
			v = &(*p)[i]
		}
		return v, n
	}
	return nil, 0
}

// More makes one more: see NilSlots.
func (*Nils[T]) More(slot any) Nillable {
	switch p := slot.(type) {
	case *xsd.Nillable[T]:
		return p
	case **xsd.Nillable[T]:
		*p = new(xsd.Nillable[T])
		return *p
	case *[]xsd.Nillable[T]:
		*p = append(*p, xsd.Nillable[T]{})
		return &(*p)[len(*p)-1]
	}
	return nil
}

// Nil is the Coder of elements that may be nil. What a nil element has of attributes is in the value all the same.
type Nil struct {
	noText

	Of    Coder
	Slots NilSlots
}

func (c *Nil) schema() *infoset.Name { return c.Of.schema() }

func (c *Nil) count(slot any) int {
	_, n := c.Slots.Value(slot, 0)
	return n
}

func (c *Nil) read(d *Decoder, slot any) error {
	v := c.Slots.More(slot)
	if v == nil {
		return misfit(slot)
	}
	if !d.isNil() {
		return c.Of.read(d, v.Slot())
	}
	if c.Of.plain() {
		v.SetNil(true)
		return infoset.Skip(d.r)
	}
	d.mayBeNil = true
	err := c.Of.read(d, v.Slot())
	v.SetNil(true)
	return err
}

func (c *Nil) write(e *Encoder, name *infoset.Name, slot any) error {
	_, n := c.Slots.Value(slot, 0)
	for i := range n {
		v, _ := c.Slots.Value(slot, i)
		if err := c.one(e, name, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *Nil) one(e *Encoder, name *infoset.Name, v Nillable) error {
	if !v.IsNil() {
		return c.Of.write(e, name, v.Slot())
	}
	var x Struct
	if h, ok := c.Of.(Holder); ok {
		x, _ = h.Held().At(v.Slot(), 0)
	}
	return e.null(name, x)
}

// Holder is a Coder of structs.
type Holder interface {
	Coder
	Held() StructSlots
}

// Held gives the slots: see Holder.
func (c *StructOf) Held() StructSlots { return c.Slots }

// Held gives the slots: see Holder.
func (c *Kinds) Held() StructSlots { return c.Slots }
