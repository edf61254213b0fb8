package xmlbin

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// readers gives a document in every way that bytes can arrive.
func readers(doc []byte, o Options) map[string]*Reader {
	return map[string]*Reader{
		"bytes":  NewBytes(doc, o),
		"stream": NewReader(bytes.NewReader(doc), o),
		"single": NewReader(iotest.OneByteReader(bytes.NewReader(doc)), o),
		"halves": NewReader(iotest.HalfReader(bytes.NewReader(doc)), o),
	}
}

// TestFieldCase is a document of the field cases: decimals, dates, a GUID and
// large integers, whose halves and byte orders are easily confused.
func TestFieldCase(t *testing.T) {
	doc, err := os.ReadFile("testdata/case/doc.bin")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/case/expected.xml")
	if err != nil {
		t.Fatal(err)
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	if err := infoset.Copy(w, NewBytes(doc, Options{})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(canonical(t, want), canonical(t, w.Bytes())); diff != "" {
		t.Error(diff)
	}
	again := NewWriter(nil, WriterOptions{})
	if err := infoset.Copy(again, NewBytes(doc, Options{})); err != nil || !bytes.Equal(again.Bytes(), doc) {
		t.Errorf("typed values are written as other bytes: %v\n%x\n%x", err, again.Bytes(), doc)
	}
}

func canonical(tb testing.TB, text []byte) string {
	tb.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	r := xmltext.NewBytes(bytes.TrimSpace(text), xmltext.Options{Quotas: infoset.Buffered(), SkipPI: true})
	if err := infoset.Copy(w, r); err != nil {
		tb.Fatalf("%v in %.200q", err, text)
	}
	return string(w.Bytes())
}

// TestTruncated cuts every vector at every byte (long ones at many): the error
// says so, and where.
func TestTruncated(t *testing.T) {
	for _, v := range vectors(t, "mono-encode.tsv") {
		for n := range len(v.doc) {
			if len(v.doc) > 200 && n%37 != 0 {
				continue
			}
			for how, r := range readers(v.doc[:n], vectorOptions()) {
				err := drain(r)
				var e *infoset.Error
				if !errors.As(err, &e) || e.Reason != infoset.Truncated || e.Offset != int64(n) {
					t.Errorf("%s: %d of %d bytes, %s: %v", v.where, n, len(v.doc), how, err)
				}
			}
		}
	}
}

func drain(r infoset.Reader) error {
	for {
		if _, err := r.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// TestArrivals checks that tokens do not depend on how bytes arrive, with text,
// bytes and arrays longer than a piece among them.
func TestArrivals(t *testing.T) {
	var docs [][]byte
	for _, v := range vectors(t, "mono-encode.tsv") {
		docs = append(docs, v.doc)
	}
	for _, text := range []string{"x", "ü", "😀", "中"} {
		w := NewWriter(nil, WriterOptions{})
		w.Start(&infoset.Name{Local: "a"})
		w.Text(infoset.String("s" + strings.Repeat(text, 3*pieceSize/len(text))))
		w.Text(infoset.Bytes(bytes.Repeat([]byte{1, 2, 3, 4}, pieceSize)))
		w.Start(&infoset.Name{Local: "i"})
		w.Attr(&infoset.Name{Local: "x"}, infoset.String("kept over all pieces"))
		w.Items(infoset.Items(infoset.TypeInt64, bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, pieceSize/4)))
		w.End()
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, bytes.Clone(w.Bytes()))
	}
	for _, doc := range docs {
		for _, arrays := range []bool{false, true} {
			o := vectorOptions()
			o.Arrays = arrays
			var want []byte
			for how, r := range readers(doc, o) {
				w := NewWriter(nil, WriterOptions{Dictionary: words})
				if err := infoset.Copy(w, r); err != nil {
					t.Fatalf("%s: %v in %.80x", how, err, doc)
				}
				if want == nil {
					want = bytes.Clone(w.Bytes())
				}
				if !bytes.Equal(w.Bytes(), want) {
					t.Errorf("%s, arrays %v: other tokens than before in %.80x", how, arrays, doc)
				}
			}
		}
	}
}

func TestQuotas(t *testing.T) {
	few := infoset.Quotas{Depth: 3, StringContent: 16, ArrayLength: 4, BytesPerRead: 64, NameTable: 20, Attributes: 2}
	for _, tt := range []struct{ name, doc, detail string }{
		{"depth", "400161 400161 400161 400161 01", "depth"},
		{"text", "400161 9811 3132333435363738393031323334353637", "string content"},
		{"text in pieces", "400161 9809 313233343536373839 8802 9808 3132333435363738", "string content"},
		{"text in an attribute", "400161 040162 9811 3132333435363738393031323334353637", "string content"},
		{"utf-16", "400161 b610 " + strings.Repeat("2d4e", 8) + "01", "string content"},
		{"comment", "400161 0211 3132333435363738393031323334353637", "string content"},
		{"bytes", "400161 9e05 0102030405", "array length"},
		{"bytes in an attribute", "400161 040162 9e05 0102030405", "array length"},
		{"list", "400161 a4 82 82 82 82 82 a6", "array length"},
		{"array", "400161 03 400162 01 8b 05 0000", "array length"},
		{"names", "400a 41424344454647484950 400b 4142434445464748495051", "name table"},
		{"name", "4015", "name table"},
		{"namespace", "400161 0815", "name table"},
		{"attributes", "400161 040162 82 040163 82 040164 82", "attributes"},
		{"tag", "400161 040162 980c 414243444546474849505152 040163 a4 98 10 41424344454647484950515253545556 98 10 41424344454647484950515253545556 98 10 41424344454647484950515253545556 a6", "bytes per read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range readers(unhex(t, tt.doc), Options{Quotas: few}) {
				err := drain(r)
				var e *infoset.Error
				if !errors.As(err, &e) || e.Reason != infoset.Quota || !strings.HasPrefix(e.Detail, tt.detail) {
					t.Errorf("%s: error %v, want quota on %s", how, err, tt.detail)
				}
			}
		})
	}
}

