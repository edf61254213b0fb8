package tape

import (
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Player reads tokens that were kept; see infoset.Reader.
type Player struct {
	m      infoset.Machine
	tokens []infoset.Token
	many   bool // more than one element may stand at the top
}

var _ infoset.Reader = (*Player)(nil)

// NewPlayer makes a reader of tokens that stand inside of the declarations outer.
// many tells that there may be more than one element, and text, as in a body.
func NewPlayer(tokens []infoset.Token, outer []infoset.Decl, many bool) *Player {
	p := &Player{many: many}
	p.start(tokens, outer)
	return p
}

func (p *Player) start(tokens []infoset.Token, outer []infoset.Decl) {
	p.m.Reset(infoset.Unlimited)
	p.m.Push()
	for _, d := range outer {
		if d.Prefix != "xml" {
			p.m.Declare(d.Prefix, d.Space) // was allowed where it was read
		}
	}
	p.tokens = tokens
}

// Next gives the next token.
func (p *Player) Next() (*infoset.Token, error) {
	if len(p.tokens) == 0 {
		return nil, io.EOF
	}
	t := &p.tokens[0]
	p.tokens = p.tokens[1:]
	switch t.Kind {
	case infoset.StartElement:
		if p.many && p.m.Depth() == 0 {
			p.restart()
		}
		p.m.Start(t.Name)
		for _, d := range t.Decls {
			p.m.Declare(d.Prefix, d.Space)
		}
	case infoset.EndElement:
		p.m.End()
	}
	return t, nil
}

// restart lets another element follow one at the top: the content of a body is
// any number of them.
func (p *Player) restart() {
	outer := p.m.All(nil)
	p.start(p.tokens, outer)
}

// Lookup gives the namespace of prefix.
func (p *Player) Lookup(prefix string) (string, bool) { return p.m.Lookup(prefix) }

// Scope gives all declarations that hold.
func (p *Player) Scope() *infoset.Scope { return &p.m.Scope }

// Depth is the number of open elements.
func (p *Player) Depth() int { return p.m.Depth() }

// Path names the open elements.
func (p *Player) Path() string { return p.m.Path() }
