package wire

import (
	"strings"
	"unicode/utf8"
)

// DecodePath decodes a raw path for the search of its entity: %XX decoded, segments joined by single slashes, no slash at
// either end; "" is the root. Empty segments do not count, since the slash behind an entity is insignificant (section 2)
// and a sender's "//" must find its entity too; the raw path keeps them for the listener. Escapes that are none, text
// that is not UTF-8, control characters and the segments "." and ".." (also encoded) are ErrPath. Case is kept.
func DecodePath(raw string) (string, error) {
	path := raw
	if strings.IndexByte(raw, '%') >= 0 {
		var ok bool
		if path, ok = pathDecode(raw); !ok {
			return "", &Error{"decode path", ErrPath, "The path has a % that is not followed by two hexadecimal digits."}
		}
	}
	if plain(path) {
		return tidy(path)
	}
	if !utf8.ValidString(path) {
		return "", &Error{"decode path", ErrPath, "The path is not UTF-8. Encode it as UTF-8 and then as %XX."}
	}
	if strings.ContainsFunc(path, isControl) {
		return "", &Error{"decode path", ErrPath, "The path has a control character."}
	}
	return tidy(path)
}

// tidy joins the segments of a decoded path by single slashes. They are looked at after decoding: %2F separates, and %2e%2e climbs, as they
// would for whoever decodes next.
func tidy(path string) (string, error) {
	path = strings.Trim(path, "/")
	empty := false
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case ".", "..":
			return "", &Error{"decode path", ErrPath, `The path has a segment "." or "..". Resolve it before sending.`}
		case "":
			empty = path != ""
		}
	}
	if empty {
		path = collapse(path)
	}
	return path, nil
}

// collapse makes one slash of each run of them, which takes out empty segments.
func collapse(path string) string {
	b := make([]byte, 0, len(path))
	for i := range len(path) {
		if path[i] == '/' && i > 0 && path[i-1] == '/' {
			continue
		}
		b = append(b, path[i])
	}
	return string(b)
}

// pathDecode decodes %XX; "+" stays, it is a blank in queries only. It reports false for a "%" that begins no escape: a
// path that two parsers read in two ways must not choose an entity.
func pathDecode(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		c, ok := unescape(s[i:])
		if !ok {
			return "", false
		}
		b = append(b, c)
		i += 2
	}
	return string(b), true
}

// RequestTarget makes the requestTarget of an HTTP request from its raw path and filtered query (section 2.2). raw
// leaves the path as it came; else it is decoded as the service does, which applications that re-encode it depend on,
// all but %25, %2F, %5C, %3F, %23, control characters and what is not UTF-8.
func RequestTarget(path, query string, raw bool) string {
	if !raw && strings.IndexByte(path, '%') >= 0 {
		path = displayPath(path)
	}
	if query == "" {
		return path
	}
	return path + "?" + query
}

// TargetOf is RequestTarget of a path and a query in one text, which is the result where nothing of it is to be decoded.
func TargetOf(target string, raw bool) string {
	path, query, _ := strings.Cut(target, "?")
	if query != "" && (raw || strings.IndexByte(path, '%') < 0) {
		return target
	}
	return RequestTarget(path, query, raw)
}

// displayPath decodes runs of escapes; a run is looked at as a whole because a character may take several.
func displayPath(path string) string {
	out := make([]byte, 0, len(path))
	var run []byte
	for i := 0; i < len(path); {
		c, ok := unescape(path[i:])
		if !ok {
			out = append(out, path[i])
			i++
			continue
		}
		start := i
		run = run[:0]
		for ok {
			run = append(run, c)
			i += 3
			c, ok = unescape(path[i:])
		}
		out = appendRun(out, run, path[start:i])
	}
	return string(out)
}

// appendRun appends a run of decoded bytes, character by character; what must not be decoded comes from raw, in which
// every byte of the run has three.
func appendRun(out, run []byte, raw string) []byte {
	for i := 0; i < len(run); {
		r, n := utf8.DecodeRune(run[i:])
		if keepEscaped(r, n) {
			out = append(out, raw[3*i:3*(i+n)]...)
		} else {
			out = append(out, run[i:i+n]...)
		}
		i += n
	}
	return out
}

// keepEscaped tells the characters that would mean something else when decoded, or would break a line. A U+FFFD that the
// sender wrote has three bytes; one byte is what DecodeRune makes of what is not UTF-8.
func keepEscaped(r rune, n int) bool {
	switch r {
	case '%', '/', '\\', '?', '#':
		return true
	case utf8.RuneError:
		return n <= 1
	}
	return isControl(r)
}
