package wsframe

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzDecode(f *testing.F) {
	for _, c := range headers {
		f.Add(unhex(f, c.wire))
	}
	f.Add([]byte{0x82, 0x7e, 0, 0x7d})
	f.Add([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := Decode(b)
		if err != nil {
			var e *Error
			if n != 0 || !errors.As(err, &e) || e.CloseCode != CloseProtocol {
				t.Fatalf("n=%d, error %v", n, err)
			}
			return
		}
		if n == 0 {
			if len(b) >= MaxHeader {
				t.Fatalf("%d bytes are not enough for a header", len(b))
			}
			return
		}
		if n > len(b) || n != h.Size() || h.Len < 0 {
			t.Fatalf("n=%d of %d, size %d, length %d", n, len(b), h.Size(), h.Len)
		}
		if again := Append(nil, h); !bytes.Equal(again, b[:n]) {
			t.Fatalf("%x comes back as %x", b[:n], again)
		}
		for cut := range n {
			if _, m, err := Decode(b[:cut]); m != 0 || err != nil {
				t.Fatalf("%x: Decode of the first %d bytes = %d, %v", b[:n], cut, m, err)
			}
		}
	})
}

// FuzzSequence compares the table with the regular expression of legal histories. Each byte of the input is a frame.
func FuzzSequence(f *testing.F) {
	f.Add([]byte{0, 1, 2, 4, 3, 0, 5, 0})
	f.Add([]byte{1, 1})
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 200 {
			return
		}
		var s Sequence
		var history []byte
		for _, b := range input {
			ev := event(b % byte(events))
			next := append(history, letters[ev])
			err := s.Check(eventFrames[ev])
			if (err == nil) != legal.Match(next) {
				t.Fatalf("history %s: %v", next, err)
			}
			if err == nil {
				history = next
			}
		}
	})
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), []byte{0x37, 0xfa, 0x21, 0x3d}, uint8(0), uint8(2))
	f.Add(pattern(200), []byte{1, 2, 3, 4}, uint8(3), uint8(77))
	f.Fuzz(func(t *testing.T, b, keyBytes []byte, pos, cut uint8) {
		var key [4]byte
		copy(key[:], keyBytes)
		want := bytes.Clone(b)
		maskBytes(want, key, int(pos))
		first := min(int(cut), len(b))
		got := bytes.Clone(b)
		next := Mask(got[first:], key, Mask(got[:first], key, int(pos)))
		if !bytes.Equal(got, want) {
			t.Fatalf("pos %d, cut %d: got %x, want %x", pos, cut, got, want)
		}
		if next != (int(pos)+len(b))%4 {
			t.Fatalf("next pos is %d", next)
		}
	})
}
