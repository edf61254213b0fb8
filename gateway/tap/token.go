package tap

import "bytes"

// parameter is where senders put the relay's token in a query (Hybrid Connections reference section 3). Escaped or not, the sign behind the name is
// an equals sign: it separates.
const parameter = "sb-hc-token="

// token hides the values of that parameter in text that comes in pieces. The zero token is ready.
type token struct {
	matched int // letters of parameter that stand before; all of them: in a value
}

// hide replaces the letters of values by asterisks.
func (t *token) hide(p []byte) {
	for i := 0; i < len(p); i++ {
		if t.matched == 0 {
			next := bytes.IndexAny(p[i:], "sS")
			if next < 0 {
				return
			}
			i += next
		}
		t.take(p, i)
	}
}

// take looks at one byte.
func (t *token) take(p []byte, i int) {
	c := p[i]
	switch {
	case t.matched == len(parameter) && ends(c):
		t.matched = 0
	case t.matched == len(parameter):
		p[i] = '*'
	case lower(c) == parameter[t.matched]:
		t.matched++
	case lower(c) == parameter[0]:
		t.matched = 1
	default:
		t.matched = 0
	}
}

// ends reports whether a byte ends the value of a parameter, in a query or in the text around it.
func ends(c byte) bool {
	switch c {
	case '&', '#', '<', '>', '"', '\'', ' ', '\t', '\r', '\n', 0:
		return true
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
