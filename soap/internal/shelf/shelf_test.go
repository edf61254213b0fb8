package shelf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// element gives the tokens of a document's root, kept on s, and the reader they came from.
func element(t *testing.T, s *Shelf, doc []byte, most int) ([]infoset.Token, error) {
	t.Helper()
	r := xmltext.NewBytes(doc, xmltext.Options{Quotas: infoset.Buffered()})
	start, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return s.Element(r, start, most)
}

// told gives what tokens say.
func told(tokens []infoset.Token) string {
	var b strings.Builder
	for i := range tokens {
		t := &tokens[i]
		fmt.Fprint(&b, t.Kind, " ", t.Name, " ", t.Attrs, t.Decls, t.Value.String(), t.Offset, t.End, "\n")
	}
	return b.String()
}

// TestElement: an element is kept as it was read, whatever becomes of its bytes, and an end has the name of its start.
func TestElement(t *testing.T) {
	doc := []byte(`<p:a xmlns:p="urn:p" b="1&lt;" p:c="2">text<d/><!--e--><d>` + strings.Repeat("<f>g</f>", 100) + `</d></p:a>`)
	var want strings.Builder
	r := xmltext.NewBytes(doc, xmltext.Options{Quotas: infoset.Buffered()})
	count := 0
	for tok, err := r.Next(); err == nil; tok, err = r.Next() {
		want.WriteString(told([]infoset.Token{*tok}))
		count++
	}
	for round := range 3 {
		var s Shelf
		own := append([]byte(nil), doc...)
		tokens, err := element(t, &s, own, 0)
		if err != nil || len(tokens) != count {
			t.Fatal(len(tokens), err)
		}
		for i := range own {
			own[i] = 'x'
		}
		if got := told(tokens); got != want.String() {
			t.Errorf("%d: %s\nwant %s", round, got, want.String())
		}
		if tokens[0].Name != tokens[count-1].Name || tokens[2].Name != tokens[3].Name {
			t.Error("an end has a name of its own")
		}
		s.Reset()
	}
}

// TestEnds: an element beyond the bound, and one that breaks off, are errors, and leave a shelf as good as new.
func TestEnds(t *testing.T) {
	var s Shelf
	for range 3 {
		if _, err := element(t, &s, []byte(`<a><b>1</b><b>2</b></a>`), 4); err == nil || !strings.Contains(err.Error(), "tokens of an element") {
			t.Errorf("five tokens of four: %v", err)
		}
		if _, err := element(t, &s, []byte(`<a><b x="y">1</b><b>`), 0); err == nil {
			t.Error("half an element was kept")
		}
		for _, tok := range s.Tokens(3) {
			if tok.Kind != 0 || tok.Name != nil || tok.Attrs != nil {
				t.Errorf("a token is left: %+v", tok)
			}
		}
		for _, d := range s.Decls(2) {
			if d != (infoset.Decl{}) {
				t.Errorf("a declaration is left: %+v", d)
			}
		}
		s.Reset()
	}
}

// TestValues: values of all kinds are kept, empty ones too.
func TestValues(t *testing.T) {
	var s Shelf
	raw := []byte("raw")
	for _, v := range []infoset.Value{
		infoset.Chars(raw), infoset.Chars(raw[:0]), {}, infoset.Int(-1), infoset.Bytes(raw), infoset.UniqueID([16]byte{1}),
		infoset.List([]infoset.Value{infoset.Chars(raw), infoset.Int(2)}), infoset.DictString("word", infoset.Shared),
	} {
		want, kind := v.String(), v.Type()
		tok := infoset.Token{Kind: infoset.Text, Name: infoset.NoName, Value: v}
		var kept infoset.Token
		s.Copy(&kept, &tok)
		copy(raw, "xxx")
		if got := kept.Value.String(); got != want || kept.Value.Type() != kind || kept.Value.Dict() != v.Dict() {
			t.Errorf("%v %q, want %v %q", kept.Value.Type(), got, kind, want)
		}
		copy(raw, "raw")
	}
}
