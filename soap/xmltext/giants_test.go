package xmltext

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// endless gives a beginning, then the same text for ever, and counts what was
// taken.
type endless struct {
	first, again string
	at           int // in again
	taken        int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.first)
	e.first = e.first[n:]
	for n < len(b) {
		m := copy(b[n:], e.again[e.at:])
		n, e.at = n+m, (e.at+m)%len(e.again)
	}
	e.taken += n
	return n, nil
}

// TestGiants reads documents that never end, of every kind of giant: each is
// refused after little more than its quota.
func TestGiants(t *testing.T) {
	for _, tt := range []struct{ name, first, again string }{
		{"name", "<", "n"},
		{"attributes", "<a", " x=''"},
		{"different attributes", "<a ", "<"}, // malformed at once
		{"white space in a tag", "<a", " "},
		{"value", "<a b='", "v"},
		{"value of references", "<a b='", "&lt;"},
		{"value of wide characters", "<a b='", "\u4e2d"},
		{"value of line ends", "<a b='", "\r\n"},
		{"text of wide characters", "<a>", "\u4e2d"},
		{"wide name", "<", "\u4e2d"},
		{"text", "<a>", "t"},
		{"text of references", "<a>", "&#65;"},
		{"text of line ends", "<a>", "\r\n"},
		{"section", "<a><![CDATA[", "c"},
		{"sections", "<a>", "<![CDATA[c]]>"},
		{"comment", "<a><!--", "c"},
		{"instruction", "<a><?p ", "i"},
		{"declaration", "<?xml ", "x"},
		{"depth", "", "<a>"},
		{"end tag", "<a></", "a"},
		{"reference", "<a>&", "r"},
		{"doctype", "<!DOCTYPE a [", "<!ENTITY b 'c'>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := &endless{first: tt.first, again: tt.again}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := NewReader(src, Options{SkipPI: true})
			_, err := r.Next()
			for err == nil {
				_, err = r.Next()
			}
			runtime.ReadMemStats(&after)
			if _, ok := errors.AsType[*infoset.Error](err); !ok {
				t.Fatalf("error %v", err)
			}
			if src.taken > 128<<10 {
				t.Errorf("%d bytes were read before: %v", src.taken, err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Errorf("%d bytes were allocated before: %v", n, err)
			}
		})
	}
}

// TestLongTextStreams reads text of many megabytes without quota on strings: what
// is kept at a time does not grow with it.
func TestLongTextStreams(t *testing.T) {
	const unit = "0123456789 &amp; \u00fc\r\n"
	size := int64(len(unit)) * 800_000
	doc := io.MultiReader(strings.NewReader("<a>"), io.LimitReader(&endless{again: unit}, size), strings.NewReader("</a>"))
	r := NewReader(doc, Options{Quotas: infoset.Buffered()})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	total := 0
	for {
		tok, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		total += len(tok.Value.Raw())
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated for %d bytes of text", n, total)
	}
	if int64(total) < size*2/3 {
		t.Errorf("only %d bytes of text", total)
	}
}

// TestManyAttributes stays within the bound on attributes even where all other
// quotas are taken away.
func TestManyAttributes(t *testing.T) {
	var b strings.Builder
	b.WriteString("<a")
	for range 1_000_000 {
		b.WriteString(" x='1'")
	}
	b.WriteString("/>")
	_, err := show(NewBytes([]byte(b.String()), Options{Quotas: infoset.Buffered()}))
	var e *infoset.Error
	if !errors.As(err, &e) || e.Reason != infoset.Quota || !strings.HasPrefix(e.Detail, "attributes") {
		t.Errorf("error %v", err)
	}
}
