package tape

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const document = `<a:x a:i="1" j="2" xmlns:a="urn:a">t<!-- c --><y xmlns="urn:y"><z xmlns=""/>q</y> </a:x>`

// TestRecordAndPlay: what was recorded plays as the same document.
func TestRecordAndPlay(t *testing.T) {
	w := NewRecorder()
	if err := infoset.Copy(w, xmltext.NewReader(strings.NewReader(document), xmltext.Options{})); err != nil {
		t.Fatal(err)
	}
	tokens, err := w.Element()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		out := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := infoset.Copy(out, NewPlayer(tokens, nil, false)); err != nil {
			t.Fatal(err)
		}
		if got := string(out.Bytes()); got != document {
			t.Errorf("got  %s\nwant %s", got, document)
		}
	}
}

// TestSameCalls: a Recorder takes the same calls as the writer of text, and gives
// the same errors for the others.
func TestSameCalls(t *testing.T) {
	name := func(prefix, space, local string) *infoset.Name {
		return &infoset.Name{Prefix: prefix, Space: space, Local: local}
	}
	for what, calls := range map[string]func(w infoset.Writer){
		"prefixes made up": func(w infoset.Writer) {
			w.Start(name("", "urn:a", "x"))
			w.Attr(name("", "urn:b", "i"), infoset.Int(5))
			w.Declare(infoset.Decl{Prefix: "d", Space: "urn:d"})
			w.Start(name("d", "urn:d", "y"))
			w.Text(infoset.Bytes([]byte("ab")))
			w.Text(infoset.Bytes([]byte("c")))
			w.End()
			w.Start(name("", "", "plain"))
			w.Items(infoset.Items(infoset.TypeInt32, []byte{1, 0, 0, 0, 255, 255, 255, 255}))
			w.Comment(infoset.String(" c "))
			w.End()
		},
		"bad name":      func(w infoset.Writer) { w.Start(name("", "", "1")) },
		"bad attribute": func(w infoset.Writer) { w.Start(name("", "", "x")); w.Attr(name("", "", "a b"), infoset.Value{}) },
		"attribute twice": func(w infoset.Writer) {
			w.Start(name("", "", "x"))
			w.Attr(name("", "", "a"), infoset.Value{})
			w.Attr(name("", "", "a"), infoset.Value{})
		},
		"declaration twice": func(w infoset.Writer) {
			w.Start(name("", "", "x"))
			w.Declare(infoset.Decl{Prefix: "a", Space: "b"})
			w.Declare(infoset.Decl{Prefix: "a", Space: "c"})
		},
		"attribute behind text": func(w infoset.Writer) {
			w.Start(name("", "", "x"))
			w.Text(infoset.String("t"))
			w.Attr(name("", "", "a"), infoset.Value{})
		},
		"text outside":     func(w infoset.Writer) { w.Text(infoset.String("t")) },
		"end of nothing":   func(w infoset.Writer) { w.End() },
		"items of nothing": func(w infoset.Writer) { w.Items(infoset.Items(infoset.TypeInt32, make([]byte, 4))) },
		"items that are none": func(w infoset.Writer) {
			w.Start(name("", "", "x"))
			w.Start(name("", "", "y"))
			w.Items(infoset.String("t"))
		},
		"second root":            func(w infoset.Writer) { w.Start(name("", "", "x")); w.End(); w.Start(name("", "", "y")) },
		"comment behind the end": func(w infoset.Writer) { w.Start(name("", "", "x")); w.End(); w.Comment(infoset.String("c")) },
		"nothing":                func(infoset.Writer) {},
	} {
		rec, text := NewRecorder(), xmltext.NewWriter(nil, xmltext.WriterOptions{})
		calls(rec)
		calls(text)
		recErr, textErr := rec.Flush(), text.Flush()
		if (recErr == nil) != (textErr == nil) || (rec.Err() == nil) != (text.Err() == nil) {
			t.Errorf("%s: recorded %v, as text %v", what, recErr, textErr)
		}
		if recErr != nil {
			a, _ := errors.AsType[*infoset.Error](recErr)
			b, _ := errors.AsType[*infoset.Error](textErr)
			if a == nil || b == nil || a.Reason != b.Reason {
				t.Errorf("%s: recorded %v, as text %v", what, recErr, textErr)
			}
			continue
		}
		again := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := infoset.Copy(again, NewPlayer(rec.tokens, nil, false)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text.Bytes()), string(again.Bytes())); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
}

