package xmlbin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/leaftest"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// told tells tokens with their marks and types.
func told(next func() (*infoset.Token, error)) (string, error) {
	var b strings.Builder
	for {
		t, err := next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%v %+v", t.Kind, *t.Name)
		for i := range t.Attrs {
			fmt.Fprintf(&b, " %+v %v %q", t.Attrs[i].Name, t.Attrs[i].Value.Type(), t.Attrs[i].Value)
		}
		fmt.Fprintf(&b, " %+v %v %v %q\n", t.Decls, t.Value.Type(), t.Value.Dict(), t.Value)
	}
}

// spreads fails unless leaves of doc are what Next gives, and are written as that is. It gives how many there are.
func spreads(t *testing.T, doc []byte, o Options) int {
	t.Helper()
	want, err := told(NewBytes(doc, o).Next)
	s := &leaftest.Spread{LeafReader: NewBytes(doc, o)}
	got, err2 := told(s.Next)
	if got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("%.300x by Next: %v\n%.2000s\nby leaves: %v\n%.2000s", doc, err, want, err2, got)
	}
	if got, err2 = told((&leaftest.Spread{LeafReader: NewReader(iotest.HalfReader(bytes.NewReader(doc)), o)}).Next); got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("%.300x by Next: %v\n%.2000s\nby leaves in pieces: %v\n%.2000s", doc, err, want, err2, got)
	}
	for _, limit := range []int{0, len(doc) / 2} {
		for _, names := range []bool{false, true} {
			var out [2]bytes.Buffer
			var fails [2]error
			for i, r := range []*Reader{NewBytes(doc, o), NewBytes(doc, o)} {
				wo := WriterOptions{AllNames: names, Session: NewWriterSession(0), Limit: limit}
				w := NewWriter(nil, wo)
				next := r.Next
				if i == 1 {
					next = r.NextLeaf
				}
				fails[i] = leaftest.Put(w, next)
				out[i].Write(wo.Session.AppendTable(nil))
				out[i].Write(w.Bytes())
			}
			if limit == 0 && !bytes.Equal(out[0].Bytes(), out[1].Bytes()) || (fails[0] == nil) != (fails[1] == nil) {
				t.Fatalf("%.300x written by Next: %v\n%.2000x\nby leaves: %v\n%.2000x", doc, fails[0], out[0].Bytes(), fails[1], out[1].Bytes())
			}
		}
	}
	return s.Leaves
}

// leafy are documents that have leaves, and what is nearly one, in all records of names.
func leafy(t *testing.T) (docs [][]byte) {
	t.Helper()
	for _, text := range []string{
		`<a><b>11</b><b>22</b><c>x y</c><b>3</b> <p:b xmlns:p="u">4</p:b></a>`, `<p:a xmlns:p="u" xmlns="d"><p:b>xx</p:b><b>yy</b><p:Action>33</p:Action><Action>44</Action></p:a>`,
		`<a xmlns:long="u"><long:b>xx</long:b><long:Action>yy</long:Action><b></b><b/><b>0</b></a>`, `<a><b>xx<c>yy</c></b><b>x<!--c--></b><b>&#xD;&#xA;</b></a>`,
		"<a><b>üb</b><b>中文字符串吗</b><b i='1'>x</b><b>" + strings.Repeat("x", fuseUnits) + "</b><b>" + strings.Repeat("y", fuseUnits+1) + "</b><b>" + strings.Repeat("z", 300) + "</b></a>",
		`<a xmlns:p="u"><p:b>xx</p:b><b xmlns:p="v"><p:b>yy</p:b></b><p:b>zz</p:b></a>`, `<root>root</root>`,
	} {
		for _, names := range []bool{false, true} {
			w := NewWriter(nil, WriterOptions{AllNames: names})
			if err := infoset.Copy(w, xmltext.NewBytes([]byte(text), xmltext.Options{})); err != nil {
				t.Fatal(err)
			}
			docs = append(docs, bytes.Clone(w.Bytes()))
		}
	}
	for _, file := range []string{"mono-encode.tsv", "mono-decode.tsv"} {
		for _, v := range vectors(t, file) {
			docs = append(docs, v.doc, append(append([]byte{recShortElement, 1, 'r'}, v.doc...), recEndElement))
		}
	}
	inside := func(records ...byte) []byte {
		return append(append([]byte{recShortElement, 1, 'r'}, records...), recEndElement)
	}
	return append(docs,
		inside(recShortDictElement, 1, recChars8|withEnd, 2, 'x', 'y'), inside(recShortDictElement, 3, recChars8|withEnd, 1, 'x'), inside(recShortDictElement, 0x80, 0, recChars8|withEnd, 1, 'x'),
		inside(recShortElement, 2, 'a', ':', recChars8|withEnd, 1, 'x'), inside(recPrefixElemA, 1, 'a', recChars8|withEnd, 1, 'x'), inside(recPrefixDictElemA+25, 2, recChars8|withEnd, 1, 'x'),
		inside(recShortElement, 1, 'a', recChars8|withEnd, 1, 0), inside(recShortElement, 1, 'a', recChars8|withEnd, 1, 0xFF), inside(recShortElement, 0, recChars8|withEnd, 1, 'x'),
		inside(recShortElement, 1, 'a', recChars8|withEnd, 0), inside(recShortElement, 1, 'a', recChars8|withEnd, 200, 'x'), inside(recShortElement, 1, 'a', recChars8, 1, 'x', recEndElement))
}

