package soap

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/shelf"
	"github.com/causeway-relay/causeway/soap/internal/tape"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Element is one element kept as tokens, so that it can be read again and again
// and written in every encoding: a header block, a fault's detail, a parameter of
// an endpoint reference. The zero Element is none. It is not changed any more and
// may be shared.
type Element struct {
	tokens []infoset.Token
	outer  []infoset.Decl // what held around it: names in values may need it
}

// scoped is a reader that can tell all its declarations; those of xmltext and
// xmlbin can.
type scoped interface{ Scope() *infoset.Scope }

// ReadElement keeps the element whose StartElement start is the last token of r,
// up to its end. most bounds its tokens, 0 for no bound: the quotas of the reader
// bound the rest. If r has a method Scope() *infoset.Scope, as those of xmltext
// and xmlbin have, the declarations around the element are kept for its values.
func ReadElement(r infoset.Reader, start *infoset.Token, most int) (Element, error) {
	var outer []infoset.Decl
	if s, ok := r.(scoped); ok {
		// The scope has the element's own declarations too by now; they come
		// first when it is written, so keeping them twice does no harm.
		outer = s.Scope().All(nil)
	}
	tokens, err := new(shelf.Shelf).Element(r, start, most)
	if err != nil {
		return Element{}, err
	}
	return Element{tokens: tokens, outer: outer}, nil
}

// MakeElement keeps the one element that write writes. Errors of the writer come
// back even if write does not give them.
func MakeElement(write func(infoset.Writer) error) (Element, error) {
	w := tape.NewRecorder()
	if err := write(w); err != nil {
		return Element{}, err
	}
	tokens, err := w.Element()
	return Element{tokens: tokens}, err
}

// TextElement makes an element that holds nothing but v.
func TextElement(name infoset.Name, v infoset.Value) Element {
	decls := []infoset.Decl(nil)
	if name.Prefix != "" || name.Space != "" {
		decls = []infoset.Decl{{Prefix: name.Prefix, Space: name.Space, Dict: name.Dict}}
	}
	return Element{tokens: textTokens(make([]infoset.Token, textCount), &name, decls, v.Clone())}
}

// textCount is how many tokens an element of text has.
const textCount = 3

// textTokens makes room, which has textCount tokens that are nothing yet, those of an element that holds nothing but v, and gives them. They
// keep what they are given.
func textTokens(room []infoset.Token, name *infoset.Name, decls []infoset.Decl, v infoset.Value) []infoset.Token {
	start, end := &room[0], &room[1]
	start.Kind, start.Name, start.Decls = infoset.StartElement, name, decls
	if v.IsEmpty() {
		room = room[:2]
	} else {
		end.Kind, end.Name, end.Value = infoset.Text, infoset.NoName, v
		end = &room[2]
	}
	end.Kind, end.Name = infoset.EndElement, name
	return room
}

// IsZero reports whether there is no element.
func (e Element) IsZero() bool { return len(e.tokens) == 0 }

// Name gives the name of the element, one without content if there is none. It
// is read only.
func (e Element) Name() *infoset.Name {
	if e.IsZero() {
		return infoset.NoName
	}
	return e.tokens[0].Name
}

// Attr gives the value of an attribute of the element.
func (e Element) Attr(space, local string) (infoset.Value, bool) {
	if e.IsZero() {
		return infoset.Value{}, false
	}
	return e.tokens[0].Attr(space, local)
}

// WithAttr gives a copy of the element that has an attribute, in the place of one
// of the same name if there is one.
func (e Element) WithAttr(a infoset.Attr) (Element, error) {
	return e.remake(a.Name.Space, a.Name.Local, &a)
}

// WithoutAttr gives a copy of the element without an attribute.
func (e Element) WithoutAttr(space, local string) (Element, error) {
	return e.remake(space, local, nil)
}

