package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// AnyType is the codec of an element of xs:anyType: kept as it comes, with its xsi:type.
var AnyType = Codec[xsd.Any]{Type: builtin("anyType"), Decode: decodeAny, Body: func(e *Encoder, name *infoset.Name, v xsd.Any) error {
	if v.IsZero() {
		e.start(name)
		e.w.End()
		return e.w.Err()
	}
	return v.WriteAs(e.w, name)
}}

// Wild is the codec of elements that a wildcard takes: they have names of their own.
var Wild = Codec[xsd.Any]{Decode: decodeAny, Body: func(e *Encoder, _ *infoset.Name, v xsd.Any) error { return v.Write(e.w) }}

func decodeAny(d *Decoder, v *xsd.Any) error {
	kept, err := xsd.ReadAny(d.r, d.start, 0)
	*v = kept
	return err
}

// Attributes are those that no declaration names.
type Attributes []Attribute

// Attribute is one of them.
type Attribute struct {
	Space, Local string
	Value        string
}

// ReadAttribute keeps the attribute that is read.
func ReadAttribute(d *Decoder, v *Attributes) error {
	*v = append(*v, Attribute{Space: d.attr.Name.Space, Local: d.attr.Name.Local, Value: d.attr.Value.String()})
	return nil
}

// WriteAttributes writes them.
func WriteAttributes(e *Encoder, v Attributes) error {
	for i := range v {
		e.w.Attr(&infoset.Name{Space: v[i].Space, Local: v[i].Local}, infoset.String(v[i].Value))
	}
	return e.w.Err()
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

// ReadMixed keeps the content of the element that is read.
func ReadMixed(d *Decoder, v *Mixed) error {
	kept, err := xsd.ReadAny(d.r, d.start, 0)
	if err != nil {
		return err
	}
	all := kept.Tokens()
	*v = Mixed{outer: kept.Outer(), tokens: all[1 : len(all)-1]}
	return nil
}

// WriteMixed writes it into the open element.
func WriteMixed(e *Encoder, v Mixed) error {
	for _, d := range v.outer {
		if space, ok := e.w.Lookup(d.Prefix); d.Prefix != "" && d.Prefix != "xml" && (!ok || space != d.Space) {
			e.w.Declare(d)
		}
	}
	for i := range v.tokens {
		if err := infoset.Write(e.w, &v.tokens[i]); err != nil {
			return err
		}
	}
	return e.w.Err()
}
