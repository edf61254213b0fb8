// Package leaftest owns what the tests of both codecs do with leaves: it takes them apart, and writes them one way and the other. What is
// compared, and which documents, is the codecs' own.
package leaftest

import (
	"errors"
	"fmt"
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Spread reads the three tokens of each leaf one by one.
type Spread struct {
	infoset.LeafReader

	Leaves int // how many there were
	left   []infoset.Token
}

// Next implements infoset.Reader. A leaf that is none is an error.
func (s *Spread) Next() (*infoset.Token, error) {
	if len(s.left) > 0 {
		t := s.left[0]
		s.left = s.left[1:]
		return &t, nil
	}
	t, err := s.NextLeaf()
	if err != nil || t.Kind != infoset.Leaf {
		return t, err
	}
	if len(t.Attrs)+len(t.Decls) > 0 || t.Value.IsEmpty() || s.Depth() == 0 || t.End <= t.Offset {
		return nil, fmt.Errorf("a leaf %+v", t)
	}
	s.Leaves++
	s.left = []infoset.Token{{Kind: infoset.Text, Name: infoset.NoName, Value: t.Value}, {Kind: infoset.EndElement, Name: t.Name}}
	return &infoset.Token{Kind: infoset.StartElement, Name: t.Name}, nil
}

// Put writes all tokens that next gives.
func Put(w infoset.TokenWriter, next func() (*infoset.Token, error)) error {
	for {
		t, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return w.Flush()
		case err != nil:
			return err
		}
		if err := w.Put(t); err != nil {
			return err
		}
	}
}

// Inside writes a leaf twice into an element, as it is or in pieces.
func Inside(w infoset.TokenWriter, leaf *infoset.Token, pieces bool) error {
	w.Start(&infoset.Name{Prefix: "p", Space: "u", Local: "a"})
	for range 2 {
		if pieces {
			w.Start(leaf.Name)
			w.Text(leaf.Value)
			w.End()
		} else if err := w.Put(leaf); err != nil {
			break
		}
	}
	w.End()
	return w.Flush()
}
