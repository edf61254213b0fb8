package wire

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON (RFC 8259) off a string. The first error sticks: from then on every method does nothing and returns
// zero values, so that callers read a whole message and look at err once. Strings are slices of s as far as they have no
// escapes.
//
// It is not encoding/json because a control message is read for every HTTP exchange: that costs there several times as
// much, and loses the order of header fields and the difference between null and absent.
type scanner struct {
	s     string
	i     int // the next byte
	depth int // open objects and arrays
	err   error
}

// maxDepth bounds nested objects and arrays; the protocol needs four.
const maxDepth = 32

// fail keeps the first error; what is the end of "the message cannot be read:".
func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = &Error{"decode message", ErrMessage, "The control message cannot be read at byte " + strconv.Itoa(s.i) + ": " + what + "."}
	}
}

// peek returns the next byte that is no white space without taking it; 0 at the end or after an error.
func (s *scanner) peek() byte {
	for ; s.err == nil && s.i < len(s.s); s.i++ {
		switch c := s.s[s.i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take takes the next byte if it is c.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.i++
	return true
}

// end wants nothing but white space from here on.
func (s *scanner) end() {
	if s.peek() != 0 || s.err == nil && s.i < len(s.s) { // the second: a NUL byte looks like the end to peek
		s.fail("something follows the object")
	}
}

// object reads an object, or null as one without members. member must take the value of each member.
func (s *scanner) object(member func(name string)) {
	if s.peek() == 'n' {
		s.literal("null")
		return
	}
	if !s.enter('{', "an object") {
		return
	}
	if s.take('}') {
		s.depth--
		return
	}
	for s.err == nil {
		s.peek()
		name := s.text()
		if !s.take(':') {
			s.fail("a colon is missing")
			return
		}
		member(name)
		if s.next('}') {
			return
		}
	}
}

// array reads an array; element must take each element.
func (s *scanner) array(element func()) {
	if !s.enter('[', "an array") {
		return
	}
	if s.take(']') {
		s.depth--
		return
	}
	for s.err == nil {
		element()
		if s.next(']') {
			return
		}
	}
}

// enter takes an opening bracket and bounds the depth, since member and element functions call back into the scanner.
func (s *scanner) enter(open byte, what string) bool {
	if !s.take(open) {
		s.fail(what + " is missing")
		return false
	}
	if s.depth++; s.depth > maxDepth {
		s.fail("it is nested too deep")
		return false
	}
	return true
}

// next goes on to the next member or element, or reports the end. A comma before the closing bracket is found by whoever
// reads the member that is missing.
func (s *scanner) next(closing byte) (ended bool) {
	if s.take(closing) {
		s.depth--
		return true
	}
	if !s.take(',') {
		s.fail("a comma is missing")
		return true
	}
	return false
}

// skip takes any value.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		s.object(func(string) { s.skip() })
	case '[':
		s.array(s.skip)
	default:
		s.scalar()
	}
}

// scalar takes a value and returns a string, number or boolean as text. ok is false for null, and for an object or array,
// which are skipped.
func (s *scanner) scalar() (text string, ok bool) {
	switch c := s.peek(); c {
	case '"':
		return s.text(), s.err == nil
	case '{', '[':
		s.skip()
		return "", false
	case 'n':
		s.literal("null")
		return "", false
	case 't':
		return "true", s.literal("true")
	case 'f':
		return "false", s.literal("false")
	default:
		return s.number()
	}
}

// boolean takes a value and tells whether it is true, or "true".
func (s *scanner) boolean() bool {
	text, _ := s.scalar()
	return text == "true"
}

// literal takes null, true or false. What stands behind it is looked at by next or end.
func (s *scanner) literal(word string) bool {
	if s.err != nil || !strings.HasPrefix(s.s[s.i:], word) {
		s.fail("a value is missing")
		return false
	}
	s.i += len(word)
	return true
}

