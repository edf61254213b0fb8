package xmlbin

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// TestWhiteSpaceCase is a document of the field cases: white space that must not
// change, on any way through both encodings.
func TestWhiteSpaceCase(t *testing.T) {
	doc, err := os.ReadFile("../xmltext/testdata/case/white-space.xml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"@at": "a\nb\tc  d", "cr": "x\r\ny\nz", "sp": "  two  ", "cd": "<a>\n]]&gt;", "nb": "\u00a0"}
	for round := range 3 {
		if diff := cmp.Diff(want, leaves(t, xmltext.NewBytes(doc, xmltext.Options{}))); diff != "" {
			t.Errorf("text, round %d: %s", round, diff)
		}
		bw := NewWriter(nil, WriterOptions{})
		if err := infoset.Copy(bw, xmltext.NewBytes(doc, xmltext.Options{})); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, leaves(t, NewBytes(bw.Bytes(), Options{}))); diff != "" {
			t.Errorf("binary, round %d: %s", round, diff)
		}
		tw := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := infoset.Copy(tw, NewBytes(bw.Bytes(), Options{})); err != nil {
			t.Fatal(err)
		}
		doc = bytes.Clone(tw.Bytes())
	}
}

// leaves gives the text of each element without children, and attributes by @name.
func leaves(t *testing.T, r infoset.Reader) map[string]string {
	t.Helper()
	found := map[string]string{}
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == infoset.EndElement && r.Depth() == 0 {
			return found
		}
		if tok.Kind != infoset.StartElement {
			continue
		}
		for _, a := range tok.Attrs {
			found["@"+a.Name.Local] = a.Value.String()
		}
		if name := tok.Name.Local; r.Depth() == 4 {
			v, err := infoset.Content(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			found[name] = v.String()
		}
	}
}

// TestAttributesCase: the default namespace is not for attributes.
func TestAttributesCase(t *testing.T) {
	doc, err := os.ReadFile("../xmltext/testdata/case/attributes.xml")
	if err != nil {
		t.Fatal(err)
	}
	const utility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	var byID string
	r := xmltext.NewBytes(doc, xmltext.Options{})
	for {
		tok, err := r.Next()
		if err != nil {
			break
		}
		if v, ok := tok.Attr(utility, "Id"); ok && v.String() == "a" {
			byID = tok.Name.Local
			if plain, ok := tok.Attr("", "Id"); !ok || plain.String() != "b" {
				t.Errorf("the attribute in no namespace is %q, %v", plain, ok)
			}
		}
		if _, ok := tok.Attr(tok.Name.Space, "Id"); ok && tok.Name.Space != "" {
			t.Errorf("%s: an attribute without prefix is in the default namespace", tok.Name)
		}
	}
	if byID != "two" {
		t.Errorf("u:Id a is on %q", byID)
	}
}
