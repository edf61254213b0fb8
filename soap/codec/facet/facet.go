// Package facet owns the facets of simple types: tables of bounds, and whether a value is within them. It knows no types of programs,
// and reads and writes nothing; package codec says what comes of a value that is out of bounds. Tables may be shared by goroutines.
//
// Source: XML Schema part 2 second edition, 4.3.
package facet

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Facet is a bound that a schema sets for the values of a simple type (XML Schema part 2 second edition, 4.3).
type Facet uint8

// The facets that are enforced. Lengths are of characters, octets or items, as the Measure says.
const (
	Length Facet = iota
	MinLength
	MaxLength
	Pattern
	MinInclusive
	MaxInclusive
	MinExclusive
	MaxExclusive
	TotalDigits
	FractionDigits
)

var facets = [...]string{
	"length", "minLength", "maxLength", "pattern", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "totalDigits", "fractionDigits",
}

// String gives the facet's name in XML Schema.
func (f Facet) String() string { return facets[f] }

// Measure is how a value is looked at.
type Measure uint8

// The measures.
const (
	Characters Measure = iota // of text
	Octets                    // of base64
	HexOctets                 // of hexadecimal digits
	Items                     // of a list; a pattern is for its whole text
	Digits                    // of a decimal number of any size
	Floating                  // a float or double: what is no number has no bounds
	Lexical                   // only the text is looked at, by patterns
)

// WhiteSpace is what becomes of the white space in a value before it is looked at (4.3.6). The value itself is kept as it is.
type WhiteSpace uint8

// The ways with white space.
const (
	Collapse WhiteSpace = iota // one space between words, none around them
	Replace                    // a space for each tab and line end
	Preserve
)

// Facets are the bounds of one type and of those that it restricts. They are static data, and may be shared.
type Facets struct {
	Of    Measure
	Space WhiteSpace
	Rules []Rule
}

// Rule is one bound. Its number is N for lengths and digits; the Text is a decimal number for a bound, and for Pattern an expression of
// Go's package regexp that the whole value must match.
type Rule struct {
	Facet Facet
	N     int
	Text  string

	once   sync.Once
	re     *regexp.Regexp // nil for an expression that is none: it bounds nothing
	number decimal        // of a bound
}

// Broken names the first facet that a value breaks, and how long the value is; "" if it breaks none. The room is kept for the next value.
func (f *Facets) Broken(v infoset.Value, room *[]byte) string {
	text := v.Raw()
	switch {
	case v.Type() == infoset.TypeBytes && !f.patterned():
	case v.Type() != infoset.TypeText || f.Space != Preserve:
		text = v.AppendText((*room)[:0])
		text = f.Space.apply(text)
		*room = text
	}
	n := f.Of.length(v, text)
	for i := range f.Rules {
		if r := &f.Rules[i]; !r.holds(f.Of, v, text, n) {
			return r.words(n)
		}
	}
	return ""
}

// patterned reports whether the text itself is looked at: that of bytes would have to be made.
func (f *Facets) patterned() bool {
	for i := range f.Rules {
		if f.Rules[i].Facet == Pattern {
			return true
		}
	}
	return false
}

// words says which bound was broken by a value of a length.
func (r *Rule) words(n int) string {
	bound := strconv.Itoa(r.N)
	switch {
	case r.Facet == Pattern:
		bound = infoset.Clip(r.Text)
	case r.Text != "":
		bound = r.Text
	}
	return r.Facet.String() + " " + bound + " (the value's length is " + strconv.Itoa(n) + ")"
}

func (r *Rule) holds(of Measure, v infoset.Value, text []byte, n int) bool {
	switch r.Facet {
	case Length:
		return n == r.N
	case MinLength:
		return n >= r.N
	case MaxLength:
		return n <= r.N
	case Pattern:
		r.once.Do(func() { r.re, _ = regexp.Compile(`\A(?:` + r.Text + `)\z`) }) // many tables are never used
		return r.re == nil || r.re.Match(text)
	case TotalDigits:
		whole, fraction := numeral(text).digits()
		return whole+fraction <= r.N
	case FractionDigits:
		_, fraction := numeral(text).digits()
		return fraction <= r.N
	}
	order, ok := r.order(of, v, text)
	if !ok {
		return true
	}
	switch r.Facet {
	case MinInclusive:
		return order >= 0
	case MaxInclusive:
		return order <= 0
	case MinExclusive:
		return order > 0
	}
	return order < 0
}

// order compares a value with the bound; false if they cannot be.
func (r *Rule) order(of Measure, v infoset.Value, text []byte) (int, bool) {
	if of == Digits {
		r.once.Do(func() { r.number = numeral([]byte(r.Text)) })
		return numeral(text).compare(r.number), true
	}
	bound, err := strconv.ParseFloat(r.Text, 64)
	if err != nil {
		return 0, false
	}
	x, err := v.AsFloat(64)
	switch {
	case err != nil || x != x: // NaN is in no order
		return 0, false
	case x < bound:
		return -1, true
	case x > bound:
		return 1, true
	}
	return 0, true
}

// length is the length of a value.
func (m Measure) length(v infoset.Value, text []byte) int {
	switch m {
	case Octets:
		if v.Type() != infoset.TypeText {
			return len(v.Raw())
		}
		return octets(text)
	case HexOctets:
		return len(text) / 2
	case Items:
		return len(bytes.Fields(text))
	}
	return utf8.RuneCount(text)
}

// apply does with white space what the facet says, in place.
func (s WhiteSpace) apply(text []byte) []byte {
	if s == Preserve {
		return text
	}
	out := text[:0]
	for _, c := range text {
		space := c == ' ' || c == '\t' || c == '\n' || c == '\r'
		switch {
		case !space:
			out = append(out, c)
		case s == Replace || len(out) > 0 && out[len(out)-1] != ' ':
			out = append(out, ' ')
		}
	}
	if s == Collapse && len(out) > 0 && out[len(out)-1] == ' ' {
		out = out[:len(out)-1]
	}
	return out
}
