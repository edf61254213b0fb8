package corpus

import "strconv"

const (
	ruleLength  = "RFC 9110 8.6: Content-Length = 1*DIGIT, once, within 63 bits"
	ruleCoding  = "RFC 9112 6.1: Transfer-Encoding is chunked, once, alone"
	ruleBoth    = "RFC 9112 6.3: not both Transfer-Encoding and Content-Length"
	ruleOld     = "RFC 9112 6.1: no Transfer-Encoding in HTTP/1.0"
	ruleHost    = "RFC 9112 3.2: exactly one Host"
	ruleHostIs  = "RFC 9110 7.2: Host = uri-host [ \":\" port ]"
	ruleHostURI = "RFC 9110 7.2: Host is the authority of the target"
)

// spellings of a name: how a field is found must not depend on case.
var (
	lengthNames = []string{"Content-Length", "content-length", "CONTENT-LENGTH", "Content-length"}
	codingNames = []string{"Transfer-Encoding", "transfer-encoding", "TRANSFER-ENCODING", "tRANSFER-eNCODING"}
)

// badLengths: N stands for the right length. Signs, other bases, lists, other digits, numbers that wrap around to the right one.
var badLengths = []string{
	"", "+N", "-N", "- N", "--N", "0xN", "0xc", "N N", "N,N", "N, N", "N, 0", ",N", "N,", "N;", "N.0", "N.", ".N", "Ne0", "1_2", "0bN", "0oN", "Nh", "NL", "N/1", "(N)",
	`"N"`, "'N'", "twelve", "NaN", "Inf", "0x", "\u0661\u0662", "\uff11\uff12", "N\u00a0", "9223372036854775808", "18446744073709551615", "18446744073709551616",
	"18446744073709551628", "99999999999999999999", "340282366920938463463374607431768211468", "N\tN", "*", "%31%32", "N bytes", "chunked", "=N", "$N", "N#", "c",
}

// lengths breaks Content-Length. A base without a body gets a length of 0 as its good twin.
func (s *set) lengths(m message) {
	if m.chunked {
		return
	}
	right, good, at := "0", m, m.find("Content-Length")
	switch {
	case at < 0:
		at = len(m.fields)
		good = m.insert(at, line("Content-Length", right))
	default:
		right = good.fields[at].value
	}
	for i, v := range badLengths {
		name := lengthNames[i%len(lengthNames)]
		s.add(ruleLength, "length/"+quote(v), good.with(func(m *message) {
			m.fields[at].name, m.fields[at].value = name, replaceN(v, right)
		}), good)
	}
	// A second one is wrong also when it says the same.
	for _, second := range []string{right, "0", "1", "12", "13", "0" + right, ""} {
		for i := 0; i <= len(good.fields); i++ {
			name := lengthNames[i%len(lengthNames)]
			s.add(ruleLength, "length-twice/"+strconv.Itoa(i)+"/"+quote(second), good.insert(i, line(name, second)), good)
		}
	}
}

// badCodings: nothing, other codings, lists, parameters, look-alikes (a Kelvin sign for k, a zero-width space) and near misses.
var badCodings = []string{
	"", "gzip", "identity", "compress", "deflate", "x-gzip", "trailers", "chunked, chunked", "chunked,chunked", "chunked,", ",chunked", "chunked, ", ", ,chunked", "chunked;q=1",
	"chunked;", ";chunked", "chunked;a=\"b\"", "gzip, chunked", "gzip,chunked", "chunked, gzip", "identity, chunked", "chunked, identity", "xchunked", "chunkedx", "x-chunked",
	"chunked chunked", "chunked identity", "chunked\tx", `"chunked"`, "'chunked'", "chunk", "chunke", "hunked", "ch unked", "chu\u00a0nked", "\u00a0chunked", "chun\u212aed",
	"c\u0127unked", "chunked\u200b", "chunked.", "chunked/1", "[chunked]", "chunked:", "=chunked", "chunked=chunked", "%63hunked", "cow", "5", "0", "*", "none", "null",
}

