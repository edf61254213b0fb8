// Package shelf owns where the head of a message lies while it is read and written: tokens with their names, attributes, declarations and
// characters, cut out of a few larger slices, so that a head costs few allocations, and none where the same shelf takes one message
// after the other.
//
// It does not own what a head is (package soap). One goroutine uses a Shelf.
package shelf

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/pile"
)

// How many pieces the first slice of a pile has. Heads of WCF's have four or five blocks of three tokens, declare two or three prefixes
// and hold a few hundred characters.
const (
	firstTokens = 16
	firstNames  = 8
	firstAttrs  = 4
	firstDecls  = 4
	firstChars  = 256
)

// keptOpen bounds the open elements whose list is kept for the next message.
const keptOpen = infoset.BufferedDepth

// Shelf is where the head of one message lies. The zero Shelf is ready. What it gives out stays until Reset, and for good where there is
// none.
type Shelf struct {
	tokens pile.Pile[infoset.Token]
	names  pile.Pile[infoset.Name]
	attrs  pile.Pile[infoset.Attr]
	decls  pile.Pile[infoset.Decl]
	chars  pile.Pile[byte]
	open   []*infoset.Name // of the element that is read; an end shares the name of its start
}

// Reset takes everything back that was given out, which refers to no message any more. The memory of a usual head stays.
func (s *Shelf) Reset() {
	s.tokens.Reset()
	s.names.Reset()
	s.attrs.Reset()
	s.decls.Reset()
	s.chars.Reset()
	clear(s.open[:cap(s.open)])
	if s.open = s.open[:0]; cap(s.open) > keptOpen {
		s.open = nil
	}
}

// Copy makes c a copy of t, as infoset.Token's Clone does, on the shelf.
func (s *Shelf) Copy(c, t *infoset.Token) {
	*c = *t
	if t.Name != infoset.NoName {
		c.Name = &s.names.Cut(1, firstNames)[0]
		*c.Name = *t.Name
	}
	if len(t.Decls) > 0 || len(t.Attrs) > 0 {
		c.Decls = s.decls.Copied(t.Decls, firstDecls)
		c.Attrs = s.attrs.Copied(t.Attrs, firstAttrs)
		for i := range c.Attrs {
			c.Attrs[i].Value = s.Value(c.Attrs[i].Value)
		}
	} else {
		c.Decls, c.Attrs = nil, nil // else they would be the reader's
	}
	if t.Value.Raw() != nil || t.Value.Type() == infoset.TypeList { // else it refers to nothing
		c.Value = s.Value(t.Value)
	}
}

// Value is infoset.Value's Clone, on the shelf.
func (s *Shelf) Value(v infoset.Value) infoset.Value {
	return v.CloneInto(s.chars.Cut(len(v.Raw()), firstChars))
}

// Tokens gives n tokens that are nothing yet.
func (s *Shelf) Tokens(n int) []infoset.Token { return s.tokens.Cut(n, firstTokens) }

// Decls gives n declarations of nothing yet.
func (s *Shelf) Decls(n int) []infoset.Decl { return s.decls.Cut(n, firstDecls) }

// Element keeps the tokens of the element whose StartElement start is the last token of r, up to its end. most bounds their number; 0:
// nothing does, but the reader.
func (s *Shelf) Element(r infoset.Reader, start *infoset.Token, most int) ([]infoset.Token, error) {
	tokens, err := s.element(s.tokens.Open(firstTokens), r, start, most)
	tokens = s.tokens.Close(tokens)
	if err != nil {
		return nil, err
	}
	return tokens, nil
}

// element appends the tokens of an element to tokens.
func (s *Shelf) element(tokens []infoset.Token, r infoset.Reader, start *infoset.Token, most int) ([]infoset.Token, error) {
	tokens = append(tokens, infoset.Token{})
	s.Copy(&tokens[0], start)
	s.open = append(s.open[:0], tokens[0].Name)
	for len(s.open) > 0 {
		t, err := r.Next()
		if err != nil {
			return tokens, err
		}
		if most > 0 && len(tokens) >= most {
			return tokens, &infoset.Error{Reason: infoset.Quota, Offset: t.Offset, Path: r.Path(), Detail: "tokens of an element"}
		}
		tokens = append(tokens, infoset.Token{})
		to := &tokens[len(tokens)-1]
		switch last := len(s.open) - 1; t.Kind {
		case infoset.EndElement:
			to.Kind, to.Name, to.Offset, to.End = infoset.EndElement, s.open[last], t.Offset, t.End
			s.open = s.open[:last]
		case infoset.StartElement:
			s.Copy(to, t)
			s.open = append(s.open, to.Name)
		default:
			s.Copy(to, t)
		}
	}
	return tokens, nil
}
