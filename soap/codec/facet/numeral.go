package facet

import (
	"bytes"
	"cmp"
)

// decimal is a number in the lexical form of xs:decimal, of any size, in parts that have no zero too many.
type decimal struct {
	negative        bool
	whole, fraction []byte
}

// numeral takes a decimal number apart. White space around it must be gone.
// The parts are views of the text.
func numeral(rest []byte) (d decimal) {
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		d.negative = rest[0] == '-'
		rest = rest[1:]
	}
	d.whole, d.fraction, _ = bytes.Cut(rest, []byte{'.'})
	d.whole = bytes.TrimLeft(d.whole, "0")
	d.fraction = bytes.TrimRight(d.fraction, "0")
	if len(d.whole)+len(d.fraction) == 0 {
		d.negative = false
	}
	return d
}

// digits counts the digits that mean something, before and behind the point (XML Schema part 2, 4.3.11 and 4.3.12).
func (d decimal) digits() (whole, fraction int) { return len(d.whole), len(d.fraction) }

// compare gives -1, 0 or 1 as d is less than e, equal to it, or more.
func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	order := cmp.Or(cmp.Compare(len(d.whole), len(e.whole)), bytes.Compare(d.whole, e.whole), bytes.Compare(d.fraction, e.fraction))
	if d.negative {
		return -order
	}
	return order
}

// octets counts those that base64 text stands for: three for four characters that are no padding and no white space.
func octets(text []byte) int {
	n := 0
	for _, c := range text {
		if c != '=' && c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			n++
		}
	}
	return n * 3 / 4
}