// codings breaks Transfer-Encoding, and puts it beside Content-Length.
func (s *set) codings(m message) {
	if m.length {
		s.both(m, codingNames, []string{"chunked", "Chunked", "identity", "", "gzip, chunked", "x"}, m.find("Content-Length"))
		return
	}
	if m.chunked {
		at := m.find("Transfer-Encoding")
		for i, v := range badCodings {
			name := codingNames[i%len(codingNames)]
			s.add(ruleCoding, "coding/"+quote(v), m.with(func(m *message) { m.fields[at].name, m.fields[at].value = name, v }), m)
		}
		for _, second := range []string{"chunked", "identity", "gzip", "", "CHUNKED", "x"} {
			for i := 0; i <= len(m.fields); i++ {
				name := codingNames[i%len(codingNames)]
				s.add(ruleCoding, "coding-twice/"+strconv.Itoa(i)+"/"+quote(second), m.insert(i, line(name, second)), m)
			}
		}
		s.both(m, lengthNames, []string{"0", "12", "7", "40", "9999", "", "x"}, at)
		return
	}
	for i, v := range concat([]string{"chunked"}, badCodings) {
		if v == "chunked" && m.version == "HTTP/1.1" {
			continue // right, if there were a body
		}
		rule := ruleCoding
		if m.version == "HTTP/1.0" {
			rule = ruleOld
		}
		s.add(rule, "coding/"+quote(v), m.insert(len(m.fields), line(codingNames[i%len(codingNames)], v)), m)
	}
	if m.version == "HTTP/1.1" {
		return
	}
	for i := 0; i <= len(m.fields); i++ {
		broken := m.insert(i, line(codingNames[i%len(codingNames)], "chunked"))
		broken.body = "0\r\n\r\n"
		s.add(ruleOld, "coding10/"+strconv.Itoa(i), broken, m)
	}
}

// both puts the other framing field before and after the one at, near and far.
func (s *set) both(m message, names, values []string, at int) {
	for n, v := range values {
		for i := 0; i <= len(m.fields); i++ {
			side := "after"
			if i <= at {
				side = "before"
			}
			name := names[(n+i)%len(names)]
			s.add(ruleBoth, "both/"+side+"/"+strconv.Itoa(i)+"/"+quote(v), m.insert(i, line(name, v)), m)
		}
	}
}

// badHosts: HOST stands for the right one. User information, lists, ports that are none, broken literals, whole URIs, other bytes.
var badHosts = []string{
	"", "u@HOST", "u:p@HOST", "@HOST", "a b", "a\tb", "a,b", "a, b", "HOST,HOST", "HOST HOST", "HOST:port", "a:99999", "a:65536", "a:123456", "a:", ":80", ":", "a:80:80", "a:+80", "a:-1", "a:8 0", "a: 80",
	"a :80", "a:0x50", "[::1", "::1", "::1:80", "[::1]x", "[::1]80", "[::g]", "[]", "[]:80", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[127.0.0.1]", "[a]", "[[::1]]", "HOST/path", "HOST?x", "HOST#f",
	"HOST\\x", "http://HOST", "//HOST", "\u00e9.example", "h%41", "%", "<h>", "a;b", "a*", "*", "a|b", "a^b", "a\"b", "(a)", "{a}", "a=b", "a&b", "a'b", "$a", "!a", "\xff", "a..b:x", "HOST\u00a0", "HOST\u3002",
}

// hosts breaks the Host field.
func (s *set) hosts(m message, p Place) {
	at := m.find("Host")
	if at < 0 { // HTTP/1.0 needs none, but a bad one is bad
		for _, v := range badHosts {
			s.add(ruleHostIs, "host/"+quote(v), m.insert(0, line("Host", replaceHost(v, p.Host))), m)
		}
		return
	}
	if m.version == "HTTP/1.1" {
		s.add(ruleHost, "host/none", m.with(func(m *message) { m.fields = append(m.fields[:at], m.fields[at+1:]...) }), m)
	}
	for _, v := range badHosts {
		s.add(ruleHostIs, "host/"+quote(v), m.with(func(m *message) { m.fields[at].value = replaceHost(v, p.Host) }), m)
	}
	// Both spellings, near and far, same and different.
	for _, second := range []string{p.Host, "evil.example", "", "localhost", p.Host + "."} {
		for i, name := range []string{"Host", "host", "HOST", "hOST"} {
			where := []int{0, 1, len(m.fields), (len(m.fields) + 1) / 2}[i]
			s.add(ruleHost, "host-twice/"+name+"/"+quote(second), m.insert(where, line(name, second)), m)
		}
	}
	if m.label == "absolute" || m.label == "absolute-length" {
		for _, v := range []string{"evil.example", p.Host + "0", "a" + p.Host, "localhost:1", "[::2]:81", "127.0.0.9"} {
			s.add(ruleHostURI, "host-differs/"+quote(v), m.with(func(m *message) { m.fields[at].value = v }), m)
		}
	}
}