// TestRefused has what the vectors do not have.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      infoset.Reason
	}{
		{"duplicate by namespace", "400161 260162 82 270162 82 090161 0175 090162 0175 01", infoset.Duplicate},
		{"duplicate declaration", "400161 090170 0175 090170 0176 01", infoset.Duplicate},
		{"duplicate of many", "400161" + strings.Repeat("040162 82", 1) + "04016382 04016482 04016582 04016682 04016782 04016882 04016982 04016a82 04016b82 04016c82 04016d82 04016e82 04016282 01", infoset.Duplicate},
		{"xml bound", "400161 0903786d6c 0175 01", infoset.BadNamespace},
		{"xmlns attribute", "400161 0405786d6c6e73 82 01", infoset.BadName},
		{"xmlns element", "4005786d6c6e73 01", infoset.BadName},
		{"prefix that is none", "41 0131 0161 01", infoset.BadName},
		{"empty prefix declared", "400161 0900 0175 01", infoset.BadName},
		{"namespace with control", "400161 080101 01", infoset.BadCharacter},
		{"namespace not utf-8", "400161 0801ff 01", infoset.BadEncoding},
		{"name not utf-8", "4001ff 01", infoset.BadName},
		{"dictionary string as name that is none", "4204 01", infoset.BadName},
		{"qname that is none", "400161 bd0004", infoset.BadName},
		{"comment with dashes", "400161 0204 612d2d62 01", infoset.Malformed},
		{"comment with control", "400161 020101 01", infoset.BadCharacter},
		{"utf-16 control", "400161 b702 0100", infoset.BadCharacter},
		{"list cut by element", "400161 a4 400162", infoset.Malformed},
		{"array of text", "400161 03 98 0161", infoset.Malformed},
		{"array at the root", "03 400161 01 8b 02 0000 0000", infoset.Malformed},
		{"array item no date", "400161 03 400162 01 97 01 ffffffffffffff3f 01", infoset.BadValue},
		{"array undeclared prefix", "400161 03 5e0162 01 8b 01 0000 01", infoset.BadNamespace},
		{"session id without session", "420101", infoset.UnknownString},
		{"dictionary id unknown", "42ce0f 01", infoset.UnknownString},
		{"six-byte integer", "40 808080808000", infoset.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, arrays := range []bool{false, true} {
				for how, r := range readers(unhex(t, tt.doc), Options{Dictionary: words, Arrays: arrays}) {
					checkReason(t, how, drain(r), tt.want)
				}
			}
		})
	}
}

// TestHugeLengths has records that claim more than there is: nothing is allocated
// by the claim.
func TestHugeLengths(t *testing.T) {
	for _, doc := range []string{
		"400161 9cffffff7f 61", "400161 a2ffffff7f 61", "400161 bafeffff7f 6100", "40ffffffff07 61",
		"400161 03400162 01 8f ffffffff07 0000", "400161 040162 9cffffff7f 61",
	} {
		b := unhex(t, doc)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := drain(NewReader(bytes.NewReader(b), Options{Quotas: infoset.Buffered()})); err == nil {
			t.Errorf("%s is accepted", doc)
		}
		runtime.ReadMemStats(&after)
		// Other goroutines of the test binary allocate a little too.
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 256<<10 {
			t.Errorf("%s: %d bytes are allocated", doc, allocated)
		}
	}
}

func TestSourceFails(t *testing.T) {
	broken := errors.New("connection lost")
	for _, doc := range []string{"", "40", "400161", "400161 98", "400161 9805 61", "400161 01"} {
		r := NewReader(io.MultiReader(bytes.NewReader(unhex(t, doc)), iotest.ErrReader(broken)), Options{})
		err := drain(r)
		var e *infoset.Error
		if !errors.Is(err, broken) || !errors.As(err, &e) || e.Reason != infoset.Source {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// TestAllocatesNothing fails on any allocation while a known vocabulary is
// scanned or turned from one encoding into the other.
func TestAllocatesNothing(t *testing.T) {
	text := []byte(`<s:a xmlns:s="u" b="1"><c d="x&amp;y">text</c><e>0</e><!--f--><s:g>` + strings.Repeat("中文", 300) + `</s:g></s:a>`)
	tr := xmltext.NewBytes(text, xmltext.Options{Quotas: infoset.Buffered()})
	bw := NewWriter(nil, WriterOptions{AllNames: true, Session: NewWriterSession(0)})
	if err := infoset.Copy(bw, tr); err != nil {
		t.Fatal(err)
	}
	session := NewReaderSession(0)
	doc, err := session.Table(append(bw.opts.Session.AppendTable(nil), bw.Bytes()...))
	if err != nil {
		t.Fatal(err)
	}
	br := NewBytes(doc, Options{Quotas: infoset.Buffered(), Session: session, Arrays: true})
	tw := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	src := bytes.NewReader(doc)
	for name, f := range map[string]func() error{
		"scan":           func() error { br.ResetBytes(doc); return drain(br) },
		"scan stream":    func() error { src.Reset(doc); br.Reset(src); return drain(br) },
		"text to binary": func() error { tr.ResetBytes(text); bw.Reset(nil); return infoset.Copy(bw, tr) },
		"binary to text": func() error { br.ResetBytes(doc); tw.Reset(nil); return infoset.Copy(tw, br) },
	} {
		allocs := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations a document", name, allocs)
		}
	}
}
