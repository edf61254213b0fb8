package xmltext

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap/infoset"
)

var seeds = []string{
	`<a/>`, `<a b="1">x<c/>y</a>`, `<p:a xmlns:p="u" p:b='&lt;'/>`, "<a>\r\n&#13;]]</a>", `<a><![CDATA[<&>]]]]><![CDATA[>]]></a>`,
	`<?xml version="1.0" encoding="utf-8"?><!--c--><a xml:lang="en"/>`, "\xEF\xBB\xBF<a/>", "\xFF\xFE<\x00a\x00/\x00>\x00", "\xFE\xFF\x00<\x00a\x00/\x00>",
	"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>\xFC</a>", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<a>&#x1F600;中</a>`,
	`<a xmlns="u"><b xmlns=""/></a>`, `<a b="1" b="2"/>`, `<a>]]></a>`, "<a>\x00</a>", "<a b='\t\n\r\n'/>", `<a></b>`,
	`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><x xmlns="urn:x">1</x></s:Body></s:Envelope>`,
}

// FuzzReader checks on any input that the reader neither panics nor hangs, that
// tokens do not depend on how bytes arrive, and that what it accepts is written
// and read again as the same canonical document.
func FuzzReader(f *testing.F) {
	for _, s := range append(leafy, seeds...) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		o := Options{SkipPI: true}
		whole, err := show(NewBytes(doc, o))
		pieces, err2 := show(NewReader(iotest.OneByteReader(bytes.NewReader(doc)), o))
		if whole != pieces || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("whole: %v\n%s\nin pieces: %v\n%s", err, whole, err2, pieces)
		}
		spreads(t, doc, o)
		if err != nil {
			return
		}
		first := canonicalOf(t, doc, o)
		again := canonicalOf(t, first, Options{Quotas: infoset.Buffered()})
		if !bytes.Equal(first, again) {
			t.Fatalf("canonical form is not stable:\n%s\n%s", first, again)
		}
		w := NewWriter(nil, WriterOptions{})
		if err := infoset.Copy(w, NewBytes(doc, o)); err != nil {
			t.Fatal(err)
		}
		if plain := canonicalOf(t, w.Bytes(), Options{Quotas: infoset.Buffered()}); !bytes.Equal(first, plain) {
			t.Fatalf("written is another document:\n%s\n%s", first, plain)
		}
	})
}

func canonicalOf(t *testing.T, doc []byte, o Options) []byte {
	t.Helper()
	w := NewWriter(nil, WriterOptions{Canonical: true})
	if err := infoset.Copy(w, NewBytes(doc, o)); err != nil {
		t.Fatalf("%v in %q", err, doc)
	}
	return bytes.Clone(w.Bytes())
}

// FuzzDifferential compares with encoding/xml: what we accept it accepts too, and
// both see the same elements, attributes and text.
func FuzzDifferential(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		differential(t, doc, Options{SkipPI: true})
	})
}

// differential fails where the two differ. It leaves out what encoding/xml is
// known to have otherwise: encodings but UTF-8, white space in attribute values
// (it does not normalise it), and names that it takes for bad.
func differential(t *testing.T, doc []byte, o Options) {
	t.Helper()
	ours, err := outline(NewBytes(doc, o))
	if err != nil {
		return
	}
	theirs, err := stdOutline(doc)
	if err != nil {
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) && slices.ContainsFunc(otherwise, func(s string) bool { return strings.Contains(syntax.Msg, s) }) {
			return
		}
		if strings.Contains(err.Error(), "encoding") || bytes.HasPrefix(doc, []byte{0xFF, 0xFE}) || bytes.HasPrefix(doc, []byte{0xFE, 0xFF}) || bytes.IndexByte(doc, 0) >= 0 {
			return
		}
		t.Fatalf("encoding/xml refuses %q: %v", doc, err)
	}
	if ours != theirs {
		t.Fatalf("%q\nours:\n%s\nencoding/xml:\n%s", doc, ours, theirs)
	}
}

// otherwise are complaints of encoding/xml about documents that are right: its
// table of name characters is that of the fourth edition of XML 1.0.
var otherwise = []string{"invalid XML name", "expected element name", "expected attribute name", "invalid characters between"}

// outline writes what both parsers can tell.
func outline(r *Reader) (string, error) {
	var b strings.Builder
	text := func(s string) {
		if r.Depth() > 0 {
			b.WriteString(s)
		}
	}
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t.Kind {
		case infoset.StartElement:
			fmt.Fprintf(&b, "<{%s}%s", t.Name.Space, t.Name.Local)
			for _, a := range t.Attrs {
				fmt.Fprintf(&b, " {%s}%s=%q", a.Name.Space, a.Name.Local, spaced(a.Value.String()))
			}
			b.WriteString(">")
		case infoset.EndElement:
			fmt.Fprintf(&b, "</{%s}%s>", t.Name.Space, t.Name.Local)
		case infoset.Text:
			text(t.Value.String())
		}
	}
}

// spaced makes white space of attribute values alike: encoding/xml keeps it.
func spaced(s string) string {
	return strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\t", " ").Replace(s)
}

func stdOutline(doc []byte) (string, error) {
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(doc, []byte("\xEF\xBB\xBF"))))
	depth := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			fmt.Fprintf(&b, "<{%s}%s", t.Name.Space, t.Name.Local)
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				space := a.Name.Space
				fmt.Fprintf(&b, " {%s}%s=%q", space, a.Name.Local, spaced(a.Value))
			}
			b.WriteString(">")
		case xml.EndElement:
			depth--
			fmt.Fprintf(&b, "</{%s}%s>", t.Name.Space, t.Name.Local)
		case xml.CharData:
			if depth > 0 {
				b.Write(t)
			}
		}
	}
}

func TestDifferential(t *testing.T) {
	for _, s := range seeds {
		differential(t, []byte(s), Options{SkipPI: true})
	}
}
