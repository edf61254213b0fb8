package wire

import (
	"iter"
	"strings"
)

// ownPrefix begins the decoded name of every query element that belongs to the relay and not to the sender (section 2.1).
const ownPrefix = "sb-hc-"

// junkToken is the whole name that a helper of the Node SDK makes of a token when the URL had no query (section 13, 25).
const junkToken = "null?sb-hc-token"

// element is one part of a raw query, between two "&".
type element struct {
	raw   string
	name  string // decoded, for elements with "="
	value string // raw, behind the first "="
	own   bool   // the relay's: not shown to the listener
}

// elements cuts a raw query into its parts. An empty query has none.
func elements(query string) iter.Seq[element] {
	return func(yield func(element) bool) {
		for more := query != ""; more; {
			var e element
			e.raw, query, more = cut(query, '&')
			name, value, ok := cut(e.raw, '=')
			if ok {
				e.name, e.value = formDecode(name), value
				e.own = hasOwnPrefix(e.name) || strings.EqualFold(e.name, junkToken)
			}
			if !yield(e) {
				return
			}
		}
	}
}

// cut is strings.Cut at a byte, which is found faster than a text.
func cut(s string, at byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, at); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// hasOwnPrefix tells whether s begins with sb-hc-, in any case.
func hasOwnPrefix(s string) bool {
	return len(s) >= len(ownPrefix) && strings.EqualFold(s[:len(ownPrefix)], ownPrefix)
}

// filter makes what of a sender's raw query, without its "?", reaches the listener, of the elements in their order: every byte of it but the
// elements that have a "=" and whose decoded name begins with sb-hc- (section 2.2). The name null?sb-hc-token, a token
// by mistake, goes too. The result is "" when nothing is left. SDKs put their own elements at one end, so what is kept
// is nearly always one run, which needs no copy.
type filter struct {
	query      string
	off        int    // where the next element begins
	start, end int    // the kept run that is not in kept yet
	begun      bool   // there is one
	kept       []byte // what stands before it, with its "&"
}

// take takes the next element.
func (f *filter) take(e *element) {
	off := f.off
	f.off += len(e.raw) + 1
	switch {
	case e.own:
		return
	case f.begun && f.end+1 == off: // joins the run with its "&"
		f.end += 1 + len(e.raw)
		return
	case f.begun:
		f.kept = append(append(f.kept, f.query[f.start:f.end]...), '&')
	}
	f.begun, f.start, f.end = true, off, off+len(e.raw)
}

// result is what was kept.
func (f *filter) result() string {
	if f.kept == nil {
		return f.query[f.start:f.end]
	}
	return string(append(f.kept, f.query[f.start:f.end]...))
}

// formDecode decodes application/x-www-form-urlencoded text: "+" is a blank, %XX a byte. What is no escape stays as it is.
func formDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c, ok := byte(0), false
		if s[i] == '%' {
			c, ok = unescape(s[i:])
		}
		switch {
		case ok:
			b = append(b, c)
			i += 2
		case s[i] == '+':
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// unescape reads the %XX at the start of s; ok is false when there is none.
func unescape(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	hi, ok1 := hexDigit(s[1])
	lo, ok2 := hexDigit(s[2])
	return hi<<4 | lo, ok1 && ok2
}

// hexDigit returns the value of a hexadecimal digit.
func hexDigit(c byte) (v byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
