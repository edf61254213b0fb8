package framing

import "errors"

// Rewriter passes on what a client sends, session by session, with other Vias. Behind an upgrade that cannot be: the Via comes
// before it, so it can be here.
type Rewriter struct {
	To     func(via string) string // the new Via
	Limits Limits                  // of preambles

	held    []byte // the beginning of a preamble; what a Passage wants to see again
	inside  bool   // of a session
	passage Passage
}

// Append appends what can go on after b has come. An error is an *Error: a preamble that is none. Nothing more is to be given
// then.
func (r *Rewriter) Append(dst, b []byte) ([]byte, error) {
	if len(r.held) > 0 {
		r.held = append(r.held, b...)
		b, r.held = r.held, nil
	}
	for len(b) > 0 {
		if r.inside {
			n, over := r.passage.Pass(b)
			dst = append(dst, b[:n]...)
			r.inside = !over
			if n < len(b) && !over {
				r.held = append(r.held, b[n:]...)
				return dst, nil
			}
			b = b[n:]
			continue
		}
		p, n, err := ParsePreamble(b, r.Limits)
		if errors.Is(err, ErrShort) {
			r.held = append(r.held, b...)
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
		dst = append(dst, p.ReplayTo(r.To(p.Via))...)
		r.passage, r.inside, b = NewPassage(p), true, b[n:]
	}
	return dst, nil
}

// Rest is what is left when the client has ended: bytes of a session of which more was wanted. The beginning of a preamble
// is not among them.
func (r *Rewriter) Rest() []byte {
	if !r.inside {
		return nil
	}
	return r.held
}
