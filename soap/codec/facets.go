package codec

import (
	"github.com/causeway-relay/causeway/soap/codec/facet"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// Bounded is the Coder of values that are text and have facets.
//
// A value that breaks one is not written: the error is a *Problem of kind OutOfBounds, that names the facet and how long the value is, and
// never the value, which may be a secret. Reading reports the same and keeps the value; Strict refuses it.
type Bounded struct {
	Of     Coder
	Facets *facet.Facets
}

func (b *Bounded) schema() *infoset.Name { return b.Of.schema() }

func (b *Bounded) plain() bool { return b.Of.plain() }

func (b *Bounded) count(slot any) int { return b.Of.count(slot) }

func (b *Bounded) read(d *Decoder, slot any) error {
	if !d.Strict && d.Report == nil {
		return b.Of.read(d, slot) // nobody would be told
	}
	outer := d.bound
	d.bound = b.Facets
	err := b.Of.read(d, slot)
	d.bound = outer
	return err
}

func (b *Bounded) write(e *Encoder, name *infoset.Name, slot any) error {
	outer := e.bound
	e.bound = b.Facets
	err := b.Of.write(e, name, slot)
	e.bound = outer
	return err
}

func (b *Bounded) text(e *Encoder, slot any) (infoset.Value, bool, error) {
	outer := e.bound
	e.bound = b.Facets
	v, there, err := b.Of.text(e, slot)
	e.bound = outer
	return v, there, err
}

func (b *Bounded) words(e *Encoder, dst []byte, slot any) ([]byte, error) {
	outer := e.bound
	e.bound = b.Facets
	dst, err := b.Of.words(e, dst, slot)
	e.bound = outer
	return dst, err
}

// decodeBounded reads a value whose text is looked at first: what stands there, not what becomes of it.
func decodeBounded[T any](d *Decoder, v *T, decode func(*Decoder, *T) error) error {
	f := d.bound
	text, err := d.value()
	if err != nil {
		return err
	}
	outer := d.literal
	d.held, d.literal = text, &d.held
	err = decode(d, v)
	d.literal = outer
	if err != nil {
		return err
	}
	return d.within(f, text)
}

// within reports a value that breaks a facet.
func (d *Decoder) within(f *facet.Facets, text infoset.Value) error {
	broken := f.Broken(text, &d.room)
	if broken == "" {
		return nil
	}
	path := d.r.Path()
	switch {
	case d.attr != nil && d.attr.Name.Local != "":
		path += "/@" + d.attr.Name.String()
	default:
		path += "/" + d.last.String() // it is behind by now
	}
	return d.reportAt(path, OutOfBounds, broken)
}

// within is the error of a value that breaks a facet. Its place is added on the way out.
func (e *Encoder) within(f *facet.Facets, text infoset.Value) error {
	if broken := f.Broken(text, &e.room); broken != "" {
		return &Problem{Kind: OutOfBounds, Name: broken}
	}
	return nil
}
