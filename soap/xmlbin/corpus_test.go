package xmlbin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// wsdlCorpus is where the whole corpus lies when the checkout has it beside
// itself. testdata/corpus has a sample that is always checked.
const wsdlCorpus = "../../../shared/wsdl-corpus"

// small is how long a document of the whole corpus may be without
// CAUSEWAY_INTEROP: three quarters of them are shorter, and together they are a
// tenth of its bytes, of which the race detector makes each dear.
const small = 16 << 10

// documents calls f with the XML documents of the corpora: with every one where
// CAUSEWAY_INTEROP is set, as it is for xmllint in make test-soap.
func documents(t *testing.T, f func(t *testing.T, path string, doc []byte)) {
	every := os.Getenv("CAUSEWAY_INTEROP") != ""
	roots := []string{"testdata/corpus", "../xmltext/testdata/case"}
	if _, err := os.Stat(wsdlCorpus); err != nil {
		t.Logf("%s is not here: only the sample in testdata is checked", wsdlCorpus)
	} else {
		roots = append(roots, wsdlCorpus)
	}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".tsv") {
				return err
			}
			doc, err := os.ReadFile(path)
			if err == nil && (every || len(doc) <= small) {
				f(t, filepath.ToSlash(path), doc)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func documentOptions() xmltext.Options {
	return xmltext.Options{Quotas: infoset.Buffered(), SkipPI: true}
}

// TestCorpusIdentity turns every document into binary and back.
func TestCorpusIdentity(t *testing.T) {
	n := 0
	documents(t, func(t *testing.T, path string, doc []byte) {
		if err := roundTrip(t, doc, documentOptions()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		n++
	})
	t.Logf("%d documents", n)
	if n < 12 {
		t.Error("the sample is not read")
	}
}

// TestCanonicalAgainstXmllint compares the canonical form with that of libxml2,
// where its tool is installed.
func TestCanonicalAgainstXmllint(t *testing.T) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	n := 0
	documents(t, func(t *testing.T, path string, doc []byte) {
		if bytes.Contains(doc, []byte("<?xml-")) {
			return // instructions are part of its form, and left out of ours
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		want, err := exec.CommandContext(ctx, tool, "--nonet", "--c14n", path).Output()
		if err != nil {
			var exit *exec.ExitError
			if errors.As(err, &exit) && bytes.Contains(exit.Stderr, []byte("Relative namespace")) {
				return // it does not take these; Canonical XML 1.0, 1.3 leaves it open
			}
			t.Errorf("%s: xmllint: %v", path, err)
			return
		}
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
		if err := infoset.Copy(w, xmltext.NewBytes(doc, documentOptions())); err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		n++
		if got := w.Bytes(); !bytes.Equal(got, want) {
			i := 0
			for i < len(got) && i < len(want) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s: at byte %d\ngot  %.200q\nwant %.200q", path, i, got[max(0, i-40):], want[max(0, i-40):])
		}
	})
	t.Logf("%d documents are the same", n)
}

// TestGeneratedIdentity makes documents of all kinds of content, names and
// namespaces, and turns them into binary and back. Then it does the same from the
// other side, with typed values and arrays.
func TestGeneratedIdentity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		(&generator{rt: rt, w: w}).element(0)
		if err := w.Flush(); err != nil {
			rt.Fatal(err)
		}
		if err := roundTrip(t, w.Bytes(), documentOptions()); err != nil {
			rt.Fatal(err)
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		bw, tw := NewWriter(nil, WriterOptions{}), xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
		(&generator{rt: rt, w: &both{bw, tw}, typed: true}).element(0)
		if err := errors.Join(bw.Flush(), tw.Flush()); err != nil {
			rt.Fatal(err)
		}
		again := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
		if err := infoset.Copy(again, NewBytes(bw.Bytes(), Options{Quotas: infoset.Buffered()})); err != nil {
			rt.Fatalf("%v in %x", err, bw.Bytes())
		}
		if !bytes.Equal(again.Bytes(), tw.Bytes()) {
			rt.Fatalf("%x\nbinary %s\ntext   %s", bw.Bytes(), again.Bytes(), tw.Bytes())
		}
	})
}

// both writes to two writers.
type both struct{ a, b infoset.Writer }

