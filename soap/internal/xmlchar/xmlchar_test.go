package xmlchar

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// plain draws texts in which the fast tests of eight bytes and the slow ones
// meet.
var plain = rapid.StringMatching(`[ -~\t\n\r<>&ü中😀]{0,40}`)

func TestFastTests(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := plain.Draw(rt, "text")
		if rapid.Bool().Draw(rt, "long") {
			s = strings.Repeat("long text ", 4)[rapid.IntRange(0, 40).Draw(rt, "less"):] + s
		}
		if i := rapid.IntRange(-20, len(s)).Draw(rt, "spoiled"); i >= 0 {
			s = s[:i] + rapid.SampledFrom([]string{"\x00", "\x1F", "\x7F", "\xFF", "\xC3", "\uFFFE", "\xED\xA0\x80"}).Draw(rt, "by") + s[i:]
		}
		n := 0
		for n < len(s) && Class[s[n]]&TextStop == 0 {
			n++
		}
		if got := PlainText([]byte(s)); got != n {
			rt.Fatalf("PlainText(%q) = %d, want %d", s, got, n)
		}
		want := -1
		for i := 0; i < len(s) && want < 0; {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || !IsChar(r) {
				want = i
			}
			i += size
		}
		if got := Invalid([]byte(s)); got != want {
			rt.Fatalf("Invalid(%q) = %d, want %d", s, got, want)
		}
		printable := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > 0x7F }) < 0
		if got := Printable([]byte(s)); got != printable {
			rt.Fatalf("Printable(%q) = %v, want %v", s, got, printable)
		}
		if want < 0 && Units([]byte(s)) != len(utf16.Encode([]rune(s))) {
			rt.Fatalf("Units(%q) = %d", s, Units([]byte(s)))
		}
	})
}

func TestCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := []byte(plain.Draw(rt, "text"))
		limit := rapid.IntRange(0, len(s)+3).Draw(rt, "limit")
		n := Cut(s, limit)
		if n > limit || n > len(s) || min(limit, len(s))-n >= utf8.UTFMax || !utf8.Valid(s[:n]) || !utf8.Valid(s[n:]) {
			rt.Fatalf("Cut(%q, %d) = %d", s, limit, n)
		}
	})
}

func TestNames(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "_": true, "a-b.c1": true, "zürich": true, "名": true, "a·": true, "": false, "1a": false, "-a": false, "a:b": false, "a b": false,
		"·a": false, "a\xFF": false, "ü\xFF": false, "a\u2028": false, "×": false,
	} {
		if got := IsName(s); got != want {
			t.Errorf("IsName(%q) = %v", s, got)
		}
		if got := IsName([]byte(s)); got != want {
			t.Errorf("IsName of bytes %q = %v", s, got)
		}
	}
}

func TestTrim(t *testing.T) {
	for s, want := range map[string]string{"": "", " \t\r\n": "", " a b ": "a b", "\u00a0": "\u00a0"} {
		if got := Trim(s); got != want {
			t.Errorf("Trim(%q) = %q", s, got)
		}
		if got := AllSpace(s); got != (want == "") {
			t.Errorf("AllSpace(%q) = %v", s, got)
		}
	}
}

func TestChars(t *testing.T) {
	for _, r := range "\t\n\r ~\u00A0\uD7FF\uE000\uFFFD\U00010000\U0010FFFF" {
		if !IsChar(r) {
			t.Errorf("%U is refused", r)
		}
	}
	for _, r := range []rune{0, 8, 0xB, 0x1F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x110000, -1} {
		if IsChar(r) {
			t.Errorf("%U is accepted", r)
		}
	}
	if n := PlainText([]byte(strings.Repeat("x", 1001))); n != 1001 {
		t.Errorf("plain text of 1001 bytes has %d", n)
	}
}