// number takes a number by the grammar of RFC 8259 section 6 and returns it as it stands: whether it fits is for those who
// want a number, and a header value keeps its digits.
func (s *scanner) number() (text string, ok bool) {
	start := s.i
	s.byteIf('-')
	if !s.byteIf('0') && !s.digits() {
		s.fail("a value is missing")
		return "", false
	}
	if s.byteIf('.') && !s.digits() || (s.byteIf('e') || s.byteIf('E')) && !s.exponent() {
		s.fail("a number is cut short")
		return "", false
	}
	return s.s[start:s.i], s.err == nil
}

// byteIf takes the next byte if it is c; unlike take it skips no white space.
func (s *scanner) byteIf(c byte) bool {
	if s.err != nil || s.i >= len(s.s) || s.s[s.i] != c {
		return false
	}
	s.i++
	return true
}

// digits takes at least one digit.
func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.s) && '0' <= s.s[s.i] && s.s[s.i] <= '9' {
		s.i++
	}
	return s.i > start && s.err == nil
}

// exponent takes what follows the "e" of a number.
func (s *scanner) exponent() bool {
	if !s.byteIf('+') {
		s.byteIf('-')
	}
	return s.digits()
}

// text takes a string. Nearly all have no escape: they are a slice of the message. .NET's "\/" is the usual exception.
func (s *scanner) text() string {
	if !s.byteIf('"') {
		s.fail("a string is missing")
		return ""
	}
	start := s.i
	for s.i < len(s.s) && plainJSON[s.s[s.i]] {
		s.i++
	}
	if s.i < len(s.s) && s.s[s.i] == '"' { // nearly always: ASCII, without an escape
		s.i++
		return s.s[start : s.i-1]
	}
	for ; s.i < len(s.s); s.i++ {
		switch c := s.s[s.i]; {
		case c == '"':
			text := s.s[start:s.i]
			s.i++
			return valid(text)
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.fail("a string has a control character")
			return ""
		}
	}
	s.fail("a string has no end")
	return ""
}

// escaped reads on from the first escape of a string that began at start.
func (s *scanner) escaped(start int) string {
	b := append(make([]byte, 0, 2*(s.i-start)+16), s.s[start:s.i]...) // grows with what is there, not with what is claimed
	for s.i < len(s.s) {
		c := s.s[s.i]
		s.i++
		switch {
		case c == '"':
			return valid(string(b))
		case c < ' ':
			s.fail("a string has a control character")
			return ""
		case c == '\\':
			var ok bool
			if b, ok = s.escape(b); !ok {
				s.fail("a string has an escape that is none")
				return ""
			}
		default:
			b = append(b, c)
		}
	}
	s.fail("a string has no end")
	return ""
}

// escape reads what follows a backslash.
func (s *scanner) escape(b []byte) ([]byte, bool) {
	if s.i >= len(s.s) {
		return b, false
	}
	c := s.s[s.i]
	s.i++
	switch c {
	case '"', '\\', '/':
		return append(b, c), true
	case 'b':
		return append(b, '\b'), true
	case 'f':
		return append(b, '\f'), true
	case 'n':
		return append(b, '\n'), true
	case 'r':
		return append(b, '\r'), true
	case 't':
		return append(b, '\t'), true
	case 'u':
		return s.unicode(b)
	}
	return b, false
}

// unicode reads the digits of \uXXXX, and of the second half of a pair; half a pair becomes U+FFFD.
func (s *scanner) unicode(b []byte) ([]byte, bool) {
	r, ok := s.hex4()
	if !ok {
		return b, false
	}
	if utf16.IsSurrogate(r) {
		before := s.i
		if s.byteIf('\\') && s.byteIf('u') {
			low, okLow := s.hex4()
			if !okLow {
				return b, false
			}
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(b, pair), true
			}
		}
		s.i = before // what follows is an escape of its own
		r = utf8.RuneError
	}
	return utf8.AppendRune(b, r), true
}

// hex4 takes four hexadecimal digits.
func (s *scanner) hex4() (rune, bool) {
	if len(s.s)-s.i < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(s.s[s.i:s.i+4], 16, 16)
	if err != nil {
		return 0, false
	}
	s.i += 4
	return rune(v), true
}

// valid makes a U+FFFD of each byte that is not UTF-8, as encoding/json does.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return string([]rune(text))
}
