package codec

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Coder reads and writes what a field holds. A field is given as a pointer to it, the slot: to a value that is there once (*T), to one
// that may be absent (**T), or to a list (*[]T). Only this package implements Coder: a pointer to one of Codec, Text, ListOf, ArrayOf,
// Nil, Literal, Bounded, StructOf, Kinds and Content, all of which are static data.
type Coder interface {
	// count tells how many values the slot holds.
	count(slot any) int
	// read reads one value, or one more of a list, from where the decoder stands: an attribute, or the element that has begun.
	read(d *Decoder, slot any) error
	// write writes an element of that name for each value.
	write(e *Encoder, name *infoset.Name, slot any) error
	// text gives the value for an attribute or simple content; false if it is absent.
	text(e *Encoder, slot any) (v infoset.Value, there bool, err error)
	// words appends the values of a list with spaces between.
	words(e *Encoder, dst []byte, slot any) ([]byte, error)
	// plain reports whether a value is one text, so that it can be an attribute, and a nil one holds nothing.
	plain() bool
	// schema names the type of the values; nil if it has no name that is known.
	schema() *infoset.Name
}

// noText is what a Coder of values that are no text embeds.
type noText struct{}

func (noText) plain() bool { return false }

func (noText) text(_ *Encoder, slot any) (infoset.Value, bool, error) { //nolint:unparam // every Coder has it
	return infoset.Value{}, false, misfit(slot)
}

func (noText) words(_ *Encoder, dst []byte, slot any) ([]byte, error) { return dst, misfit(slot) }

// single is what a Coder knows about one value.
type single[T any] interface {
	decode(d *Decoder, v *T) error
	value(e *Encoder, v *T) (infoset.Value, error)
	element(e *Encoder, name *infoset.Name, v *T) error
	there(v T) bool
}

// misfit is the error of a slot that its Coder does not know: a mistake of the code that made the table, never of a document.
func misfit(slot any) error {
	return fmt.Errorf("codec: a field of type %T does not fit its entry in the model", slot)
}

func countSlot[T any](slot any, c single[T]) int {
	switch p := slot.(type) {
	case *T:
		if !c.there(*p) {
			return 0
		}
		return 1
	case **T:
		if *p == nil {
			return 0
		}
		return 1
	case *[]T:
		return len(*p)
	}
	return 0
}

func readSlot[T any](d *Decoder, slot any, c single[T]) error {
	switch p := slot.(type) {
	case *T:
		return c.decode(d, p)
	case **T:
		*p = new(T)
		return c.decode(d, *p)
	case *[]T:
		var zero T
		*p = append(*p, zero)
		return c.decode(d, &(*p)[len(*p)-1])
	}
	return misfit(slot)
}

