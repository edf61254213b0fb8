package window

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// TestViewsStay reads a source in tokens of all sizes and checks at the end of
// each token that the pieces cut from it on the way are still what they were.
func TestViewsStay(t *testing.T) {
	source := make([]byte, 300_000)
	for i := range source {
		source[i] = byte(i ^ i>>8 ^ i>>16)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var w Window
		var src io.Reader = bytes.NewReader(source)
		if rapid.Bool().Draw(rt, "halves") {
			src = iotest.HalfReader(src)
		}
		w.Reset(src)
		for at := 0; ; {
			w.Mark()
			begin := at
			var views [][]byte
			for range rapid.IntRange(1, 5).Draw(rt, "views") {
				n := rapid.IntRange(1, 30_000).Draw(rt, "size")
				if !w.Need(n) {
					rest, err := io.ReadAll(w.Rest())
					if err != nil || !bytes.Equal(rest, source[at:]) {
						rt.Fatalf("at %d the rest has %d bytes, %v", at, len(rest), err)
					}
					return
				}
				views = append(views, w.Buf[w.Pos:w.Pos+n])
				w.Pos += n
				at += n
			}
			if got := w.Offset(w.Start()); got != int64(begin) {
				rt.Fatalf("token begins at %d, want %d", got, begin)
			}
			for _, v := range views {
				if !bytes.Equal(v, source[begin:begin+len(v)]) {
					rt.Fatalf("view at %d has changed", begin)
				}
				begin += len(v)
			}
		}
	})
}

// TestSteady reads a long source in large tokens: once the buffers have their
// size nothing is allocated.
func TestSteady(t *testing.T) {
	source := make([]byte, 1<<20)
	src := bytes.NewReader(source)
	var w Window
	pass := func() {
		src.Reset(source)
		w.Reset(src)
		for w.Mark(); w.Need(30_000); w.Mark() {
			w.Pos += 30_000
		}
	}
	pass()
	if n := testing.AllocsPerRun(10, pass); n != 0 {
		t.Errorf("%v allocations a pass", n)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(b []byte) (int, error) { return len(b) + 1, nil }

func TestSources(t *testing.T) {
	broken := errors.New("broken")
	var w Window
	w.Reset(iotest.ErrReader(broken))
	if w.More() || !errors.Is(w.Err, broken) {
		t.Errorf("broken source: %v", w.Err)
	}
	w.Reset(stuck{})
	if w.More() || !errors.Is(w.Err, io.ErrNoProgress) {
		t.Errorf("source that gives nothing: %v", w.Err)
	}
	w.Reset(liar{})
	if w.More() || w.Err == nil {
		t.Errorf("source that gives more than there is room: %v", w.Err)
	}
	w.ResetBytes([]byte("abc"))
	if w.More() || w.Err != nil || !w.Need(3) || w.Need(4) {
		t.Error("bytes are not all there is")
	}
}
