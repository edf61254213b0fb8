package xmltext

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

func name(prefix, space, local string) *infoset.Name {
	return &infoset.Name{Prefix: prefix, Space: space, Local: local}
}

// written are calls and what they write.
var written = []struct {
	name string
	o    WriterOptions
	do   func(w *Writer)
	want string
}{
	{"empty", WriterOptions{}, func(w *Writer) { w.Start(name("", "", "a")); w.End() }, `<a/>`},
	{"full", WriterOptions{FullEnd: true}, func(w *Writer) { w.Start(name("", "", "a")); w.End() }, `<a></a>`},
	{"declaration", WriterOptions{Declaration: true}, func(w *Writer) { w.Start(name("", "", "a")); w.End() }, `<?xml version="1.0" encoding="utf-8"?><a/>`},
	{"prefix declared", WriterOptions{}, func(w *Writer) {
		w.Start(name("s", "u", "a"))
		w.Attr(name("s", "u", "b"), infoset.Bool(true))
		w.Start(name("", "u", "c"))
		w.End()
		w.Start(name("", "", "d"))
		w.End()
		w.End()
	}, `<s:a s:b="true" xmlns:s="u"><c xmlns="u"/><d/></s:a>`},
	{"default taken away", WriterOptions{}, func(w *Writer) {
		w.Start(name("", "u", "a"))
		w.Start(name("", "", "b"))
		w.End()
		w.End()
	}, `<a xmlns="u"><b xmlns=""/></a>`},
	{"attribute prefixes", WriterOptions{}, func(w *Writer) {
		w.Start(name("p", "u", "a"))
		w.Attr(name("", "v", "b"), infoset.Int(1))
		w.Attr(name("p", "w", "c"), infoset.Int(2))
		w.Attr(name("", "u", "d"), infoset.Int(3))
		w.Attr(name("xml", infoset.XMLNamespace, "lang"), infoset.String("en"))
		w.End()
	}, `<p:a p1:b="1" p2:c="2" p:d="3" xml:lang="en" xmlns:p="u" xmlns:p1="v" xmlns:p2="w"/>`},
	{"caller's declarations first", WriterOptions{}, func(w *Writer) {
		w.Start(name("p", "u", "a"))
		w.Attr(name("q", "v", "b"), infoset.Int(1))
		w.Declare(infoset.Decl{Prefix: "x", Space: "only a value uses this"})
		w.Declare(infoset.Decl{Prefix: "q", Space: "v"})
		w.End()
	}, `<p:a q:b="1" xmlns:x="only a value uses this" xmlns:q="v" xmlns:p="u"/>`},
	{"escapes", WriterOptions{}, func(w *Writer) {
		w.Start(name("", "", "a"))
		w.Attr(name("", "", "b"), infoset.String("<&>\"'\t\n\r中"))
		w.Text(infoset.String("<&>\"'\t\n\r中]]>"))
		w.End()
	}, "<a b=\"&lt;&amp;>&quot;'&#x9;&#xA;&#xD;中\">&lt;&amp;&gt;\"'\t\n&#xD;中]]&gt;</a>"},
	{"bytes are joined", WriterOptions{}, func(w *Writer) {
		w.Start(name("", "", "a"))
		w.Text(infoset.Bytes([]byte{1}))
		w.Text(infoset.Bytes([]byte{2, 3, 4, 5}))
		w.Text(infoset.Bytes(nil))
		w.Text(infoset.Bytes([]byte{6, 7}))
		w.Start(name("", "", "b"))
		w.Text(infoset.Bytes([]byte{1}))
		w.End()
		w.End()
	}, `<a>AQIDBAUGBw==<b>AQ==</b></a>`},
	{"items", WriterOptions{}, func(w *Writer) {
		w.Start(name("", "", "r"))
		w.Start(name("p", "u", "i"))
		w.Attr(name("", "", "x"), infoset.Int(9))
		w.Items(infoset.Items(infoset.TypeInt16, []byte{1, 0, 0xFE, 0xFF}))
		w.Start(name("", "", "none"))
		w.Items(infoset.Items(infoset.TypeInt16, nil))
		w.End()
	}, `<r><p:i x="9" xmlns:p="u">1</p:i><p:i x="9" xmlns:p="u">-2</p:i></r>`},
	{"outside", WriterOptions{}, func(w *Writer) {
		w.Comment(infoset.String("1"))
		w.Text(infoset.String("\n"))
		w.Start(name("", "", "a"))
		w.End()
		w.Comment(infoset.String("2"))
	}, "<!--1-->\n<a/><!--2-->"},
	{"canonical", WriterOptions{Canonical: true, Declaration: true}, func(w *Writer) {
		w.Comment(infoset.String("1"))
		w.Text(infoset.String("\n\n"))
		w.Start(name("b", "u", "a"))
		w.Declare(infoset.Decl{Prefix: "a", Space: "z"})
		w.Attr(name("a", "z", "x"), infoset.Int(1))
		w.Attr(name("b", "u", "y"), infoset.Int(2))
		w.Attr(name("", "", "z"), infoset.String("\t"))
		w.Start(name("b", "u", "a"))
		w.Declare(infoset.Decl{Prefix: "a", Space: "z"})
		w.End()
		w.End()
		w.Comment(infoset.String("2"))
	}, "<!--1-->\n" + `<b:a xmlns:a="z" xmlns:b="u" z="&#x9;" b:y="2" a:x="1"><b:a></b:a></b:a>` + "\n<!--2-->"},
}

