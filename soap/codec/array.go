package codec

import (
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

var (
	arrayType = infoset.Name{Prefix: "enc", Space: "http://schemas.xmlsoap.org/soap/encoding/", Local: "arrayType"}
	arrayName = infoset.Name{Prefix: "enc", Space: "http://schemas.xmlsoap.org/soap/encoding/", Local: "Array"}
	itemName  = infoset.Name{Local: "item"}
)

// ArrayOf is the codec of SOAP encoding's array (SOAP 1.1, 5.4.2). Items of several dimensions come in the order of the document.
func ArrayOf[T any](item Codec[T]) Codec[[]T] {
	return Codec[[]T]{
		Type:   &arrayName,
		Decode: func(d *Decoder, v *[]T) error { return decodeArray(d, v, item) },
		Body:   func(e *Encoder, name *infoset.Name, v []T) error { return encodeArray(e, name, v, item) },
	}
}

func decodeArray[T any](d *Decoder, v *[]T, item Codec[T]) error {
	*v = []T{}
	if d.Nil() {
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
			if err := ReadMany(d, v, item); err != nil {
				return err
			}
		}
	}
}

func encodeArray[T any](e *Encoder, name *infoset.Name, v []T, item Codec[T]) error {
	e.start(name)
	if e.Encoded {
		e.typed(&arrayName)
	}
	of := item.Type
	if of == nil {
		of = typeOfItems(v)
	}
	q := xsd.WriteQName(e.w, xsd.QName{Prefix: of.Prefix, Space: of.Space, Local: of.Local})
	e.w.Attr(&arrayType, infoset.String(q.String()+"["+strconv.Itoa(len(v))+"]"))
	for i := range v {
		if err := one(e, &itemName, v[i], item); err != nil {
			return err
		}
	}
	e.w.End()
	return e.w.Err()
}

// typeOfItems names the type of structs by their model.
func typeOfItems[T any](v []T) *infoset.Name {
	for i := range v {
		if x, ok := any(v[i]).(Struct); ok && !isNil(x) && x.XMLModel().Type.Local != "" {
			return &x.XMLModel().Type
		}
	}
	return builtin("anyType")
}
