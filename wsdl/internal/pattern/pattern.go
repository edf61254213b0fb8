// Package pattern owns the translation of XML Schema's regular expressions (part 2 second edition, appendix F) to those of Go (RE2). It
// compiles nothing for its callers and knows no types. Its functions may be called from any goroutine.
package pattern

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
)

// Translate gives an expression of XML Schema as Go's regexp takes it, without anchors: a whole value must match it. It is false for one
// that Go cannot say, such as a class of the unknown or more than a thousand repetitions at least.
func Translate(text string) (string, bool) {
	t := &translator{in: []rune(text)}
	out, ok := t.all()
	if !ok {
		return "", false
	}
	if _, err := regexp.Compile(`\A(?:` + out + `)\z`); err != nil {
		return "", false
	}
	return out, true
}

// translator turns an expression of XML Schema into one of Go.
type translator struct {
	in  []rune
	at  int
	out strings.Builder
}

// Classes of names (part 2, appendix F.1.1), near enough for what people write.
const (
	initialClass = `A-Za-z_:\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{3001}-\x{D7FF}`
	nameClass    = initialClass + `\-.0-9\x{B7}\x{300}-\x{36F}`
)

// all translates the expression; false for what Go cannot say.
func (t *translator) all() (string, bool) {
	for t.at < len(t.in) {
		c := t.in[t.at]
		t.at++
		switch c {
		case '^', '$':
			t.out.WriteString(`\` + string(c)) // they are themselves
		case '.':
			t.out.WriteString(`[^\n\r]`)
		case '[':
			ranges, ok := t.class()
			if !ok {
				return "", false
			}
			t.out.WriteString(classText(ranges))
		case '\\':
			text, ok := t.escape()
			if !ok {
				return "", false
			}
			t.out.WriteString("[" + text + "]")
		case '{':
			if !t.repeat() {
				return "", false
			}
		default:
			t.out.WriteRune(c)
		}
	}
	return t.out.String(), true
}

// mostRepeats is the largest count that Go's expressions take.
const mostRepeats = 1000

// repeat writes {n,m}. Counts that Go does not take are left open upwards.
func (t *translator) repeat() bool {
	end := t.at
	for end < len(t.in) && t.in[end] != '}' {
		end++
	}
	if end == len(t.in) {
		return false
	}
	low, high, ranged := strings.Cut(string(t.in[t.at:end]), ",")
	t.at = end + 1
	var n, m int
	if _, err := fmt.Sscan(low, &n); err != nil || n > mostRepeats {
		return false
	}
	_, err := fmt.Sscan(high, &m)
	switch {
	case !ranged:
		fmt.Fprintf(&t.out, "{%d}", n)
	case err != nil || m > mostRepeats:
		fmt.Fprintf(&t.out, "{%d,}", n)
	default:
		fmt.Fprintf(&t.out, "{%d,%d}", n, m)
	}
	return true
}

// escape gives what a backslash and what follows mean, as the inside of a class.
func (t *translator) escape() (string, bool) {
	if t.at == len(t.in) {
		return "", false
	}
	c := t.in[t.at]
	t.at++
	switch c {
	case 'i':
		return initialClass, true
	case 'c':
		return nameClass, true
	case 'd':
		return `0-9`, true // \p{Nd} of the specification; the digits that people mean
	case 'D':
		return `^0-9`, true
	case 's':
		return ` \t\n\r`, true
	case 'S':
		return `^ \t\n\r`, true
	case 'w':
		return `\p{L}\p{M}\p{N}\p{S}`, true
	case 'W':
		return `\p{P}\p{Z}\p{C}`, true
	case 'p', 'P':
		return t.property(c)
	case 'n', 'r', 't':
		return `\` + string(c), true
	case 'I', 'C':
		return "", false
	}
	return regexp.QuoteMeta(string(c)), c < unicode.MaxASCII
}

// property is \p{...}: a category, or a block, of which those are known that services use.
func (t *translator) property(c rune) (string, bool) {
	end := t.at
	for end < len(t.in) && t.in[end] != '}' {
		end++
	}
	if t.at == len(t.in) || t.in[t.at] != '{' || end == len(t.in) {
		return "", false
	}
	name := string(t.in[t.at+1 : end])
	t.at = end + 1
	if block, isBlock := strings.CutPrefix(name, "Is"); isBlock {
		ranges, known := map[string]string{
			"BasicLatin": `\x{0}-\x{7F}`, "Latin-1Supplement": `\x{80}-\x{FF}`, "LatinExtended-A": `\x{100}-\x{17F}`, "LatinExtended-B": `\x{180}-\x{24F}`,
			"Greek": `\x{370}-\x{3FF}`, "Cyrillic": `\x{400}-\x{4FF}`, "Hebrew": `\x{590}-\x{5FF}`, "Arabic": `\x{600}-\x{6FF}`,
		}[block]
		return ranges, known && c == 'p'
	}
	_, known := unicode.Categories[name]
	return `\` + string(c) + "{" + name + "}", known
}

// class reads the inside of [...] with its subtractions, [a-z-[aeiou]].
func (t *translator) class() ([]rune, bool) {
	var text strings.Builder
	text.WriteByte('[')
	var minus []rune
	for first := true; ; first = false {
		if t.at >= len(t.in) {
			return nil, false
		}
		c := t.in[t.at]
		t.at++
		switch {
		case c == ']':
			tree, err := syntax.Parse(text.String()+"]", syntax.Perl)
			if err != nil {
				return nil, false
			}
			return without(Runes(tree), minus), true
		case c == '-' && t.at < len(t.in) && t.in[t.at] == '[':
			t.at++
			var ok bool
			if minus, ok = t.class(); !ok {
				return nil, false
			}
		case c == '\\':
			inner, ok := t.escape()
			if !ok || strings.HasPrefix(inner, "^") {
				return nil, false
			}
			text.WriteString(inner)
		case c == '^' && first:
			text.WriteByte('^')
		case c == '[' || c == '^' || c == '&':
			text.WriteString(`\` + string(c))
		case c == '-' && (first || t.at < len(t.in) && t.in[t.at] == ']'):
			text.WriteString(`\-`)
		default:
			text.WriteRune(c)
		}
	}
}

// Runes gives the ranges of a parsed class.
func Runes(tree *syntax.Regexp) []rune {
	switch tree.Op {
	case syntax.OpCharClass:
		return tree.Rune
	case syntax.OpLiteral:
		return []rune{tree.Rune[0], tree.Rune[0]}
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}
	case syntax.OpAnyCharNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	}
	return nil
}

// without takes ranges out of ranges.
func without(from, minus []rune) []rune {
	for i := 0; i+1 < len(minus); i += 2 {
		var rest []rune
		for j := 0; j+1 < len(from); j += 2 {
			if lo, hi := from[j], min(from[j+1], minus[i]-1); lo <= hi {
				rest = append(rest, lo, hi)
			}
			if lo, hi := max(from[j], minus[i+1]+1), from[j+1]; lo <= hi {
				rest = append(rest, lo, hi)
			}
		}
		from = rest
	}
	return from
}

// classText writes ranges as a class of Go; no ranges are a class that nothing fits.
func classText(ranges []rune) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; i+1 < len(ranges); i += 2 {
		fmt.Fprintf(&b, `\x{%X}-\x{%X}`, ranges[i], ranges[i+1])
	}
	b.WriteByte(']')
	if len(ranges) == 0 {
		return `[^\x{0}-\x{10FFFF}]`
	}
	return b.String()
}
