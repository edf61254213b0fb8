package facet_test

import (
	"testing"

	"github.com/causeway-relay/causeway/soap/codec/facet"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// TestBroken: values of other forms than text, as binary XML and MTOM have them, are measured as their text would be.
func TestBroken(t *testing.T) {
	for _, c := range []struct {
		name  string
		of    facet.Measure
		rule  facet.Facet
		n     int
		text  string
		value infoset.Value
		want  string
	}{
		{"octets within", facet.Octets, facet.MaxLength, 3, "", infoset.Bytes([]byte("abc")), ""},
		{"octets", facet.Octets, facet.MaxLength, 2, "", infoset.Bytes([]byte("abc")), "maxLength 2 (the value's length is 3)"},
		{"pattern of octets within", facet.Octets, facet.Pattern, 0, "YWJj", infoset.Bytes([]byte("abc")), ""},
		{"pattern of octets", facet.Octets, facet.Pattern, 0, "x", infoset.Bytes([]byte("abc")), `pattern "x" (the value's length is 3)`},
		{"base64 with white space", facet.Octets, facet.Length, 3, "", infoset.String(" YW\n Jj "), ""},
		{"number", facet.Digits, facet.MaxInclusive, 0, "7", infoset.Int(8), "maxInclusive 7 (the value's length is 1)"},
		{"number within", facet.Digits, facet.MinInclusive, 0, "-8", infoset.Int(-8), ""},
		{"negative", facet.Digits, facet.MaxExclusive, 0, "-8", infoset.Int(-8), "maxExclusive -8 (the value's length is 2)"},
		{"zero of either sign", facet.Digits, facet.MinInclusive, 0, "0", infoset.String("-0.0"), ""},
		{"digits of zero", facet.Digits, facet.TotalDigits, 1, "", infoset.String("0.000"), ""},
		{"float", facet.Floating, facet.MaxInclusive, 0, "0.5", infoset.Float64(0.75), "maxInclusive 0.5 (the value's length is 4)"},
		{"a bound that is no number", facet.Floating, facet.MaxInclusive, 0, "x", infoset.Float64(1), ""},
		{"an expression that is none", facet.Lexical, facet.Pattern, 0, "(", infoset.Bool(true), ""},
		{"truth", facet.Lexical, facet.Pattern, 0, "0|1", infoset.Bool(true), `pattern "0|1" (the value's length is 4)`},
		{"no items", facet.Items, facet.MinLength, 1, "", infoset.String("  "), "minLength 1 (the value's length is 0)"},
	} {
		f := &facet.Facets{Of: c.of, Rules: []facet.Rule{{Facet: c.rule, N: c.n, Text: c.text}}}
		var room []byte
		for range 2 { // with what the first time leaves behind
			if got := f.Broken(c.value, &room); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
	}
}

// FuzzBroken: no text and no bound makes it fail, and a number is within bounds that are itself.
func FuzzBroken(f *testing.F) {
	for _, s := range []string{"", "0", "-0.0", "+12.50", "1e5", "NaN", " a\tb ", "YQ==", "\xff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, bound string) {
		var room []byte
		for of := facet.Characters; of <= facet.Lexical; of++ {
			for rule := facet.Length; rule <= facet.FractionDigits; rule++ {
				facets := &facet.Facets{Of: of, Rules: []facet.Rule{{Facet: rule, Text: bound}}}
				_ = facets.Broken(infoset.String(text), &room)
			}
		}
		same := &facet.Facets{Of: facet.Digits, Space: facet.Preserve, Rules: []facet.Rule{{Facet: facet.MinInclusive, Text: text}, {Facet: facet.MaxInclusive, Text: text}}}
		if got := same.Broken(infoset.String(text), &room); got != "" {
			t.Errorf("%q is not itself: %s", text, got)
		}
	})
}
