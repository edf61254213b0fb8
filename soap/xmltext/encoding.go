package xmltext

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// begin finds the encoding of the document (XML 1.0, appendix F) and reads its
// XML declaration.
func (r *Reader) begin() error {
	r.begun = true
	w := &r.win
	w.Mark()
	// A byte-order mark decides. Without one, the bytes of the first "<" tell 16
	// from 8 bits, and 8 bits are UTF-8 until a declaration says otherwise.
	w.Need(4) // a shorter document is no document; the grammar will say so
	b := w.Buf
	if len(b) >= len(usualDeclaration) && string(b[:len(usualDeclaration)]) == usualDeclaration && len(usualDeclaration) <= r.q.StringContent {
		w.Pos += len(usualDeclaration)
		return nil
	}
	family := "utf-8"
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		w.Pos += 3
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		w.Pos += 2
		family = "utf-16le"
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		w.Pos += 2
		family = "utf-16be"
	case bytes.HasPrefix(b, []byte{'<', 0}):
		family = "utf-16le"
	case bytes.HasPrefix(b, []byte{0, '<'}):
		family = "utf-16be"
	}
	// From here on the window looks at UTF-8, whatever came.
	if family != "utf-8" {
		w.Reset(&utf16Reader{src: w.Rest(), big: family == "utf-16be"})
	}
	w.Mark()
	// <?xml-stylesheet ...?> begins with the same five characters.
	if !r.has("<?xml") || !w.Need(6) || !xmlchar.IsSpace(w.Buf[w.Pos+5]) {
		return nil
	}
	at := w.Offset(w.Pos)
	raw, err := r.upTo("<?xml", "?>")
	if err != nil {
		return err
	}
	encoding, detail := declaration(raw)
	if detail != "" {
		return &infoset.Error{Reason: infoset.Malformed, Offset: at, Detail: "XML declaration: " + detail}
	}
	return r.declared(encoding, family, at)
}

// usualDeclaration is how most documents begin that have a declaration: it says nothing that was not known.
const usualDeclaration = `<?xml version="1.0" encoding="utf-8"?>`

// declared goes on in the encoding that the declaration names, if it fits.
func (r *Reader) declared(encoding, family string, at int64) error {
	name := string(bytes.ToLower([]byte(encoding)))
	wide := family != "utf-8"
	switch {
	case name == "", !wide && (name == "utf-8" || name == "us-ascii"):
		return nil
	// unicodeFFFE is how .NET names big-endian UTF-16; the name alone does not
	// say which bytes come first, the mark did.
	case wide && (name == "utf-16" || name == family || name == "unicode" || name == "unicodefffe"):
		return nil
	case !wide && (name == "iso-8859-1" || name == "latin1"):
		// The declaration itself is ASCII, so nothing before it changes.
		w := &r.win
		w.Reset(&latin1Reader{src: w.Rest()})
		return nil
	}
	return &infoset.Error{Reason: infoset.BadEncoding, Offset: at, Detail: "declared as " + infoset.Clip(encoding) + ", found " + family}
}

// declaration reads the inside of an XML declaration (XML 1.0, 2.8). It gives
// the encoding, or what is wrong.
func declaration(raw []byte) (encoding, detail string) {
	// The order of the three is fixed, and only the version must be there.
	next := 0 // what may still come: version, encoding, standalone
	for {
		rest := xmlchar.Trim(raw)
		if len(rest) == 0 {
			break
		}
		if len(rest) == len(raw) || !xmlchar.IsSpace(raw[0]) {
			return "", "white space expected"
		}
		name, value, tail, ok := pseudoAttribute(rest)
		switch {
		case !ok:
			return "", "name=\"value\" expected"
		case name == "version" && next == 0:
			if value != "1.0" {
				return "", "version " + infoset.Clip(value)
			}
			next = 1
		case name == "encoding" && next == 1:
			encoding, next = value, 2
		case name == "standalone" && (next == 1 || next == 2) && (value == "yes" || value == "no"):
			next = 3
		default:
			return "", "unexpected " + infoset.Clip(name)
		}
		raw = tail
	}
	if next == 0 {
		return "", "no version"
	}
	return encoding, ""
}