func writeSlot[T any](e *Encoder, name *infoset.Name, slot any, c single[T]) error {
	switch p := slot.(type) {
	case *T:
		e.unset = true
		return c.element(e, name, p)
	case **T:
		e.unset = false
		if *p == nil {
			return nil
		}
		return c.element(e, name, *p)
	case *[]T:
		e.unset = false
		for i := range *p {
			if err := c.element(e, name, &(*p)[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return misfit(slot)
}

func textSlot[T any](e *Encoder, slot any, c single[T]) (v infoset.Value, there bool, err error) {
	switch p := slot.(type) {
	case *T:
		e.unset = true
		v, err = c.value(e, p)
		return v, true, err
	case **T:
		e.unset = false
		if *p == nil {
			return v, false, nil
		}
		v, err = c.value(e, *p)
		return v, true, err
	}
	return v, false, misfit(slot)
}

func wordsSlot[T any](e *Encoder, dst []byte, slot any, c single[T]) ([]byte, error) {
	p, ok := slot.(*[]T)
	if !ok {
		return dst, misfit(slot)
	}
	for i := range *p {
		word, err := c.value(e, &(*p)[i])
		if err != nil {
			return dst, err
		}
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = word.AppendText(dst)
	}
	return dst, nil
}

// Codec is the Coder of values that are one text, or that write elements of their own.
type Codec[T any] struct {
	Type   *infoset.Name // of the schema; nil: none that could be named
	Decode func(*Decoder, *T) error
	Value  func(*Encoder, T) (infoset.Value, error) // nil: the value is no text
	Body   func(*Encoder, *infoset.Name, T) error   // writes an element; nil: the text in an element
	Absent func(T) bool                             // of a value without pointer: nil, it is always there

	anyNil bool // a nil element is the value's own affair
}

func (c *Codec[T]) schema() *infoset.Name { return c.Type }

func (c *Codec[T]) plain() bool { return c.Value != nil }

func (c *Codec[T]) count(slot any) int { return countSlot[T](slot, c) }

func (c *Codec[T]) read(d *Decoder, slot any) error { return readSlot[T](d, slot, c) }

func (c *Codec[T]) write(e *Encoder, name *infoset.Name, slot any) error {
	return writeSlot[T](e, name, slot, c)
}

func (c *Codec[T]) text(e *Encoder, slot any) (infoset.Value, bool, error) {
	return textSlot[T](e, slot, c)
}

func (c *Codec[T]) words(e *Encoder, dst []byte, slot any) ([]byte, error) {
	return wordsSlot[T](e, dst, slot, c)
}

func (c *Codec[T]) there(v T) bool { return c.Absent == nil || !c.Absent(v) }

func (c *Codec[T]) decode(d *Decoder, v *T) error {
	if c.Value == nil {
		if !c.anyNil {
			if err := d.unexpectedNil(); err != nil {
				return err
			}
		}
		return c.Decode(d, v)
	}
	return decodeText(d, v, c.Decode, c.Value)
}

func (c *Codec[T]) value(e *Encoder, v *T) (infoset.Value, error) {
	if c.Value == nil {
		return infoset.Value{}, misfit(v)
	}
	return encodeText(e, *v, c.Decode, c.Value)
}

func (c *Codec[T]) element(e *Encoder, name *infoset.Name, v *T) error {
	if c.Body != nil {
		return c.Body(e, name, *v)
	}
	e.begin(name, c.Type)
	out, err := c.value(e, v)
	return e.finish(name, out, err)
}

// Text is the Coder of text that has a Go type of its own, such as an enumeration.
type Text struct {
	Slots TextSlots
	Root  infoset.Name // of the built-in type, for SOAP's encoding; zero: none
}

// TextSlots reaches the text in slots of one Go type: a *Texts.
type TextSlots interface {
	// Get gives the text of the i-th value, and how many there are; -1 of a slot that it does not know.
	Get(slot any, i int) (text string, n int)
	// Set sets the text of the value, or of one more of a list.
	Set(slot any, text string) error
}

// Texts reaches slots of values of T. It is generic by itself, and not all of Text, since what is generic is compiled for each type.
type Texts[T ~string] struct{}

// Get gives the i-th text: see TextSlots.
func (*Texts[T]) Get(slot any, i int) (text string, n int) {
	switch p := slot.(type) {
	case *T:
		return string(*p), 1
	case **T:
		if *p != nil {
			return string(**p), 1
		}
	case *[]T:
		if i < len(*p) {
			text = string((*p)[i])
		}
		return text, len(*p)
	default:
		return "", -1
	}
	return "", 0
}

// Set sets the text: see TextSlots.
func (*Texts[T]) Set(slot any, text string) error {
	switch p := slot.(type) {
	case *T:
		*p = T(text)
	case **T:
		*p = new(T)
		**p = T(text)
	case *[]T:
		*p = append(*p, T(text))
	default:
		return misfit(slot)
	}
	return nil
}

func (c *Text) schema() *infoset.Name {
	if c.Root.Local == "" {
		return nil
	}
	return &c.Root
}

func (*Text) plain() bool { return true }

func (c *Text) count(slot any) int {
	_, n := c.Slots.Get(slot, 0)
	return max(n, 0)
}

func (c *Text) read(d *Decoder, slot any) error {
	if d.lit == nil && d.bound == nil && !d.isNil() {
		text, err := d.value()
		if err != nil {
			return err
		}
		return c.Slots.Set(slot, text.String())
	}
	var text string
	if err := decodeText(d, &text, readString, stringValue); err != nil {
		return err
	}
	return c.Slots.Set(slot, text)
}

func (c *Text) write(e *Encoder, name *infoset.Name, slot any) error {
	_, n := c.Slots.Get(slot, 0)
	if n < 0 {
		return misfit(slot)
	}
	for i := range n {
		text, _ := c.Slots.Get(slot, i)
		e.unset = text == ""
		e.begin(name, c.schema())
		out, err := encodeText(e, text, readString, stringValue)
		if err := e.finish(name, out, err); err != nil {
			return err
		}
	}
	return nil
}

func (c *Text) text(e *Encoder, slot any) (infoset.Value, bool, error) {
	text, n := c.Slots.Get(slot, 0)
	if n == 0 {
		return infoset.Value{}, false, nil
	}
	e.unset = text == ""
	v, err := encodeText(e, text, readString, stringValue)
	return v, true, err
}

func (c *Text) words(e *Encoder, dst []byte, slot any) ([]byte, error) {
	_, n := c.Slots.Get(slot, 0)
	for i := range n {
		text, _ := c.Slots.Get(slot, i)
		if i > 0 {
			dst = append(dst, ' ')
		}
		if e.bound != nil {
			if err := e.within(e.bound, infoset.String(text)); err != nil {
				return dst, err
			}
		}
		dst = append(dst, text...)
	}
	return dst, nil
}

// decodeText reads a value that is text. An element that is nil though its schema does not say that it may be has its type's nothing.
func decodeText[T any](d *Decoder, v *T, decode func(*Decoder, *T) error, value func(*Encoder, T) (infoset.Value, error)) error {
	lit := d.lit
	d.lit = nil
	if d.isNil() {
		if err := d.unexpectedNil(); err != nil {
			return err
		}
		return infoset.Skip(d.r)
	}
	if lit == nil && d.bound == nil {
		return decode(d, v)
	}
	if lit == nil {
		return decodeBounded(d, v, decode)
	}
	return decodeLiteral(d, v, lit, decode, value)
}

// encodeText gives the text of a value, which must be the fixed one where there is one.
func encodeText[T any](e *Encoder, v T, decode func(*Decoder, *T) error, value func(*Encoder, T) (infoset.Value, error)) (infoset.Value, error) {
	out, err := value(e, v)
	if err != nil || e == nil || e.lit == nil && e.bound == nil {
		return out, err
	}
	if e.lit == nil {
		return out, e.within(e.bound, out)
	}
	lit := e.lit
	if e.scratch = out.AppendText(e.scratch[:0]); string(e.scratch) == lit.Text {
		return out, nil
	}
	return lit.keep(out, e.unset, func() string { return canonical(decode, value, lit.Text) }, func() string {
		var zero T
		nothing, _ := value(e, zero)
		return nothing.String()
	})
}
