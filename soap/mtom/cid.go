package mtom

import (
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// reference is what an xop:Include refers to. Content-IDs are not escaped and cid
// URLs may be (RFC 2392, 2); peers escape all, nothing, or both sides alike.
type reference struct{ plain string }

// parseReference reads the href of an xop:Include.
func parseReference(href string) (reference, bool) {
	const scheme = "cid:"
	href = strings.Trim(href, " \t\r\n")
	if len(href) <= len(scheme) || !strings.EqualFold(href[:len(scheme)], scheme) {
		return reference{}, false
	}
	return reference{plain: unescape(href[len(scheme):])}, true
}

// key gives the form in which Content-IDs are kept and compared.
func key(id string) string { return unescape(id) }

// keys are the forms that ref may have as a key: escaped as it should be, or twice
// because the Content-ID is escaped already.
func (ref reference) keys() [2]string { return [2]string{ref.plain, unescape(ref.plain)} }

// is reports whether ref is the part of this Content-ID.
func (ref reference) is(id string) bool {
	return id != "" && (key(id) == ref.plain || id == ref.plain)
}

// String gives the reference for messages.
func (ref reference) String() string { return infoset.Clip(ref.plain) }

// unescape decodes %XX (RFC 3986, 2.1). What is no escape stays as it is; a plus
// sign is one.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
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

func unhex(c byte) int {
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
