package corpus

import (
	"strconv"
	"strings"
)

// Bytes that may not stand where only a token may: all delimiters, samples of controls, samples from 0x80 up. SP is apart, as it
// ends the method.
var (
	delimiters = []string{`"`, "(", ")", ",", "/", ":", ";", "<", "=", ">", "?", "@", "[", "\\", "]", "{", "}"}
	controls   = []string{"\x00", "\x01", "\x07", "\b", "\v", "\f", "\x0e", "\x1b", "\x1f", "\x7f"}
	highBytes  = []string{"\x80", "\xa0", "\xc3\xa9", "\xff"}
)

const (
	ruleMethod  = "RFC 9110 9.1: method = token"
	ruleLine    = "RFC 9112 3: request-line = method SP request-target SP HTTP-version CRLF"
	ruleVersion = "RFC 9112 2.3: HTTP-version = \"HTTP/\" DIGIT \".\" DIGIT, and a version we speak"
	ruleTarget  = "RFC 9112 3.2: no white space, controls or fragment in a target"
	ruleEscape  = "RFC 3986 2.1: pct-encoded = \"%\" HEXDIG HEXDIG; other bytes are UTF-8"
	ruleForm    = "RFC 9112 3.2: origin-, absolute-, authority- or asterisk-form, each for its methods"
	ruleBefore  = "RFC 9112 2.2: nothing but one CRLF before the request line"
	ruleHTTPURI = "RFC 9110 4.2: http(s) target with a host, without user information"
)

// requestLine breaks the first line.
func (s *set) requestLine(m message, p Place) {
	s.methods(m)
	s.blanks(m)
	s.versions(m)
	s.targets(m)
	s.forms(m, p)
	for _, before := range []string{"\r\n\r\n", "\r\n\r\n\r\n", "\n", "\r", " ", "\t", " \r\n", "\x00", "\ufeff", "\r\n ", "\v", "\r\n\n", "0\r\n\r\n"} {
		s.add(ruleBefore, "before/"+quote(before), m.with(func(m *message) { m.before = before }), m)
	}
}

// methods puts each byte that is no token byte at each place of the method.
func (s *set) methods(m message) {
	bytes := concat(delimiters, controls, highBytes)
	for _, b := range bytes {
		for _, at := range places(m.method) {
			s.add(ruleMethod, "method/"+quote(b)+"/"+at.name, m.with(func(m *message) { m.method = at.put(b) }), m)
		}
	}
	s.add(ruleMethod, "method/none", m.with(func(m *message) { m.method = "" }), m)
}

// blanks breaks what separates the three words, and puts things after the last.
func (s *set) blanks(m message) {
	for _, sp := range []string{"", "  ", "\t", " \t", "\t ", "\v", "\f", "\r", "\n", "\u00a0", "   ", "\x00", " \r\n "} {
		s.add(ruleLine, "blank1/"+quote(sp), m.with(func(m *message) { m.sp1 = sp }), m)
		s.add(ruleLine, "blank2/"+quote(sp), m.with(func(m *message) { m.sp2 = sp }), m)
	}
	for _, tail := range []string{" ", "\t", " HTTP/1.1", ".1", "0", "\x00", "\v", " x"} {
		s.add(ruleLine, "tail/"+quote(tail), m.with(func(m *message) { m.version += tail }), m)
	}
	s.add(ruleLine, "no-version", m.with(func(m *message) { m.version = "" }), m)
	s.add(ruleLine, "http09", m.with(func(m *message) { m.sp2, m.version = "", "" }), m)
	s.add(ruleLine, "no-target", m.with(func(m *message) { m.sp2, m.target = "", "" }), m)
	s.add(ruleLine, "method-only", m.with(func(m *message) { m.sp1, m.target, m.sp2, m.version = "", "", "", "" }), m)
}

// versions has other protocols, other versions, and other spellings of ours.
func (s *set) versions(m message) {
	for _, v := range []string{
		"HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/", "HTTP", "HTTP/11", "HTTP/01.1", "HTTP/1.01", "HTTP/1.10", "HTTP/1.1.1", "HTTP/2.0", "HTTP/2",
		"HTTP/0.9", "HTTP/3.0", "HTTP/9.9", "HTTP/1.2", "HTTP/1.9", "http/1.1", "Http/1.1", "HTTPS/1.1", "HTTP /1.1", "HTTP/ 1.1", "HTTP/1 .1", "HTTP/1. 1",
		"HTTP/1,1", "HTTP/-1.1", "HTTP/+1.1", "HTTP/1.-1", "HTTP/1.x", "HTTP/x.1", "HTTP-1.1", "HTTP\\1.1", "HTP/1.1", "XHTTP/1.1", "RTSP/1.0", "ICY", "1.1",
		"HTTP/\uff11.1", "HTTP/1.\u0661", "HTTP/1.1;", "\"HTTP/1.1\"",
	} {
		s.add(ruleVersion, "version/"+quote(v), m.with(func(m *message) { m.version = v }), m)
	}
}

