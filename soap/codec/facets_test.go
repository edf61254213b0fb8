package codec_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/codec/facet"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

func bound(c codec.Coder, of facet.Measure, rules []facet.Rule) *codec.Bounded {
	return &codec.Bounded{Of: c, Facets: &facet.Facets{Of: of, Rules: rules}}
}

// holds reads and writes texts of a coder: good ones are told of by nobody, and bad ones are told of and kept, refused by Strict and never
// written. The words name the facet and the length.
func holds[T any](t *testing.T, c *codec.Bounded, words string, good, bad []string) {
	t.Helper()
	for _, text := range slices.Concat(good, bad) {
		fine := slices.Contains(good, text)
		doc := "<r>" + text + "</r>"
		v, told, err := decode[T](t, doc, c)
		if err != nil || (len(told) == 0) != fine {
			t.Errorf("%s: told %q, %v", doc, told, err)
		}
		if !fine && (len(told) != 1 || !strings.HasPrefix(told[0], "/r: ") || !strings.Contains(told[0], words)) {
			t.Errorf("%s: told %q, want words on %s", doc, told, words)
		}
		_, err = encode(t, &v, c)
		checkRefused(t, doc, fine, words, err)
		_, err = encode(t, &[]T{v}, c)
		checkRefused(t, doc, fine, words, err)
		checkRefused(t, doc, fine, words, strictly[T](t, doc, c))
	}
}

func checkRefused(t *testing.T, doc string, fine bool, words string, err error) {
	t.Helper()
	if fine {
		if err != nil {
			t.Errorf("%s: %v", doc, err)
		}
		return
	}
	p, ok := errors.AsType[*codec.Problem](err)
	if !ok || p.Kind != codec.OutOfBounds || p.Path != "/r" || !strings.Contains(p.Name, words) {
		t.Errorf("%s: %v, want words on %s at /r", doc, err, words)
	}
}

// strictly reads with Strict.
func strictly[T any](t *testing.T, doc string, c codec.Coder) error {
	t.Helper()
	r := xmltext.NewBytes([]byte(doc), xmltext.Options{})
	start, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	d := codec.NewDecoder(r)
	d.Strict = true
	var v T
	return d.Element(start, &v, c)
}

// TestFacets: each facet, on both sides of its bound.
func TestFacets(t *testing.T) {
	text := func(words string, good, bad []string, rules []facet.Rule) {
		t.Helper()
		holds[string](t, bound(&codec.String, facet.Characters, rules), words, good, bad)
	}
	text("length 2 (the value's length is ", []string{"ab", "éü", " ab "}, []string{"", "a", "abc"}, []facet.Rule{{Facet: facet.Length, N: 2}})
	text("minLength 2 (the value's length is 1)", []string{"ab", "abc"}, []string{"a", "é"}, []facet.Rule{{Facet: facet.MinLength, N: 2}})
	text("maxLength 2 (the value's length is 3)", []string{"", "éé"}, []string{"abc"}, []facet.Rule{{Facet: facet.MaxLength, N: 2}})
	text("pattern \"[A-Z]{2}|x\" (the value's length is ", []string{"AB", "x"}, []string{"ABC", "ABx", "a"}, []facet.Rule{{Facet: facet.Pattern, Text: "[A-Z]{2}|x"}})
	text("maxLength 3", []string{"AAA"}, []string{"AAAA"}, []facet.Rule{{Facet: facet.Pattern, Text: "A+"}, {Facet: facet.MaxLength, N: 3}})

	number := func(words string, good, bad []string, rules []facet.Rule) {
		t.Helper()
		holds[xsd.Decimal](t, bound(&codec.Decimal, facet.Digits, rules), words, good, bad)
	}
	number("minInclusive -1.5", []string{"-1.5", "-1.50", "0", "-0", "123456789012345678901234567890"}, []string{"-1.51", "-2", "-10"}, []facet.Rule{{Facet: facet.MinInclusive, Text: "-1.5"}})
	number("maxInclusive 10", []string{"10", "+10.00", "9.99", "-11", "0010"}, []string{"10.01", "11", "100"}, []facet.Rule{{Facet: facet.MaxInclusive, Text: "10"}})
	number("minExclusive 0", []string{"0.001", "1"}, []string{"0", "-0.0", "-1"}, []facet.Rule{{Facet: facet.MinExclusive, Text: "0"}})
	number("maxExclusive 1", []string{"0.999", "-1"}, []string{"1", "1.0", "2"}, []facet.Rule{{Facet: facet.MaxExclusive, Text: "1"}})
	number("totalDigits 3", []string{"123", "0012.30", "-1.23", "0"}, []string{"1234", "1.234", "0.1234"}, []facet.Rule{{Facet: facet.TotalDigits, N: 3}})
	number("fractionDigits 1", []string{"12345", "1.5", "1.500"}, []string{"1.25", "-0.01"}, []facet.Rule{{Facet: facet.FractionDigits, N: 1}})

	holds[int32](t, bound(&codec.Int32, facet.Digits, []facet.Rule{{Facet: facet.MaxInclusive, Text: "7"}}), "maxInclusive 7 (the value's length is 1)", []string{"7", "-100"}, []string{"8"})
	holds[float64](t, bound(&codec.Float64, facet.Floating, []facet.Rule{{Facet: facet.MinExclusive, Text: "1e1"}}), "minExclusive 1e1", []string{"10.5", "INF", "NaN"}, []string{"10", "-INF"})
	holds[float64](t, bound(&codec.Float64, facet.Floating, []facet.Rule{{Facet: facet.MaxInclusive, Text: "2"}}), "maxInclusive 2", []string{"2", "-1"}, []string{"2.5"})
	holds[xsd.Base64](t, bound(&codec.Base64, facet.Octets, []facet.Rule{{Facet: facet.MaxLength, N: 2}}), "maxLength 2 (the value's length is 3)", []string{"", "YQ==", "YWI="}, []string{"YWJj"})
	holds[xsd.Hex](t, bound(&codec.Hex, facet.HexOctets, []facet.Rule{{Facet: facet.Length, N: 2}}), "length 2", []string{"0AFF"}, []string{"0A", "0A0B0C"})
	holds[xsd.Date](t, bound(&codec.Date, facet.Lexical, []facet.Rule{{Facet: facet.Pattern, Text: "[^Z]*"}}), "pattern \"[^Z]*\"", []string{"2026-01-02"}, []string{"2026-01-02Z"})
}

