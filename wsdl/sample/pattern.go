package sample

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"

	patterns "github.com/causeway-relay/causeway/wsdl/internal/pattern"
)

// pattern is a pattern facet as Go reads it.
type pattern struct {
	re   *regexp.Regexp
	tree *syntax.Regexp
}

// readPattern translates an expression of XML Schema (part 2, appendix F). It is nil for one that Go cannot take: values are then not
// checked against it, and a note says so.
func readPattern(text string) *pattern {
	out, ok := patterns.Translate(text)
	if !ok {
		return nil
	}
	tree, err := syntax.Parse(out, syntax.Perl)
	if err != nil {
		return nil
	}
	re, err := regexp.Compile(`\A(?:` + out + `)\z`)
	if err != nil {
		return nil
	}
	return &pattern{re, tree}
}

// mostRepeats bounds how often a pattern is let repeat: what Go's expressions take.
const mostRepeats = 1000

// grow makes a text of an expression. More adds repetitions where the expression leaves their number open, and turn chooses among
// alternatives.
func grow(tree *syntax.Regexp, more, turn int) string {
	var b strings.Builder
	growInto(&b, tree, more, turn)
	return b.String()
}

// mostGrown bounds a grown text in bytes.
const mostGrown = 64 << 10

func growInto(b *strings.Builder, tree *syntax.Regexp, more, turn int) {
	if b.Len() > mostGrown {
		return
	}
	times := func(n int) {
		for range n {
			growInto(b, tree.Sub[0], more, turn)
		}
	}
	switch tree.Op {
	case syntax.OpLiteral:
		for _, r := range tree.Rune {
			b.WriteRune(r)
		}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteRune(nice(patterns.Runes(tree)))
	case syntax.OpStar:
		times(more)
	case syntax.OpPlus:
		times(1 + more)
	case syntax.OpQuest:
		times(min(more, 1))
	case syntax.OpRepeat:
		n := tree.Min + more
		if tree.Max >= 0 {
			n = min(n, tree.Max)
		}
		times(n)
	case syntax.OpCapture:
		times(1)
	case syntax.OpConcat:
		for _, s := range tree.Sub {
			growInto(b, s, more, turn)
		}
	case syntax.OpAlternate:
		growInto(b, tree.Sub[turn%len(tree.Sub)], more, turn)
	}
}

// nice chooses a character that people can read.
func nice(ranges []rune) rune {
	for _, r := range "aA1 0x-." {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= r && r <= ranges[i+1] {
				return r
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < ranges[i]+100; r++ {
			if unicode.IsGraphic(r) {
				return r
			}
		}
	}
	if len(ranges) > 0 {
		return ranges[0]
	}
	return 'a'
}
