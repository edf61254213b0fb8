package wssec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// maxChildren bounds the elements directly inside of another; a header of WCF with
// signatures has four.
const maxChildren = 64

// children calls f for each element directly inside of the one whose StartElement
// was the last token of r, and reads behind its end. f reads the element it is
// called for up to its end.
func children(r infoset.Reader, f func(start *infoset.Token) error) error {
	for n := 0; ; {
		t, err := r.Next()
		switch {
		case err != nil:
			return broken(err)
		case t.Kind == infoset.EndElement:
			return nil
		case t.Kind == infoset.Text && !t.IsSpace():
			return invalid("text between the elements of a security header")
		case t.Kind != infoset.StartElement:
			continue
		}
		if n++; n > maxChildren {
			return invalid("too many elements in a security header")
		}
		if err := f(t); err != nil {
			return err
		}
	}
}

// skip reads behind the end of the element that was just opened.
func skip(r infoset.Reader) error {
	if err := infoset.Skip(r); err != nil {
		return broken(err)
	}
	return nil
}

// content gives the text or value inside of the element that was just opened.
func content(r infoset.Reader) (infoset.Value, error) {
	v, err := infoset.Content(r, nil)
	if err != nil {
		return v, broken(err)
	}
	return v, nil
}

// text gives the text inside of the element that was just opened, as it is.
func text(r infoset.Reader) (string, error) {
	v, err := content(r)
	return v.String(), err
}

// octets gives the bytes inside of the element start, which was just opened. They
// are in base64, which is the default, or typed.
func octets(r infoset.Reader, start *infoset.Token) ([]byte, error) {
	encoding, _ := start.Attr("", "EncodingType")
	local, how := start.Name.Local, encoding.String()
	v, err := content(r)
	if err != nil {
		return nil, err
	}
	if how != "" && how != encodingBase64 {
		return nil, &Error{Code: UnsupportedSecurityToken, Detail: "EncodingType of " + infoset.Clip(local) + " is not Base64Binary"}
	}
	var b xsd.Base64
	if err := b.FromValue(v); err != nil {
		return nil, invalid(infoset.Clip(local) + " is not in base64") // the cause could quote it
	}
	return b, nil
}

// ident gives attribute Id of an element.
func ident(start *infoset.Token) string {
	v, _ := start.Attr(NamespaceUtility, "Id")
	return v.String()
}
