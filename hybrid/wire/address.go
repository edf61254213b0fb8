package wire

import (
	"net/url"
	"strconv"
	"strings"
)

// Rendezvous is the address a listener is told to dial: the capability to meet one sender once (section 7).
//
//	wss://AUTHORITY/$hc/PATH?[QUERY&]sb-hc-action=accept|request&sb-hc-id=GUID_G<node>
type Rendezvous struct {
	Plain     bool     // ws instead of wss
	Authority string   // host[:port] that the listener can reach
	Path      string   // raw path of the sender, begins with "/", without /$hc
	Query     string   // filtered query of the sender; not shown with ActionRequest: Java throws on a "=" in a value
	Action    Action   // ActionAccept or ActionRequest
	Ticket    [16]byte // shown as the id
}

// Append appends the address. Bytes of path and query that are not printable ASCII, and "#", leave as %XX, all others as
// they came, so the address is ASCII whatever the sender wrote.
func (r *Rendezvous) Append(dst []byte) []byte {
	scheme := "wss://"
	if r.Plain {
		scheme = "ws://"
	}
	dst = append(dst, scheme...)
	dst = append(dst, r.Authority...)
	dst = append(dst, "/$hc"...)
	dst = appendASCII(dst, r.Path)
	dst = append(dst, '?')
	if r.Query != "" && r.Action != ActionRequest {
		dst = appendASCII(dst, r.Query)
		dst = append(dst, '&')
	}
	dst = append(dst, "sb-hc-action="...)
	dst = append(dst, r.Action.String()...)
	dst = append(dst, "&sb-hc-id="...)
	return AppendID(dst, r.Ticket)
}

// String returns the address. It is a capability: it does not belong in a log while it is unused.
func (r *Rendezvous) String() string { return string(r.Append(nil)) }

func appendASCII(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	start := 0
	for i := range len(s) {
		c := s[i]
		if c > ' ' && c < 0x7F && c != '#' {
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, '%', digits[c>>4], digits[c&0xF])
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// Address is a rendezvous address as a listener dials it: Target goes on the wire byte for byte as it came.
type Address struct {
	Plain     bool   // ws instead of wss
	Authority string // host[:port]; the port of the scheme when it has none
	Target    string // origin form, fit for ParseTarget
}

// ParseAddress takes the address of an accept or request message apart. It must be ws or wss, with a host, a path under
// /$hc and an sb-hc-id; else the error is ErrAddress. It is not decoded and not normalised.
func ParseAddress(address string) (Address, error) {
	bad := func(text string) (Address, error) { return Address{}, &Error{"parse address", ErrAddress, text} }
	scheme, rest, ok := strings.Cut(address, "://")
	var a Address
	switch {
	case ok && strings.EqualFold(scheme, "wss"):
	case ok && strings.EqualFold(scheme, "ws"):
		a.Plain = true
	default:
		return bad("The address must begin with wss:// or ws://.")
	}
	slash := strings.IndexAny(rest, "/?#")
	if slash <= 0 || rest[slash] != '/' {
		return bad("The address must have a host and a path.")
	}
	a.Authority, a.Target = rest[:slash], rest[slash:]
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7F || r == '#' }) || strings.ContainsAny(a.Authority, `@\`) {
		return bad("The address must have no blanks, no control characters, no fragment and no user name.")
	}
	t, err := ParseTarget(a.Target)
	if err != nil {
		return bad("The address must have a target that can be read.")
	}
	if !t.Prefixed || t.ID == "" {
		return bad("The address must have a path below /$hc and the parameter sb-hc-id.")
	}
	return a, nil
}

// RejectAddress returns the address that a listener dials to reject a sender with a status from 100 to 999 and a
// description, form-encoded as the .NET listener does (section 7).
func RejectAddress(address string, status int, description string) string {
	join := "&"
	if !strings.Contains(address, "?") {
		join = "?"
	}
	return address + join + "sb-hc-statusCode=" + strconv.Itoa(status) + "&sb-hc-statusDescription=" + url.QueryEscape(description)
}
