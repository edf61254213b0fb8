package inspect

import (
	"fmt"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Record types of .NET message framing ([MC-NMF] 2.2.3).
const (
	nmfVersion     = 0x00
	nmfMode        = 0x01
	nmfVia         = 0x02
	nmfKnown       = 0x03
	nmfExtensible  = 0x04
	nmfUnsized     = 0x05
	nmfSized       = 0x06
	nmfEnd         = 0x07
	nmfFault       = 0x08
	nmfUpgrade     = 0x09
	nmfUpgradeResp = 0x0A
	nmfAck         = 0x0B
	nmfPreambleEnd = 0x0C
)

// First bytes behind an upgrade: the record types of TLS (RFC 8446, 5.1), among
// which those of [MS-NNS] 2.2.1 lie too.
const (
	securedFirst = 0x14
	securedLast  = 0x17
)

// Bounds on strings in records. A capture may hold what a peer refused, so they
// are wider than those of [MC-NMF] peers (2048, 256).
const maxRecordText = 8192

var modes = []string{"", "singleton unsized", "duplex", "simplex", "singleton sized"}

// Encodings by their number ([MC-NMF] 2.2.3.4.1).
var knownEncodings = []string{
	"text/xml; charset=utf-8", "text/xml; charset=utf-16", "text/xml; charset=unicodeFFFE",
	"application/soap+xml; charset=utf-8", "application/soap+xml; charset=utf-16", "application/soap+xml; charset=unicodeFFFE",
	"multipart/related", binaryType, sessionType,
}

const (
	binaryType  = "application/soap+msbin1"
	sessionType = "application/soap+msbinsession1"
)

// Record is one framing record, as a line for people.
type Record struct {
	Offset int    `json:"offset"` // in the stream
	Text   string `json:"text"`
}

// stream walks over one direction of a net.tcp connection.
type stream struct {
	b       []byte
	pos     int
	records []Record
	// encoding is what the client announced; "" while unknown, as in the
	// direction of the server.
	encoding string
	envelope func(at int, payload []byte, s *stream)
	restart  func() // a new framing session begins
	short    bool   // the last record is cut off: with more bytes it may be whole
}

// looksFramed reports whether b can be the beginning of a stream.
func looksFramed(b []byte) bool {
	// A client begins with the version record. A server begins with its answer; a
	// capture may begin with any message. Lengths must fit what is there, because
	// documents without framing begin with bytes as low as these.
	switch {
	case len(b) >= 5 && b[0] == nmfVersion && b[1] == 1 && b[3] == nmfMode:
		return true
	case len(b) >= 1 && b[0] == nmfAck:
		return true
	case len(b) >= 1 && b[0] == nmfUpgradeResp: // a line feed before text is the same byte
		return len(b) == 1 || b[1] == nmfAck || b[1] == nmfFault || b[1] >= securedFirst && b[1] <= securedLast
	case len(b) == 1 && b[0] == nmfEnd:
		return true
	case len(b) > 2 && (b[0] == nmfSized || b[0] == nmfUnsized):
		n, m, ok := int31(b[1:])
		return ok && n > 0 && len(b) >= 1+m+n
	case len(b) > 2 && b[0] == nmfFault:
		n, m, ok := int31(b[1:])
		return ok && n <= maxRecordText && len(b) >= 1+m+n && strings.HasPrefix(string(b[1+m:]), "http")
	}
	return false
}

// int31 reads the multi-byte integer of [MC-NMF] 2.2.2.
func int31(b []byte) (v, n int, ok bool) {
	for shift := 0; shift <= 28 && n < len(b); shift += 7 {
		c := b[n]
		n++
		if shift == 28 && c > 7 {
			return 0, 0, false
		}
		v |= int(c&0x7F) << shift
		if c < 0x80 {
			return v, n, true
		}
	}
	return 0, 0, false
}

// walk reads records to the end of the stream. An error says where it lost its
// way; what was read before stays.
func (s *stream) walk() error {
	for s.pos < len(s.b) {
		at := s.pos
		s.pos++
		done, err := s.record(at, s.b[at])
		if err != nil {
			s.pos = at
			return err
		}
		if done {
			return nil
		}
	}
	return nil
}

func (s *stream) note(at int, format string, args ...any) {
	s.records = append(s.records, Record{Offset: at, Text: fmt.Sprintf(format, args...)})
}

// record reads one record. It gives true where the stream goes on in another
// protocol.
func (s *stream) record(at int, kind byte) (done bool, err error) {
	switch kind {
	case nmfVersion:
		b, err := s.take(at, 2)
		if err != nil {
			return false, err
		}
		s.restart()
		s.note(at, "version %d.%d", b[0], b[1])
	case nmfMode:
		b, err := s.take(at, 1)
		if err != nil {
			return false, err
		}
		s.note(at, "mode %d%s", b[0], named(modes, int(b[0])))
	case nmfKnown:
		b, err := s.take(at, 1)
		if err != nil {
			return false, err
		}
		if int(b[0]) < len(knownEncodings) {
			s.encoding = knownEncodings[b[0]]
		}
		s.note(at, "encoding %d%s", b[0], named(knownEncodings, int(b[0])))
	case nmfVia, nmfExtensible, nmfFault, nmfUpgrade:
		return s.text(at, kind)
	case nmfSized:
		b, err := s.sized(at)
		if err != nil {
			return false, err
		}
		s.envelope(at, b, s)
	case nmfUnsized:
		return false, s.unsized(at)
	case nmfEnd:
		s.note(at, "end")
	case nmfUpgradeResp:
		s.note(at, "upgrade response")
		return s.secured(), nil
	case nmfAck:
		// The first record of a session in the direction of the client.
		s.restart()
		s.note(at, "preamble acknowledged")
	case nmfPreambleEnd:
		s.note(at, "preamble end")
	default:
		return false, s.lost(at, fmt.Sprintf("unknown record 0x%02x", kind))
	}
	return false, nil
}

func named(names []string, i int) string {
	if i < len(names) && names[i] != "" {
		return " (" + names[i] + ")"
	}
	return " (unknown)"
}

// text reads a record that is a string.
func (s *stream) text(at int, kind byte) (done bool, err error) {
	b, err := s.sized(at)
	if err != nil {
		return false, err
	}
	if len(b) > maxRecordText {
		return false, s.lost(at, "string of a record is too long")
	}
	word := map[byte]string{nmfVia: "via", nmfExtensible: "encoding", nmfFault: "fault", nmfUpgrade: "upgrade to"}[kind]
	s.note(at, "%s %s", word, printable(b))
	if kind == nmfExtensible {
		s.encoding = string(b)
	}
	return kind == nmfUpgrade && s.secured(), nil
}

// secured reports whether what follows an upgrade is no longer framing: TLS or
// NegotiateStream in place of a preamble's end.
func (s *stream) secured() bool {
	// A recorder that took part in the upgrade shows framing behind it; the wire
	// shows the records of TLS.
	if s.pos >= len(s.b) || s.b[s.pos] == nmfPreambleEnd || s.b[s.pos] == nmfAck || s.b[s.pos] == nmfFault {
		return false
	}
	s.note(s.pos, "%d bytes of the secured stream, not readable", len(s.b)-s.pos)
	return true
}

func (s *stream) take(at, n int) ([]byte, error) {
	if n > len(s.b)-s.pos {
		s.short = true
		return nil, s.lost(at, fmt.Sprintf("record is cut off: %d of %d bytes", len(s.b)-s.pos, n))
	}
	s.pos += n
	return s.b[s.pos-n : s.pos], nil
}

func (s *stream) sized(at int) ([]byte, error) {
	n, m, ok := int31(s.b[s.pos:])
	if !ok {
		s.short = len(s.b)-s.pos < 5 // a length has at most five bytes
		return nil, s.lost(at, "length of a record")
	}
	s.pos += m
	return s.take(at, n)
}

// unsized joins the chunks of an envelope.
func (s *stream) unsized(at int) error {
	// Chunks end with one of size 0. Where they are cut means nothing.
	var all []byte
	for chunks := 0; ; chunks++ {
		b, err := s.sized(at)
		if err != nil {
			return err
		}
		if len(b) == 0 {
			s.note(at, "unsized envelope in %d chunks", chunks)
			s.envelope(at, all, s)
			return nil
		}
		all = append(all, b...)
	}
}

func (s *stream) lost(at int, detail string) error {
	return &infoset.Error{Reason: infoset.Malformed, Offset: int64(at), Detail: "net.tcp framing: " + detail}
}

// printable gives text of a peer for a line of output.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == '\uFFFD' {
			return '?'
		}
		return r
	}, string(b))
}
