package jsonform_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/codec/jsonform"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// same writes a value, reads it back, and refuses other JSON with a pointer.
func same[T any](t *testing.T, c codec.Coder, v T, want string, bad ...string) {
	t.Helper()
	doc := &codec.Document[T]{Codec: c}
	got, err := jsonform.To(doc, v)
	if err != nil || string(got) != want {
		t.Errorf("%v became %s, %v; want %s", v, got, err, want)
	}
	back, err := jsonform.From(doc, []byte(want))
	if again, _ := jsonform.To(doc, back); err != nil || string(again) != want {
		t.Errorf("%s became %v, %v", want, back, err)
	}
	for _, text := range bad {
		_, err := jsonform.From(doc, []byte(text))
		if wrong, ok := errors.AsType[*jsonform.Error](err); !ok || len(wrong.Problems) == 0 || wrong.Error() == "" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestScalars: what a JavaScript number holds is a number, all else is text; values that are none of their type are refused.
func TestScalars(t *testing.T) {
	same(t, &codec.Bool, true, `true`, `"yes"`, `null`, `[true]`, `{}`)
	same(t, &codec.Int32, int32(-5), `-5`, `1.5`, `2147483648`, `"x"`)
	same(t, &codec.Uint8, uint8(255), `255`, `256`, `-1`)
	same(t, &codec.Int64, int64(math.MaxInt64), `"9223372036854775807"`, `"9223372036854775808"`)
	same(t, &codec.Uint64, uint64(math.MaxUint64), `"18446744073709551615"`)
	same(t, &codec.Float64, 1.5, `1.5`, `"x"`)
	same(t, &codec.Float64, math.Inf(-1), `"-INF"`)
	same(t, &codec.String, "a\"\u2028ü", `"a\"\u2028ü"`, `null`)
	same(t, &codec.Integer, xsd.IntegerOf(7), `"7"`, `"7.5"`)
	same(t, &codec.Base64, xsd.Base64("hi"), `"aGk="`, `"%"`)
	same(t, &codec.Hex, xsd.Hex("\x0a\xff"), `"0AFF"`, `"0"`)
	same(t, &codec.QName, xsd.QName{Space: "urn:a", Local: "n"}, `"{urn:a}n"`)
	same(t, &codec.QName, xsd.QName{Local: "n"}, `"n"`)
	same(t, &codec.ListOf[int32]{Item: &codec.Int32}, []int32{1, 2}, `[1,2]`, `1`, `[1,"x"]`)
	same(t, &codec.Nil{Of: &codec.Int32, Slots: &codec.Nils[int32]{}}, xsd.Nil[int32](), `null`)
	same(t, &codec.Nil{Of: &codec.Int32, Slots: &codec.Nils[int32]{}}, xsd.Value(int32(3)), `3`, `"x"`)
	same(t, &codec.Literal{Of: &codec.Int32, Text: "4"}, int32(4), `4`, `null`)
}

// TestAny: an element that no table describes keeps attributes, text and order.
func TestAny(t *testing.T) {
	doc := &codec.Document[xsd.Any]{Codec: &codec.Wild}
	for _, text := range []string{
		`{"$element":"e","$":""}`, `{"$element":"e","$ns":"urn:a","@x":"1","$":"t"}`,
		`{"$element":"e","$mixed":["a",{"$element":"f","$ns":"urn:b","$":"b"},"c",{"$element":"f","$ns":"urn:b","$":"d"}]}`,
	} {
		v, err := jsonform.From(doc, []byte(text))
		if got, _ := jsonform.To(doc, v); err != nil || string(got) != text {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{`{"$element":"1"}`, `{"$element":"e","odd":1}`, `{"$element":"e","$ns":"urn:a","$mixed":[{"x":1}]}`, `{"$element":"e","@":"x"}`} {
		if v, err := jsonform.From(doc, []byte(bad)); err == nil {
			t.Errorf("%s became %v", bad, v.Name())
		}
	}
}

// TestBounds: depth is bounded, and so is what is told.
func TestBounds(t *testing.T) {
	doc := &codec.Document[[]int32]{Codec: &codec.ListOf[int32]{Item: &codec.Int32}}
	if _, err := jsonform.From(doc, []byte(strings.Repeat("[", 5000))); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("%v", err)
	}
	_, err := jsonform.From(doc, []byte("["+strings.Repeat(`"x",`, 500)+`"x"]`))
	if wrong, ok := errors.AsType[*jsonform.Error](err); !ok || len(wrong.Problems) != 100 || wrong.Problems[7].Pointer != "/7" {
		t.Errorf("%v", err)
	}
}
