package xsd

import (
	"encoding/hex"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Base64 is xs:base64Binary (XML Schema part 2, 3.2.16). Binary XML and MTOM
// carry it without base64.
type Base64 []byte

// FromValue reads base64 text, with white space anywhere, or bytes. An empty
// value gives an empty slice, never nil: there is a value.
func (b *Base64) FromValue(v infoset.Value) error {
	got, err := v.AsBytes(make([]byte, 0, len(v.Raw())))
	if err != nil {
		return err
	}
	*b = got
	return nil
}

// Value gives the value to write, a view of b.
func (b Base64) Value() infoset.Value { return infoset.Bytes(b) }

// Hex is xs:hexBinary (XML Schema part 2, 3.2.15). It is written in capitals, the
// canonical form.
type Hex []byte

// FromValue reads hexadecimal digits; BadValue if they are none.
func (h *Hex) FromValue(v infoset.Value) error {
	text := []byte(Collapse(v.String()))
	got := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(got, text); err != nil {
		return bad("hexBinary")
	}
	*h = got
	return nil
}

// Value gives the text to write.
func (h Hex) Value() infoset.Value {
	const digits = "0123456789ABCDEF"
	text := make([]byte, 0, 2*len(h))
	for _, b := range h {
		text = append(text, digits[b>>4], digits[b&15])
	}
	return infoset.Chars(text)
}