// targets puts forbidden bytes into the target and forbidden escapes into its path.
func (s *set) targets(m message) {
	for _, b := range concat(controls, []string{" ", "\t", "\r", "\n", "#", "#f", " HTTP/1.1 "}) {
		for _, at := range places(m.target) {
			s.add(ruleTarget, "target/"+quote(b)+"/"+at.name, m.with(func(m *message) { m.target = at.put(b) }), m)
		}
	}
	if m.method == "CONNECT" || m.target == "*" {
		return
	}
	path, query, _ := strings.Cut(m.target, "?")
	for _, tail := range []string{"/%", "/%4", "/%zz", "/%4g", "/%g4", "/%%41", "/%u0041", "/%-1", "/\x80", "/\xff", "/\xc0\xaf", "/\xed\xa0\x80", "/\xe2\x82", "/\xf8\x88\x80\x80\x80"} {
		broken := path + tail
		if query != "" {
			broken += "?" + query
		}
		s.add(ruleEscape, "escape/"+quote(tail), m.with(func(m *message) { m.target = broken }), m)
	}
}

// forms breaks the form of the target as a whole.
func (s *set) forms(m message, p Place) {
	host := p.Host
	wrong := []string{
		strings.TrimPrefix(p.Path, "/"), "?q", "\\echo", ".", "..", "*x", "**", "*/", "*?x", host, "http:", "http:/", "http:" + p.Path, "http:/" + host + p.Path,
		"file:///etc/passwd", "ftp://" + host + "/", "javascript:alert(1)", "mailto:a@b", ":", "::", "@", "a@b", "/ /", "<>", "http;//" + host,
	}
	for _, t := range wrong {
		// With a port it is the right form for this one method.
		if m.method == "CONNECT" && t == host && strings.Contains(host, ":") {
			continue
		}
		s.add(ruleForm, "form/"+quote(t), m.with(func(m *message) { m.target = t }), m)
	}
	if m.method != "OPTIONS" {
		s.add(ruleForm, "form/*", m.with(func(m *message) { m.target = "*" }), m)
	}
	if m.method == "CONNECT" {
		for _, t := range []string{"/", p.Path, "*", "http://example.org:443", "http://example.org:443/", "example.org", "example.org:", ":443", "example.org:https",
			"example.org:443:443", "example.org:70000", "u@example.org:443", "example.org:443/", "example.org:443?x", "[::1", "[::1]", "::1:443", "[]:443"} {
			s.add(ruleForm, "connect/"+quote(t), m.with(func(m *message) { m.target = t }), m)
		}
		return
	}
	for _, t := range []string{
		"http://", "http:///", "http://?q", "http:///x", "http://@/", "http://u@" + host + p.Path, "http://u:p@" + host + p.Path, "https://:443/", "http://" + host + ":/",
		"http://" + host + "@evil.example/", "http://" + host + "\\@evil.example/", "http://evil.example" + p.Path, "http://evil.example:80/", "http://[::1/", "http://::1/",
		"http://a b/", "http://a%20b/", "http://a:99999/", "http://a:-1/", "http://a:+80/", "http://a:80x/", "http://a:80:80/", "http://a;b/", "http://[::1]x/",
	} {
		if m.noHost && strings.HasPrefix(t, "http://evil") {
			continue // there is no Host that it could differ from
		}
		s.add(ruleHTTPURI, "absolute/"+quote(t), m.with(func(m *message) { m.target = t }), m)
	}
}

// place is a spot in a string where something can be put.
type place struct {
	name string
	put  func(string) string
}

// places are the start, the middle and the end of s.
func places(s string) []place {
	at := func(i int) func(string) string { return func(x string) string { return s[:i] + x + s[i:] } }
	if s == "" {
		return []place{{"alone", at(0)}}
	}
	return []place{{"start", at(0)}, {"mid", at((len(s) + 1) / 2)}, {"end", at(len(s))}}
}

// concat joins lists into a new one.
func concat(lists ...[]string) (all []string) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// quote makes bytes fit for a name.
func quote(s string) string {
	q := strconv.QuoteToASCII(s)
	return strings.NewReplacer("/", "|", " ", "_").Replace(q[1 : len(q)-1])
}
