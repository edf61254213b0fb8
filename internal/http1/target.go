package http1

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// checkTarget holds a target against the four forms of RFC 9112 section 3.2. It is not empty, and its bytes are in class inTarget. offset
// is where it starts, for the error. It allocates nothing when all is well.
func checkTarget(method, target string, offset int) error {
	if !utf8.ValidString(target) {
		return bad(offset, "target is not UTF-8; percent-encode its bytes")
	}
	authority, rest, absolute := splitAbsolute(target)
	switch {
	case method == "CONNECT": // authority-form, for this method alone; the port is required (RFC 9110 section 9.3.6)
		if !isHost(target, true) {
			return bad(offset, "target of CONNECT is not host:port")
		}
		return nil
	case absolute: // user information and an empty host are errors (RFC 9110 sections 4.2.1 and 4.2.4)
		if !isHost(authority, false) {
			return bad(offset, "target has no good host; send it without user name, with a port of 1 to 65535 or none")
		}
	case target == "*":
		if method != "OPTIONS" {
			return bad(offset, "target * is for OPTIONS only")
		}
		return nil
	case target[0] == '/': // origin-form; "//x" is a path too
		rest = target
	default:
		return bad(offset, "target is neither a path that starts with / nor an http address")
	}
	if !goodEscapes(rest) {
		return bad(offset, "path has a % without two hexadecimal digits; send %25 for a percent sign")
	}
	return nil
}

// splitAbsolute splits "http://AUTHORITY/rest" (also https, ws and wss, any case). rest is empty or starts with '/' or '?'.
func splitAbsolute(target string) (authority, rest string, ok bool) {
	if strings.HasPrefix(target, "/") { // nearly always
		return "", "", false
	}
	scheme, after, ok := strings.Cut(target, "://")
	if !ok || !(equalFold(scheme, "http") || equalFold(scheme, "https") || equalFold(scheme, "ws") || equalFold(scheme, "wss")) {
		return "", "", false
	}
	// A backslash does not end an authority, as browsers would have it: it makes the host bad.
	if i := strings.IndexAny(after, "/?"); i >= 0 {
		return after[:i], after[i:], true
	}
	return after, "", true
}

// goodEscapes looks at the path only: a query may hold a stray % (browsers send it), and the relay passes queries on as bytes.
func goodEscapes(pathQuery string) bool {
	path, _, _ := strings.Cut(pathQuery, "?")
	for {
		i := strings.IndexByte(path, '%')
		if i < 0 {
			return true
		}
		if len(path) < i+3 || !all(path[i+1:i+3], inHex) {
			return false
		}
		path = path[i+3:]
	}
}

// isHost reports whether s is a host with an optional port (needPort: not optional). See the package comment for what is left out
// of the grammar of RFC 3986.
func isHost(s string, needPort bool) bool {
	// The last colon starts the port, unless it is one of those inside "[::1]". A colon more, as in a bare IPv6 address, is no byte of
	// a name.
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		if host, port = s[:i], s[i+1:]; !isPort(port) {
			return false
		}
	}
	if needPort && port == "" {
		return false
	}
	// A zone is for one machine only; IPvFuture has never been defined.
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	return host != "" && all(host, inName)
}

// isPort takes 1 to 5 digits up to 65535. RFC 3986 allows an empty port too; nobody sends one, and "h:" and "h" compare as different hosts.
func isPort(s string) bool {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return s != "" && len(s) <= 5 && all(s, inDigit) && n <= 65535
}

// checkHost holds the Host field against RFC 9112 section 3.2: exactly one in HTTP/1.1, at most one in HTTP/1.0, well formed, and
// the same as the authority of an absolute-form target.
func checkHost(h *Head) error {
	host, count := "", 0
	for i := range h.Fields {
		if equalFold(h.Fields[i].Name, "Host") {
			host = h.Fields[i].Value
			count++
		}
	}
	switch {
	case count == 0 && h.Minor == 0:
		return nil
	case count != 1:
		return bad(-1, "request has no Host field or several; send one")
	case !isHost(host, false):
		return bad(-1, "Host is not a host name or address with an optional port")
	}
	// RFC 9110 section 7.2: the client sends the same in both. A server may ignore Host; what is behind us might not.
	authority, _, absolute := splitAbsolute(h.Target)
	if absolute && !sameHost(h.Target, authority, host) {
		return bad(-1, "Host differs from the host in the target; send the same in both")
	}
	return nil
}

// sameHost compares two hosts, where a missing port is the scheme's own.
func sameHost(target, a, b string) bool {
	port := ":80"
	if scheme, _, _ := strings.Cut(target, "://"); equalFold(scheme, "https") || equalFold(scheme, "wss") {
		port = ":443"
	}
	return equalFold(strings.TrimSuffix(a, port), strings.TrimSuffix(b, port))
}