func (w *both) Start(n *infoset.Name)                 { w.a.Start(n); w.b.Start(n) }
func (w *both) Attr(n *infoset.Name, v infoset.Value) { w.a.Attr(n, v); w.b.Attr(n, v) }
func (w *both) Declare(d infoset.Decl)                { w.a.Declare(d); w.b.Declare(d) }
func (w *both) Text(v infoset.Value)                  { w.a.Text(v); w.b.Text(v) }
func (w *both) Items(v infoset.Value)                 { w.a.Items(v); w.b.Items(v) }
func (w *both) Comment(v infoset.Value)               { w.a.Comment(v); w.b.Comment(v) }
func (w *both) End()                                  { w.a.End(); w.b.End() }
func (w *both) Lookup(prefix string) (string, bool)   { return w.a.Lookup(prefix) }
func (w *both) Err() error                            { return errors.Join(w.a.Err(), w.b.Err()) }
func (w *both) Flush() error                          { return errors.Join(w.a.Flush(), w.b.Flush()) }

// generator draws documents.
type generator struct {
	rt    *rapid.T
	w     infoset.Writer
	typed bool
}

var (
	locals   = rapid.SampledFrom([]string{"a", "b", "Envelope", "Body", "nil", "mustUnderstand", "zürich", "_x-1.y"})
	prefixes = rapid.SampledFrom([]string{"", "", "s", "a", "pre", "P"})
	spaces   = rapid.SampledFrom([]string{"urn:a", "urn:b", "http://www.w3.org/2003/05/soap-envelope", "urn:ü?x=1&y=\"2\""})
	texts    = rapid.OneOf(rapid.SampledFrom([]string{"", "0", "1", "true", " ", "\r\n", "]]>", "<&>\"'\t", "中文字符串吗", "😀", strings.Repeat("x", 300)}),
		rapid.StringMatching(`[ -~\n\tü中😀]{0,40}`))
)

func (g *generator) element(depth int) {
	n := infoset.Name{Local: locals.Draw(g.rt, "local")}
	if rapid.Bool().Draw(g.rt, "qualified") {
		n.Space, n.Prefix = spaces.Draw(g.rt, "space"), prefixes.Draw(g.rt, "prefix")
	}
	g.w.Start(&n)
	for i := range rapid.IntRange(0, 3).Draw(g.rt, "attributes") {
		a := infoset.Name{Local: fmt.Sprintf("%s%d", locals.Draw(g.rt, "attribute"), i)}
		if rapid.Bool().Draw(g.rt, "attribute qualified") {
			a.Space, a.Prefix = spaces.Draw(g.rt, "attribute space"), prefixes.Draw(g.rt, "attribute prefix")
		}
		g.w.Attr(&a, g.value("value"))
	}
	if rapid.Bool().Draw(g.rt, "declares") {
		g.w.Declare(infoset.Decl{Prefix: "only-declared", Space: "urn:only"})
	}
	for range rapid.IntRange(0, 4).Draw(g.rt, "children") {
		switch kind := rapid.IntRange(0, 9).Draw(g.rt, "kind"); {
		case kind < 5 && depth < 6:
			g.element(depth + 1)
		case kind == 5:
			g.w.Comment(infoset.String(rapid.StringMatching(`([a-z<&> ]|-[a-z])*`).Draw(g.rt, "comment")))
		case kind == 6 && g.typed:
			g.w.Start(&infoset.Name{Local: "item"})
			g.w.Items(infoset.Items(infoset.TypeInt16, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(g.rt, "items")))
		default:
			g.w.Text(g.value("text"))
		}
	}
	g.w.End()
}

func (g *generator) value(label string) infoset.Value {
	if !g.typed {
		return infoset.String(texts.Draw(g.rt, label))
	}
	guid := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(g.rt, label+" guid"))
	number := rapid.Int64().Draw(g.rt, label+" number")
	switch rapid.IntRange(0, 10).Draw(g.rt, label+" type") {
	case 0:
		return infoset.Bool(number%2 == 0)
	case 1:
		return infoset.Int(number)
	case 2:
		return infoset.Uint(uint64(number))
	case 3:
		return infoset.Decimal{Neg: number < 0, Scale: guid[0] % 29, Hi: uint32(number), Lo: uint64(number)}.Value()
	case 4:
		return infoset.DateTime(uint64(number)%infoset.MaxTicks, infoset.Zone(guid[0]%3))
	case 5:
		return infoset.TimeSpan(number)
	case 6:
		return infoset.GUID(guid)
	case 7:
		return infoset.UniqueID(guid)
	case 8:
		return infoset.Bytes(guid[:guid[0]%17])
	case 9:
		return infoset.List([]infoset.Value{infoset.Int(number), infoset.String("x"), infoset.Bool(true)})
	}
	return infoset.String(texts.Draw(g.rt, label))
}
