package mtom

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// partHead is what the header lines of a part say, as far as it matters.
type partHead struct {
	id          string // of Content-ID, without brackets
	contentType string // empty: none
	encoding    string // of Content-Transfer-Encoding, in lower case
}

// headers reads header lines and the empty line behind them. Lines may be folded
// (RFC 5322, 2.2.3) and end with CRLF or LF.
func (s *scanner) headers() (h partHead, err error) {
	var field []byte // the line with all its continuations
	for used := 0; ; {
		text, n, err := s.line(s.limits.HeaderBytes - used)
		if err != nil {
			return h, err
		}
		used += n
		if len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			if field == nil {
				return h, s.fail(infoset.Malformed, "header lines begin with a folded line")
			}
			field = append(append(field, ' '), bytes.Trim(text, " \t")...)
			continue
		}
		if s.mark != nil && bytes.HasPrefix(text, s.dashes()) {
			return h, s.fail(infoset.Malformed, "boundary among header lines")
		}
		if field != nil {
			if err := s.take(&h, field); err != nil {
				return h, err
			}
		}
		if len(text) == 0 {
			return h, nil
		}
		field = append(field[:0], text...)
	}
}

// line gives one line without its end, a view until more is read, and its length
// with it. It takes at most most bytes.
func (s *scanner) line(most int) (text []byte, n int, err error) {
	for {
		b := s.buf[s.r:s.w]
		i := bytes.IndexByte(b, '\n')
		if i >= most || i < 0 && len(b) >= most {
			return nil, 0, s.place(over("MIME: bytes of header lines", s.limits.HeaderBytes))
		}
		if i >= 0 {
			s.r += i + 1
			return bytes.TrimSuffix(b[:i], []byte("\r")), i + 1, nil
		}
		if err := s.fill(); errors.Is(err, io.EOF) {
			return nil, 0, s.fail(infoset.Truncated, "inside of header lines")
		} else if err != nil {
			return nil, 0, err
		}
	}
}

// take notes one header field.
func (s *scanner) take(h *partHead, field []byte) error {
	name, value, ok := bytes.Cut(field, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || !isFieldName(name) {
		return s.fail(infoset.Malformed, "header line without name")
	}
	var to *string
	text := strings.Trim(string(value), " \t")
	switch strings.ToLower(string(name)) {
	case "content-id":
		to, text = &h.id, bare(text)
	case "content-type":
		to = &h.contentType
	case "content-transfer-encoding":
		// Without a comment or parameter behind it.
		if i := strings.IndexAny(text, " \t;("); i >= 0 {
			text = text[:i]
		}
		to, text = &h.encoding, strings.ToLower(text)
	default:
		return nil
	}
	if *to != "" && *to != text {
		return s.fail(infoset.Duplicate, "header "+strings.ToLower(string(name))+" twice")
	}
	*to = text
	return nil
}

// isFieldName reports whether b can be the name of a header field (RFC 5322, 2.2).
func isFieldName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7F {
			return false
		}
	}
	return len(b) > 0
}

// bare gives a Content-ID without brackets and what stands around them.
func bare(id string) string {
	if _, after, ok := strings.Cut(id, "<"); ok {
		if inside, _, ok := strings.Cut(after, ">"); ok {
			id = inside
		}
	}
	return strings.Trim(id, " \t")
}

// headMark is how a message begins that has its MIME headers with it.
var headMarks = [...]string{"mime-version:", "content-type:"}

// hasHead reports whether b begins with MIME headers, and how long an empty line
// before them is.
func hasHead(b []byte) (lead int, ok bool) {
	rest := bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("\r")), []byte("\n"))
	for _, m := range headMarks {
		if len(rest) >= len(m) && strings.EqualFold(string(rest[:len(m)]), m) {
			return len(b) - len(rest), true
		}
	}
	return 0, false
}

// head reads the MIME headers at the beginning of a body, if it has them, and
// gives their content type.
func (s *scanner) head() (contentType string, err error) {
	const enough = 64
	for s.w-s.r < enough {
		if err := s.fill(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", err
		}
	}
	lead, ok := hasHead(s.buf[s.r:s.w])
	if !ok {
		return "", nil
	}
	s.r += lead
	h, err := s.headers()
	return h.contentType, err
}

// CutHead cuts the MIME headers off a message that begins with them, as messages
// over net.tcp and the answers of relayed listeners do, and gives their content
// type. A message without such headers comes back as it is with an empty
// contentType. The error is an *infoset.Error.
func CutHead(message []byte) (contentType string, body []byte, err error) {
	if _, ok := hasHead(message); !ok {
		return "", message, nil
	}
	s := newScanner(bytes.NewReader(message), Limits{}.filled())
	contentType, err = s.head()
	if err != nil {
		return "", nil, err
	}
	return contentType, message[s.offset():], nil
}

// AppendHead appends the MIME headers that stand before a body of this content
// type where there is no HTTP to carry them. The body follows at once: its first
// boundary without the line break that may stand before it over HTTP.
func AppendHead(dst []byte, contentType string) []byte {
	dst = append(dst, "MIME-Version: 1.0\r\nContent-Type: "...)
	return append(append(dst, contentType...), "\r\n\r\n"...)
}
