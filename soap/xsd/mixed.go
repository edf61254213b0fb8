package xsd

import "github.com/causeway-relay/causeway/soap/infoset"

// Attributes are those that no declaration names.
type Attributes []Attribute

// Attribute is one of them.
type Attribute struct {
	Space, Local string
	Value        string
}

// Write writes them on the open element.
func (a Attributes) Write(w infoset.Writer) error {
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

// Write writes it into the open element.
func (m Mixed) Write(w infoset.Writer) error {
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

// Read keeps the content of the element whose start is the last token of r.
func (m *Mixed) Read(r Scoped, start *infoset.Token) error {
	kept, err := ReadAny(r, start, 0)
	if err != nil {
		return err
	}
	all := kept.Tokens()
	*m = Mixed{outer: kept.Outer(), tokens: all[1 : len(all)-1]}
	return nil
}
