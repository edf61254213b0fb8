package infoset_test

import (
	"errors"
	"io"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const doc = `<a xmlns:p="u"><b x="1"><c/>t<!--k--></b><d p:y="2">e</d></a>`

// at reads up to the start of an element.
func at(t *testing.T, r infoset.Reader, local string) *infoset.Token {
	t.Helper()
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == infoset.StartElement && tok.Name.Local == local {
			return tok
		}
	}
}

func both(t *testing.T, text string) []infoset.Reader {
	t.Helper()
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
	if err := infoset.Copy(w, xmltext.NewBytes([]byte(text), xmltext.Options{})); err != nil {
		t.Fatal(err)
	}
	return []infoset.Reader{xmltext.NewBytes([]byte(text), xmltext.Options{}), xmlbin.NewBytes(w.Bytes(), xmlbin.Options{})}
}

func TestSkip(t *testing.T) {
	for _, r := range both(t, doc) {
		at(t, r, "b")
		if err := infoset.Skip(r); err != nil {
			t.Fatal(err)
		}
		if tok, err := r.Next(); err != nil || tok.Name.Local != "d" || r.Depth() != 2 || r.Path() != "/a/d" {
			t.Errorf("behind b stands %v at %s, %v", tok, r.Path(), err)
		}
	}
}

func TestCopyElement(t *testing.T) {
	for _, r := range both(t, doc) {
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := infoset.CopyElement(w, r, at(t, r, "d")); err != nil {
			t.Fatal(err)
		}
		// The declaration that the name needs is made where it is missing.
		if got, want := string(w.Bytes()), `<d p:y="2" xmlns:p="u">e</d>`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if tok, err := r.Next(); err != nil || tok.Kind != infoset.EndElement || tok.Name.Local != "a" {
			t.Errorf("behind d stands %v, %v", tok, err)
		}
	}
}

// TestErrorsPass has errors of the reader and of the writer, on every way through.
func TestErrorsPass(t *testing.T) {
	ways := map[string]func(w infoset.Writer, r infoset.Reader, start *infoset.Token) error{
		"copy":         func(w infoset.Writer, r infoset.Reader, _ *infoset.Token) error { return infoset.Copy(w, r) },
		"copy element": infoset.CopyElement,
		"skip":         func(_ infoset.Writer, r infoset.Reader, _ *infoset.Token) error { return infoset.Skip(r) },
		"content": func(_ infoset.Writer, r infoset.Reader, _ *infoset.Token) error {
			_, err := infoset.Content(r, nil)
			return err
		},
	}
	for name, way := range ways {
		r := xmltext.NewBytes([]byte("<a>text"), xmltext.Options{})
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		err := way(w, r, at(t, r, "a"))
		var e *infoset.Error
		if !errors.As(err, &e) || e.Reason != infoset.Truncated && e.Reason != infoset.Misuse {
			t.Errorf("%s of a cut document: %v", name, err)
		}
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Limit: 5})
	var e *infoset.Error
	if err := infoset.Copy(w, xmltext.NewBytes([]byte(doc), xmltext.Options{})); !errors.As(err, &e) || e.Reason != infoset.Quota {
		t.Errorf("copy into a full writer: %v", err)
	}
	if err := infoset.Write(w, &infoset.Token{}); !errors.As(err, &e) {
		t.Errorf("token without kind: %v", err)
	}
	r := xmltext.NewBytes([]byte("<a/>"), xmltext.Options{})
	for range 2 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := infoset.Skip(r); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("skip behind the document: %v", err)
	}
}

// TestTokens keeps a token beyond its time and looks at its parts.
func TestTokens(t *testing.T) {
	for _, r := range both(t, `<p:a xmlns:p="u" x="1" p:x="two"> <b/></p:a>`) {
		tok := at(t, r, "a")
		kept := tok.Clone()
		space, err := r.Next()
		if err != nil || !space.IsSpace() || space.Name != infoset.NoName {
			t.Errorf("white space is %v, %v", space, err)
		}
		if kept.IsSpace() || kept.Name.String() != "p:a" || !kept.Name.Same(&infoset.Name{Space: "u", Local: "a"}) || kept.Kind.String() != "start" {
			t.Errorf("kept %v", kept)
		}
		for name, want := range map[infoset.Name]string{{Local: "x"}: "1", {Space: "u", Local: "x"}: "two"} {
			if v, ok := kept.Attr(name.Space, name.Local); !ok || v.String() != want {
				t.Errorf("attribute %v is %s, %v", name, v, ok)
			}
		}
		if _, ok := kept.Attr("v", "x"); ok {
			t.Error("an attribute of another namespace is found")
		}
		if len(kept.Decls) != 1 || kept.Decls[0] != (infoset.Decl{Prefix: "p", Space: "u"}) {
			t.Errorf("declarations %v", kept.Decls)
		}
	}
}
