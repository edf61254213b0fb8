package xmlbin

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// endless gives a beginning, then the same bytes for ever, and counts what was
// taken.
type endless struct {
	first, again []byte
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
		{"name", "40 ffffff7f", "6e"},
		{"attributes", "40 0161", "04 0162 82"},
		{"attribute", "40 0161 04 0162 9c ffffff7f", "76"},
		{"namespaces", "40 0161", "09 0170 0175"},
		{"text", "40 0161 9c ffffff7f", "74"},
		{"texts", "40 0161", "98 0174"},
		{"utf-16", "40 0161 ba feffff7f", "7400"},
		{"bytes", "40 0161 a2 ffffff7f", "00"},
		{"list", "40 0161 a4", "82"},
		{"comment", "40 0161 02 ffffff7f", "63"},
		{"depth", "", "40 0161"},
		{"array", "40 0161 03 40 0162 01 8b ffffff7f", "0000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := &endless{first: unhex(t, tt.first), again: unhex(t, tt.again)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := drain(NewReader(src, Options{}))
			runtime.ReadMemStats(&after)
			if _, ok := errors.AsType[*infoset.Error](err); !ok {
				t.Fatalf("error %v", err)
			}
			if src.taken > 128<<10 {
				t.Errorf("%d bytes were read before: %v", src.taken, err)
			}
			// A list of as many items as the quota allows is the most there is.
			if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
				t.Errorf("%d bytes were allocated before: %v", n, err)
			}
		})
	}
}

// TestLongValuesStream reads a value and an array of many megabytes without
// quotas: what is kept at a time does not grow with them.
func TestLongValuesStream(t *testing.T) {
	const size = 16 << 20
	for _, head := range []string{"40 0161 9c 00000001", "40 0161 a2 00000001", "40 0161 ba 00000001", "40 0161 03 40 0162 01 8b 80808004"} {
		src := io.MultiReader(bytes.NewReader(unhex(t, head)), io.LimitReader(&endless{again: []byte("x y ")}, size), bytes.NewReader([]byte{1}))
		r := NewReader(src, Options{Quotas: infoset.Buffered(), Arrays: true})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := drain(r); err != nil {
			t.Errorf("%s: %v", head, err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", head, n)
		}
	}
}
