package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// AnyType is the Coder of an element of xs:anyType that must be there: kept as it comes, with its xsi:type. OptAny is that of one that may
// be absent; the zero xsd.Any is.
var (
	AnyType = Codec[xsd.Any]{Type: &anyType, Decode: decodeAny, Body: writeAny}
	OptAny  = Codec[xsd.Any]{Type: &anyType, Decode: decodeAny, Body: writeAny, Absent: xsd.Any.IsZero}
)

// Wild is the Coder of elements that a wildcard takes: they have names of their own.
var Wild = Codec[xsd.Any]{
	Decode: decodeAny, Absent: xsd.Any.IsZero, anyNil: true,
	Body: func(e *Encoder, _ *infoset.Name, v xsd.Any) error { return v.Write(e.w) },
}

var anyType = infoset.Name{Prefix: "xsd", Space: schemaSpace, Local: "anyType"}

func decodeAny(d *Decoder, v *xsd.Any) error {
	kept, err := xsd.ReadAny(d.r, d.start, 0)
	*v = kept
	return err
}

func writeAny(e *Encoder, name *infoset.Name, v xsd.Any) error {
	if v.IsZero() {
		e.start(name)
		e.w.End()
		return e.w.Err()
	}
	return v.WriteAs(e.w, name)
}
