package inspect

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Format is a form that Encode writes.
type Format string

// Formats.
const (
	// Binary is a message of application/soap+msbin1: static dictionary only.
	Binary Format = "binary"
	// Session is the first message of application/soap+msbinsession1, with the
	// string table before it.
	Session Format = "session"
	// Text is text without indentation.
	Text Format = "text"
	// Canonical is Canonical XML 1.0 with comments.
	Canonical Format = "canonical"
)

// Formats gives all formats.
func Formats() []Format { return []Format{Binary, Session, Text, Canonical} }

// maxEncoded bounds the text that binary input may become.
const maxEncoded = 256 << 20

// Encode writes the one document in input, which may have any form that Decode
// takes, in another form. White space between the elements is kept, around the
// root in text alone. Text stays text: values that only look like numbers are not
// typed.
func Encode(input []byte, f Format) ([]byte, error) {
	report, err := Decode(input)
	if err != nil {
		return nil, err
	}
	if len(report.Messages) != 1 {
		return nil, fmt.Errorf("encode: input has %d messages: give one of them", len(report.Messages))
	}
	m := &report.Messages[0]
	if f == Binary || f == Session {
		// White space around the root is layout of text alone. As a record in front it is what no peer begins with, and nobody, this
		// package included, would know the document by its first byte.
		m.tree.top.kids = slices.DeleteFunc(m.tree.top.kids, func(n *node) bool { return n.kind == infoset.Text })
	}
	switch f {
	case Binary:
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true})
		return finish(w, m, w.Bytes)
	case Session:
		s := xmlbin.NewWriterSession(0)
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true, Session: s})
		doc, err := finish(w, m, w.Bytes)
		return append(s.AppendTable(nil), doc...), err
	case Text, Canonical:
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: f == Canonical, Limit: maxEncoded})
		return finish(w, m, w.Bytes)
	}
	return nil, fmt.Errorf("encode: unknown format %q: use one of %v", f, Formats())
}

// finish copies the document of m into w and gives what w gathered.
func finish(w infoset.Writer, m *Message, out func() []byte) ([]byte, error) {
	if err := m.tree.copyTo(w); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.Clone(out()), nil
}

// AppendHex appends b in lines of 32 bytes, two digits a byte.
func AppendHex(dst, b []byte) []byte {
	const width = 32
	for len(b) > 0 {
		n := min(width, len(b))
		dst = fmt.Appendf(dst, "%x\n", b[:n])
		b = b[n:]
	}
	return dst
}
