package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Codec reads and writes values of one type. Value is set for those that are text: they may stand in attributes too. The others have
// Body, which writes a whole element.
type Codec[T any] struct {
	Type   *infoset.Name // of the schema; nil: none that could be named
	Decode func(*Decoder, *T) error
	Value  func(*Encoder, T) (infoset.Value, error)
	Body   func(*Encoder, *infoset.Name, T) error
}

// ReadOne reads a value that is there once.
func ReadOne[T any](d *Decoder, v *T, c Codec[T]) error {
	if d.attr == nil && d.start != nil && d.Nil() {
		return readNil(d, v, c)
	}
	return c.Decode(d, v)
}

// readNil reads an element that is nil though its schema does not say that it may be.
func readNil[T any](d *Decoder, v *T, c Codec[T]) error {
	if err := d.report(UnexpectedNil, d.start.Name.String()); err != nil {
		return err
	}
	if c.Value != nil {
		return infoset.Skip(d.r)
	}
	return c.Decode(d, v)
}

// ReadOpt reads a value that may be absent.
func ReadOpt[T any](d *Decoder, v **T, c Codec[T]) error {
	*v = new(T)
	return ReadOne(d, *v, c)
}

// ReadMany reads one more of a list.
func ReadMany[T any](d *Decoder, v *[]T, c Codec[T]) error {
	var zero T
	*v = append(*v, zero)
	return ReadOne(d, &(*v)[len(*v)-1], c)
}

// ReadNil reads a value that may be nil. What a nil element has of attributes is in the value all the same.
func ReadNil[T any](d *Decoder, v *xsd.Nillable[T], c Codec[T]) error {
	var inner T
	if !d.Nil() {
		err := c.Decode(d, &inner)
		*v = xsd.Value(inner)
		return err
	}
	if c.Value != nil {
		*v = xsd.Nil[T]()
		return infoset.Skip(d.r)
	}
	err := c.Decode(d, &inner)
	*v = xsd.NilWith(inner)
	return err
}

// ReadOptNil reads a value that may be absent, or nil.
func ReadOptNil[T any](d *Decoder, v **xsd.Nillable[T], c Codec[T]) error {
	*v = new(xsd.Nillable[T])
	return ReadNil(d, *v, c)
}

// ReadManyNil reads one more of a list whose items may be nil.
func ReadManyNil[T any](d *Decoder, v *[]xsd.Nillable[T], c Codec[T]) error {
	*v = append(*v, xsd.Nillable[T]{})
	return ReadNil(d, &(*v)[len(*v)-1], c)
}

// WriteOne writes an element.
func WriteOne[T any](e *Encoder, name *infoset.Name, v T, c Codec[T]) error {
	return one(e, name, v, c)
}

func one[T any](e *Encoder, name *infoset.Name, v T, c Codec[T]) error {
	if c.Value == nil {
		return c.Body(e, name, v)
	}
	e.start(name)
	if e.Encoded && c.Type != nil {
		e.typed(c.Type)
	}
	text, err := c.Value(e, v)
	if err != nil {
		return e.wrong(name, err)
	}
	e.w.Text(text)
	e.w.End()
	return nil
}

// WriteOpt writes an element if it is there.
func WriteOpt[T any](e *Encoder, name *infoset.Name, v *T, c Codec[T]) error {
	if v == nil {
		return nil
	}
	return one(e, name, *v, c)
}

// WriteMany writes an element for each of a list.
func WriteMany[T any](e *Encoder, name *infoset.Name, v []T, c Codec[T]) error {
	for i := range v {
		if err := one(e, name, v[i], c); err != nil {
			return err
		}
	}
	return nil
}

// WriteNil writes an element that may be nil.
func WriteNil[T any](e *Encoder, name *infoset.Name, v xsd.Nillable[T], c Codec[T]) error {
	inner, ok := v.Get()
	if ok {
		return one(e, name, inner, c)
	}
	var attributes Struct
	if x, isStruct := any(inner).(Struct); isStruct && !isNil(x) {
		attributes = x
	}
	return e.null(name, attributes)
}