func TestWriter(t *testing.T) {
	for _, tt := range written {
		t.Run(tt.name, func(t *testing.T) {
			var stream bytes.Buffer
			for _, dst := range []*bytes.Buffer{nil, &stream} {
				w := NewWriter(nil, tt.o)
				if dst != nil {
					w.Reset(dst)
				}
				tt.do(w)
				err := w.Flush()
				got := string(w.Bytes())
				if dst != nil {
					got = dst.String()
				}
				if err != nil || got != tt.want {
					t.Errorf("%v\ngot  %s\nwant %s", err, got, tt.want)
				}
			}
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	a := name("", "", "a")
	for _, tt := range []struct {
		name string
		do   func(w *Writer)
		want infoset.Reason
	}{
		{"no root", func(*Writer) {}, infoset.Misuse},
		{"two roots", func(w *Writer) { w.Start(a); w.End(); w.Start(a) }, infoset.Malformed},
		{"text outside", func(w *Writer) { w.Text(infoset.String("x")) }, infoset.Misuse},
		{"end outside", func(w *Writer) { w.End() }, infoset.Misuse},
		{"attribute late", func(w *Writer) { w.Start(a); w.Text(infoset.String("x")); w.Attr(a, infoset.Int(1)) }, infoset.Misuse},
		{"declaration late", func(w *Writer) {
			w.Start(a)
			w.Text(infoset.String("x"))
			w.Declare(infoset.Decl{Prefix: "p", Space: "u"})
		}, infoset.Misuse},
		{"attribute twice", func(w *Writer) { w.Start(a); w.Attr(a, infoset.Int(1)); w.Attr(a, infoset.Int(1)) }, infoset.Duplicate},
		{"declaration twice", func(w *Writer) {
			w.Start(a)
			w.Declare(infoset.Decl{Prefix: "p", Space: "u"})
			w.Declare(infoset.Decl{Prefix: "p", Space: "v"})
		}, infoset.Duplicate},
		{"name moved by declaration", func(w *Writer) { w.Start(a); w.Declare(infoset.Decl{Space: "u"}) }, infoset.BadNamespace},
		{"prefix without namespace", func(w *Writer) { w.Start(name("p", "", "a")) }, infoset.BadNamespace},
		{"xmlns as prefix", func(w *Writer) { w.Start(name("xmlns", "u", "a")) }, infoset.BadNamespace},
		{"bad name", func(w *Writer) { w.Start(name("", "", "a b")) }, infoset.BadName},
		{"name with colon", func(w *Writer) { w.Start(name("", "", "a:b")) }, infoset.BadName},
		{"empty name", func(w *Writer) { w.Start(name("", "", "")) }, infoset.BadName},
		{"bad prefix", func(w *Writer) { w.Start(a); w.Declare(infoset.Decl{Prefix: "1", Space: "u"}) }, infoset.BadName},
		{"control", func(w *Writer) { w.Start(a); w.Text(infoset.String("\x01")) }, infoset.BadCharacter},
		{"nonchar", func(w *Writer) { w.Start(a); w.Text(infoset.String("x\uFFFF")) }, infoset.BadCharacter},
		{"control in value", func(w *Writer) { w.Start(a); w.Attr(a, infoset.String("\x00")) }, infoset.BadCharacter},
		{"bad utf-8", func(w *Writer) { w.Start(a); w.Text(infoset.String("\xC3(")) }, infoset.BadEncoding},
		{"comment ends early", func(w *Writer) { w.Start(a); w.Comment(infoset.String("a--b")) }, infoset.BadValue},
		{"comment ends in dash", func(w *Writer) { w.Start(a); w.Comment(infoset.String("a-")) }, infoset.BadValue},
		{"items as root", func(w *Writer) { w.Start(a); w.Items(infoset.Items(infoset.TypeBool, []byte{1, 1})) }, infoset.Misuse},
		{"items that are no array", func(w *Writer) { w.Start(a); w.Items(infoset.Int(1)) }, infoset.Misuse},
		{"items late", func(w *Writer) {
			w.Start(a)
			w.Text(infoset.String("x"))
			w.Items(infoset.Items(infoset.TypeBool, []byte{1}))
		}, infoset.Misuse},
		{"items of a wrong value", func(w *Writer) {
			w.Start(a)
			w.Start(a)
			w.Items(infoset.Items(infoset.TypeDecimal, bytes.Repeat([]byte{0xFF}, 16)))
		}, infoset.BadValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := NewWriter(nil, WriterOptions{})
			tt.do(w)
			err := w.Flush()
			var e *infoset.Error
			if !errors.As(err, &e) || e.Reason != tt.want {
				t.Fatalf("error %v, want %s", err, tt.want)
			}
			w.Start(a)
			if w.Err() != err {
				t.Errorf("the first error does not stick: %v", w.Err())
			}
		})
	}
}

// TestLimit checks that little input cannot become much output.
func TestLimit(t *testing.T) {
	w := NewWriter(nil, WriterOptions{Limit: 10_000})
	w.Start(name("", "", "r"))
	w.Start(name("", "", strings.Repeat("n", 1000)))
	w.Items(infoset.Items(infoset.TypeBool, make([]byte, 1<<20)))
	var e *infoset.Error
	if !errors.As(w.Err(), &e) || e.Reason != infoset.Quota {
		t.Errorf("error %v", w.Err())
	}
	if n := len(w.Bytes()); n > 15_000 {
		t.Errorf("%d bytes were made of a limit of 10000", n)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestDestinationFails(t *testing.T) {
	w := NewWriter(failing{}, WriterOptions{})
	w.Start(name("", "", "a"))
	w.End()
	var e *infoset.Error
	if err := w.Flush(); !errors.As(err, &e) || e.Reason != infoset.Source {
		t.Errorf("error %v", err)
	}
}

func TestWriterUTF16(t *testing.T) {
	for _, e := range []Encoding{UTF16LE, UTF16BE} {
		var b bytes.Buffer
		w := NewWriter(&b, WriterOptions{Encoding: e, Declaration: true})
		long := strings.Repeat("中😀", blockSize)
		w.Start(name("", "", "a"))
		w.Text(infoset.String(long))
		w.End()
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r := NewBytes(b.Bytes(), Options{Quotas: infoset.Buffered()})
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		v, err := infoset.Content(r, nil)
		if err != nil || v.String() != long {
			t.Errorf("encoding %d: %v", e, err)
		}
	}
}