// TestFlushInBetween: a start tag stays open over Flush.
func TestFlushInBetween(t *testing.T) {
	w := NewRecorder()
	w.Start(&infoset.Name{Prefix: "a", Space: "urn:a", Local: "x"})
	for range 2 {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	w.End()
	tokens, err := w.Element()
	if err != nil || len(tokens) != 2 || len(tokens[0].Decls) != 1 {
		t.Error(tokens, err)
	}
}

// TestTypesStay: typed values and marks come out as they went in.
func TestTypesStay(t *testing.T) {
	write := func(w infoset.Writer) {
		w.Start(&infoset.Name{Prefix: "s", Space: "http://www.w3.org/2003/05/soap-envelope", Local: "Body", Dict: infoset.Shared})
		w.Text(infoset.DictString("http://www.w3.org/2005/08/addressing/anonymous", infoset.Shared))
		w.Start(&infoset.Name{Local: "y"})
		w.Text(infoset.UniqueID([16]byte{1}))
		w.End()
		w.End()
	}
	direct, recorded := xmlbin.NewWriter(nil, xmlbin.WriterOptions{}), xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
	write(direct)
	rec := NewRecorder()
	write(rec)
	if err := infoset.Copy(recorded, NewPlayer(rec.tokens, nil, false)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(direct.Bytes(), recorded.Bytes()) {
		t.Errorf("direct   % x\nrecorded % x", direct.Bytes(), recorded.Bytes())
	}
}

func TestElementIsOne(t *testing.T) {
	for what, doc := range map[string]string{"comment before": `<!-- c --><x/>`, "comment behind": `<x/><!-- c -->`} {
		w := NewRecorder()
		if err := infoset.Copy(w, xmltext.NewReader(strings.NewReader(doc), xmltext.Options{})); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Element(); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	open := NewRecorder()
	open.Start(&infoset.Name{Local: "x"})
	if _, err := open.Element(); err == nil {
		t.Error("an element that is open is whole")
	}
	if _, err := NewRecorder().Element(); err == nil {
		t.Error("nothing is an element")
	}
}

// TestPlayer looks at scope, depth and path along the way.
func TestPlayer(t *testing.T) {
	w := NewRecorder()
	if err := infoset.Copy(w, xmltext.NewReader(strings.NewReader(document), xmltext.Options{})); err != nil {
		t.Fatal(err)
	}
	outer := []infoset.Decl{{Prefix: "o", Space: "urn:o"}, {Prefix: "", Space: "urn:d"}, {Prefix: "xml", Space: infoset.XMLNamespace}}
	many := slices.Concat(w.tokens, []infoset.Token{{Kind: infoset.Text, Name: infoset.NoName, Value: infoset.String("t")}}, w.tokens)
	p := NewPlayer(many, outer, true)
	ends := 0
	for {
		tok, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if space, ok := p.Lookup("o"); !ok || space != "urn:o" {
			t.Errorf("outer prefix at %v: %q", tok.Kind, space)
		}
		_, inside := p.Lookup("a")
		if inside != (p.Depth() > 0) || inside && !strings.HasPrefix(p.Path(), "/a:x") {
			t.Errorf("prefix a at depth %d: %v, path %s", p.Depth(), inside, p.Path())
		}
		if tok.Kind == infoset.EndElement && p.Depth() == 0 {
			ends++
			if _, ok := p.Scope().Prefix("urn:a"); ok {
				t.Error("a declaration outlived its element")
			}
			if space, _ := p.Lookup(""); space != "urn:d" {
				t.Errorf("default namespace %q", space)
			}
		}
	}
	if ends != 2 {
		t.Errorf("%d elements", ends)
	}
}
