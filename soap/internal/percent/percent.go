// Package percent decodes percent signs as SOAP peers write them in actions and
// content ids. It is pure and may be called from any goroutine.
// Source: RFC 3986 section 2.1.
package percent

import "strings"

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
