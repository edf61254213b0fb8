package xmltext

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// TestRelease: a reader and a writer that were used before, also for what is broken or large, do as new ones do, and hold no more
// memory than they may.
func TestRelease(t *testing.T) {
	const most = 4 << 10
	const document = `<a xmlns="urn:a" b="1"><!-- c -->x &amp; y<![CDATA[<]]></a>`
	long := &strings.Builder{}
	for i := range 3000 {
		fmt.Fprintf(long, `<n%d xmlns:p%d="urn:%d" p%d:a="v"/>`, i, i, i, i)
	}
	var r Reader
	var w Writer
	for _, doc := range []string{
		document, "<a><b>", "<a>" + long.String() + "</a>", `<a b="c" b="d"/>`, `<x xmlns="urn:x">` + strings.Repeat("&lt;", 50000) + "</x>",
		strings.Repeat("<d>", 30) + strings.Repeat("</d>", 30), document,
	} {
		fresh := NewWriter(nil, WriterOptions{})
		want := infoset.Copy(fresh, NewBytes([]byte(doc), Options{Quotas: infoset.Buffered()}))
		r.Begin([]byte(doc), Options{Quotas: infoset.Buffered()})
		w.Begin(nil, WriterOptions{})
		got := infoset.Copy(&w, &r)
		if fmt.Sprint(got) != fmt.Sprint(want) || !bytes.Equal(w.Bytes(), fresh.Bytes()) {
			t.Errorf("%.40s: %v and %.100q; new: %v and %.100q", doc, got, w.Bytes(), want, fresh.Bytes())
		}
		r.Release(most)
		w.Release(most)
		if cap(r.scratch) > most || r.names.Bytes() > most || cap(w.out) > most || cap(r.tok.Attrs) > most {
			t.Errorf("%.40s: %d, %d, %d bytes are kept", doc, cap(r.scratch), r.names.Bytes(), cap(w.out))
		}
		if _, err := r.Next(); !errors.Is(err, errReleased) {
			t.Errorf("%.40s: a released reader gives %v", doc, err)
		}
	}
}

// FuzzReused checks that a reader and a writer that were used before, up to any point, read and write as new ones do, whether they were
// released in between or not. Memory is kept of next to nothing, so that much is given away and made anew.
func FuzzReused(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), uint8(i), i%2 == 0, []byte(seeds[(i+7)%len(seeds)]))
	}
	f.Fuzz(func(t *testing.T, first []byte, steps uint8, release bool, second []byte) {
		o := Options{SkipPI: true}
		var r Reader
		var w Writer
		r.Begin(first, o)
		w.Begin(nil, WriterOptions{})
		for range steps {
			tok, err := r.Next()
			if err != nil {
				break
			}
			_ = infoset.Write(&w, tok) // it may be half of a document
		}
		if release {
			r.Release(8)
			w.Release(8)
		}
		r.Begin(second, o)
		got, err := show(&r)
		want, err2 := show(NewBytes(second, o))
		if got != want || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("used before: %v\n%s\nnew: %v\n%s", err, got, err2, want)
		}
		var dst bytes.Buffer
		w.Begin(&dst, WriterOptions{})
		if err = infoset.Copy(&w, NewBytes(second, o)); err == nil {
			err = w.Flush()
		}
		fresh := NewWriter(nil, WriterOptions{})
		if err2 = infoset.Copy(fresh, NewBytes(second, o)); fmt.Sprint(err) != fmt.Sprint(err2) || err == nil && !bytes.Equal(dst.Bytes(), fresh.Bytes()) {
			t.Fatalf("used before: %v\n%s\nnew: %v\n%s", err, dst.Bytes(), err2, fresh.Bytes())
		}
	})
}
