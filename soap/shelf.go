package soap

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/pile"
)

// How many pieces the first slice of a pile has. Heads of WCF's have four or five blocks of three tokens, declare two or three prefixes
// and hold a few hundred characters.
const (
	firstTokens  = 16
	firstNames   = 8
	firstAttrs   = 4
	firstDecls   = 4
	firstChars   = 256
	firstHeaders = 4
)

// shelf is where the head of one message lies while it is read. The zero shelf is ready.
type shelf struct {
	tokens  pile.Pile[infoset.Token]
	names   pile.Pile[infoset.Name]
	attrs   pile.Pile[infoset.Attr]
	decls   pile.Pile[infoset.Decl]
	chars   pile.Pile[byte]
	headers pile.Pile[Header]
	buf     []infoset.Token // of the element that is read, until its size is known
	open    []*infoset.Name // of elements in it; an end shares the name of its start
}

// clone is infoset.Token's Clone, on the shelf.
func (s *shelf) clone(t *infoset.Token) infoset.Token {
	c := *t
	if t.Name != infoset.NoName {
		c.Name = &s.names.Cut(1, firstNames)[0]
		*c.Name = *t.Name
	}
	c.Decls = s.decls.Copied(c.Decls, firstDecls)
	c.Attrs = s.attrs.Copied(c.Attrs, firstAttrs)
	for i := range c.Attrs {
		c.Attrs[i].Value = s.value(c.Attrs[i].Value)
	}
	c.Value = s.value(c.Value)
	return c
}

// value is infoset.Value's Clone, on the shelf.
func (s *shelf) value(v infoset.Value) infoset.Value {
	return v.CloneInto(s.chars.Cut(len(v.Raw()), firstChars))
}

// element keeps the tokens of the element whose StartElement start is the last token of r: see ReadElement.
func (s *shelf) element(r infoset.Reader, start *infoset.Token, most int) ([]infoset.Token, error) {
	if s.buf == nil {
		s.buf, s.open = make([]infoset.Token, 0, firstNames), make([]*infoset.Name, 0, firstNames)
	}
	s.buf = append(s.buf[:0], s.clone(start))
	s.open = append(s.open[:0], s.buf[0].Name)
	for depth := r.Depth(); r.Depth() >= depth; {
		t, err := r.Next()
		if err != nil {
			return nil, err
		}
		if most > 0 && len(s.buf) >= most {
			return nil, &infoset.Error{Reason: infoset.Quota, Offset: t.Offset, Path: r.Path(), Detail: "tokens of an element"}
		}
		if t.Kind != infoset.EndElement {
			s.buf = append(s.buf, s.clone(t))
			if t.Kind == infoset.StartElement {
				s.open = append(s.open, s.buf[len(s.buf)-1].Name)
			}
			continue
		}
		last := len(s.open) - 1
		s.buf = append(s.buf, infoset.Token{Kind: infoset.EndElement, Name: s.open[last], Offset: t.Offset, End: t.End})
		s.open = s.open[:last]
	}
	return s.tokens.Copied(s.buf, firstTokens), nil
}