// remake writes the element anew, so that the attribute gets a prefix that is to
// be had.
func (e Element) remake(space, local string, a *infoset.Attr) (Element, error) {
	if e.IsZero() {
		return e, nil
	}
	start := e.tokens[0]
	start.Attrs = slices.DeleteFunc(slices.Clone(start.Attrs), func(a infoset.Attr) bool { return a.Name.Is(space, local) })
	if a != nil {
		start.Attrs = append(start.Attrs, *a)
	}
	return MakeElement(func(w infoset.Writer) error { return e.writeAs(infoset.Whole(w), &start) })
}

// Text gives the element's character data, without white space around it and
// without that of children: what an address, an action or a token is.
func (e Element) Text() string {
	var room [128]byte // most of them have less
	text, depth := room[:0], 0
	for i := range e.tokens {
		switch t := &e.tokens[i]; t.Kind {
		case infoset.StartElement:
			depth++
		case infoset.EndElement:
			depth--
		case infoset.Text:
			if depth == 1 {
				text = t.Value.AppendText(text)
			}
		}
	}
	return string(xmlchar.Trim(text))
}

// Reader gives a reader of the element as a document of its own, with the
// declarations in scope that held around it. Its first token is the StartElement.
func (e Element) Reader() infoset.Reader {
	return tape.NewPlayer(e.tokens, e.outer, false)
}

// Children gives the elements directly inside.
func (e Element) Children() []Element {
	var out []Element
	depth, from := 0, 0
	for i := range e.tokens {
		switch e.tokens[i].Kind {
		case infoset.StartElement:
			if depth++; depth == 2 {
				from = i
			}
		case infoset.EndElement:
			if depth--; depth == 1 {
				out = append(out, Element{tokens: e.tokens[from : i+1 : i+1], outer: e.scopeInside()})
			}
		}
	}
	return out
}

// scopeInside gives the declarations that hold for the children.
func (e Element) scopeInside() []infoset.Decl {
	own := e.tokens[0].Decls
	if len(own) == 0 {
		return e.outer
	}
	inside := slices.Clone(e.outer)
	for _, d := range own {
		inside = bindDecl(inside, d)
	}
	return inside
}

// bindDecl gives decls with d in place of the declaration of its prefix.
func bindDecl(decls []infoset.Decl, d infoset.Decl) []infoset.Decl {
	for i := range decls {
		if decls[i].Prefix == d.Prefix {
			decls[i] = d
			return decls
		}
	}
	return append(decls, d)
}

// Write writes the element, with every declaration that held around it and does
// not hold here: names in its values keep their meaning.
func (e Element) Write(w infoset.Writer) error {
	if e.IsZero() {
		return w.Err()
	}
	return e.writeAs(infoset.Whole(w), &e.tokens[0])
}

// writeAs is Write with another start tag.
func (e Element) writeAs(w infoset.TokenWriter, start *infoset.Token) error {
	missing := e.missing(w, start)
	if err := w.Put(start); err != nil {
		return err
	}
	return e.rest(w, missing)
}

// rest writes what stands behind the start tag, which still gets the declarations that are missing.
func (e Element) rest(w infoset.TokenWriter, missing []infoset.Decl) error {
	for i := range missing {
		w.Declare(missing[i])
	}
	return writeAll(w, e.tokens[1:])
}

// missing gives the outer declarations that neither hold in w nor are made by the
// start tag. The prefix of the element's own name is the writer's to declare.
func (e Element) missing(w infoset.Writer, start *infoset.Token) (out []infoset.Decl) {
	for _, d := range e.outer {
		space, ok := w.Lookup(d.Prefix)
		if ok && space == d.Space || d.Prefix == "xml" || d.Prefix == start.Name.Prefix {
			continue
		}
		if !slices.ContainsFunc(start.Decls, func(o infoset.Decl) bool { return o.Prefix == d.Prefix }) {
			out = append(out, d)
		}
	}
	return out
}
