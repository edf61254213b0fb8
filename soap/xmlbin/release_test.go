package xmlbin

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// TestRelease: a reader, a writer and dictionaries that were used before, also for what is broken or large, do as new ones do, and
// hold no more memory than they may.
func TestRelease(t *testing.T) {
	const most = 4 << 10
	var r Reader
	var w Writer
	in, out := NewReaderSession(0), NewWriterSession(0)
	for i, write := range []func(infoset.Writer){
		func(w infoset.Writer) { // many names and declarations
			w.Start(&infoset.Name{Local: "root"})
			for i := range 2000 {
				w.Start(&infoset.Name{Prefix: "p", Space: fmt.Sprint("urn:", i), Local: fmt.Sprint("n", i)})
				w.Attr(&infoset.Name{Local: "a"}, infoset.Int(int64(i)))
				w.End()
			}
			w.End()
		},
		func(w infoset.Writer) { w.Start(&infoset.Name{Local: "broken off"}) },
		func(w infoset.Writer) {
			w.Start(&infoset.Name{Local: "long"})
			w.Text(infoset.Bytes(make([]byte, 100000)))
			w.End()
		},
		func(w infoset.Writer) {
			w.Start(&infoset.Name{Local: "list"})
			w.Text(infoset.List([]infoset.Value{infoset.Int(1), infoset.String("two")}))
			w.End()
		},
		func(w infoset.Writer) {
			w.Start(&infoset.Name{Prefix: "s", Space: "http://www.w3.org/2003/05/soap-envelope", Local: "Envelope"})
			w.Text(infoset.DictString("urn:action", infoset.SessionOnly))
			w.End()
		},
	} {
		told := NewWriterSession(0)
		fresh := NewWriter(nil, WriterOptions{AllNames: true, Session: told})
		write(fresh)
		w.Begin(nil, WriterOptions{AllNames: true, Session: out})
		write(&w)
		want, got := told.AppendTable(nil), out.AppendTable(nil)
		if out.TableSize() != 1 {
			t.Errorf("%d: a table of %d bytes behind the table", i, out.TableSize())
		}
		want, got = append(want, fresh.Bytes()...), append(got, w.Bytes()...)
		if !bytes.Equal(got, want) || fmt.Sprint(w.Flush()) != fmt.Sprint(fresh.Flush()) {
			t.Errorf("%d: wrote %.100q, a new writer %.100q", i, got, want)
		}
		before := NewReaderSession(0)
		newly, errWant := all(&Reader{}, before, want)
		again, errGot := all(&r, in, want)
		if newly != again || fmt.Sprint(errGot) != fmt.Sprint(errWant) {
			t.Errorf("%d: read %.100q, %v, a new reader %.100q, %v", i, again, errGot, newly, errWant)
		}
		r.Release(most)
		w.Release(most)
		in.Reset()
		out.Reset()
		if cap(w.out) > most || r.names.Bytes() > most || cap(r.scratch) > most || cap(r.items) > most || in.Len() != 0 {
			t.Errorf("%d: %d and %d bytes are kept", i, cap(w.out), r.names.Bytes())
		}
		if _, err := r.Next(); !errors.Is(err, errReleased) {
			t.Errorf("%d: a released reader gives %v", i, err)
		}
	}
}

// all reads a message of a session to its end, as text.
func all(r *Reader, s *ReaderSession, message []byte) (text string, err error) {
	doc, err := s.Table(message)
	if err != nil {
		return "", err
	}
	r.Begin(doc, Options{Quotas: infoset.Buffered(), Session: s})
	for {
		tok, err := r.Next()
		if err != nil {
			return text, err
		}
		text += fmt.Sprint(tok.Kind, tok.Name, len(tok.Attrs), len(tok.Decls), tok.Value.String(), ";")
	}
}

// FuzzReused checks that a reader, a writer and dictionaries that were used before, up to any point, do as new ones do. Memory is kept of next
// to nothing, so that much is given away and made anew.
func FuzzReused(f *testing.F) {
	seeds := vectors(f, "mono-encode.tsv")
	for i, v := range seeds {
		f.Add(v.doc, uint8(i), i%2 == 0, seeds[(i+7)%len(seeds)].doc)
	}
	o := Options{Quotas: infoset.Buffered(), Dictionary: words}
	// written is what a writer makes of a document, and its error.
	written := func(w *Writer, told *WriterSession, r *Reader, most int) (string, error) {
		w.Begin(nil, WriterOptions{AllNames: true, Session: told, Dictionary: words})
		for range most {
			tok, err := r.Next()
			if err != nil {
				return string(told.AppendTable(nil)) + string(w.Bytes()), err
			}
			if err := infoset.Write(w, tok); err != nil {
				return "", err
			}
		}
		return "", nil
	}
	f.Fuzz(func(t *testing.T, first []byte, steps uint8, release bool, second []byte) {
		var r Reader
		var w Writer
		told := NewWriterSession(0)
		r.Begin(first, o)
		_, _ = written(&w, told, &r, int(steps))
		if release {
			r.Release(8)
			w.Release(8)
		}
		told.Reset()
		r.Begin(second, o)
		const most = 1 << 20
		got, err := written(&w, told, &r, most)
		want, err2 := written(NewWriter(nil, WriterOptions{}), NewWriterSession(0), NewBytes(second, o), most)
		if got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("used before: %v\n%q\nnew: %v\n%q", err, got, err2, want)
		}
	})
}
