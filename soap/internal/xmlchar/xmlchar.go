// Package xmlchar owns the character rules that both XML encodings share: which
// characters a document may hold (XML 1.0, 2.2), which words are names without
// a colon (Namespaces in XML 1.0, 3), and where plain text ends.
//
// It owns no state and does no decoding of markup. Every function is pure, never
// allocates, and may be called from any goroutine.
package xmlchar

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Classes of ASCII characters, as bits of the table Class.
const (
	// NameStart marks characters that may begin a name.
	NameStart = 1 << iota
	// NameChar marks characters that may stand in a name (never the colon).
	NameChar
	// Space marks the four white-space characters of XML 1.0, 2.3.
	Space
	// TextStop marks characters that need care in element content:
	// '<', '&', '>', CR, controls, and everything outside ASCII.
	TextStop
	// AttrStop marks characters that need care in an attribute value:
	// '<', '&', both quotes, TAB, LF, CR, controls, outside ASCII.
	AttrStop
	// Forbidden marks the control characters that XML 1.0 has no room for.
	Forbidden
	// Word marks what a qualified name may have, or seem to have: characters of names, the colon, everything outside ASCII.
	Word
)

// Class gives the class bits of each byte value.
var Class = makeClass()

func makeClass() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
			t[c] = NameStart | NameChar
		case c >= '0' && c <= '9', c == '-', c == '.':
			t[c] = NameChar
		case c == ' ':
			t[c] = Space
		case c == '\t', c == '\n':
			t[c] = Space | AttrStop
		case c == '\r':
			t[c] = Space | AttrStop | TextStop
		case c < 0x20:
			t[c] = Forbidden | TextStop | AttrStop
		case c == '<', c == '&':
			t[c] = TextStop | AttrStop
		case c == '>':
			t[c] = TextStop
		case c == '"', c == '\'':
			t[c] = AttrStop
		case c >= 0x80:
			t[c] = TextStop | AttrStop
		}
		if t[c]&NameChar != 0 || c == ':' || c >= 0x80 {
			t[c] |= Word
		}
	}
	return t
}

// IsSpace reports whether c is one of the four white-space characters.
func IsSpace(c byte) bool { return Class[c]&Space != 0 }

// AllSpace reports whether b holds nothing but white space. Empty counts.
func AllSpace[T ~string | ~[]byte](b T) bool {
	for i := range len(b) {
		if Class[b[i]]&Space == 0 {
			return false
		}
	}
	return true
}

// Trim takes the white space of XML off both ends of b.
func Trim[T ~string | ~[]byte](b T) T {
	for len(b) > 0 && IsSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && IsSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// IsChar reports whether r may stand in a document (XML 1.0, production 2).
func IsChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r <= 0xD7FF:
		return true
	case r < 0xE000:
		return false
	case r <= 0xFFFD:
		return true
	}
	return r >= 0x10000 && r <= 0x10FFFF
}

// IsName reports whether b is an NCName: a name without a colon.
func IsName[T ~string | ~[]byte](b T) bool {
	if len(b) == 0 {
		return false
	}
	if b[0] < utf8.RuneSelf && Class[b[0]]&NameStart == 0 {
		return false
	}
	for i := range len(b) {
		if b[i] >= utf8.RuneSelf {
			return isWideName(string(b))
		}
		if Class[b[i]]&NameChar == 0 {
			return false
		}
	}
	return true
}

// isWideName is IsName for words with characters outside ASCII. They are rare,
// so the copy that its caller makes does not matter.
func isWideName(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
		if i == 0 && !isNameStart(r) || !isNameChar(r) {
			return false
		}
	}
	return true
}

