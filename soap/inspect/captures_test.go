package inspect

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// shared is where the whole set of vectors lies when the checkout has it beside
// itself; the tests run on testdata/captures in any case.
const shared = "../../../shared/vectors"

// capture is a folder with the streams of one exchange and the XML that a person
// was told is in it.
type capture struct {
	name    string
	streams []string // file names
	want    []string // canonical XML, sorted
}

var annotated = regexp.MustCompile(`(?ms)^\s*XML: (<.*?</[A-Za-z]*:?Envelope>)`)

// captures gives every folder below root that has annotated XML.
func captures(t testing.TB, root string) (all []capture) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "exchange.txt" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c := capture{name: filepath.ToSlash(filepath.Dir(path[len(root)+1:]))}
		for _, m := range annotated.FindAllSubmatch(text, -1) {
			if bytes.Contains(m[1], []byte(" characters)... ")) || bytes.Contains(m[1], []byte("XML: ")) {
				continue // shortened for people
			}
			c.want = append(c.want, canonicalText(t, path, m[1]))
		}
		slices.Sort(c.want)
		c.streams, err = filepath.Glob(filepath.Join(filepath.Dir(path), "*.hex"))
		if len(c.want) > 0 {
			all = append(all, c)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A number with a point or exponent, and a local time as the annotations spell
// it: the only things that have more than one right form.
var numbers = regexp.MustCompile(`>-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?<`)

// canonicalText makes comparable what may differ in spelling.
func canonicalText(t testing.TB, where string, doc []byte) string {
	t.Helper()
	// The annotations did not escape carriage returns, and a document has them
	// as line feeds then.
	doc = bytes.ReplaceAll(doc, []byte("Z(local)"), []byte("+00:00"))
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(w, xmltext.NewBytes(doc, xmltext.Options{Quotas: infoset.Buffered()})); err != nil {
		t.Errorf("%s: %v in %.200s", where, err, doc)
	}
	return numbers.ReplaceAllStringFunc(strings.ReplaceAll(string(w.Bytes()), "&#xD;", ""), func(s string) string {
		f, err := strconv.ParseFloat(s[1:len(s)-1], 64)
		if err != nil || strings.TrimLeft(s[1:len(s)-1], "-0123456789") == "" {
			return s
		}
		return fmt.Sprintf(">%g<", float32(f))
	})
}

func binaryMessages(r *Report) (all []*Message) {
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Form != "text" {
			all = append(all, m)
		}
	}
	return all
}

// TestCapturesDecode decodes every stream of the captures and compares the
// documents with the annotated ones.
func TestCapturesDecode(t *testing.T) {
	for _, root := range roots(t) {
		for _, c := range captures(t, root) {
			t.Run(c.name, func(t *testing.T) { decodes(t, c) })
		}
	}
}

// roots gives the folders of captures that are here.
func roots(t testing.TB) []string {
	t.Helper()
	if _, err := os.Stat(shared); err != nil {
		t.Logf("%s is not here: only testdata is checked", shared)
		return []string{"testdata/captures"}
	}
	return []string{"testdata/captures", shared}
}

func decodes(t *testing.T, c capture) {
	var got []string
	for _, file := range c.streams {
		for _, m := range decodeFile(t, file) {
			if m.Err != "" {
				t.Errorf("%s: message at %d: %s", file, m.Offset, m.Err)
			}
			w := xmltext.NewWriter(nil, xmltext.WriterOptions{FullEnd: true})
			session := m.session
			if err := infoset.Copy(w, xmlbin.NewBytes(m.Doc, xmlbin.Options{Quotas: infoset.Buffered(), Session: session})); err != nil {
				t.Errorf("%s: message at %d: %v", file, m.Offset, err)
				continue
			}
			got = append(got, canonicalText(t, file, w.Bytes()))
		}
	}
	slices.Sort(got)
	for _, want := range c.want {
		i, found := slices.BinarySearch(got, want)
		if !found {
			t.Errorf("no message is\n%s", want)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
}

// taken is a message with the dictionary that it was read with.
type taken struct {
	*Message
	session *xmlbin.ReaderSession
}

// decodeFile gives the binary messages of a stream, each with a session that has
// all strings up to it.
func decodeFile(t testing.TB, file string) (all []taken) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Decode(b)
	if err != nil && len(r.Messages) == 0 && r.Kind == "document" {
		return nil // an empty or unreadable stream has nothing annotated either
	}
	for _, m := range binaryMessages(r) {
		var session *xmlbin.ReaderSession
		switch {
		case m.Form != sessionType:
		case m.FirstID == 1 || len(all) == 0 || all[len(all)-1].session == nil:
			session = xmlbin.NewReaderSession(maxSession)
		default:
			session = all[len(all)-1].session
		}
		if session != nil {
			if _, err := session.Table(table(m.Strings)); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, taken{m, session})
	}
	return all
}

// table makes a string table.
func table(words []string) []byte {
	s := xmlbin.NewWriterSession(maxSession)
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{Session: s, Dictionary: xmlbin.NewDictionary(nil)})
	w.Start(&infoset.Name{Local: "x"})
	for _, word := range words {
		w.Text(infoset.DictString(word, infoset.SessionOnly))
	}
	w.End()
	return s.AppendTable(nil)
}
