package auth

import (
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// maxShown bounds what an error repeats of an address, so that a reason phrase stays under 1 KiB (reference section 5).
const maxShown = 256

// audience is a signed resource taken apart. That depends on nothing but its text; whether it covers a place is judged each time.
type audience struct {
	text  string // decoded, as far as it could be
	host  string // without port
	path  string // canonical
	fault string // why it has no host; "": it has one
	bent  bool   // its path is not canonical
}

// readAudience decodes a signed resource (reference section 4.3). Only the host and the path count: any scheme will do, port, user, query
// and fragment are dropped.
func readAudience(resource string) audience {
	text, err := url.QueryUnescape(resource)
	if err != nil {
		return audience{text: resource, fault: "its percent escapes are broken"}
	}
	host, path, ok := splitAudience(text)
	if !ok {
		return audience{text: text, fault: "it has no scheme"}
	}
	at, err := entity.NewAddress("", audiencePath(path))
	return audience{text: text, host: host, path: at.Path, bent: err != nil}
}

// covers gives the address that the audience stands for, when that covers the place.
func (a *audience) covers(p Place) (entity.Address, *fail.Error) {
	prefix := entity.Address{Namespace: p.At.Namespace, Path: a.path}
	switch {
	case a.fault != "":
		return entity.Address{}, wrongAudience(a.text, p, a.fault)
	case !sameHost(a.host, p):
		return entity.Address{}, wrongAudience(a.text, p, "it names another host")
	case a.bent:
		return entity.Address{}, wrongAudience(a.text, p, "its path is not canonical")
	case !p.At.Within(prefix):
		return entity.Address{}, wrongAudience(a.text, p, "it names another path")
	}
	return prefix, nil
}

// splitAudience takes an absolute URI apart into host, without port, and path, without query and fragment. It reports
// false when there is no scheme with an authority. Ports and escapes are not judged: many signers write them oddly.
func splitAudience(audience string) (host, path string, ok bool) {
	scheme, rest, ok := strings.Cut(audience, "://")
	if !ok || !isScheme(scheme) {
		return "", "", false
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	return hostOnly(authority), path, true
}

// isScheme follows RFC 3986 section 3.1.
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case c >= 'a' && c <= 'z':
		case i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// audiencePath undoes the escapes that a signer left in the path (.NET signs "%20" for a blank), once and where they are
// whole, and drops the leading $hc of a WebSocket address.
func audiencePath(path string) string {
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	path = strings.Trim(path, "/")
	const mark = "$hc"
	if len(path) >= len(mark) && strings.EqualFold(path[:len(mark)], mark) {
		if rest := path[len(mark):]; rest == "" || rest[0] == '/' {
			return rest
		}
	}
	return path
}

// hostOnly cuts the port off, the brackets of an IPv6 address and the dot that ends a full domain name.
func hostOnly(authority string) string {
	if inner, ok := strings.CutPrefix(authority, "["); ok {
		host, _, _ := strings.Cut(inner, "]")
		return host
	}
	if i := strings.IndexByte(authority, ':'); i >= 0 && strings.LastIndexByte(authority, ':') == i {
		authority = authority[:i] // more than one colon: an IPv6 address that lost its brackets
	}
	return strings.TrimSuffix(authority, ".")
}

// sameHost reports whether the host is the one that was dialled or another name of the namespace.
func sameHost(host string, p Place) bool {
	if host == "" {
		return false
	}
	if strings.EqualFold(host, hostOnly(p.Host)) {
		return true
	}
	for _, other := range p.Hosts {
		if strings.EqualFold(host, hostOnly(other)) {
			return true
		}
	}
	return false
}

// wrongAudience says what is wrong, what was received and what to sign: people cannot find that out otherwise.
func wrongAudience(received string, p Place, why string) *fail.Error {
	return fail.Newf(fail.InvalidAudience,
		"InvalidAudience: The authorization header contains a token with a wrong audience. Received '%s' (%s), expected '%s'.",
		shown(withoutSecrets(received)), why, shown(Audience(p)))
}

// Audience is the text that a client should sign to be let in at the place: http, the host without a port, the path.
func Audience(p Place) string {
	host := hostOnly(p.Host)
	if strings.ContainsRune(host, ':') {
		host = "[" + host + "]"
	}
	return "http://" + host + "/" + p.At.Path
}

// withoutSecrets cuts off a query, which may carry keys, and the user part of an authority.
func withoutSecrets(audience string) string {
	audience, _, _ = strings.Cut(audience, "?")
	authority := 0
	if i := strings.Index(audience, "://"); i >= 0 {
		authority = i + len("://")
	}
	end := len(audience)
	if i := strings.IndexByte(audience[authority:], '/'); i >= 0 {
		end = authority + i
	}
	if at := strings.LastIndexByte(audience[authority:end], '@'); at >= 0 {
		return audience[:authority] + audience[authority+at+1:]
	}
	return audience
}

// shown makes a text fit for a reason phrase: one line of printable ASCII, cut where it is long.
func shown(s string) string {
	cut := ""
	if len(s) > maxShown {
		s, cut = s[:maxShown], "..."
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, s) + cut
}
