package sample

import (
	"testing"
	"unicode/utf8"
)

// TestPatterns: expressions of XML Schema are read as XML Schema means them: what fits and what does not.
func TestPatterns(t *testing.T) {
	for text, c := range map[string]struct{ fit, not []string }{
		`abc`:                    {[]string{"abc"}, []string{"xabc", "abcx", "ab"}}, // a pattern is for the whole value
		`^a$`:                    {[]string{"^a$"}, []string{"a"}},                  // and these are characters
		`a|b`:                    {[]string{"a", "b"}, []string{"ab", "a|b"}},
		`[a-z-[aeiou]]+`:         {[]string{"xyz"}, []string{"a", "xay"}},
		`[a-z-[b-y-[m]]]`:        {[]string{"a", "z", "m"}, []string{"b", "n"}},
		`[^0-9-[x]]`:             {[]string{"a"}, []string{"5", "x"}},
		`\d{2,3}`:                {[]string{"12", "123"}, []string{"1", "1234", "١٢"}},
		`\i\c*`:                  {[]string{"a-1", "_x", "é"}, []string{"1a", "-", ""}},
		`\s\S`:                   {[]string{" x", "\tx"}, []string{"xx", "  "}},
		`\w\W`:                   {[]string{"a-", "1 "}, []string{"--", "aa"}},
		`\p{Lu}\p{Ll}`:           {[]string{"Aa", "Éé"}, []string{"aA"}},
		`\P{Lu}`:                 {[]string{"a", "1"}, []string{"A"}},
		`\p{IsBasicLatin}+`:      {[]string{"abc~"}, []string{"é"}},
		`.`:                      {[]string{"x", "é"}, []string{"\n", "\r", "xx"}},
		`a{3,}`:                  {[]string{"aaa", "aaaa"}, []string{"aa"}},
		`a{0,5000}`:              {[]string{"", "aaaa"}, []string{"b"}},
		`[\-+*/]`:                {[]string{"-", "+", "*", "/"}, []string{",", "\\"}},
		`[a\]]`:                  {[]string{"a", "]"}, []string{"["}},
		`[-a]`:                   {[]string{"-", "a"}, []string{"b"}},
		`[a-]`:                   {[]string{"-", "a"}, []string{"b"}},
		`[&a]&&`:                 {[]string{"&&&", "a&&"}, []string{"&"}},
		`\.\\\?\*\+\(\)\[\]\{\}`: {[]string{`.\?*+()[]{}`}, []string{"x"}},
		``:                       {[]string{""}, []string{"x"}},
	} {
		p := readPattern(text)
		if p == nil {
			t.Errorf("%q is not read", text)
			continue
		}
		for _, s := range c.fit {
			if !p.re.MatchString(s) {
				t.Errorf("%q does not fit %q", text, s)
			}
		}
		for _, s := range c.not {
			if p.re.MatchString(s) {
				t.Errorf("%q fits %q", text, s)
			}
		}
	}
	for _, text := range []string{`[a`, `a{1`, `a{x}`, `\`, `\p{Nope}`, `\p{IsNowhere}`, `\pL`, `(a`, `a{2000}`, `\I`, `[\S]`, `*`} {
		if readPattern(text) != nil {
			t.Errorf("%q is read", text)
		}
	}
}

// FuzzPattern: no expression stops the reader, and what is grown of one is bounded and has no half characters.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{`[a-z-[aeiou]]{2,5}`, `((a*)*)*`, `(a|b|c){3}\d+`, `\p{IsGreek}?`, `.{0,9999}`, `[^\n]`, `(((((x{9}){9}){9}){9}){9}){9}`, `\i\c{1000}`} {
		f.Add(seed, 3, 1)
	}
	f.Fuzz(func(t *testing.T, text string, more, turn int) {
		if len(text) > 200 {
			return
		}
		p := readPattern(text)
		if p == nil {
			return
		}
		if more &= 1023; turn < 0 {
			turn = -(turn + 1)
		}
		grown := grow(p.tree, more, turn)
		if len(grown) > mostGrown+utf8.UTFMax*200 || utf8.ValidString(text) && !utf8.ValidString(grown) {
			t.Errorf("%q grew to %d bytes", text, len(grown))
		}
	})
}