func pseudoAttribute(b []byte) (name, value string, tail []byte, ok bool) {
	before, after, found := bytes.Cut(b, []byte{'='})
	after = xmlchar.Trim(after)
	if !found || len(after) == 0 || after[0] != '"' && after[0] != '\'' {
		return "", "", nil, false
	}
	end := bytes.IndexByte(after[1:], after[0])
	if end < 0 {
		return "", "", nil, false
	}
	// Trim took spaces off the tail's end too, where they mean nothing.
	return string(xmlchar.Trim(before)), string(after[1 : 1+end]), after[end+2:], true
}

// chunk is how much of the source a converter reads at once.
const chunk = 4 << 10

// converter reads a source in pieces and hands out converted bytes.
type converter struct {
	in  [chunk]byte
	n   int // bytes in in
	out []byte
	pos int
	err error
}

// fill reads until in has at least least bytes or the source ends.
func (c *converter) fill(src io.Reader, least int) {
	for stalls := 0; c.n < least && c.err == nil; stalls++ {
		var n int
		n, c.err = src.Read(c.in[c.n:])
		c.n += n
		if n > 0 {
			stalls = 0
		} else if stalls > 100 {
			c.err = io.ErrNoProgress
		}
	}
}

// utf16Reader turns UTF-16 into UTF-8.
type utf16Reader struct {
	converter
	src io.Reader
	big bool
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if u.pos == len(u.out) {
		u.fill(u.src, 4)
		if err := u.convert(); err != nil {
			u.n, u.err = 0, err
		}
		if len(u.out) == 0 {
			return 0, u.err
		}
	}
	n := copy(p, u.out[u.pos:])
	u.pos += n
	return n, nil
}

func (u *utf16Reader) unit(i int) rune {
	if u.big {
		return rune(u.in[i])<<8 | rune(u.in[i+1])
	}
	return rune(u.in[i+1])<<8 | rune(u.in[i])
}

// convert turns whole characters of in into out and keeps the rest.
func (u *utf16Reader) convert() error {
	u.out, u.pos = u.out[:0], 0
	i := 0
	// A pair that is cut by the end of the chunk waits for the next one.
	for ; i+2 <= u.n; i += 2 {
		c := u.unit(i)
		if utf16.IsSurrogate(c) {
			if i+4 > u.n {
				if u.err != nil {
					return &infoset.Error{Reason: infoset.BadEncoding, Detail: "lone surrogate in UTF-16"}
				}
				break
			}
			if c = utf16.DecodeRune(c, u.unit(i+2)); c == utf8.RuneError {
				return &infoset.Error{Reason: infoset.BadEncoding, Detail: "lone surrogate in UTF-16"}
			}
			i += 2
		}
		u.out = utf8.AppendRune(u.out, c)
	}
	// What remains is half a character at most. If nothing follows, it is wrong.
	u.n = copy(u.in[:], u.in[i:u.n])
	if u.n == 1 && errors.Is(u.err, io.EOF) {
		return &infoset.Error{Reason: infoset.BadEncoding, Detail: "odd number of bytes in UTF-16"}
	}
	return nil
}

// latin1Reader turns ISO-8859-1 into UTF-8.
type latin1Reader struct {
	converter
	src io.Reader
}

func (l *latin1Reader) Read(p []byte) (int, error) {
	if l.pos == len(l.out) {
		l.fill(l.src, 1)
		l.out, l.pos = l.out[:0], 0
		for _, c := range l.in[:l.n] {
			l.out = utf8.AppendRune(l.out, rune(c))
		}
		l.n = 0
		if len(l.out) == 0 {
			return 0, l.err
		}
	}
	n := copy(p, l.out[l.pos:])
	l.pos += n
	return n, nil
}
