package wire

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/internal/http1"
)

// lowerHex are the digits of escapes.
const lowerHex = "0123456789abcdef"

// plainJSON marks the ASCII characters that stand in a JSON string as they are. "/" is one: escaping it is allowed, but
// takes room that a message of 64 KiB may not have.
var plainJSON = func() (table [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendString appends s as a JSON string. Bytes from 0x80 up are taken as UTF-8 when all of s is valid, else as Latin-1
// (section 8.3), so that the result is JSON whatever s is.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// appendEscaped appends the inside of a JSON string. Whether s is UTF-8 is asked once, at its first byte beyond ASCII:
// asked again for each one, a hostile value would cost the square of its length.
func appendEscaped(dst []byte, s string) []byte {
	start, utf8Text, known := 0, false, false
	for i := range len(s) {
		c := s[i]
		if plainJSON[c] {
			continue
		}
		if c >= utf8.RuneSelf {
			if !known {
				utf8Text, known = utf8.ValidString(s[i:]), true
			}
			if utf8Text {
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		if c >= utf8.RuneSelf {
			dst = utf8.AppendRune(dst, rune(c))
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return append(dst, s[start:]...)
}

// appendEscape appends one of the ASCII characters that need an escape.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&0xF])
}

// appendEndpoint appends a remoteEndpoint object, without which a Java listener drops its control channel (section 6.1).
func appendEndpoint(dst []byte, peer netip.AddrPort) []byte {
	dst = append(dst, `{"address":"`...)
	// ::ffff:192.0.2.1 is how a two-stack socket shows 192.0.2.1; a zone means something on this machine only.
	if addr := peer.Addr().Unmap().WithZone(""); addr.IsValid() {
		dst = addr.AppendTo(dst)
	} else {
		dst = append(dst, "0.0.0.0"...)
	}
	dst = append(dst, `","port":`...)
	dst = strconv.AppendUint(dst, uint64(peer.Port()), 10)
	return append(dst, '}')
}

// maxFields bounds the fields of one message; twice what http1 reads by default. Joining is quadratic in it.
const maxFields = 400

// appendFields appends fields as an object of strings. Fields whose names differ only in case are one: the first spelling,
// the values joined by ", ", those of Cookie by "; " (section 8.3). skip tells names that stay out.
func appendFields(dst []byte, fields http1.Fields, skip func(name string) bool) ([]byte, error) {
	if len(fields) > maxFields {
		return dst, &Error{"append fields", ErrTooLarge, "The request has more than 400 header fields. Send fewer."}
	}
	dst = append(dst, '{')
	begun := false
	for i := range fields {
		f := &fields[i]
		if skip != nil && skip(f.Name) || joined(fields[:i], f.Name) {
			continue
		}
		if begun {
			dst = append(dst, ',')
		}
		begun = true
		dst = appendString(dst, f.Name)
		dst = append(dst, ':')
		var err error
		if dst, err = appendValues(dst, fields[i:]); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// joined tells whether a field before has the same name, and so the value is already written.
func joined(before http1.Fields, name string) bool {
	for i := range before {
		if len(before[i].Name) == len(name) && strings.EqualFold(before[i].Name, name) {
			return true
		}
	}
	return false
}

// appendValues appends the values of all fields named as the first one, as one string.
func appendValues(dst []byte, fields http1.Fields) ([]byte, error) {
	name := fields[0].Name
	separator := ", "
	if len(name) == len("Cookie") && strings.EqualFold(name, "Cookie") {
		separator = "; "
	}
	dst = append(dst, '"')
	for i := range fields {
		f := &fields[i]
		if len(f.Name) != len(name) || !strings.EqualFold(f.Name, name) {
			continue
		}
		if i > 0 {
			dst = append(dst, separator...)
		}
		switch {
		case plainValue(f.Value): // nearly always
			dst = append(dst, f.Value...)
		case forbidden(f.Value):
			return dst, &Error{"append fields", ErrField, "A header field has a control character in its value."}
		default:
			dst = appendEscaped(dst, f.Value)
		}
	}
	return append(dst, '"'), nil
}

// plainValue tells a value in which nothing is to be escaped and nothing is forbidden.
func plainValue(value string) bool {
	for i := range len(value) {
		if c := value[i]; !plainJSON[c] || c == 0x7F {
			return false
		}
	}
	return true
}

// forbidden finds the control characters, all but tab, with which a .NET listener drops a request without a word (section 8.3).
func forbidden(value string) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7F {
			return true
		}
	}
	return false
}
