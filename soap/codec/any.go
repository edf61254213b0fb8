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

// Attributes are those that no declaration names.
type Attributes []Attribute

// Attribute is one of them.
type Attribute struct {
	Space, Local string
	Value        string
}

// write writes them on the open element.
func (a Attributes) write(w infoset.Writer) error {
	for i := range a {
		w.Attr(&infoset.Name{Space: a[i].Space, Local: a[i].Local}, infoset.String(a[i].Value))
	}
	return w.Err()
}

// Mixed is content of text and elements in order. The zero Mixed is empty.
type Mixed struct {
	outer  []infoset.Decl
	tokens []infoset.Token
}

// MixedText is mixed content of text alone.
func MixedText(text string) Mixed {
	return Mixed{tokens: []infoset.Token{{Kind: infoset.Text, Name: infoset.NoName, Value: infoset.String(text)}}}
}

// Tokens gives the content; read only.
func (m Mixed) Tokens() []infoset.Token { return m.tokens }

// read keeps the content of the element that is read.
func (m *Mixed) read(d *Decoder) error {
	kept, err := xsd.ReadAny(d.r, d.start, 0)
	if err != nil {
		return err
	}
	all := kept.Tokens()
	*m = Mixed{outer: kept.Outer(), tokens: all[1 : len(all)-1]}
	return nil
}

// write writes it into the open element.
func (m Mixed) write(w infoset.Writer) error {
	for _, d := range m.outer {
		if space, ok := w.Lookup(d.Prefix); d.Prefix != "" && d.Prefix != "xml" && (!ok || space != d.Space) {
			w.Declare(d)
		}
	}
	for i := range m.tokens {
		if err := infoset.Write(w, &m.tokens[i]); err != nil {
			return err
		}
	}
	return w.Err()
}
