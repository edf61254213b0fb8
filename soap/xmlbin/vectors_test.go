package xmlbin

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// words is the dictionary that the vectors were made with, and session0 the one
// string of their session.
var words = NewDictionary([]string{"alpha", "beta", "urn:dict"})

func vectorOptions() Options {
	s := NewReaderSession(0)
	if _, err := s.Table(append([]byte{9, 8}, "session0"...)); err != nil {
		panic(err)
	}
	return Options{Quotas: infoset.Buffered(), Dictionary: words, Session: s}
}

// vector is a row of a file of vectors.
type vector struct {
	where, name, xml string
	doc              []byte
}

func vectors(t testing.TB, file string) (rows []vector) {
	t.Helper()
	b, err := os.ReadFile("testdata/nbfx/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		f := strings.SplitN(line, "\t", 3)
		if len(f) != 3 {
			t.Fatalf("%s:%d: %d fields", file, i+1, len(f))
		}
		doc, err := hex.DecodeString(f[1])
		if err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
		rows = append(rows, vector{fmt.Sprintf("%s:%d: %s", file, i+1, f[0]), f[0], f[2], doc})
	}
	if len(rows) < 80 {
		t.Fatalf("%s has only %d rows", file, len(rows))
	}
	return rows
}

// toText decodes doc and writes it as .NET's text writer does.
func toText(doc []byte, o Options) (string, error) {
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{FullEnd: true})
	err := infoset.Copy(w, NewBytes(doc, o))
	return string(w.Bytes()), err
}

var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t")

// sameNumbers reports whether two texts are equal but for the spelling of one
// number between tags, such as 1E+15 and 1000000000000000.
func sameNumbers(a, b string) bool {
	number := func(s string) (float64, bool) {
		s = strings.TrimSuffix(strings.TrimPrefix(s, "<v>"), "</v>")
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	x, ok1 := number(a)
	y, ok2 := number(b)
	// Single precision has its own shortest digits.
	return ok1 && ok2 && (x == y || float32(x) == float32(y) || math.Abs(x-y) < 1e-323)
}

func TestDecodeVectors(t *testing.T) {
	for _, file := range []string{"mono-encode.tsv", "dotnet-encode.tsv"} {
		for _, v := range vectors(t, file) {
			got, err := toText(v.doc, vectorOptions())
			if want := unescape.Replace(v.xml); err != nil || got != want && !sameNumbers(got, want) {
				t.Errorf("%s: %x\ngot  %s, %v\nwant %s", v.where, v.doc, got, err, want)
			}
		}
	}
}

// stricter are the rows of the decode vectors that .NET accepts and we do not,
// each with the reason.
var stricter = map[string]infoset.Reason{
	"chars8-nul":            infoset.BadCharacter, // XML 1.0 has no U+0000
	"chars8-control-1":      infoset.BadCharacter,
	"name-with-space":       infoset.BadName, // would not be XML as text
	"name-starting-digit":   infoset.BadName,
	"array-int32":           infoset.Malformed, // two roots; .NET stops looking
	"empty-input":           infoset.Truncated, // no root element
	"decimal-bad-scale":     infoset.BadValue,  // .NET 10 only; Framework refuses
	"decimal-reserved-bits": infoset.BadValue,
}

// joined are the rows that .NET's generic copy shows in another way.
var joined = map[string]string{
	"bytes-split-unaligned": "<v>AQI=</v>",                         // adjacent bytes are one value
	"array-with-attribute":  `<r><v a="1">1</v><v a="1">2</v></r>`, // every item has the attributes
}

func TestDecodeOddVectors(t *testing.T) {
	for _, file := range []string{"mono-decode.tsv", "dotnet-decode.tsv"} {
		for _, v := range vectors(t, file) {
			o := vectorOptions()
			if strings.HasPrefix(v.name, "depth-") {
				o.Quotas = infoset.Quotas{}
			}
			got, err := toText(v.doc, o)
			want, ok := strings.CutPrefix(v.xml, "OK ")
			if reason, ours := stricter[v.name]; ours {
				checkReason(t, v.where, err, reason)
				continue
			}
			if better, ours := joined[v.name]; ours {
				want = better
			}
			switch {
			case !ok && err == nil:
				t.Errorf("%s: %x gives %s, want %s", v.where, v.doc, got, v.xml)
			case !ok:
				var e *infoset.Error
				if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(v.doc)) {
					t.Errorf("%s: error has no place: %v", v.where, err)
				}
			case err != nil || got != unescape.Replace(want):
				t.Errorf("%s: %x\ngot  %s, %v\nwant %s", v.where, v.doc, got, err, want)
			}
		}
	}
}

func checkReason(t *testing.T, where string, err error, want infoset.Reason) {
	t.Helper()
	var e *infoset.Error
	if !errors.As(err, &e) || e.Reason != want {
		t.Errorf("%s: error %v, want %s", where, err, want)
	}
}

// choice is a place where a writer is free, and what ours does there.
type choice struct{ rule, why string }

// choices lists every vector that is written back in another way than .NET wrote
// it. It may grow only with a reason: each row names the rule of the Writer.
var choices = map[string]choice{}

// TestEncodeVectors decodes and encodes every vector again: the bytes are the
// same but for the choices.
func TestEncodeVectors(t *testing.T) {
	used := map[string]bool{}
	for _, file := range []string{"mono-encode.tsv", "dotnet-encode.tsv"} {
		for _, v := range vectors(t, file) {
			o := vectorOptions()
			o.Arrays = true
			w := NewWriter(nil, WriterOptions{Dictionary: words})
			if err := infoset.Copy(w, NewBytes(v.doc, o)); err != nil {
				t.Errorf("%s: %v", v.where, err)
				continue
			}
			if bytes.Equal(w.Bytes(), v.doc) {
				continue
			}
			key := strings.TrimSuffix(file, "-encode.tsv") + " " + v.name
			c, free := choices[key]
			if !free {
				t.Errorf("%s: no free choice\ngot  %x\nwant %x", v.where, w.Bytes(), v.doc)
				continue
			}
			used[key] = true
			t.Logf("free choice %-28s %s: %s", key, c.rule, c.why)
			a, err1 := toText(v.doc, vectorOptions())
			b, err2 := toText(w.Bytes(), vectorOptions())
			if a != b && !sameNumbers(a, b) || err1 != nil || err2 != nil {
				t.Errorf("%s: not the same document:\n%s %v\n%s %v", v.where, a, err1, b, err2)
			}
		}
	}
	for key := range choices {
		if !used[key] {
			t.Errorf("choice %q is not used any more: take it off the list", key)
		}
	}
}
