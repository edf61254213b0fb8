package http1

import (
	"math"
	"strconv"
	"strings"
)

// FramingKind says how the end of a body is found.
type FramingKind uint8

// The ways a body can end (RFC 9112 section 6.3).
const (
	None       FramingKind = iota // there is no body
	Length                        // after Framing.Length bytes, which may be 0
	Chunked                       // with the last chunk: feed a [Chunks]
	UntilClose                    // with the connection; responses only
)

// Framing is what the head says about its body.
type Framing struct {
	Kind   FramingKind
	Length int64 // of kind Length, else 0
}

// RequestFraming tells how the body of a request ends. On a head from [DecodeRequest] it cannot fail.
func RequestFraming(h *Head) (Framing, error) { return framing(h) }

// ResponseFraming tells how the body of the response to a request of that method ends. Where there can be no body (HEAD, 1xx, 204,
// 304, 2xx to CONNECT) it is None, whatever the fields say: they describe another answer's body then.
func ResponseFraming(h *Head, method string) (Framing, error) {
	if method == "HEAD" || h.Status < 200 || h.Status == 204 || h.Status == 304 || method == "CONNECT" && h.Status < 300 {
		return Framing{}, nil
	}
	f, err := framing(h)
	if err == nil && f.Kind == None {
		f.Kind = UntilClose
	}
	return f, err
}

// Apply writes the framing into the fields: all Content-Length and Transfer-Encoding fields go, and the one that says f, if any,
// comes at the end. Whoever sends a body calls it last, so that no head leaves with both.
func (f Framing) Apply(h *Head) {
	h.Fields.Del("Content-Length")
	h.Fields.Del("Transfer-Encoding")
	switch f.Kind {
	case Length:
		h.Fields.Add("Content-Length", strconv.FormatInt(f.Length, 10))
	case Chunked:
		h.Fields.Add("Transfer-Encoding", "chunked")
	}
}

// KeepAlive reports whether the sender of the head wants the connection to stay open after this message (RFC 9112 section 9.3):
// in HTTP/1.1 unless Connection says close, in HTTP/1.0 only if it says keep-alive and not close. A body of kind UntilClose ends
// the connection all the same.
func KeepAlive(h *Head) bool {
	if h.Fields.HasToken("Connection", "close") {
		return false
	}
	return h.Minor > 0 || h.Fields.HasToken("Connection", "keep-alive")
}

// framing reads both fields in one walk. Either may be there once, not both.
func framing(h *Head) (Framing, error) {
	length, coding := -1, -1 // indices
	for i := range h.Fields {
		at := &length
		switch name := h.Fields[i].Name; {
		case equalFold(name, "Content-Length"):
		case equalFold(name, "Transfer-Encoding"):
			at = &coding
		default:
			continue
		}
		// Repeats are refused even when they agree: a hop that keeps the first and one that keeps the last are then the same.
		if *at >= 0 {
			return Framing{}, bad(-1, "Content-Length or Transfer-Encoding is repeated; send one of them, once")
		}
		*at = i
	}
	switch {
	case length >= 0 && coding >= 0:
		return Framing{}, bad(-1, "Content-Length and Transfer-Encoding exclude each other; send one of them")
	case coding >= 0:
		return parseCoding(h.Fields[coding].Value, h.Minor)
	case length >= 0:
		return parseLength(h.Fields[length].Value)
	default:
		return Framing{}, nil
	}
}

// parseLength reads 1*DIGIT (RFC 9110 section 8.6) and refuses what does not fit 63 bits.
func parseLength(s string) (Framing, error) {
	if s == "" || !all(s, inDigit) {
		return Framing{}, bad(-1, "Content-Length is not a decimal number")
	}
	n := int64(0)
	for i := range len(s) {
		d := int64(s[i] - '0') // leading zeros are allowed by the grammar and change nothing
		if n > (math.MaxInt64-d)/10 {
			return Framing{}, bad(-1, "Content-Length is too large a number")
		}
		n = n*10 + d
	}
	return Framing{Kind: Length, Length: n}, nil
}

// parseCoding takes "chunked" in any case and nothing else. A well-formed list of codings in which chunked, if present, comes once
// and last is 501; everything else is 400 (RFC 9112 section 6.1, 6.3).
func parseCoding(value string, minor int) (Framing, error) {
	if minor == 0 {
		return Framing{}, bad(-1, "Transfer-Encoding in HTTP/1.0; use HTTP/1.1")
	}
	if equalFold(value, "chunked") {
		return Framing{Kind: Chunked}, nil
	}
	seen := false // chunked came
	for member := range strings.SplitSeq(value, ",") {
		member = trimBlanks(member)
		if !isToken(member) || seen {
			return Framing{}, bad(-1, "Transfer-Encoding is not chunked alone")
		}
		seen = equalFold(member, "chunked")
	}
	return Framing{}, &Error{Kind: NotImplemented, Offset: -1, Text: "transfer coding is not supported; use chunked alone"}
}
