package mtom

import (
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// xopSpace is the namespace of xop:Include (XOP 1.0, 2.1).
const xopSpace = "http://www.w3.org/2004/08/xop/include"

// maxHeld bounds the tokens of white space that are looked past to see whether an
// xop:Include follows; peers indent with one.
const maxHeld = 8

// pieceSize is the most bytes in one token: whole groups of base64.
const pieceSize = 12 << 10

// reader gives the envelope with the content of parts in place of references.
//
// It runs ahead of what it has given: white space before an xop:Include is no
// content, so what follows is looked at first. What holds for the caller (depth,
// declarations) is therefore kept in a machine of its own.
type reader struct {
	m      infoset.Machine
	s      *scanner
	in     *xmltext.Reader
	quotas infoset.Quotas
	err    error

	fresh bool            // the last token given was a StartElement
	held  []infoset.Token // white space behind it
	given int             // how many of them were given
	ahead *infoset.Token  // token of in behind the held ones

	content io.Reader // of the part that is being given; nil: none
	ref     reference
	run     int // bytes of it
	piece   []byte
	token   infoset.Token

	root  rootSource
	parts map[string][]byte // that came before they were wanted, by Content-ID
	used  map[string]bool   // Content-IDs that were given, and the root's
	left  int64             // of Limits.Memory
}

var _ infoset.Reader = (*reader)(nil)

// Lookup gives the namespace of prefix: see infoset.Reader.
func (r *reader) Lookup(prefix string) (string, bool) { return r.m.Lookup(prefix) }

// Scope gives all declarations that hold behind the last token.
func (r *reader) Scope() *infoset.Scope { return &r.m.Scope }

// Depth is the number of open elements.
func (r *reader) Depth() int { return r.m.Depth() }

// Path names the open elements.
func (r *reader) Path() string { return r.m.Path() }

// Next gives the next token: see infoset.Reader.
func (r *reader) Next() (*infoset.Token, error) {
	if r.err != nil {
		return nil, r.err
	}
	t, err := r.next()
	if err != nil {
		r.err = plain(err)
		return nil, r.err
	}
	return t, nil
}

// plain takes the error of the MIME reader out of that of the reader above, which
// knows of it only as its source's.
func plain(err error) error {
	for {
		e, ok := errors.AsType[*infoset.Error](err)
		if !ok || e.Reason != infoset.Source || e.Err == nil {
			return err
		}
		inner, ok := errors.AsType[*infoset.Error](e.Err)
		if !ok {
			return err
		}
		err = inner
	}
}

func (r *reader) next() (*infoset.Token, error) {
	switch {
	case r.content != nil:
		return r.nextPiece()
	case r.given < len(r.held):
		r.given++
		return &r.held[r.given-1], nil
	case r.ahead != nil:
		t := r.ahead
		r.ahead, r.held, r.given = nil, r.held[:0], 0
		return r.pass(t), nil
	}
	for {
		t, err := r.in.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, r.finish()
		case err != nil:
			return nil, err
		case r.fresh && t.IsSpace() && len(r.held) < maxHeld:
			r.held = append(r.held, t.Clone())
			continue
		case t.Kind == infoset.StartElement && t.Name.Is(xopSpace, "Include"):
			r.held = r.held[:0]
			return r.include(t)
		case len(r.held) > 0:
			r.ahead, r.given, r.fresh = t, 1, false
			return &r.held[0], nil
		}
		return r.pass(t), nil
	}
}

// pass notes a token that is given as it is.
func (r *reader) pass(t *infoset.Token) *infoset.Token {
	r.fresh = t.Kind == infoset.StartElement
	switch t.Kind {
	case infoset.StartElement:
		r.m.Start(t.Name)
		for _, d := range t.Decls {
			r.m.Declare(d.Prefix, d.Space)
		}
	case infoset.EndElement:
		r.m.End()
	}
	return t
}

// refuse makes an error for a reference at this place of the envelope.
func (r *reader) refuse(why infoset.Reason, detail string) error {
	return &infoset.Error{Reason: why, Offset: r.token.Offset, Path: r.m.Path(), Detail: "xop:Include: " + detail}
}

// include begins to give the part that the xop:Include t refers to.
func (r *reader) include(t *infoset.Token) (*infoset.Token, error) {
	r.token = infoset.Token{Kind: infoset.Text, Name: infoset.NoName, Offset: t.Offset, End: t.End}
	if !r.fresh {
		return nil, r.refuse(infoset.Malformed, "not the only content of its element")
	}
	href, ok := t.Attr("", "href")
	if !ok {
		return nil, r.refuse(infoset.Malformed, "no href")
	}
	word := href.String()
	if r.ref, ok = parseReference(word); !ok {
		return nil, r.refuse(infoset.Refused, "href "+infoset.Clip(word)+" is not a cid: URL, so no part of this message")
	}
	if err := infoset.Skip(r.in); err != nil { // XOP 1.0, 2.1 allows extensions inside
		return nil, err
	}
	content, err := r.find(r.ref)
	if err != nil {
		return nil, err
	}
	if r.piece == nil {
		r.piece = make([]byte, pieceSize)
	}
	r.content, r.run, r.fresh = content, 0, false
	return r.nextPiece()
}

// nextPiece gives the next bytes of the part, or what follows the reference.
func (r *reader) nextPiece() (*infoset.Token, error) {
	for range 100 {
		n, err := r.content.Read(r.piece)
		if n > 0 {
			if r.run += n; r.run > r.quotas.ArrayLength {
				return nil, r.refuse(infoset.Quota, "array length of part "+r.ref.String())
			}
			r.token.Value = infoset.Bytes(r.piece[:n])
			return &r.token, nil
		}
		if errors.Is(err, io.EOF) {
			r.content = nil
			return r.behind()
		}
		if err != nil {
			return nil, r.contentError(err)
		}
	}
	return nil, r.contentError(io.ErrNoProgress)
}

// behind gives the end of the element around a reference, which nothing but white
// space may come before.
func (r *reader) behind() (*infoset.Token, error) {
	for {
		t, err := r.in.Next()
		switch {
		case err != nil:
			return nil, err
		case t.Kind == infoset.EndElement:
			return r.pass(t), nil
		case !t.IsSpace():
			return nil, r.refuse(infoset.Malformed, "not the only content of its element")
		}
	}
}

// finish reads on to the closing boundary. It gives io.EOF if all is well.
func (r *reader) finish() error {
	for {
		if _, err := r.s.next(); err != nil {
			return err
		}
	}
}
