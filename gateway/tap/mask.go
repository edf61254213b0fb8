package tap

import (
	"bytes"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// masked stands for what is not shown.
const masked = "***"

// secretFields carry credentials: the relay's own and those of HTTP (RFC 9110 section 11.6, RFC 6265).
var secretFields = []string{"authorization", "proxy-authorization", "servicebusauthorization", "cookie", "set-cookie", "x-api-key"}

// MaskFields gives the fields with the values of those that carry credentials masked. The scheme of an authorization stays, so that one
// sees what kind it was. The result is a copy.
func MaskFields(fields shape.Fields) shape.Fields {
	shown := slices.Clone(fields)
	for i := range shown {
		f := &shown[i]
		if slices.Contains(secretFields, strings.ToLower(f.Name)) {
			f.Value = maskValue(f.Name, f.Value)
		}
	}
	return shown
}

// maskValue keeps the scheme, of a cookie the name.
func maskValue(name, value string) string {
	switch scheme, _, found := strings.Cut(value, " "); {
	case strings.HasSuffix(strings.ToLower(name), "cookie"):
		if key, _, found := strings.Cut(value, "="); found {
			return key + "=" + masked
		}
	case found && strings.HasSuffix(strings.ToLower(name), "authorization"):
		return scheme + " " + masked
	}
	return masked
}

// secretQueries are parameters of a target that carry tokens: the relay's own, and those that are common elsewhere (a SignalR client's,
// a shared access signature).
var secretQueries = []string{"sb-hc-token", "access_token", "token", "sig", "code", "key", "password"}

// MaskTarget gives a path and query with the values of parameters that carry tokens masked. Everything else stays byte for byte.
func MaskTarget(target string) string {
	path, query, found := strings.Cut(target, "?")
	if !found {
		return target
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, _, found := strings.Cut(pair, "=")
		if found && slices.Contains(secretQueries, strings.ToLower(key)) {
			pairs[i] = key + "=" + masked
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

// secretElements are the elements whose text is a credential: of WS-Security (UsernameToken Profile 1.1 section 3.1, X.509 and SAML
// tokens as text), of WS-Trust, and the relay's own token header. Matched by local name.
var secretElements = [][]byte{[]byte("Password"), []byte("BinarySecurityToken"), []byte("BinarySecret"), []byte("RelayAccessToken"), []byte("CipherValue")}

// Mask hides the text of elements that carry credentials, in text XML that comes in pieces. Each byte of it becomes an asterisk, so that
// lengths and everything that depends on them stay. What is no text XML passes unchanged. The zero Mask is ready; one Mask is for one
// direction of one connection.
//
// It looks for tags and nothing else: a > inside of an attribute's value may make it hide too much, never too little. Beside that it hides
// the relay's own token wherever it stands in a query: clients of WS-Addressing write the whole address that they called into To.
type Mask struct {
	token token
	state maskState
	slash bool // the byte before was the / of a tag
	size  int
	name  [maxName]byte // the local name, as far as it was read
}

// maskState is where in the text a Mask is.
type maskState uint8

const (
	inText   maskState = iota
	atTag              // behind <
	inName             // in the name of a start tag
	inTag              // behind the name
	inSecret           // in the content of an element that carries a credential
	atSecret           // there, behind <
)

// maxName is how much of a name is looked at: longer ones are none of those that matter.
const maxName = 64

// Apply hides what is to be hidden in the next piece, in place.
func (m *Mask) Apply(p []byte) {
	m.token.hide(p)
	for i := 0; i < len(p); i++ {
		switch m.state {
		case inText:
			next := bytes.IndexByte(p[i:], '<')
			if next < 0 {
				return
			}
			i += next
			m.state = atTag
		case inSecret, atSecret:
			p[i] = m.hide(p[i])
		case atTag:
			m.begin(p[i])
		default:
			m.tag(p[i])
		}
	}
}

// hide takes one byte of the content of a secret element and gives what is shown for it. Whatever stands there is hidden up to the next
// end tag: text, CDATA, elements.
func (m *Mask) hide(c byte) byte {
	switch {
	case m.state == atSecret && c == '/':
		m.state, m.size, m.slash = inTag, 0, false // of the end tag
		return c
	case c == '<':
		m.state = atSecret
		return c
	default:
		m.state = inSecret
		return '*'
	}
}

// begin takes the byte behind a <. End tags, comments, CDATA and instructions hold nothing that is looked for.
func (m *Mask) begin(c byte) {
	m.size, m.slash = 0, false
	switch c {
	case '/', '!', '?', '>', '<':
		m.state = inText
	default:
		m.state = inName
		m.letter(c)
	}
}

// tag takes one byte of a start tag, or of the end tag of a secret element.
func (m *Mask) tag(c byte) {
	switch {
	case c == '>' && m.slash:
		m.state = inText // an empty element
	case c == '>':
		m.enter()
	case c == '/':
		m.state, m.slash = inTag, true
		return
	case c == ' ', c == '\t', c == '\r', c == '\n':
		m.state = inTag
	case m.state == inName:
		m.letter(c)
	}
	m.slash = false
}

// letter adds to the local name.
func (m *Mask) letter(c byte) {
	if c == ':' {
		m.size = 0
		return
	}
	if m.size < maxName {
		m.name[m.size] = c
	}
	m.size = min(m.size+1, maxName+1)
}

// enter is the end of a start tag: the content begins.
func (m *Mask) enter() {
	m.state = inText
	if m.size > maxName {
		return
	}
	for _, secret := range secretElements {
		if bytes.Equal(m.name[:m.size], secret) {
			m.state = inSecret
			return
		}
	}
}
