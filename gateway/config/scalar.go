package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// class is a kind of value: which YAML scalar carries it, how its text is checked, and what to say when it is not right.
type class struct {
	// tag is the YAML type the scalar must have. A name that YAML reads as a number or a date (2024, 0123, 1e3) is refused
	// instead of being guessed back into text.
	tag string
	// expect ends the sentence "expected ...".
	expect func(s *setting) string
	// right decides on the text alone, so that file, environment and flags are held to the same.
	right func(s *setting, text string) bool
}

const (
	maxText = 4096 // bytes of a path
	maxName = 260  // characters of an entity's name: the service's limit
	maxRule = 256  // characters of a rule's name and of a key: the limit of the vendor's SDK
	maxHost = 253  // RFC 1035, section 2.3.4, less the root's dot
)

// classes by the name that the tag `is` uses; the last three come from the Go type.
var classes = map[string]*class{
	"path": {tag: "!!str", right: isPath, expect: says("a path without control characters")},
	"file": {tag: "!!str", right: isPath, expect: says("the path of a file")},
	"door": {tag: "!!str", right: isDoor, expect: says("an address such as 127.0.0.1:8443, :8443 or \"[::1]:8443\", or off")},
	"host": {tag: "!!str", right: isHost, expect: says("a host name or an IP address, without port")},
	"hostport": {tag: "!!str", right: isHostPort, expect: says(
		"an address such as relay.example.com:443, with a host and a port from 1 to 65535")},
	"dns":   {tag: "!!str", right: isPublicName, expect: says("a DNS name with a dot, no address, no wildcard and nothing below localhost")},
	"email": {tag: "!!str", right: isEmail, expect: says("an address such as admin@example.com")},
	"url":   {tag: "!!str", right: isHTTPS, expect: says("an address that begins with https://")},
	"rule":  {tag: "!!str", right: isRule, expect: says("1 to 256 letters, digits, dots, hyphens or underscores")},
	"name": {tag: "!!str", right: isName, expect: says(
		"a path of at most 260 characters such as orders or plant/line1, without ? # % \\ and empty segments, not beginning with $")},
	"cidr":       {tag: "!!str", right: isCIDR, expect: says("a network such as 192.0.2.0/24 or a single IP address")},
	"secret":     {tag: "!!str", right: isSecret, expect: says("1 to 256 printable characters without spaces, env:NAME or file:PATH")},
	"text":       {tag: "!!str", right: isPath, expect: says("a text of one line")},
	"connection": {tag: "!!str", right: isPath, expect: says("a text of one line, env:NAME or file:PATH")},
	"choice": {tag: "!!str", right: isChoice, expect: func(s *setting) string {
		if len(s.oneOf) == 1 {
			return s.oneOf[0]
		}
		return "one of " + strings.Join(s.oneOf, ", ")
	}},
	"duration": {tag: "!!str", right: isDuration, expect: func(s *setting) string {
		return "a duration from " + short(s.min) + " to " + short(s.max) + ", such as 10s, 5m or 1h30m"
	}},
	"number": {tag: "!!int", right: isNumber, expect: func(s *setting) string {
		return "a whole number from " + strconv.FormatInt(s.min, 10) + " to " + strconv.FormatInt(s.max, 10)
	}},
	"bool": {tag: "!!bool", right: isBool, expect: says("true or false")},
}

// says is the expectation that is the same for every setting of a class.
func says(text string) func(*setting) string { return func(*setting) string { return text } }

// short writes a duration without its zero parts: 24h, not 24h0m0s.
func short(nanoseconds int64) string {
	text := time.Duration(nanoseconds).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// durationText is what a duration looks like: numbers with the units h, m, s and ms. A number without a unit is none:
// nobody can tell seconds from milliseconds.
var durationText = regexp.MustCompile(`^(\d+(\.\d+)?(ms|s|m|h))+$`)

func parseDuration(text string) (time.Duration, bool) {
	if len(text) > 32 || !durationText.MatchString(text) {
		return 0, false
	}
	d, err := time.ParseDuration(text) // too large is an error
	return d, err == nil
}

func isDuration(s *setting, text string) bool {
	d, ok := parseDuration(text)
	return ok && int64(d) >= s.min && int64(d) <= s.max
}

// isNumber takes plain decimal digits only: other spellings (0x10, 1_000, 010) differ between readers.
func isNumber(s *setting, text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == text && n >= s.min && n <= s.max
}

// isBool takes 1 and 0 as well, which is how environments say it; in the file YAML's own type comes first.
func isBool(_ *setting, text string) bool {
	_, err := strconv.ParseBool(text)
	return err == nil
}

func isChoice(s *setting, text string) bool { return slices.Contains(s.oneOf, text) }

// isPath does not look whether anything is there: a path may be one that the gateway makes.
func isPath(_ *setting, text string) bool {
	return text != "" && len(text) <= maxText && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// isDoor takes an address to listen on. An empty host means all interfaces, port 0 any free port.
func isDoor(s *setting, text string) bool {
	if text == Off {
		return true
	}
	host, port, err := net.SplitHostPort(text)
	return err == nil && isPort(port, 0) && (host == "" || isHost(s, host))
}

// isHostPort takes an address to dial: nothing may be left open.
func isHostPort(s *setting, text string) bool {
	host, port, err := net.SplitHostPort(text)
	return err == nil && isPort(port, 1) && isHost(s, host)
}

// isPort takes digits only: names of services differ between machines.
func isPort(text string, lowest int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && strconv.Itoa(n) == text && n >= lowest && n <= 65535
}

// isHost takes IP addresses and names of letters, digits, hyphens and underscores (container networks use them).
func isHost(_ *setting, text string) bool {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Zone() == "" || isPath(nil, addr.Zone())
	}
	if text == "" || len(text) > maxHost {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool { return !plain(r) && r != '_' }) ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// isPublicName takes names that a public authority can confirm by a call to the host.
func isPublicName(s *setting, text string) bool {
	_, err := netip.ParseAddr(text)
	lower := strings.ToLower(text)
	return err != nil && isHost(s, text) && strings.Contains(text, ".") && !strings.Contains(text, "_") && !strings.HasSuffix(lower, ".localhost")
}

// isEmail takes what is one address and nothing else.
func isEmail(_ *setting, text string) bool {
	local, domain, ok := strings.Cut(text, "@")
	return ok && local != "" && len(text) <= maxHost && isHost(nil, domain) && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(",;<>()\"", r)
	})
}

// isHTTPS takes a whole URL without user and fragment.
func isHTTPS(_ *setting, text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= maxText && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Fragment == ""
}

// isRule takes names that stand in connection strings and tokens as they are, without escapes.
func isRule(_ *setting, text string) bool {
	return text != "" && len(text) <= maxRule && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) && r != '.' && r != '_' })
}

// plain are the characters that mean themselves everywhere.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-'
}

// isName is the shape of an entity's name. What a name may be beyond that is the core's to say, by Params.Check.
func isName(_ *setting, text string) bool {
	path := strings.Trim(text, "/")
	if path == "" || len(text) > maxName || path[0] == '$' || !isPath(nil, path) || strings.ContainsAny(path, "?#%\\") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

func isCIDR(_ *setting, text string) bool {
	_, ok := parsePrefix(text)
	return ok
}

// parsePrefix reads a network, or one address as a network of its own. Bits behind the mask are cleared.
func parsePrefix(text string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil
}

// isSecret is the shape of a key once it is resolved.
func isSecret(_ *setting, text string) bool {
	return text != "" && len(text) <= maxRule && utf8.ValidString(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' })
}
