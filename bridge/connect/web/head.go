package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

// request is the head that the server sees, and the framing of its body.
func (s *Server) request(r *shape.Request) (*http1.Head, http1.Framing) {
	head := &http1.Head{Method: r.Method, Target: s.target(r.Target), Minor: 1, Fields: s.fields(r.Fields)}
	var f http1.Framing
	switch {
	case r.Body == nil && (r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch):
		f.Kind = http1.Length // of 0: some servers want to be told
	case r.Body == nil:
	case r.Body.Size() >= 0:
		f = http1.Framing{Kind: http1.Length, Length: r.Body.Size()}
	default:
		f.Kind = http1.Chunked
	}
	f.Apply(head)
	return head, f
}

// upgrade is the head by which the server is asked for a WebSocket.
func (s *Server) upgrade(target string, fields shape.Fields) *http1.Head {
	list := s.fields(fields)
	list.Del("Sec-WebSocket-Extensions") // none is agreed on between sender and gateway
	for _, f := range []http1.Field{{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "Sec-WebSocket-Key", Value: newKey()}} {
		if !list.Has(f.Name) {
			list = append(list, f)
		}
	}
	at := min(1, len(list)) // behind Host
	list = slices.Insert(list, at, http1.Field{Name: "Connection", Value: "Upgrade"}, http1.Field{Name: "Upgrade", Value: "websocket"})
	return &http1.Head{Method: http.MethodGet, Target: s.target(target), Minor: 1, Fields: list}
}

// newKey makes a Sec-WebSocket-Key (RFC 6455 section 4.1).
func newKey() string {
	var key [16]byte
	_, _ = rand.Read(key[:]) // crypto/rand never fails: it ends the program instead
	return base64.StdEncoding.EncodeToString(key[:])
}

// fields are the sender's, changed as Params says. Host comes first, where the sender wrote it or not.
func (s *Server) fields(from shape.Fields) http1.Fields {
	list := make(http1.Fields, 0, len(from)+len(s.p.Add)+3)
	list = append(list, from...)
	list.DelHop()
	list.Del("Expect") // the gateway has answered it
	s.setHost(&list)
	for _, name := range s.p.Remove {
		if !strings.EqualFold(name, "Host") {
			list.Del(name)
		}
	}
	for _, f := range s.p.Add {
		set(&list, f)
	}
	return list
}

// setHost writes the server's Host in the sender's place.
func (s *Server) setHost(list *http1.Fields) {
	at := slices.IndexFunc(*list, func(f http1.Field) bool { return strings.EqualFold(f.Name, "Host") })
	switch {
	case at < 0:
		*list = slices.Insert(*list, 0, http1.Field{Name: "Host", Value: s.p.Host})
	case !s.p.KeepHost:
		(*list)[at].Value = s.p.Host
	}
}

// set puts a field in the place of the first one of its name, and takes the others out; its own spelling is kept.
func set(list *http1.Fields, f http1.Field) {
	at := slices.IndexFunc(*list, func(x http1.Field) bool { return strings.EqualFold(x.Name, f.Name) })
	if at < 0 {
		*list = append(*list, f)
		return
	}
	(*list)[at] = f
	for i := len(*list) - 1; i > at; i-- {
		if strings.EqualFold((*list)[i].Name, f.Name) {
			*list = slices.Delete(*list, i, i+1)
		}
	}
}

// target maps the beginning of a path.
func (s *Server) target(raw string) string {
	path, query, asked := strings.Cut(raw, "?")
	if rest, ok := under(path, s.p.From); ok {
		path = s.p.To + rest
	}
	if path == "" {
		path = "/"
	}
	if asked {
		path += "?" + query
	}
	return ascii(path)
}

// ascii percent-encodes what is no ASCII: a relay decodes paths as the service does, and not every server reads UTF-8 there.
func ascii(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r > '~' }) {
		return s
	}
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		if s[i] <= '~' {
			b = append(b, s[i])
		} else {
			b = append(b, '%', digits[s[i]>>4], digits[s[i]&15])
		}
	}
	return string(b)
}

// under gives what follows a prefix, on the border of a segment. Names of relays are found whatever their case.
func under(path, prefix string) (rest string, ok bool) {
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
		return "", false
	}
	rest = path[len(prefix):]
	return rest, rest == "" || rest[0] == '/'
}

// answered are the fields of an answer for the sender.
func (s *Server) answered(from http1.Fields) shape.Fields {
	list := slices.Clone(from)
	list.DelHop()
	for i := range list {
		if strings.EqualFold(list[i].Name, "Location") {
			list[i].Value = s.location(list[i].Value)
		}
	}
	return list
}

// location maps a Location that leads to the server itself: a path, or an absolute one with the server's origin.
func (s *Server) location(value string) string {
	path := value
	if rest, ok := strings.CutPrefix(value, s.p.Origin); ok && s.p.Origin != "" {
		if path = rest; path == "" {
			path = "/"
		}
	}
	if path == "" || path[0] != '/' || strings.HasPrefix(path, "//") {
		return value
	}
	end := strings.IndexAny(path, "?#")
	if end < 0 {
		end = len(path)
	}
	if !strings.HasPrefix(path[:end], s.p.To) {
		return value
	}
	rest, ok := under(path[:end], s.p.To)
	if !ok {
		return value
	}
	return s.p.From + rest + path[end:]
}