// WriteOptNil writes an element that may be nil, if it is there.
func WriteOptNil[T any](e *Encoder, name *infoset.Name, v *xsd.Nillable[T], c Codec[T]) error {
	if v == nil {
		return nil
	}
	return WriteNil(e, name, *v, c)
}

// WriteManyNil writes an element for each of a list whose items may be nil.
func WriteManyNil[T any](e *Encoder, name *infoset.Name, v []xsd.Nillable[T], c Codec[T]) error {
	for i := range v {
		if err := WriteNil(e, name, v[i], c); err != nil {
			return err
		}
	}
	return nil
}

// WriteAttr writes an attribute.
func WriteAttr[T any](e *Encoder, name *infoset.Name, v T, c Codec[T]) error {
	text, err := c.Value(e, v)
	if err != nil {
		return e.wrong(name, err)
	}
	e.w.Attr(name, text)
	return nil
}

// WriteOptAttr writes an attribute if it is there.
func WriteOptAttr[T any](e *Encoder, name *infoset.Name, v *T, c Codec[T]) error {
	if v == nil {
		return nil
	}
	return WriteAttr(e, name, *v, c)
}

// WriteText writes simple content into the open element.
func WriteText[T any](e *Encoder, v T, c Codec[T]) error {
	text, err := c.Value(e, v)
	if err != nil {
		return e.wrong(nil, err)
	}
	e.w.Text(text)
	return nil
}

// Of is the codec of a struct, as a pointer.
func Of[T any, P interface {
	*T
	Struct
}]() Codec[P] {
	return Codec[P]{Decode: decodeStruct[T, P], Body: encodeStruct[T, P]}
}

func decodeStruct[T any, P interface {
	*T
	Struct
}](d *Decoder, v *P,
) error {
	*v = P(new(T))
	return d.Struct(*v)
}

func encodeStruct[T any, P interface {
	*T
	Struct
}](e *Encoder, name *infoset.Name, v P,
) error {
	if v == nil {
		return e.refuse(Missing, name.String())
	}
	return e.structure(name, v, nil)
}

// Decoded reads an element into one of several types: the one that xsi:type names, as pick makes it, else the declared one. pick gives nil
// for names it does not know, and for "" the declared type; that gives nil where it is abstract.
func Decoded[T Struct](d *Decoder, v *T, pick func(space, local string) Struct) error {
	var x Struct
	if q, ok := d.Type(); ok {
		x = pick(q.Space, q.Local)
	}
	if x == nil {
		x = pick("", "")
	}
	out, ok := x.(T)
	if !ok {
		return d.bad(infoset.Value{}, "an abstract type needs the xsi:type of one that is derived from it")
	}
	*v = out
	return d.Struct(out)
}

// Encoded writes an element of one of several types, with xsi:type where it is not the declared one.
func Encoded[T Struct](e *Encoder, name *infoset.Name, v T, declared *infoset.Name) error {
	if any(v) == nil || isNil(v) {
		return e.refuse(Missing, name.String())
	}
	return e.structure(name, v, declared)
}

// Count is 1 for what is there, else 0.
func Count(there bool) int {
	if there {
		return 1
	}
	return 0
}

// Or gives the fixed value of an element where its field has none.
func Or[T comparable](v, fixed T) T {
	var zero T
	if v == zero {
		return fixed
	}
	return v
}

// WriteItems writes the turns of a repeated group, or elements that others substitute.
func WriteItems[P Struct](e *Encoder, items ...P) error {
	for _, x := range items {
		if isNil(x) {
			return e.refuse(Missing, "an item that is nil")
		}
		if err := e.Content(x); err != nil {
			return err
		}
	}
	return nil
}
