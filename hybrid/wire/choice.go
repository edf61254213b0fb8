package wire

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/internal/http1"
)

// maxListed bounds the lists a peer may send us to choose from; the service allows 25 listeners.
const maxListed = 100

// Protocols returns the sub-protocols that the fields of a handshake offer, in their order, at most 100.
func Protocols(fields http1.Fields) []string {
	var offers []string
	for token := range fields.Tokens("Sec-WebSocket-Protocol") {
		if len(offers) == maxListed {
			break
		}
		offers = append(offers, token)
	}
	return offers
}

// ChooseProtocol returns the sub-protocol that goes into both 101 responses: the first one of the listener's answer that
// the sender offered, or "" for none (section 7). Names are compared with their case, RFC 6455 section 4.1.
func ChooseProtocol(offers, answer []string) string {
	for _, name := range answer {
		if slices.Contains(offers, name) {
			return name
		}
	}
	return ""
}

// Listeners reads the targeting fields of a sender (section 6.6): ids of listeners that may, and that may not, be chosen.
// allowed is nil when the sender did not ask, and not nil but maybe empty when it did. What is no GUID matches nobody, so
// it is left out. More than 100 ids in a field are ErrTooLarge.
func Listeners(fields http1.Fields) (allowed, disallowed [][16]byte, err error) {
	if allowed, err = listenerIDs(fields, "Microsoft-Relay-AllowedListeners"); err != nil {
		return nil, nil, err
	}
	disallowed, err = listenerIDs(fields, "Microsoft-Relay-DisallowedListeners")
	return allowed, disallowed, err
}

// listenerIDs reads one of the two fields. A field without a single GUID still narrows the choice, to nobody.
func listenerIDs(fields http1.Fields, name string) ([][16]byte, error) {
	if !fields.Has(name) {
		return nil, nil
	}
	ids := [][16]byte{}
	listed := 0
	for token := range fields.Tokens(name) {
		if listed++; listed > maxListed {
			return nil, &Error{"read listener ids", ErrTooLarge, name + " has more than 100 ids. Send fewer."}
		}
		if id, ok := ParseID(token); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// SplitSetCookie takes a Set-Cookie value apart that a .NET listener has joined by bare commas (section 8.5). It cuts only
// where a comma is followed by "name=", which neither the date of Expires nor a legal cookie value can hold.
func SplitSetCookie(value string) []string {
	var cookies []string
	start := 0
	for i := range len(value) {
		if value[i] == ',' && beginsCookie(strings.TrimLeft(value[i+1:], " ")) {
			cookies = append(cookies, value[start:i])
			start = i + 1 + len(value[i+1:]) - len(strings.TrimLeft(value[i+1:], " "))
		}
	}
	return append(cookies, value[start:])
}

// beginsCookie tells whether s starts with a token (RFC 9110 section 5.6.2) and "=".
func beginsCookie(s string) bool {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7F || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
	return end > 0 && s[end] == '='
}