// nameStarts are the ranges of production 4 of XML 1.0, fifth edition, without
// the colon and beyond ASCII.
var nameStarts = [...][2]rune{
	{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF},
	{0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
	{0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
}

func isNameStart(r rune) bool {
	if r < utf8.RuneSelf {
		return Class[r]&NameStart != 0
	}
	for _, x := range nameStarts {
		if r >= x[0] && r <= x[1] {
			return true
		}
	}
	return false
}

func isNameChar(r rune) bool {
	if r < utf8.RuneSelf {
		return Class[r]&NameChar != 0
	}
	return isNameStart(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// Words of eight equal bytes, for tests of eight characters at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// beyond has a high bit set where a byte of w is below 0x20 or outside ASCII. Bytes above a hit may be marked wrongly, so only zero and the
// lowest hit mean something.
func beyond(w uint64) uint64 { return (w | (w - ones*0x20)) & highs }

// stops is beyond for '<', '>' and '&' too. The first two differ in one bit.
func stops(w uint64) uint64 {
	return (w | (w - ones*0x20) | ((w | ones*('<'^'>')) ^ ones*'>' - ones) | (w ^ ones*'&' - ones)) & highs
}

// PlainText gives the length of the longest prefix of b that element content
// can take as it is: no byte of class TextStop.
func PlainText(b []byte) int {
	le := binary.LittleEndian
	i := 0
	for i+32 <= len(b) {
		four := (*[32]byte)(b[i:])
		if stops(le.Uint64(four[:8]))|stops(le.Uint64(four[8:16]))|stops(le.Uint64(four[16:24]))|stops(le.Uint64(four[24:])) != 0 {
			break
		}
		i += 32
	}
	for i+8 <= len(b) {
		hit := stops(le.Uint64(b[i:]))
		if hit == 0 {
			i += 8
			continue
		}
		// A line feed or a tab is a hit, but text.
		if i += bits.TrailingZeros64(hit) / 8; Class[b[i]]&TextStop != 0 {
			return i
		}
		i++
	}
	for ; i < len(b); i++ {
		if Class[b[i]]&TextStop != 0 {
			return i
		}
	}
	return i
}

// PlainAttr gives the length of the longest prefix of b without a byte of class
// AttrStop. Values are short, so it goes byte by byte.
func PlainAttr(b []byte) int {
	for i, c := range b {
		if Class[c]&AttrStop != 0 {
			return i
		}
	}
	return len(b)
}

// Invalid gives the index of the first byte of b that does not belong to a
// character of XML 1.0 in valid UTF-8, or -1. A sequence cut off at the end of
// b counts as invalid.
func Invalid(b []byte) int {
	if n := len(b); n >= 8 && n <= 16 {
		// Most values: two words that overlap see all of it.
		if beyond(binary.LittleEndian.Uint64(b))|beyond(binary.LittleEndian.Uint64(b[n-8:])) == 0 {
			return -1
		}
	}
	return invalid(b)
}

func invalid(b []byte) int {
	le := binary.LittleEndian
	i := 0
	for i < len(b) {
		for i+32 <= len(b) {
			four := (*[32]byte)(b[i:])
			if beyond(le.Uint64(four[:8]))|beyond(le.Uint64(four[8:16]))|beyond(le.Uint64(four[16:24]))|beyond(le.Uint64(four[24:])) != 0 {
				break
			}
			i += 32
		}
		for i+8 <= len(b) && beyond(le.Uint64(b[i:])) == 0 {
			i += 8
		}
		end := min(i+8, len(b))
		for i < end {
			if c := b[i]; c < utf8.RuneSelf {
				if Class[c]&Forbidden != 0 {
					return i
				}
				i++
				continue
			}
			r, n := utf8.DecodeRune(b[i:])
			if n == 1 || !IsChar(r) {
				return i
			}
			i += n
		}
	}
	return -1
}

// Units gives the number of UTF-16 code units that valid UTF-8 text takes: the
// measure of .NET strings.
func Units(b []byte) int {
	n := 0
	for len(b) >= 8 && binary.LittleEndian.Uint64(b)&highs == 0 {
		n, b = n+8, b[8:]
	}
	for _, c := range b {
		switch {
		case c < 0x80, c >= 0xC0 && c < 0xF0:
			n++
		case c >= 0xF0:
			n += 2
		}
	}
	return n
}

// Printable reports whether b is printable ASCII throughout, which is what most values are: each byte is a character of XML 1.0, and one
// UTF-16 code unit.
func Printable(b []byte) bool {
	n := len(b)
	if n >= 8 {
		for i := 0; i+8 <= n; i += 8 {
			if beyond(binary.LittleEndian.Uint64(b[i:])) != 0 {
				return false
			}
		}
		return beyond(binary.LittleEndian.Uint64(b[n-8:])) == 0 // the rest, and some bytes once again
	}
	for _, c := range b {
		if c-0x20 >= 0x60 {
			return false
		}
	}
	return true
}

// Cut gives the largest n <= limit so that b[:n] does not end inside a UTF-8
// sequence, looking only at b[:limit].
func Cut(b []byte, limit int) int {
	b = b[:min(limit, len(b))]
	for back := 1; back <= min(utf8.UTFMax, len(b)); back++ {
		if i := len(b) - back; utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}
