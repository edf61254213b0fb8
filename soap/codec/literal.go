package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Literal is the Coder of an element or attribute with a default or a fixed value.
//
// An element that is there and empty has that value (XML Schema part 1, 3.3.4); one that is absent stays absent. Another value than a
// fixed one is a deviation where it is read, and never written: a field that nobody set, and that must be there, is written with it.
type Literal struct {
	Of    Coder
	Text  string
	Fixed bool
}

func (l *Literal) schema() *infoset.Name { return l.Of.schema() }

func (l *Literal) plain() bool { return l.Of.plain() }

func (l *Literal) count(slot any) int { return l.Of.count(slot) }

func (l *Literal) read(d *Decoder, slot any) error {
	d.lit = l
	err := l.Of.read(d, slot)
	d.lit = nil
	return err
}

func (l *Literal) write(e *Encoder, name *infoset.Name, slot any) error {
	if l.Fixed {
		e.lit = l
	}
	err := l.Of.write(e, name, slot)
	e.lit = nil
	return err
}

func (l *Literal) text(e *Encoder, slot any) (infoset.Value, bool, error) {
	if l.Fixed {
		e.lit = l
	}
	v, there, err := l.Of.text(e, slot)
	e.lit = nil
	return v, there, err
}

func (l *Literal) words(e *Encoder, dst []byte, slot any) ([]byte, error) {
	return l.Of.words(e, dst, slot)
}

// keep gives the value to write in place of out: out itself if it is the fixed one, that one if nothing was set.
func (l *Literal) keep(out infoset.Value, unset bool, fixed, nothing func() string) (infoset.Value, error) {
	text := out.String()
	switch {
	case text == fixed():
		return out, nil
	case unset && text == nothing():
		return infoset.String(l.Text), nil
	}
	return out, &infoset.Error{Reason: infoset.BadValue, Offset: -1, Detail: "the schema fixes this value to " + infoset.Clip(l.Text)}
}

// decodeLiteral reads a value; an element without content has the literal's.
func decodeLiteral[T any](d *Decoder, v *T, l *Literal, decode func(*Decoder, *T) error, value func(*Encoder, T) (infoset.Value, error)) error {
	path := ""
	if d.Strict || d.Report != nil {
		path = d.r.Path()
	}
	if d.attr != nil {
		if err := decode(d, v); err != nil {
			return err
		}
	} else {
		text, err := d.value()
		if err != nil {
			return err
		}
		if text.IsEmpty() {
			text = infoset.String(l.Text)
		}
		d.literal = &text
		err = decode(d, v)
		d.literal = nil
		if err != nil {
			return err
		}
		if d.bound != nil {
			if err := d.within(d.bound, text); err != nil {
				return err
			}
		}
	}
	if !l.Fixed || path == "" {
		return nil
	}
	got, err := value(nil, *v)
	if err != nil || got.String() == canonical(decode, value, l.Text) {
		return err
	}
	return d.reportAt(path, NotFixed, l.Text)
}

// canonical is a literal as its type writes it.
func canonical[T any](decode func(*Decoder, *T) error, value func(*Encoder, T) (infoset.Value, error), literal string) string {
	text := infoset.String(literal)
	var v T
	if decode(&Decoder{literal: &text, r: nowhere{}}, &v) != nil {
		return literal
	}
	out, err := value(nil, v)
	if err != nil {
		return literal
	}
	return out.String()
}

// nowhere is the place of a literal, for its errors.
type nowhere struct{ xsd.Scoped }

// Path names no element.
func (nowhere) Path() string { return "" }
