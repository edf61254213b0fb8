package inspect

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// MaxInflated bounds what a compressed message may become, in bytes.
const MaxInflated = 64 << 20

// maxSession bounds the string tables of a captured session. It is wider than
// what WCF peers take by default, because they can be configured.
const maxSession = 1 << 20

// form is what a payload turned out to be.
type form struct {
	name    string // content type, or "text"
	doc     []byte // the document alone
	fresh   []string
	reader  infoset.Reader
	outside string // what was taken off: gzip, MIME
}

// isText reports whether b begins as XML text, in UTF-8 or UTF-16. A string table
// of 60 bytes begins with '<' too, but its first string is shorter than the next
// byte would make it, if that is a letter or question mark.
func isText(b []byte) bool {
	for _, mark := range []string{"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF", "<\x00", "\x00<"} {
		if bytes.HasPrefix(b, []byte(mark)) {
			return true
		}
	}
	b = bytes.TrimLeft(b, " \t\r\n")
	if bytes.HasPrefix(b, []byte("<!--")) || bytes.HasPrefix(b, []byte("<!D")) {
		return true
	}
	return len(b) > 1 && b[0] == '<' && b[1] >= '?' && b[1] < 0x80 || len(b) > 4 && b[0] == '<' && b[1] >= 0xC3
}

// isBinary reports whether b begins as a document of .NET binary XML: with an
// element, or a comment or white space before one.
func isBinary(b []byte) bool {
	return len(b) > 1 && (b[0] >= 0x40 && b[0] <= 0x77 || b[0] == 0x02 || b[0] == 0x03)
}

// open finds out what a message is and makes its reader. encoding is what was
// announced, "" for nothing; session is the dictionary of its direction.
func open(b []byte, encoding string, session *xmlbin.ReaderSession) (form, error) {
	// Compression is outermost: WCF compresses the table of a session too.
	b, outside, err := inflate(b, encoding)
	if err != nil {
		return form{}, err
	}
	f := form{outside: outside}
	switch {
	case strings.HasPrefix(encoding, sessionType):
		return f.inSession(b, session)
	case strings.HasPrefix(encoding, binaryType):
		return f.bare(b, session), nil
	}
	// What was announced is believed, because a string table can look like text
	// and an envelope like a table. From here on the bytes must tell.
	if part, ok := rootPart(b); ok {
		b, f.outside = part, "MIME root part"
	}
	if isText(b) {
		f.name, f.doc = "text", b
		f.reader = xmltext.NewBytes(b, xmltext.Options{Quotas: infoset.Buffered()})
		return f, nil
	}
	// Nobody said. A message of a session begins with the size of its table,
	// which can look like an element; a bare one that is whole to its end is no
	// accident. Deflate has no mark to know it by, so it is tried last.
	if isBinary(b) && whole(b, session) {
		return f.bare(b, session), nil
	}
	if !hasTable(b) {
		if out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), MaxInflated)); err == nil && (hasTable(out) || isBinary(out)) {
			f.outside = "deflate"
			return f.guess(out, session)
		}
	}
	return f.guess(b, session)
}

// guess chooses between the binary forms by the first bytes.
func (f form) guess(b []byte, session *xmlbin.ReaderSession) (form, error) {
	if hasTable(b) || !isBinary(b) {
		return f.inSession(b, session)
	}
	return f.bare(b, session), nil
}

// hasTable reports whether b begins with a string table that is in order, and
// goes on with a document.
func hasTable(b []byte) bool {
	doc, err := xmlbin.NewReaderSession(maxSession).Table(b)
	return err == nil && isBinary(doc)
}

func binaryOptions(s *xmlbin.ReaderSession) xmlbin.Options {
	return xmlbin.Options{Quotas: infoset.Buffered(), Session: s}
}

func (f form) bare(b []byte, s *xmlbin.ReaderSession) form {
	f.name, f.doc = binaryType, b
	f.reader = xmlbin.NewBytes(b, binaryOptions(s))
	return f
}

func (f form) inSession(b []byte, s *xmlbin.ReaderSession) (form, error) {
	f.name = sessionType
	// The strings that come with a message are part of what a person wants to see.
	before := s.Len()
	doc, err := s.Table(b)
	if err != nil {
		return f, err
	}
	for i := before; i < s.Len(); i++ {
		word, _ := s.String(uint32(2*i + 1))
		f.fresh = append(f.fresh, word)
	}
	f.doc = doc
	f.reader = xmlbin.NewBytes(doc, binaryOptions(s))
	return f, nil
}

// whole reports whether b is a complete bare document.
func whole(b []byte, s *xmlbin.ReaderSession) bool {
	r := xmlbin.NewBytes(b, binaryOptions(s))
	for {
		if _, err := r.Next(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// inflate takes off compression, which the encoding names or gzip's first bytes
// tell.
func inflate(b []byte, encoding string) ([]byte, string, error) {
	var r io.Reader
	name := "gzip"
	switch {
	case bytes.HasPrefix(b, []byte{0x1F, 0x8B}):
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, "", &infoset.Error{Reason: infoset.Malformed, Detail: "gzip", Err: err}
		}
		r = z
	case strings.HasSuffix(encoding, "+deflate"):
		name = "deflate"
		r = flate.NewReader(bytes.NewReader(b))
		if z, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
			r = z // RFC 1950 around it, as the name once meant
		}
	default:
		return b, "", nil
	}
	// One byte more than allowed tells a bomb from a large message.
	out, err := io.ReadAll(io.LimitReader(r, MaxInflated+1))
	if err != nil {
		return nil, "", &infoset.Error{Reason: infoset.Malformed, Detail: name, Err: err}
	}
	if len(out) > MaxInflated {
		return nil, "", &infoset.Error{Reason: infoset.Quota, Detail: "inflated size of " + strconv.Itoa(MaxInflated)}
	}
	return out, name, nil
}

// rootPart gives the first part of a MIME message, which is the envelope of an
// MTOM message without a start parameter.
func rootPart(b []byte) ([]byte, bool) {
	if !bytes.HasPrefix(b, []byte("--")) && !bytes.HasPrefix(b, []byte("\r\n--")) && !bytes.HasPrefix(bytes.ToUpper(b[:min(len(b), 13)]), []byte("MIME-VERSION:")) {
		return nil, false
	}
	// Over net.tcp the MIME headers stand before the first boundary, over HTTP in
	// the head. The boundary itself is the first line that begins with it.
	from := 0
	if !bytes.HasPrefix(b, []byte("--")) {
		if from = bytes.Index(b, []byte("\r\n--")); from < 0 {
			return nil, false
		}
		from += 2
	}
	boundary, part, ok := bytes.Cut(b[from:], []byte("\r\n"))
	if !ok {
		return nil, false
	}
	if _, part, ok = bytes.Cut(part, []byte("\r\n\r\n")); !ok {
		return nil, false
	}
	part, _, ok = bytes.Cut(part, append([]byte("\r\n"), boundary...))
	return part, ok
}
