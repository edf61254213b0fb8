package http

import (
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// place is an address of the relay, as its client has it.
type place struct {
	scheme, authority string
	path              string   // escaped, without the slash at its end
	entity            []string // segments of the entity in path
}

// url is the place as an address.
func (p *place) url() string {
	return p.scheme + "://" + p.authority + "/" + strings.TrimPrefix(p.path, "/")
}

// escape writes a name into a query, and unescape reads one; what is no escape stays.
func escape(name string) string { return url.QueryEscape(name) }

func unescape(text string) string {
	if name, err := url.QueryUnescape(text); err == nil {
		return name
	}
	return text
}

// finder learns from a description where the service thinks that it is.
type finder struct {
	Discard discard

	host string   // of the service
	self []string // path of the description itself, from its imports; nil: none was seen
	ends []string // common beginning of all endpoints' paths
	any  bool
}

// see takes one address. Imports of the description's own parts (?wsdl=, ?xsd=) say where it is; those of others say nothing.
func (f *finder) see(address string, self bool) string {
	u, ok := webAddress(address)
	if !ok || self && !ownPart(u) {
		return address
	}
	path := segments(u.EscapedPath())
	if self {
		f.host, f.self = u.Hostname(), path
		return address
	}
	if f.host == "" {
		f.host = u.Hostname()
	}
	if !f.any {
		f.ends, f.any = path, true
	} else {
		f.ends = common(f.ends, path)
	}
	return address
}

// ownPart reports whether an import names a part of the same description.
func ownPart(u *url.URL) bool {
	key, _, _ := strings.Cut(u.RawQuery, "=")
	return strings.EqualFold(key, "wsdl") || strings.EqualFold(key, "xsd")
}

// mapping is how the service's addresses become the relay's.
type mapping struct {
	host     string
	from, to []string // beginnings of paths
	self     []string // path of the description itself; nil: not known
	place    place
}

// mapping makes the mapping; false: the description names no address of the service's. The imports say where the description is, which
// was asked for at to: from the end of both goes what is the same and below the relay (/svc/meta at /calc/meta), and then they are
// what service and relay call the same thing. Where no import says it, or one that no endpoint is below, the beginning that all
// endpoints share is taken to be the service's.
func (f *finder) mapping(to place) (*mapping, bool) {
	m := &mapping{host: f.host, from: f.ends, to: to.entity, self: f.self, place: to}
	if f.self == nil {
		if len(common(f.ends, to.entity)) == len(to.entity) {
			m.from, m.to = nil, nil // the service has the relay's path already
		}
		return m, f.host != ""
	}
	from, at := f.self, segments(to.path)
	for len(at) > len(to.entity) && len(from) > 0 && strings.EqualFold(from[len(from)-1], at[len(at)-1]) {
		from, at = from[:len(from)-1], at[:len(at)-1]
	}
	if !f.any || len(common(from, f.ends)) == len(from) {
		m.from, m.to = from, at
	}
	return m, f.host != ""
}

// apply gives the relay's address for one of the service's; others stay.
func (m *mapping) apply(address string, self bool) string {
	u, ok := webAddress(address)
	if !ok || !strings.EqualFold(u.Hostname(), m.host) || self && !ownPart(u) {
		return address
	}
	path := segments(u.EscapedPath())
	switch n := len(m.from); {
	case self && len(path) == len(m.self) && len(common(path, m.self)) == len(path):
		path = segments(m.place.path) // where it was asked for, its parts can be had too
	case len(common(path, m.from)) == n:
		path = append(append([]string(nil), m.to...), path[n:]...)
	}
	out := m.place.scheme + "://" + m.place.authority + "/" + strings.Join(path, "/")
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out
}

// webAddress reads an address of http.
func webAddress(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	return u, err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// segments are those of a path, none empty.
func segments(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// common is how both begin, whatever the case.
func common(a, b []string) []string {
	n := 0
	for n < len(a) && n < len(b) && strings.EqualFold(a[n], b[n]) {
		n++
	}
	return a[:n]
}

// discard is a writer of nothing.
type discard struct{}

func (*discard) Start(*infoset.Name)                   {}
func (*discard) Attr(*infoset.Name, infoset.Value)     {}
func (*discard) Declare(infoset.Decl)                  {}
func (*discard) Text(infoset.Value)                    {}
func (*discard) Items(infoset.Value)                   {}
func (*discard) Comment(infoset.Value)                 {}
func (*discard) End()                                  {}
func (*discard) Lookup(string) (space string, ok bool) { return "", false }
func (*discard) Err() error                            { return nil }
func (*discard) Flush() error                          { return nil }
