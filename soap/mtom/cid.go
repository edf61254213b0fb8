package mtom

import (
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/percent"
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
	return reference{plain: percent.Decode(href[len(scheme):])}, true
}

// key gives the form in which Content-IDs are kept and compared.
func key(id string) string { return percent.Decode(id) }

// keys are the forms that ref may have as a key: escaped as it should be, or twice
// because the Content-ID is escaped already.
func (ref reference) keys() [2]string { return [2]string{ref.plain, percent.Decode(ref.plain)} }

// is reports whether ref is the part of this Content-ID.
func (ref reference) is(id string) bool {
	return id != "" && (key(id) == ref.plain || id == ref.plain)
}

// String gives the reference for messages.
func (ref reference) String() string { return infoset.Clip(ref.plain) }
