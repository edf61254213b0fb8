package watch

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/tap"
	"github.com/causeway-relay/causeway/soap/inspect"
)

// conversation is one connection, as far as its pieces were put together.
type conversation struct{ in, out side }

// side is one direction.
type side struct {
	kind     sideKind
	fields   [][2]string // of its head
	body     []byte      // gathered, of SOAP in an exchange
	size     int         // what was gathered and what was not
	spoke    bool        // net.tcp was seen, whatever came behind it
	follower inspect.Follower
}

// sideKind is how the pieces of a direction are read.
type sideKind uint8

const (
	unknown sideKind = iota
	gathered
	framed
	pieces
)

// reading is what a record says.
type reading struct {
	title    string
	text     string
	records  []inspect.Record
	messages []inspect.Message
}

// maxDump is how much of bytes that mean nothing here is shown.
const maxDump = 256

// read takes in a record.
func (c *conversation) read(r *wire.Seen) reading {
	switch r.Event {
	case "request":
		c.in.begin(r)
	case "response":
		c.out.begin(r)
	case "message":
		s := side{fields: [][2]string{{"Content-Type", r.Type}}}
		s.kind = kindOf(r.Type)
		r.Last = true
		return s.piece(r)
	case "data":
		if r.Dir == "out" {
			return c.out.piece(r)
		}
		return c.in.piece(r)
	}
	return reading{}
}

// begin is the head of a body.
func (s *side) begin(r *wire.Seen) {
	*s = side{fields: r.Fields}
	s.kind = kindOf(s.field("Content-Type"))
}

func (s *side) field(name string) string {
	for _, f := range s.fields {
		if strings.EqualFold(f[0], name) {
			return f[1]
		}
	}
	return ""
}

// kindOf says whether a body has to be read whole: XML in any of its forms.
func kindOf(contentType string) sideKind {
	media, _, err := mime.ParseMediaType(contentType)
	if err == nil && (strings.HasSuffix(media, "xml") || strings.Contains(media, "msbin") || media == "multipart/related") {
		return gathered
	}
	return pieces
}

// opaque reports whether the bytes of a record may hold credentials that the gateway did not mask: it looks for those in text of one byte a
// letter, and not in .NET's binary encoding, what is packed, nor UTF-16.
func (c *conversation) opaque(r *wire.Seen) bool {
	s := &c.in
	switch {
	case r.Event == "message":
		s = &side{kind: kindOf(r.Type), fields: [][2]string{{"Content-Type", r.Type}}}
	case r.Dir == "out":
		s = &c.out
	}
	if s.spoke {
		return true
	}
	contentType, packed := strings.ToLower(s.field("Content-Type")), s.field("Content-Encoding")
	if s.kind != gathered {
		return false
	}
	multipart := strings.HasPrefix(contentType, "multipart/")
	return strings.Contains(contentType, "msbin") || packed != "" && !strings.EqualFold(packed, "identity") ||
		strings.Contains(contentType, "utf-16") || !multipart && bytes.IndexByte(r.Data, 0) >= 0
}

// piece takes in a piece of payload.
func (s *side) piece(r *wire.Seen) reading {
	if s.kind == unknown { // of a stream
		if s.kind = pieces; inspect.Framed(r.Data) {
			s.kind, s.spoke = framed, true
		}
	}
	switch s.kind {
	case gathered:
		return s.gather(r)
	case framed:
		return s.follow(r)
	default:
		return plain(r)
	}
}

// gather waits for the end of a body and reads it as the HTTP message that it was.
func (s *side) gather(r *wire.Seen) reading {
	s.body = append(s.body, r.Data...)
	if s.size += r.Size; !r.Last {
		return reading{}
	}
	return s.whole()
}

// whole reads what was gathered, and forgets it: a connection may go on for long.
func (s *side) whole() reading {
	defer func() { s.body, s.size = nil, 0 }()
	if s.size == 0 {
		return reading{}
	}
	if len(s.body) < s.size {
		return reading{title: fmt.Sprintf("%d bytes, the first %d are here: --bytes shows more", s.size, len(s.body)), text: preview(s.body)}
	}
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if v := s.field(name); v != "" {
			fmt.Fprintf(&head, "%s: %s\r\n", name, v)
		}
	}
	fmt.Fprintf(&head, "Content-Length: %d\r\n\r\n", len(s.body))
	report, err := inspect.Decode(append(head.Bytes(), s.body...))
	if err != nil && !legible(report.Messages) {
		return reading{title: fmt.Sprintf("%d bytes that cannot be read: %v", s.size, err), text: preview(s.body)}
	}
	return reading{messages: masked(report.Messages)}
}

// legible reports whether anything of messages could be read.
func legible(messages []inspect.Message) bool {
	return slices.ContainsFunc(messages, func(m inspect.Message) bool { return m.XML != "" })
}

// broken reads what was gathered of a body that will have no end: its sender has left, or its connection was lost.
func (s *side) broken() reading {
	size := s.size
	read := s.whole()
	if size > 0 && read.title == "" {
		read.title = fmt.Sprintf("%d bytes, and then the body broke off:", size)
	} else if size > 0 {
		read.title = "broken off: " + read.title
	}
	return read
}

// follow reads net.tcp framing as it comes.
func (s *side) follow(r *wire.Seen) reading {
	if len(r.Data) < r.Size {
		s.kind = pieces
		return reading{title: fmt.Sprintf("%d bytes of net.tcp, the first %d are here: nothing behind them can be read; --bytes shows more", r.Size, len(r.Data))}
	}
	report, err := s.follower.Add(r.Data)
	read := reading{records: report.Records, messages: masked(report.Messages)}
	if err != nil {
		s.kind = pieces
		read.title = fmt.Sprintf("%d bytes that are not net.tcp: %v", r.Size, err)
		read.text = preview(r.Data)
	}
	return read
}

// plain shows a piece that stands for itself.
func plain(r *wire.Seen) reading {
	if r.Size == 0 {
		return reading{}
	}
	what := "bytes"
	if r.Words {
		what = "bytes of text"
	}
	title := fmt.Sprintf("%d %s", r.Size, what)
	switch n := len(r.Data); {
	case n == 0:
		title += ", not shown: --bytes shows more"
	case n < r.Size:
		title += fmt.Sprintf(", the first %d are here: --bytes shows more", n)
	}
	return reading{title: title, text: preview(r.Data)}
}

// preview is text as text, and other bytes as the beginning of a hex dump.
func preview(b []byte) string {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return string(b)
	}
	cut := ""
	if len(b) > maxDump {
		b, cut = b[:maxDump], "..."
	}
	return hex.Dump(b) + cut
}

// masked hides credentials in decoded messages: what came in a binary encoding passed the gateway's own mask.
func masked(messages []inspect.Message) []inspect.Message {
	for i := range messages {
		messages[i].XML = maskXML(messages[i].XML)
	}
	return messages
}

func maskXML(xml string) string {
	b := []byte(xml)
	new(tap.Mask).Apply(b)
	return string(b)
}
