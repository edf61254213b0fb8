package wsframe

import (
	"bytes"
	"fmt"
	"testing"
)

// maskBytes is masking as RFC 6455 section 5.3 writes it.
func maskBytes(b []byte, key [4]byte, pos int) {
	for i := range b {
		b[i] ^= key[(pos+i)%4]
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/256)
	}
	return b
}

// TestMask takes every length around the unrolled steps, every address modulo 8 and every phase.
func TestMask(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for n := range 140 {
		for off := range 8 {
			for pos := range 5 {
				got, want := pattern(n+off), pattern(n+off)
				maskBytes(want[off:], key, pos)
				next := Mask(got[off:], key, pos)
				if !bytes.Equal(got, want) {
					t.Fatalf("n=%d off=%d pos=%d: got %x, want %x", n, off, pos, got, want)
				}
				if next != (pos+n)%4 {
					t.Fatalf("n=%d pos=%d: next pos %d, want %d", n, pos, next, (pos+n)%4)
				}
			}
		}
	}
}

func TestMaskInPieces(t *testing.T) {
	key := [4]byte{1, 2, 4, 8}
	for step := 1; step < 70; step++ {
		got, want := pattern(1000), pattern(1000)
		maskBytes(want, key, 0)
		pos := 0
		for rest := got; len(rest) > 0; {
			n := min(step, len(rest))
			pos = Mask(rest[:n], key, pos)
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("pieces of %d bytes differ from the whole", step)
		}
	}
}

func TestMaskAllocatesNothing(t *testing.T) {
	b := pattern(4099)
	if allocs := testing.AllocsPerRun(100, func() { Mask(b, [4]byte{1, 2, 3, 4}, 1) }); allocs != 0 {
		t.Errorf("%v allocations a run", allocs)
	}
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{16, 125, 1024, 65536} {
		buf := make([]byte, n+1)[1:]
		b.Run(fmt.Sprintf("unrolled/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				Mask(buf, [4]byte{1, 2, 3, 4}, 1)
			}
		})
		b.Run(fmt.Sprintf("bytes/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				maskBytes(buf, [4]byte{1, 2, 3, 4}, 1)
			}
		})
	}
}

// BenchmarkFrame is what the pump does for one small frame besides moving its bytes.
func BenchmarkFrame(b *testing.B) {
	frame := AppendFrame(nil, Header{Fin: true, Op: Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}}, pattern(64))
	room := make([]byte, MaxHeader)
	var s Sequence
	for b.Loop() {
		h, n, err := Decode(frame)
		if err != nil || s.Check(h) != nil {
			b.Fatal(err)
		}
		Mask(frame[n:], h.Key, 0)
		h.Masked = false
		Put(room, h)
	}
}
