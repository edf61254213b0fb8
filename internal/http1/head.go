package http1

import "strings"

// Head is the head of one message. It is a request when Method is not empty, else a response.
type Head struct {
	Method string // token, case kept
	Target string // as it came: origin-form, absolute-form, authority-form (CONNECT) or "*" (OPTIONS)
	Status int    // 100 to 999
	Reason string // as it came, may be empty
	Minor  int    // the peer's version is HTTP/1.Minor: 0 or 1. Not used for writing, see [AppendRequest]
	Fields Fields
}

// Host returns the host and port that are asked for: of the target when it has them, else of the Host field; "" when neither has
// (HTTP/1.0 only). RFC 9112 section 3.3.
func (h *Head) Host() string {
	authority, _, absolute := splitAbsolute(h.Target)
	switch {
	case absolute:
		return authority
	case h.Method == "CONNECT":
		return h.Target
	default:
		return h.Fields.Get("Host")
	}
}

// Origin returns the target in origin-form, path and query as they came: what is left of an absolute-form after its authority,
// with "/" before a bare query and for an empty path. "*" stays, and CONNECT's authority gives "".
func (h *Head) Origin() string {
	_, rest, absolute := splitAbsolute(h.Target)
	switch {
	case h.Method == "CONNECT":
		return ""
	case !absolute:
		return h.Target
	case strings.HasPrefix(rest, "/"):
		return rest
	default:
		return "/" + rest
	}
}

// Limits bound what a decoder reads. A zero member means its default.
type Limits struct {
	// Bytes is the longest head, first byte to empty line: 32768, the product's limits.headBytes. Others: Kestrel 32768, nginx
	// 4 x 8 KiB, Node 16384, http.sys 16384, Apache httpd 8190 a line.
	Bytes int
	// Fields is the highest number of field lines: 200. Others: Apache httpd 100 (LimitRequestFields), Kestrel 100
	// (MaxRequestHeaderCount), Node 2000 (maxHeadersCount).
	Fields int
	// Target is the longest request target: 16384. RFC 9112 section 3 asks for request lines of 8000 at least; tokens travel in
	// the query here, and http.sys, in front of which clients of the service were written, takes 16384 for the whole head.
	Target int
}

const (
	defaultBytes  = 32768
	defaultFields = 200
	defaultTarget = 16384
)

func (l Limits) filled() Limits {
	if l.Bytes <= 0 {
		l.Bytes = defaultBytes
	}
	if l.Fields <= 0 {
		l.Fields = defaultFields
	}
	if l.Target <= 0 {
		l.Target = defaultTarget
	}
	return l
}
