package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// FuzzBodyReader: however the bytes arrive and however large the buffers are, a chunked body reads as the decoder alone reads it.
func FuzzBodyReader(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\nGET"), uint8(1))
	f.Add([]byte("a;x=\"y\"\r\n0123456789\r\n1\r\nZ\r\n0\r\nT: v\r\n\r\n"), uint8(7))
	f.Add([]byte("5\r\nhelloX"), uint8(3))
	f.Add([]byte("ffffffffffffffff\r\n"), uint8(200))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		want, used, done, fault := decodeIn(b)
		src := bufio.NewReaderSize(iotest.HalfReader(bytes.NewReader(b)), 16+int(size))
		var r BodyReader
		r.Reset(src, Framing{Kind: Chunked})
		got, err := readAll(&r, 1+int(size))
		if got != string(want) || done != (err == nil) || r.Reusable() != done {
			t.Fatalf("%q: read %q, %v; decoded %q, done %v", b, got, err, want, done)
		}
		var e *Error
		if errors.As(fault, &e) != errors.As(err, &e) {
			t.Fatalf("%q: read %v, decoded %v", b, err, fault)
		}
		if rest, _ := io.ReadAll(src); done && !bytes.Equal(rest, b[used:]) {
			t.Fatalf("%q: %q is left, want %q", b, rest, b[used:])
		}
	})
}

// FuzzBodyWriter: what is written in pieces of any size, by Write or by Copy, is one message that our reader reads again.
func FuzzBodyWriter(f *testing.F) {
	f.Add([]byte("hello, world"), uint8(3), uint8(0), true)
	f.Add(bytes.Repeat([]byte("x"), 3000), uint8(255), uint8(1), false)
	f.Add([]byte{}, uint8(0), uint8(2), true)
	f.Fuzz(func(t *testing.T, data []byte, size, kind uint8, pull bool) {
		framing := Framing{Kind: Length + FramingKind(kind%3)}
		if framing.Kind == Length {
			framing.Length = int64(len(data))
		}
		var out bytes.Buffer
		var w BodyWriter
		w.Reset(&out, framing, append(make([]byte, 0, 2+int(size)*8), "HD"...))
		var err error
		if pull {
			_, err = w.Copy(iotest.HalfReader(bytes.NewReader(data)))
		} else {
			for rest := data; len(rest) > 0 && err == nil; {
				part := min(1+int(size), len(rest))
				_, err = w.Write(rest[:part])
				rest = rest[part:]
			}
			err = errors.Join(err, w.Close())
		}
		if err != nil || !bytes.HasPrefix(out.Bytes(), []byte("HD")) {
			t.Fatalf("%v, %q", err, out.Bytes())
		}
		var r BodyReader
		r.Reset(bufio.NewReader(bytes.NewReader(out.Bytes()[2:])), framing)
		if got, err := readAll(&r, 100); err != nil || got != string(data) {
			t.Fatalf("read %q, %v, want %q", got, err, data)
		}
	})
}
