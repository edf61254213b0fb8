// Package percent owns how SOAP peers write actions and content ids in fields of
// HTTP: with percent signs, and actions in quotes. It is pure and may be called from
// any goroutine.
// Sources: RFC 3986 section 2.1; SOAP 1.1, 6.1.1.
package percent

import (
	"errors"
	"strings"
)

// Decode gives the text with every %XX decoded. What is no escape stays as it is; a
// plus sign is one. A text without a percent sign is given back, not copied.
func Decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := digit(s[i+1]), digit(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// digit is the value of a hexadecimal digit, -1 for any other character.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Quote gives an action in quotes. What a header or the quotes cannot hold is
// percent-encoded; then percent signs are too.
func Quote(action string) string {
	if strings.IndexFunc(action, unquotable) < 0 {
		return `"` + action + `"`
	}
	const digits = "0123456789ABCDEF"
	b := []byte{'"'}
	for i := range len(action) {
		if c := action[i]; c == '%' || unquotable(rune(c)) {
			b = append(b, '%', digits[c>>4], digits[c&15])
			continue
		}
		b = append(b, action[i])
	}
	return string(append(b, '"'))
}

// unquotable tells the characters that cannot stand between the quotes of a header.
func unquotable(r rune) bool { return r < ' ' || r >= 0x7F || r == '"' }

// Unquote reads the value of SOAPAction: a quoted string as SOAP 1.1 has it, a
// bare URI as many peers write it, or nothing. Percent signs stay.
func Unquote(s string) (string, error) {
	s = strings.Trim(s, " \t")
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7F {
			return "", errors.New("control character")
		}
	}
	quoted := len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"'
	if quoted {
		s = s[1 : len(s)-1]
	}
	if strings.Contains(s, `"`) {
		return "", errors.New("quotes that do not fit")
	}
	return s, nil
}
