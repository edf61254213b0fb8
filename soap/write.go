package soap

import (
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Write writes the message and flushes the writer. A streamed body is copied token
// by token and used up; an error of what is read there is an *Error.
func (m *Message) Write(to infoset.Writer) error {
	w := infoset.Whole(to)
	if m.Version == None {
		if err := m.writeBody(w); err != nil {
			return err
		}
		return w.Flush()
	}
	f := &m.frame
	if err := writeAll(w, f.prolog); err != nil {
		return err
	}
	if err := m.startPart(w, partEnvelope, &f.envelope); err != nil {
		return err
	}
	if err := writeAll(w, f.envelopeLead); err != nil {
		return err
	}
	if err := m.writeHeaders(w); err != nil {
		return err
	}
	if err := writeAll(w, f.bodyLead); err != nil {
		return err
	}
	if err := m.startPart(w, partBody, &f.body); err != nil {
		return err
	}
	if err := m.writeBody(w); err != nil {
		return err
	}
	w.End()
	tail, epilog := f.envelopeTail, f.epilog
	if live := m.body.live; live != nil {
		tail, epilog = live.tail, live.epilog
	}
	if err := writeAll(w, tail); err != nil {
		return err
	}
	w.End()
	if err := writeAll(w, epilog); err != nil {
		return err
	}
	return w.Flush()
}

func writeAll(w infoset.TokenWriter, tokens []infoset.Token) error {
	for i := range tokens {
		if err := w.Put(&tokens[i]); err != nil {
			return err
		}
	}
	return w.Err()
}

// startPart opens Envelope, Header or Body: as the peer wrote it, or plainly.
func (m *Message) startPart(w infoset.TokenWriter, local string, as *infoset.Token) error {
	name := &m.name
	*name = infoset.Name{Prefix: "s", Space: m.Version.Namespace(), Local: local, Dict: infoset.Shared}
	if as.Name != nil {
		name.Prefix = as.Name.Prefix
	} else if local != partEnvelope {
		name.Prefix = m.prefix()
		if m.frame.envelope.Name != nil {
			name.Prefix = m.frame.envelope.Name.Prefix
		}
	}
	w.Start(name)
	for i := range as.Attrs {
		w.Attr(&as.Attrs[i].Name, as.Attrs[i].Value)
	}
	if space, _ := w.Lookup(name.Prefix); as.Name == nil && local == partEnvelope && space == name.Space {
		// Declared by the name; said again to stand before the others.
		w.Declare(infoset.Decl{Prefix: name.Prefix, Space: name.Space, Dict: infoset.Shared})
	}
	for _, d := range as.Decls {
		w.Declare(d)
	}
	return w.Err()
}

func (m *Message) writeHeaders(w infoset.TokenWriter) error {
	f := &m.frame
	if len(m.Headers) == 0 && f.header.Name == nil {
		return nil
	}
	if err := m.startPart(w, partHeader, &f.header); err != nil {
		return err
	}
	for _, h := range m.Headers {
		if err := h.write(w, m.Version, m.prefix(), &m.name); err != nil {
			return err
		}
	}
	if err := writeAll(w, f.headerTail); err != nil {
		return err
	}
	w.End()
	return w.Err()
}

// writeBody writes what is inside of Body.
func (m *Message) writeBody(w infoset.TokenWriter) error {
	if m.body.live == nil && !m.body.is {
		return m.body.content(w, m.Version)
	}
	r, err := m.Body()
	if err != nil {
		return err
	}
	live := m.body.live
	for {
		if live != nil && live.level > 0 && live.first == nil && len(live.ahead) == 0 {
			err = live.pour(w)
		} else {
			var t *infoset.Token
			if t, err = r.Next(); err == nil {
				err = w.Put(t)
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return w.Err()
		default:
			return err
		}
	}
}
