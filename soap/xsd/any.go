package xsd

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Any is an element that a schema says nothing about (xs:any), kept as tokens so
// that it can be written in every encoding. The zero Any is no element.
type Any struct {
	tokens []infoset.Token
	outer  []infoset.Decl // what held around it: values may need it
}

// Scoped is a reader that can tell all its declarations; those of xmltext and
// xmlbin can.
type Scoped interface {
	infoset.Reader
	Scope() *infoset.Scope
}

// ReadAny keeps the element whose StartElement start is the last token of r, up
// to its end. most bounds its tokens, 0 for no bound: the quotas of the reader
// bound the rest.
func ReadAny(r Scoped, start *infoset.Token, most int) (Any, error) {
	var a Any
	// The scope now has the element's own declarations too; they come first
	// when it is written, so keeping them twice does no harm.
	a.outer = r.Scope().All(nil)
	a.tokens = append(a.tokens, start.Clone())
	for depth := r.Depth(); r.Depth() >= depth; {
		t, err := r.Next()
		if err != nil {
			return Any{}, err
		}
		if most > 0 && len(a.tokens) >= most {
			return Any{}, &infoset.Error{Reason: infoset.Quota, Offset: t.Offset, Path: r.Path(), Detail: "tokens of an element"}
		}
		a.tokens = append(a.tokens, t.Clone())
	}
	return a, nil
}

// IsZero reports whether there is no element.
func (a Any) IsZero() bool { return len(a.tokens) == 0 }

// Name gives the name of the element, an empty one if there is none.
func (a Any) Name() *infoset.Name {
	if a.IsZero() {
		return infoset.NoName
	}
	return a.tokens[0].Name
}

// Tokens gives the tokens, from StartElement to EndElement; read only.
func (a Any) Tokens() []infoset.Token { return a.tokens }

// Write writes the element, with every declaration that held around it and does
// not hold here: names in its values keep their meaning.
func (a Any) Write(w infoset.Writer) error {
	for i := range a.tokens {
		t := &a.tokens[i]
		if i > 0 {
			if err := infoset.Write(w, t); err != nil {
				return err
			}
			continue
		}
		missing := a.missing(w, t.Decls)
		if err := infoset.Write(w, t); err != nil {
			return err
		}
		for _, d := range missing {
			w.Declare(d)
		}
	}
	return w.Err()
}

// missing gives the outer declarations that neither hold in w nor are made by the
// element.
func (a Any) missing(w infoset.Writer, own []infoset.Decl) (out []infoset.Decl) {
	for _, d := range a.outer {
		space, ok := w.Lookup(d.Prefix)
		if ok && space == d.Space || d.Prefix == "xml" {
			continue
		}
		if !slices.ContainsFunc(own, func(o infoset.Decl) bool { return o.Prefix == d.Prefix }) {
			out = append(out, d)
		}
	}
	return out
}

// Outer gives the declarations that held around the element, its own among them.
func (a Any) Outer() []infoset.Decl { return a.outer }

// WriteAs writes the element under another name; its content, attributes and declarations stay.
func (a Any) WriteAs(w infoset.Writer, n *infoset.Name) error {
	if a.IsZero() {
		return nil
	}
	as := Any{outer: a.outer, tokens: slices.Clone(a.tokens)}
	as.tokens[0].Name, as.tokens[len(as.tokens)-1].Name = n, n
	return as.Write(w)
}