// TestLeaves: an element that comes as one token is what comes as three, whole, cut off anywhere, and against every quota.
func TestLeaves(t *testing.T) {
	leaves := 0
	for _, doc := range leafy(t) {
		for _, o := range []Options{vectorOptions(), {}} {
			leaves += spreads(t, doc, o)
			for n := range min(len(doc), 60) {
				spreads(t, doc[:n], o)
			}
			for _, n := range []int{1, 2, 3, 7} {
				for _, q := range []infoset.Quotas{{Depth: n}, {StringContent: n}, {NameTable: n}, {BytesPerRead: n}} {
					o.Quotas = q
					spreads(t, doc, o)
				}
			}
		}
	}
	if leaves < 20 {
		t.Errorf("%d leaves", leaves)
	}
}

// TestPutLeaf: a leaf that a program makes is written as its pieces are, or fails as they do.
func TestPutLeaf(t *testing.T) {
	for _, name := range []infoset.Name{
		{Local: "b"}, {Prefix: "p", Space: "u", Local: "b"}, {Prefix: "p", Space: "v", Local: "b"}, {Prefix: "q", Space: "v", Local: "b"}, {Space: "v", Local: "b"}, {}, {Local: "1"},
		{Local: "a b"}, {Prefix: "1", Space: "u", Local: "b"}, {Prefix: "p", Local: "b"}, {Local: "Action", Dict: infoset.Shared}, {Local: "own", Dict: infoset.SessionOnly},
	} {
		for _, v := range []infoset.Value{
			infoset.String("x"), infoset.String("xy"), infoset.String(""), infoset.Int(5), infoset.Bytes([]byte("ab")), infoset.String("\x00\x00"), infoset.String("ü"),
			infoset.DictString("Action", infoset.Shared), infoset.List([]infoset.Value{infoset.String("xx"), infoset.Bool(true)}),
		} {
			token := &infoset.Token{Kind: infoset.Leaf, Name: &name, Value: v}
			a := NewWriter(nil, WriterOptions{Session: NewWriterSession(0)})
			b := NewWriter(nil, WriterOptions{Session: NewWriterSession(0)})
			err := leaftest.Inside(a, token, true)
			err2 := leaftest.Inside(b, token, false)
			if !bytes.Equal(a.Bytes(), b.Bytes()) || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%+v %v: %x, %v; want %x, %v", name, v, b.Bytes(), err2, a.Bytes(), err)
			}
		}
	}
}

// TestLimit: a document that is gathered does not grow much beyond its bound, and what fits is not refused.
func TestLimit(t *testing.T) {
	write := func(limit, n int) (*Writer, error) {
		w := NewWriter(nil, WriterOptions{Limit: limit})
		w.Start(name("", "", "a"))
		for range n {
			w.Start(name("", "", "b"))
			w.Text(infoset.Bytes([]byte("abcdef")))
			w.End()
		}
		w.End()
		err := w.Flush()
		return w, err
	}
	all, err := write(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	size := len(all.Bytes())
	if fits, err := write(size, 1000); err != nil || len(fits.Bytes()) != size {
		t.Errorf("what fits: %v", err)
	}
	w, err := write(500, 1000)
	if e, ok := errors.AsType[*infoset.Error](err); !ok || e.Reason != infoset.Quota || len(w.Bytes()) > 520 {
		t.Errorf("%d bytes of 500: %v", len(w.Bytes()), err)
	}
}
