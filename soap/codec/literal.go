package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Default is the codec of an element with a default: one that is there and empty has that value (XML Schema part 1, 3.3.4). One that is
// absent stays absent.
func Default[T any](c Codec[T], literal string) Codec[T] {
	read := c.Decode
	c.Decode = func(d *Decoder, v *T) error { return orLiteral(d, v, read, literal) }
	return c
}

// Fixed is the codec of an element or attribute whose value the schema fixes. Another value is a deviation; it is never written.
func Fixed[T any](c Codec[T], literal string) Codec[T] {
	read, write := c.Decode, c.Value
	c.Decode = func(d *Decoder, v *T) error {
		path := d.r.Path()
		if err := orLiteral(d, v, read, literal); err != nil {
			return err
		}
		if got, err := write(nil, *v); err != nil || got.String() == canonical(read, write, literal) {
			return err
		}
		if !d.Strict && d.Report == nil {
			return nil
		}
		return d.reportAt(path, NotFixed, literal)
	}
	c.Value = func(e *Encoder, v T) (infoset.Value, error) {
		out, err := write(e, v)
		if err == nil && out.String() != canonical(read, write, literal) {
			err = &infoset.Error{Reason: infoset.BadValue, Offset: -1, Detail: "the schema fixes this value to " + infoset.Clip(literal)}
		}
		return out, err
	}
	return c
}

// orLiteral reads a value; an element without content has the literal's.
func orLiteral[T any](d *Decoder, v *T, read func(*Decoder, *T) error, literal string) error {
	if d.attr != nil {
		return read(d, v)
	}
	text, err := d.value()
	if err != nil {
		return err
	}
	if text.IsEmpty() {
		text = infoset.String(literal)
	}
	d.literal = &text
	err = read(d, v)
	d.literal = nil
	return err
}

// canonical is a literal as its type writes it.
func canonical[T any](read func(*Decoder, *T) error, write func(*Encoder, T) (infoset.Value, error), literal string) string {
	text := infoset.String(literal)
	var v T
	if read(&Decoder{literal: &text, r: nowhere{}}, &v) != nil {
		return literal
	}
	out, err := write(nil, v)
	if err != nil {
		return literal
	}
	return out.String()
}

// nowhere is the place of a literal, for its errors.
type nowhere struct{ xsd.Scoped }

// Path names no element.
func (nowhere) Path() string { return "" }