// TestListFacets: a list counts its items, which have bounds of their own.
func TestListFacets(t *testing.T) {
	item := bound(&codec.String, facet.Characters, []facet.Rule{{Facet: facet.MaxLength, N: 3}})
	c := bound(&codec.ListOf[string]{Item: item}, facet.Items, []facet.Rule{{Facet: facet.MinLength, N: 2}, {Facet: facet.MaxLength, N: 3}})
	holds[[]string](t, c, "Length ", []string{"a b", "a  b c"}, []string{"a", "", "a b c d"})
	holds[[]string](t, c, "maxLength 3 (the value's length is 4)", []string{"aaa b"}, []string{"aaaa b"})
}

// TestWhiteSpace: what is looked at is what the facet leaves, and what is kept is what stood there.
func TestWhiteSpace(t *testing.T) {
	for _, c := range []struct {
		space facet.WhiteSpace
		text  string
		fine  bool
	}{
		{facet.Collapse, " a \t b\n", true},
		{facet.Replace, "a\tb", true},
		{facet.Replace, "a  b", false},
		{facet.Preserve, "a b", true},
		{facet.Preserve, "a\tb", false},
	} {
		b := &codec.Bounded{Of: &codec.String, Facets: &facet.Facets{Space: c.space, Rules: []facet.Rule{{Facet: facet.Pattern, Text: "a b"}}}}
		v, told, err := decode[string](t, "<r>"+c.text+"</r>", b)
		if err != nil || v != c.text || (len(told) == 0) != c.fine {
			t.Errorf("%q was read as %q, told %q, %v", c.text, v, told, err)
		}
	}
}

// TestFacetsTellNoValue: a value may be a secret.
func TestFacetsTellNoValue(t *testing.T) {
	c := bound(&codec.String, facet.Characters, []facet.Rule{{Facet: facet.MinLength, N: 12}, {Facet: facet.Pattern, Text: "x+"}})
	secret := "hunter2"
	if _, err := encode(t, &secret, c); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("the error says %v", err)
	}
}

// TestFacetsWithOthers: facets stand below defaults and nil; an empty element has the default, which is not measured as empty.
func TestFacetsWithOthers(t *testing.T) {
	b := bound(&codec.String, facet.Characters, []facet.Rule{{Facet: facet.MinLength, N: 3}})
	lit := &codec.Literal{Of: b, Text: "abc"}
	for doc, told := range map[string]int{"<r/>": 0, "<r>abcd</r>": 0, "<r>a</r>": 1} {
		if _, got, err := decode[string](t, doc, lit); err != nil || len(got) != told {
			t.Errorf("%s: told %q, %v", doc, got, err)
		}
	}
	null := &codec.Nil{Of: b, Slots: &codec.Nils[string]{}}
	doc := `<r xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>`
	if v, told, err := decode[xsd.Nillable[string]](t, doc, null); err != nil || len(told) > 0 || !v.IsNil() {
		t.Errorf("%v, told %q, %v", v, told, err)
	}
	enum := bound(&codec.Text{Slots: &codec.Texts[string]{}}, facet.Characters, []facet.Rule{{Facet: facet.MinLength, N: 3}})
	holds[string](t, enum, "minLength 3", []string{"abc"}, []string{"ab"})
}

// TestFacetsAllocate: a value within its bounds costs no memory of its own.
func TestFacetsAllocate(t *testing.T) {
	text, number, name := "AB12", int32(5), infoset.Name{Local: "r"}
	s := bound(&codec.String, facet.Characters, []facet.Rule{{Facet: facet.MaxLength, N: 5}, {Facet: facet.Pattern, Text: "[A-Z]+[0-9]+"}})
	n := bound(&codec.Int32, facet.Digits, []facet.Rule{{Facet: facet.MaxInclusive, Text: "7"}, {Facet: facet.TotalDigits, N: 3}})
	w := xmltext.NewWriter(io.Discard, xmltext.WriterOptions{})
	w.Start(&name)
	e := codec.NewEncoder(w)
	write := func() {
		if e.Element(&name, nil, &text, s) != nil || e.Element(&name, nil, &number, n) != nil {
			t.Error("a value is refused")
		}
	}
	write() // compiles
	if got := testing.AllocsPerRun(100, write); got > 0 {
		t.Errorf("writing allocates %v times", got)
	}
}
