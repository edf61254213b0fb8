package mtom

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// drain reads all tokens.
func drain(r infoset.Reader) error {
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// BenchmarkRead measures a message with one part of 1 MiB, and BenchmarkWrite the
// same the other way.
func BenchmarkRead(b *testing.B) {
	body := with(envelope, "\nContent-ID: <p>\n\n"+strings.Repeat("a", 1<<20)+"\n--b--")
	typ := mediaType(b, plainType)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r, _, err := Opener{}.Open(typ, strings.NewReader(body), infoset.Buffered())
		if err != nil {
			b.Fatal(err)
		}
		if err := drain(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	data := bytes.Repeat([]byte{'a'}, 1<<20)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		w := NewWriter(io.Discard, options)
		element(infoset.Bytes(data))(w)
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPiecesAllocateNothing: a part costs the same memory whatever its size.
func TestPiecesAllocateNothing(t *testing.T) {
	body := io.MultiReader(strings.NewReader(with(envelope, "\nContent-ID: <p>\n\n")), &counting{})
	r, _, err := open(t, Limits{Total: 1 << 40}, plainType, body)
	if err != nil {
		t.Fatal(err)
	}
	next := func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	next()
	next()
	next()
	if n := testing.AllocsPerRun(1000, next); n != 0 {
		t.Errorf("%v allocations a piece", n)
	}
}
