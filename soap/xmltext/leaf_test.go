package xmltext

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/leaftest"
)

// spreads fails unless leaves of doc are what Next gives, and are written as that is. It gives how many there are.
func spreads(t *testing.T, doc []byte, o Options) int {
	t.Helper()
	want, err := show(NewBytes(doc, o))
	s := &leaftest.Spread{LeafReader: NewBytes(doc, o)}
	got, err2 := show(s)
	if got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("%.300q by Next: %v\n%.2000s\nby leaves: %v\n%.2000s", doc, err, want, err2, got)
	}
	if got, err2 = show(&leaftest.Spread{LeafReader: NewReader(iotest.HalfReader(bytes.NewReader(doc)), o)}); got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("%.300q by Next: %v\n%.2000s\nby leaves in pieces: %v\n%.2000s", doc, err, want, err2, got)
	}
	for _, wo := range []WriterOptions{{}, {Canonical: true}, {FullEnd: true, Encoding: UTF16LE, Declaration: true}, {Limit: int64(len(doc)) / 2}} {
		a, b := NewWriter(nil, wo), NewWriter(nil, wo)
		err := leaftest.Put(a, NewBytes(doc, o).Next)
		err2 := leaftest.Put(b, NewBytes(doc, o).NextLeaf)
		whole := wo.Limit == 0 && !bytes.Equal(a.Bytes(), b.Bytes())
		if whole || (err == nil) != (err2 == nil) {
			t.Fatalf("%.300q written by Next: %v\n%.2000q\nby leaves: %v\n%.2000q", doc, err, a.Bytes(), err2, b.Bytes())
		}
	}
	return s.Leaves
}

// leafy are documents that have leaves, and what is nearly one.
var leafy = []string{
	`<a><b>1</b><b>2</b><c>x y</c><b>3</b> <p:b xmlns:p="u">4</p:b></a>`, `<p:a xmlns:p="u" xmlns="d"><p:b>1</p:b><b>2</b><p:b>3</p:b><q:b>4</q:b></p:a>`,
	`<a><b>&lt;</b><b>a>b</b><b></b><b/><b>]]></b></a>`, "<a><b>\r\n</b><b>\n</b><b>ü</b><b> </b></a>", `<a><b>x<c>y</c></b><b>x<!--c--></b><b >x</b><b>x</b ></a>`,
	`<a><b>x</c></a>`, `<a><b>x</bb></a>`, `<a><bb>x</b></a>`, `<b>root</b>`, `<b>root</b><b>second</b>`, `<a><1>x</1><xmlns>x</xmlns><b:c:d>x</b:c:d></a>`,
	`<a><xmlns:b>x</xmlns:b></a>`, `<a xmlns:p="u"><p:b>x</p:b><b xmlns:p="v"><p:b>y</p:b></b><p:b>z</p:b></a>`, "<a><b>x\x00</b></a>", "<a><b>\xFF</b></a>",
}

// TestLeaves: an element that comes as one token is what comes as three, whole, cut off anywhere, and against every quota.
func TestLeaves(t *testing.T) {
	docs := append(append([]string(nil), seeds...), leafy...)
	files, err := os.ReadDir("testdata/case")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile("testdata/case/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(b))
	}
	leaves := 0
	for _, doc := range docs {
		leaves += spreads(t, []byte(doc), Options{SkipPI: true})
		for n := range min(len(doc), 400) {
			spreads(t, []byte(doc[:n]), Options{})
		}
		for n := 1; n < 12; n++ {
			for _, q := range []infoset.Quotas{{Depth: n}, {StringContent: n}, {NameTable: n}, {BytesPerRead: n}} {
				spreads(t, []byte(doc), Options{Quotas: q})
			}
		}
	}
	for _, size := range []int{pieceSize - 1, pieceSize, pieceSize + 1} {
		leaves += spreads(t, []byte("<a><b>"+strings.Repeat("x", size)+"</b></a>"), Options{Quotas: infoset.Buffered()})
	}
	if leaves < 20 {
		t.Errorf("%d leaves", leaves)
	}
}

// TestPutLeaf: a leaf that a program makes is written as its pieces are, or fails as they do.
func TestPutLeaf(t *testing.T) {
	for _, name := range []infoset.Name{
		{Local: "b"}, {Prefix: "p", Space: "u", Local: "b"}, {Prefix: "p", Space: "v", Local: "b"}, {Prefix: "q", Space: "v", Local: "b"}, {Space: "v", Local: "b"}, {}, {Local: "1"},
		{Local: "a b"}, {Prefix: "1", Space: "u", Local: "b"}, {Prefix: "p", Local: "b"},
	} {
		for _, v := range []infoset.Value{
			infoset.String("x"), infoset.String("a<b"), infoset.String(""), infoset.Int(5), infoset.Bytes([]byte("ab")), infoset.String("\x00"), infoset.String("ü"),
			infoset.List([]infoset.Value{infoset.String("<"), infoset.Bool(true)}),
		} {
			token := &infoset.Token{Kind: infoset.Leaf, Name: &name, Value: v}
			a, b := NewWriter(nil, WriterOptions{}), NewWriter(nil, WriterOptions{})
			err := leaftest.Inside(a, token, true)
			err2 := leaftest.Inside(b, token, false)
			if !bytes.Equal(a.Bytes(), b.Bytes()) || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%+v %v: %s, %v; want %s, %v", name, v, b.Bytes(), err2, a.Bytes(), err)
			}
		}
	}
	w := NewWriter(nil, WriterOptions{})
	if err := w.Put(&infoset.Token{Kind: infoset.Leaf, Name: &infoset.Name{Local: "root"}, Value: infoset.String("x")}); err != nil || w.Flush() != nil || string(w.Bytes()) != "<root>x</root>" {
		t.Errorf("a leaf as root: %s, %v", w.Bytes(), err)
	}
}
