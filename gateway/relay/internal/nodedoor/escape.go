package nodedoor

import (
	"errors"
	"strings"
)

var errEscape = errors.New("a percent sign without two hexadecimal digits behind it")

const hexDigits = "0123456789ABCDEF"

// clean reports whether a value can stand on a field line as it is: no control byte, and no blank at an end, which a reader cuts off.
func clean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}

// isToken reports whether s is a field name (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// appendEscaped appends s with each byte that could not stand there, and each percent sign, as an escape.
func appendEscaped(dst []byte, s string, name bool) []byte {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '%', c < ' ', c == 0x7f, name && !tokenByte(c), c == ' ' && (i == 0 || i == len(s)-1):
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// unescape undoes appendEscaped. Without an escape it returns s itself.
func unescape(s string) (string, error) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s, nil
	}
	out := append(make([]byte, 0, len(s)), s[:i]...)
	for ; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if len(s)-i < 3 {
				return "", errEscape
			}
			high, low := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
			if high < 0 || low < 0 {
				return "", errEscape
			}
			c = byte(high<<4 | low)
			i += 2
		}
		out = append(out, c)
	}
	return string(out), nil
}
