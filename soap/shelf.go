package soap

import "github.com/causeway-relay/causeway/soap/infoset"

// How many pieces the first slice of a pile has. Heads of WCF's have four or five blocks of three tokens, declare two or three prefixes
// and hold a few hundred characters.
const (
	firstTokens  = 16
	firstNames   = 8
	firstAttrs   = 4
	firstDecls   = 4
	firstChars   = 256
	firstHeaders = 4
	growth       = 8 // how much larger than the first one a slice gets
)

// pile gives out pieces of larger slices, so that many small ones cost one allocation. Nothing is given out twice, and what was lives
// as long as somebody has it, together with its neighbours: so a pile is for things that go together, as those of one message do.
type pile[T any] struct {
	free []T
	made int
}

// cut gives n zero values with no room behind them; nil for none. first is the size of the first slice.
func (p *pile[T]) cut(n, first int) []T {
	if n == 0 {
		return nil
	}
	if n > len(p.free) {
		if n > max(p.made, first)/2 {
			return make([]T, n) // large: what is there still serves others
		}
		p.made = min(max(2*p.made, first), growth*first)
		p.free = make([]T, p.made)
	}
	cut := p.free[:n:n]
	p.free = p.free[n:]
	return cut
}

// copied is a copy of from in the pile.
func (p *pile[T]) copied(from []T, first int) []T {
	to := p.cut(len(from), first)
	copy(to, from)
	return to
}

// shelf is where the head of one message lies while it is read. The zero shelf is ready.
type shelf struct {
	tokens  pile[infoset.Token]
	names   pile[infoset.Name]
	attrs   pile[infoset.Attr]
	decls   pile[infoset.Decl]
	chars   pile[byte]
	headers pile[Header]
	buf     []infoset.Token // of the element that is read, until its size is known
	open    []*infoset.Name // of elements in it; an end shares the name of its start
}

// clone is infoset.Token's Clone, on the shelf.
func (s *shelf) clone(t *infoset.Token) infoset.Token {
	c := *t
	if t.Name != infoset.NoName {
		c.Name = &s.names.cut(1, firstNames)[0]
		*c.Name = *t.Name
	}
	c.Decls = s.decls.copied(c.Decls, firstDecls)
	c.Attrs = s.attrs.copied(c.Attrs, firstAttrs)
	for i := range c.Attrs {
		c.Attrs[i].Value = s.value(c.Attrs[i].Value)
	}
	c.Value = s.value(c.Value)
	return c
}

// value is infoset.Value's Clone, on the shelf.
func (s *shelf) value(v infoset.Value) infoset.Value {
	return v.CloneInto(s.chars.cut(len(v.Raw()), firstChars))
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
	return s.tokens.copied(s.buf, firstTokens), nil
}
