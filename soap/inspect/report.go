package inspect

import (
	"bytes"
	"fmt"
	"strings"
)

// Report is what Decode found.
type Report struct {
	// Kind is "document", "net.tcp stream" or "http".
	Kind string `json:"kind"`
	// Hex tells that the input was a hex dump.
	Hex bool `json:"hex,omitempty"`
	// Size is the number of raw bytes.
	Size int `json:"size"`
	// Records are the framing records of a stream, or the heads of HTTP
	// messages, without the envelopes themselves.
	Records []Record `json:"records,omitempty"`
	// Messages are in the order of the input.
	Messages []Message `json:"messages"`
}

// Message is one SOAP message, or any XML document.
type Message struct {
	// Offset and Size are of the payload as it was carried.
	Offset int `json:"offset"`
	Size   int `json:"size"`
	// Form is text, application/soap+msbin1 or application/soap+msbinsession1.
	Form string `json:"form"`
	// Inside names what the document was taken out of: gzip, deflate, MIME root
	// part; empty for nothing.
	Inside string `json:"inside,omitempty"`
	// Strings are the session strings that the message brought, the first of
	// them with the id FirstID, the next with two more, and so on.
	Strings []string `json:"strings,omitempty"`
	FirstID int      `json:"firstId,omitempty"`
	Summary Summary  `json:"summary"`
	// XML is the document, indented. It is cut where Err is set.
	XML string `json:"xml"`
	// Err says why the document could not be read to its end.
	Err string `json:"error,omitempty"`
	// Doc is the document alone, as the encoding has it.
	Doc []byte `json:"-"`

	tree *tree
}

// Summary is what a person looks for first in an envelope. Fields that the
// document does not have are empty.
type Summary struct {
	Version   string   `json:"version,omitempty"` // SOAP 1.1 or SOAP 1.2; empty: no envelope
	Action    string   `json:"action,omitempty"`
	To        string   `json:"to,omitempty"`
	MessageID string   `json:"messageId,omitempty"`
	RelatesTo string   `json:"relatesTo,omitempty"`
	Headers   []string `json:"headers,omitempty"` // names of the other header blocks
	Root      string   `json:"root"`              // {namespace}name of the body's first child, or of the document
	Fault     string   `json:"fault,omitempty"`   // code: reason
	Elements  int      `json:"elements"`
}

// Line gives the summary as one line.
func (s *Summary) Line() string {
	parts := []string{s.Root}
	add := func(label, value string) {
		if value != "" {
			parts = append(parts, label+value)
		}
	}
	if s.Version != "" {
		parts = []string{s.Version + " " + s.Root}
	}
	add("fault ", s.Fault)
	add("action ", s.Action)
	add("to ", s.To)
	add("id ", s.MessageID)
	add("relates to ", s.RelatesTo)
	add("headers ", strings.Join(s.Headers, " "))
	return strings.Join(parts, ", ")
}

// AppendXML appends the messages as XML. One document comes alone; of several
// each has its summary before it as a comment, and records stand between them.
func (r *Report) AppendXML(dst []byte) []byte {
	if r.Kind == "document" {
		for i := range r.Messages {
			dst = append(append(dst, r.Messages[i].XML...), '\n')
		}
		return dst
	}
	next := 0
	for i := range r.Messages {
		m := &r.Messages[i]
		dst = r.appendRecords(dst, &next, m.Offset)
		dst = appendComment(dst, m.head(i+1))
		dst = append(append(dst, m.XML...), '\n')
	}
	return r.appendRecords(dst, &next, r.Size+1)
}

func (r *Report) appendRecords(dst []byte, next *int, before int) []byte {
	for ; *next < len(r.Records) && r.Records[*next].Offset < before; *next++ {
		rec := &r.Records[*next]
		dst = appendComment(dst, fmt.Sprintf("at %d: %s", rec.Offset, rec.Text))
	}
	return dst
}

// AppendSummary appends lines for people: what the input was, and a line or more
// for each message.
func (r *Report) AppendSummary(dst []byte) []byte {
	what := r.Kind
	if r.Hex {
		what += ", written in hex"
	}
	dst = fmt.Appendf(dst, "%s, %d bytes, %s\n", what, r.Size, count(len(r.Messages), "message"))
	for i := range r.Messages {
		dst = append(append(dst, r.Messages[i].head(i+1)...), '\n')
	}
	return dst
}

// head says what a message is, in a line or more.
func (m *Message) head(number int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "message %d at %d: %d bytes, %s", number, m.Offset, m.Size, m.Form)
	if m.Inside != "" {
		fmt.Fprintf(&b, " in %s", m.Inside)
	}
	fmt.Fprintf(&b, "; %s", m.Summary.Line())
	for i, s := range m.Strings {
		fmt.Fprintf(&b, "\n  session string %d = %s", m.FirstID+2*i, printable([]byte(s)))
	}
	if m.Err != "" {
		fmt.Fprintf(&b, "\n  not read to its end: %s", m.Err)
	}
	return b.String()
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// appendComment appends text as an XML comment on lines of its own.
func appendComment(dst []byte, text string) []byte {
	// A comment has no "--" and does not end in "-" (XML 1.0, 2.5).
	b := []byte(text)
	for bytes.Contains(b, []byte("--")) {
		b = bytes.ReplaceAll(b, []byte("--"), []byte("- -"))
	}
	return append(append(append(dst, "<!-- "...), b...), " -->\n"...)
}
