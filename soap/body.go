package soap

import (
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/tape"
)

// body is the content of a message's body: exactly one of its forms, or none for
// an empty one.
type body struct {
	write func(infoset.Writer) error
	fault *Fault
	live  *bodyReader     // still to be read
	kept  []infoset.Token // in memory
	is    bool            // kept is set, though it may be empty
	outer []infoset.Decl  // what holds around kept
}

// ErrBodyRead is the error for a streamed body that was read before: Buffer keeps
// a body for more than one reader.
var ErrBodyRead = errors.New("soap: the body was read already")

// Body gives a reader of what is inside the body: any number of elements with
// white space between them, then io.EOF. A streamed body can be read once; before
// io.EOF its reader has checked the message to its end. A body in memory can be
// read any number of times.
func (m *Message) Body() (infoset.Reader, error) {
	b := &m.body
	switch {
	case b.live != nil:
		if b.live.taken {
			return nil, ErrBodyRead
		}
		b.live.taken = true
		return b.live, nil
	case b.is:
		return tape.NewPlayer(b.kept, b.outer, true), nil
	}
	if err := m.Buffer(0); err != nil {
		return nil, err
	}
	return m.Body()
}

// Buffer keeps the body in memory, so that it can be read and written more than
// once. most bounds its tokens, 0 for no bound: the size of the message should be
// bounded already.
func (m *Message) Buffer(most int) error {
	b := &m.body
	if b.is {
		return nil
	}
	if b.live == nil {
		return m.record(most)
	}
	r, err := m.Body()
	if err != nil {
		return err
	}
	kept := []infoset.Token{}
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if most > 0 && len(kept) >= most {
			return Explain(&infoset.Error{Reason: infoset.Quota, Offset: t.Offset, Path: r.Path(), Detail: "tokens of a body"}, m.Version)
		}
		kept = append(kept, t.Clone())
	}
	m.replace(body{kept: kept, is: true, outer: m.outer(nil, &m.frame.body)})
	return nil
}

// record turns a body that a program writes into one in memory.
func (m *Message) record(most int) error {
	// The element around it has the declarations of the envelope, so that
	// what is written sees the same scope as in the message.
	e, err := MakeElement(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "body"})
		for _, d := range m.outer(nil, &m.frame.body) {
			if d.Prefix != "" {
				w.Declare(d)
			}
		}
		if err := m.body.content(w, m.Version); err != nil {
			return err
		}
		w.End()
		return w.Err()
	})
	if err != nil {
		return err
	}
	if most > 0 && len(e.tokens)-2 > most {
		return &infoset.Error{Reason: infoset.Quota, Offset: -1, Detail: "tokens of a body"}
	}
	m.body = body{kept: e.tokens[1 : len(e.tokens)-1], is: true, outer: e.tokens[0].Decls}
	return nil
}

// content writes the body of a message of version v.
func (b *body) content(w infoset.Writer, v Version) error {
	switch {
	case b.write != nil:
		if err := b.write(w); err != nil {
			return err
		}
	case b.fault != nil:
		return b.fault.Write(w, v)
	}
	return w.Err()
}

// Clone gives a copy of the message, which must be in memory: call Buffer before.
// Header blocks are copied, their elements shared.
func (m *Message) Clone() (*Message, error) {
	if m.body.live != nil {
		return nil, errors.New("soap: only a message in memory can be copied: call Buffer before Clone")
	}
	c := *m
	c.name, c.room = infoset.Name{}, nil // the clone may be written by another goroutine
	c.Headers = make([]*Header, len(m.Headers))
	for i, h := range m.Headers {
		copied := *h
		c.Headers[i] = &copied
	}
	return &c, nil
}

// IsFault reports whether the body holds a fault. It reads a streamed body up to
// the first element, which stays to be read.
func (m *Message) IsFault() (bool, error) {
	switch b := &m.body; {
	case b.fault != nil:
		return true, nil //nolint:nilerr // a Fault can be an error; here it is what the message says
	case b.live != nil:
		if b.live.taken {
			return false, ErrBodyRead
		}
		name, err := b.live.peek()
		if err != nil {
			return false, err
		}
		return m.isFault(name), nil
	}
	r, err := m.Body()
	if err != nil {
		return false, err
	}
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if t.Kind == infoset.StartElement {
			return m.isFault(t.Name), nil
		}
	}
}

func (m *Message) isFault(n *infoset.Name) bool {
	return m.Version != None && n.Is(m.Version.Namespace(), "Fault")
}

// Fault gives the fault in the body, nil if there is none. A streamed body that
// holds a fault is read to its end; one that does not is still there.
func (m *Message) Fault() (*Fault, error) {
	if m.body.fault != nil {
		return m.body.fault, nil
	}
	if is, err := m.IsFault(); err != nil || !is {
		return nil, err
	}
	r, err := m.Body()
	if err != nil {
		return nil, err
	}
	var f *Fault
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err == nil && t.Kind == infoset.StartElement {
			if f != nil {
				return nil, refuse(m.Version, Sender, "something stands beside the fault").at(t.Offset, r.Path())
			}
			f, err = ReadFault(r, m.Version)
		}
		if err != nil {
			return nil, Explain(err, m.Version)
		}
	}
}
