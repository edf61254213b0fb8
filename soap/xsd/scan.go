package xsd

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// maxLexical bounds the text of one simple value, so that hostile digits do not
// turn into minutes of arithmetic. No real value comes near.
const maxLexical = 4096

// scanner reads a lexical form from left to right.
type scanner struct{ rest string }

// take reads c, if it is next.
func (s *scanner) take(c byte) bool {
	if len(s.rest) > 0 && s.rest[0] == c {
		s.rest = s.rest[1:]
		return true
	}
	return false
}

// digits reads a run of digits of any length.
func (s *scanner) digits() string {
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	d := s.rest[:n]
	s.rest = s.rest[n:]
	return d
}

// two reads exactly two digits between low and high.
func (s *scanner) two(low, high int) (int, bool) {
	if len(s.rest) < 2 || s.rest[0] < '0' || s.rest[0] > '9' || s.rest[1] < '0' || s.rest[1] > '9' {
		return 0, false
	}
	n := int(s.rest[0]-'0')*10 + int(s.rest[1]-'0')
	s.rest = s.rest[2:]
	return n, n >= low && n <= high
}

func (s *scanner) done() bool { return s.rest == "" }

// number turns digits into a number of at most nine digits.
func number(digits string) (int, bool) {
	const most = 9
	if digits == "" || len(digits) > most {
		return 0, false
	}
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n, true
}

// lexical gives the text of v without white space around it.
func lexical(v infoset.Value) (string, bool) {
	s := xmlchar.Trim(v.String())
	return s, len(s) <= maxLexical
}

func bad(what string) error {
	return &infoset.Error{Reason: infoset.BadValue, Offset: -1, Detail: "no " + what}
}

// exactly gives typed if its text is text, else text: binary XML must not change
// a lexical form.
func exactly(typed infoset.Value, text string) infoset.Value {
	var b [64]byte
	if string(typed.AppendText(b[:0])) == text {
		return typed
	}
	return infoset.String(text)
}

// Collapse gives s as the facet whiteSpace=collapse has it (XML Schema part 2,
// 4.3.6), for xs:token and what derives from it: no white space around, single
// spaces inside.
func Collapse(s string) string {
	clean := true
	for i := range len(s) {
		if xmlchar.IsSpace(s[i]) && (s[i] != ' ' || i == 0 || i == len(s)-1 || s[i+1] == ' ') {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	out := make([]byte, 0, len(s))
	for s = xmlchar.Trim(s); s != ""; s = xmlchar.Trim(s) {
		n := 0
		for n < len(s) && !xmlchar.IsSpace(s[n]) {
			n++
		}
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, s[:n]...)
		s = s[n:]
	}
	return string(out)
}

// Replace gives s as whiteSpace=replace has it, for xs:normalizedString: every
// white-space character is a space.
func Replace(s string) string {
	out := []byte(s)
	for i, c := range out {
		if xmlchar.IsSpace(c) {
			out[i] = ' '
		}
	}
	return string(out)
}
