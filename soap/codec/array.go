package codec

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

var (
	arrayType = infoset.Name{Prefix: "enc", Space: "http://schemas.xmlsoap.org/soap/encoding/", Local: "arrayType"}
	arrayName = infoset.Name{Prefix: "enc", Space: "http://schemas.xmlsoap.org/soap/encoding/", Local: "Array"}
	itemName  = infoset.Name{Local: "item"}
)

// ListOf is the Coder of a list in one text (xs:list), as a slice of T. The empty list is a slice that is not nil.
type ListOf[T any] struct {
	Item Coder
}

func (*ListOf[T]) schema() *infoset.Name { return nil }

func (*ListOf[T]) plain() bool { return true }

func (c *ListOf[T]) count(slot any) int { return countSlot[[]T](slot, c) }

func (c *ListOf[T]) read(d *Decoder, slot any) error { return readSlot[[]T](d, slot, c) }

func (c *ListOf[T]) write(e *Encoder, name *infoset.Name, slot any) error {
	return writeSlot[[]T](e, name, slot, c)
}

func (c *ListOf[T]) text(e *Encoder, slot any) (infoset.Value, bool, error) {
	return textSlot[[]T](e, slot, c)
}

func (c *ListOf[T]) words(e *Encoder, dst []byte, slot any) ([]byte, error) {
	return wordsSlot[[]T](e, dst, slot, c)
}

func (*ListOf[T]) there([]T) bool { return true }

func (c *ListOf[T]) decode(d *Decoder, v *[]T) error {
	if d.isNil() {
		if err := d.unexpectedNil(); err != nil {
			return err
		}
		return infoset.Skip(d.r)
	}
	text, err := d.value()
	if err != nil {
		return err
	}
	if own := d.bound; own != nil {
		d.bound = nil // the items have their own
		defer func() { d.bound = own }()
		if err := d.within(own, text); err != nil {
			return err
		}
	}
	outer := d.attr
	defer func() { d.attr = outer }()
	*v = []T{}
	d.word.Name = infoset.Name{} // the list is the place of its items
	if outer != nil {
		d.word.Name = outer.Name
	}
	for word := range strings.FieldsSeq(text.String()) {
		d.word.Value = infoset.String(word)
		d.attr = &d.word
		if err := c.Item.read(d, v); err != nil {
			return err
		}
	}
	return nil
}

func (c *ListOf[T]) value(e *Encoder, v *[]T) (infoset.Value, error) {
	own := e.bound
	e.bound = nil // the items have their own
	text, err := c.Item.words(e, e.scratch[:0], v)
	e.scratch, e.bound = text, own
	out := infoset.Chars(text)
	if err == nil && own != nil {
		err = e.within(own, out)
	}
	return out, err
}

func (c *ListOf[T]) element(e *Encoder, name *infoset.Name, v *[]T) error {
	e.begin(name, nil)
	out, err := c.value(e, v)
	return e.finish(name, out, err)
}

// ArrayOf is the Coder of SOAP encoding's array (SOAP 1.1, 5.4.2), as a slice of T. Items of several dimensions come in the order of the
// document.
type ArrayOf[T any] struct {
	noText

	Item Coder
}

func (*ArrayOf[T]) schema() *infoset.Name { return &arrayName }

func (c *ArrayOf[T]) count(slot any) int { return countSlot[[]T](slot, c) }

func (c *ArrayOf[T]) read(d *Decoder, slot any) error { return readSlot[[]T](d, slot, c) }

func (c *ArrayOf[T]) write(e *Encoder, name *infoset.Name, slot any) error {
	return writeSlot[[]T](e, name, slot, c)
}

func (*ArrayOf[T]) there([]T) bool { return true }

func (*ArrayOf[T]) value(_ *Encoder, v *[]T) (infoset.Value, error) {
	return infoset.Value{}, misfit(v)
}

func (c *ArrayOf[T]) decode(d *Decoder, v *[]T) error {
	*v = []T{}
	d.mayBeNil = false
	if d.isNil() {
		return infoset.Skip(d.r)
	}
	for {
		t, err := d.r.Next()
		if err != nil {
			return err
		}
		switch t.Kind {
		case infoset.EndElement:
			return nil
		case infoset.StartElement:
			d.start, d.attr = t, nil
			d.mayBeNil = true // SOAP 1.1, 5.4.2: any item may be
			if err := c.Item.read(d, v); err != nil {
				return err
			}
			d.mayBeNil = false
		}
	}
}

func (c *ArrayOf[T]) element(e *Encoder, name *infoset.Name, v *[]T) error {
	e.start(name)
	if e.Encoded {
		e.typed(&arrayName)
	}
	of := c.Item.schema()
	if of == nil {
		of = typeOfItems(c.Item, v)
	}
	q := xsd.WriteQName(e.w, xsd.QName{Prefix: of.Prefix, Space: of.Space, Local: of.Local})
	e.w.Attr(&arrayType, infoset.String(q.String()+"["+strconv.Itoa(len(*v))+"]"))
	if err := c.Item.write(e, &itemName, v); err != nil {
		return err
	}
	e.w.End()
	return e.w.Err()
}

// typeOfItems names the type of structs by their model.
func typeOfItems(c Coder, slot any) *infoset.Name {
	if h, ok := c.(Holder); ok {
		if x, _ := h.Held().At(slot, 0); x != nil && x.XMLModel().Type.Local != "" {
			return &x.XMLModel().Type
		}
	}
	return &anyType
}
