package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// framings are all ways a body of n bytes can end.
func framings(n int64) map[string]Framing {
	return map[string]Framing{
		"length": {Kind: Length, Length: n}, "chunked": {Kind: Chunked}, "until close": {Kind: UntilClose},
	}
}

// wireOf writes a body in parts and gives what stands on the wire.
func wireOf(t *testing.T, f Framing, head string, parts ...string) string {
	t.Helper()
	var out bytes.Buffer
	var w BodyWriter
	w.Reset(&out, f, append(make([]byte, 0, 4<<10), head...))
	for _, p := range parts {
		if n, err := io.WriteString(&w, p); n != len(p) || err != nil {
			t.Fatalf("wrote %d of %d, %v", n, len(p), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// readers give the same bytes in different sizes.
var readers = map[string]func(io.Reader) io.Reader{
	"at once": func(r io.Reader) io.Reader { return r },
	"bytes":   iotest.OneByteReader,
	"halves":  iotest.HalfReader,
	"eof":     iotest.DataErrReader,
}

// TestBodyRoundTrip: what is written in any framing is read again, the next message stands right behind it, and only a body that
// ends with the connection leaves it unusable.
func TestBodyRoundTrip(t *testing.T) {
	parts := []string{"a", "", strings.Repeat("0123456789", 1000), "\r\n0\r\n\r\n", strings.Repeat("z", 70000)}
	whole := strings.Join(parts, "")
	for name, f := range framings(int64(len(whole))) {
		wire := wireOf(t, f, "", parts...)
		next := "GET /next"
		if f.Kind == UntilClose {
			next = ""
		}
		for how, wrap := range readers {
			for _, size := range []int{16, 1000, 64 << 10} {
				src := bufio.NewReaderSize(wrap(strings.NewReader(wire+next)), size)
				var b BodyReader
				b.Reset(src, f)
				got, err := readAll(&b, 3*size/2)
				if err != nil || got != whole {
					t.Fatalf("%s, %s, buffer %d: %d bytes of %d, %v", name, how, size, len(got), len(whole), err)
				}
				if want := f.Kind != UntilClose; b.Reusable() != want {
					t.Errorf("%s: reusable is %v", name, !want)
				}
				if rest, _ := io.ReadAll(src); string(rest) != next {
					t.Errorf("%s, %s: behind the body stands %q", name, how, rest)
				}
				if n, err := b.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
					t.Errorf("%s: after the end: %d, %v", name, n, err)
				}
			}
		}
	}
}

// readAll reads with a buffer of a size, and finds out whether Buffered tells the truth.
func readAll(b *BodyReader, size int) (string, error) {
	var all []byte
	p := make([]byte, size)
	for {
		there := b.Buffered()
		n, err := b.Read(p)
		all = append(all, p[:n]...)
		if n < min(there, size) {
			return string(all), errors.New("less than was buffered")
		}
		switch {
		case errors.Is(err, io.EOF):
			return string(all), nil
		case err != nil:
			return string(all), err
		}
	}
}

// TestBodySize is what the head says, the zero value is over, and bodies without bytes are over before a read.
func TestBodySize(t *testing.T) {
	var zero BodyReader
	if n, err := zero.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) || zero.Buffered() != 0 {
		t.Errorf("the zero value: %d, %v", n, err)
	}
	for _, row := range []struct {
		f        Framing
		size     int64
		over     bool
		buffered int // of a source that holds "5\r\nhello", looked at before a read
	}{
		{Framing{}, 0, true, 0},
		{Framing{Kind: Length}, 0, true, 0},
		{Framing{Kind: Length, Length: 7}, 7, false, 7},
		{Framing{Kind: Length, Length: 99}, 99, false, 8},
		{Framing{Kind: Chunked}, -1, false, 5},
		{Framing{Kind: UntilClose}, -1, false, 8},
	} {
		src := bufio.NewReader(strings.NewReader("5\r\nhello"))
		if _, err := src.Peek(8); err != nil {
			t.Fatal(err)
		}
		var b BodyReader
		b.Reset(src, row.f)
		if b.Size() != row.size || b.Reusable() != row.over || b.Buffered() != row.buffered {
			t.Errorf("%+v: size %d, over %v, buffered %d", row.f, b.Size(), b.Reusable(), b.Buffered())
		}
	}
}

// TestBodyEndsEarly: every truncation is told from the end, and what came before it is given.
func TestBodyEndsEarly(t *testing.T) {
	const data = "hello, world"
	for name, f := range framings(int64(len(data))) {
		if f.Kind == UntilClose {
			continue
		}
		wire := wireOf(t, f, "", data[:5], data[5:])
		for n := range wire {
			var b BodyReader
			b.Reset(bufio.NewReader(strings.NewReader(wire[:n])), f)
			got, err := readAll(&b, 4)
			if !errors.Is(err, io.ErrUnexpectedEOF) || b.Reusable() || !strings.HasPrefix(data, got) {
				t.Errorf("%s cut at %d: %q, %v, reusable %v", name, n, got, err, b.Reusable())
			}
			if _, again := b.Read(make([]byte, 1)); !errors.Is(again, io.ErrUnexpectedEOF) {
				t.Errorf("%s cut at %d: afterwards %v", name, n, again)
			}
		}
	}
}

// TestBodyBadChunk: a fault is an *Error, sticks, and comes behind the good data.
func TestBodyBadChunk(t *testing.T) {
	for in, want := range map[string]string{
		"5\r\nhello\r\nZ\r\n": "hello", "5\r\nhelloX": "hello", "x": "", "11111111111111111\r\n": "",
		"0\r\n" + strings.Repeat("T: v\r\n", 3000) + "\r\n": "",
	} {
		var b BodyReader
		b.Reset(bufio.NewReader(strings.NewReader(in)), Framing{Kind: Chunked})
		got, err := readAll(&b, 64)
		var fault *Error
		if got != want || !errors.As(err, &fault) || b.Reusable() {
			t.Errorf("%.20q: %q, %v", in, got, err)
		}
		if _, again := b.Read(make([]byte, 1)); !errors.Is(again, err) {
			t.Errorf("%.20q: afterwards %v", in, again)
		}
	}
}

// TestBodyDeadline: an error of the connection that is no end does not stick.
func TestBodyDeadline(t *testing.T) {
	for name, f := range framings(3) {
		wire := map[FramingKind]string{Length: "abc", Chunked: "3\r\nabc\r\n0\r\n\r\n", UntilClose: "abc"}[f.Kind]
		slow := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(wire))) // its second read fails
		var b BodyReader
		b.Reset(bufio.NewReaderSize(slow, 16), f)
		var got []byte
		failed := 0
		for {
			p := make([]byte, 8)
			n, err := b.Read(p)
			got = append(got, p[:n]...)
			if errors.Is(err, iotest.ErrTimeout) {
				failed++
				continue
			}
			if err != nil {
				break
			}
		}
		if string(got) != "abc" || failed != 1 || b.err != io.EOF {
			t.Errorf("%s: %q, %d failures, %v", name, got, failed, b.err)
		}
	}
}

// writes notes each write.
type writes []string

func (w *writes) Write(p []byte) (int, error) {
	*w = append(*w, string(p))
	return len(p), nil
}

// TestBodyWrites: each part is on the wire at once, in one write, the head with the first.
func TestBodyWrites(t *testing.T) {
	const head = "HEAD\r\n\r\n"
	for name, row := range map[string]struct {
		f    Framing
		want []string
	}{
		"length":      {Framing{Kind: Length, Length: 5}, []string{head + "ab", "cde"}},
		"chunked":     {Framing{Kind: Chunked}, []string{head + "2\r\nab\r\n", "3\r\ncde\r\n", "0\r\n\r\n"}},
		"until close": {Framing{Kind: UntilClose}, []string{head + "ab", "cde"}},
	} {
		var got writes
		var w BodyWriter
		w.Reset(&got, row.f, append(make([]byte, 0, 2<<10), head...))
		for _, p := range []string{"ab", "", "cde"} {
			if _, err := io.WriteString(&w, p); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), w.Close()); err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, err := io.WriteString(&w, "more"); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: after Close: %v", name, err)
		}
	}
}

// feed is a source of Copy: each read gives one part; Buffered says whether one is there.
type feed struct {
	parts []string
	there int
	end   error
	eager bool // the last part comes with the end
}

func (f *feed) Read(p []byte) (int, error) {
	if len(f.parts) == 0 {
		return 0, f.end
	}
	n := copy(p, f.parts[0])
	if f.parts[0] = f.parts[0][n:]; f.parts[0] == "" {
		f.parts = f.parts[1:]
	}
	if f.eager && len(f.parts) == 0 {
		return n, f.end
	}
	return n, nil
}

func (f *feed) Buffered() int { return f.there }

// TestBodyCopy: every read is a write of its own; the head waits for data that is there and for no other; the end goes with the last
// data where it is known by then.
func TestBodyCopy(t *testing.T) {
	const head = "HEAD\r\n\r\n"
	chunked := Framing{Kind: Chunked}
	three := Framing{Kind: Length, Length: 3}
	broken := errors.New("broken")
	for name, row := range map[string]struct {
		f    Framing
		src  feed
		want []string
		n    int64
		err  error
	}{
		"chunked":       {chunked, feed{parts: []string{"a", "bc"}, end: io.EOF}, []string{head, "1\r\na\r\n", "2\r\nbc\r\n", "0\r\n\r\n"}, 3, nil},
		"at once":       {chunked, feed{parts: []string{"abc"}, there: 3, end: io.EOF, eager: true}, []string{head + "3\r\nabc\r\n0\r\n\r\n"}, 3, nil},
		"empty":         {chunked, feed{end: io.EOF}, []string{head, "0\r\n\r\n"}, 0, nil},
		"length":        {three, feed{parts: []string{"a", "bc"}, there: 1, end: io.EOF}, []string{head + "a", "bc"}, 3, nil},
		"too short":     {three, feed{parts: []string{"a", "b"}, end: io.EOF, eager: true}, []string{head, "a", "b"}, 1, ErrTooShort},
		"too long":      {three, feed{parts: []string{"ab", "cd"}, end: io.EOF}, []string{head, "ab"}, 2, ErrTooLong},
		"none":          {Framing{}, feed{end: io.EOF}, []string{head}, 0, nil},
		"none and data": {Framing{}, feed{parts: []string{"a"}, end: io.EOF}, []string{head}, 0, ErrTooLong},
		"source breaks": {chunked, feed{parts: []string{"a"}, end: broken, eager: true}, []string{head, "1\r\na\r\n"}, 1, broken},
		"until close":   {Framing{Kind: UntilClose}, feed{parts: []string{"a"}, there: 1, end: io.EOF}, []string{head + "a"}, 1, nil},
	} {
		var got writes
		var w BodyWriter
		w.Reset(&got, row.f, append(make([]byte, 0, 2<<10), head...))
		n, err := w.Copy(&row.src)
		if n != row.n || !errors.Is(err, row.err) || !slices.Equal(got, row.want) {
			t.Errorf("%s: copied %d, %v, wrote %q", name, n, err, got)
		}
		var source *SourceError
		if errors.As(err, &source) != (row.err == broken) {
			t.Errorf("%s: whose fault is %v", name, err)
		}
		if again := w.Close(); !errors.Is(again, err) {
			t.Errorf("%s: Close gives %v after %v", name, again, err)
		}
	}
}

// idle gives neither data nor an error, but for data in each so many reads.
type idle struct{ each, reads, data int }

func (s *idle) Read(p []byte) (int, error) {
	if s.reads++; s.each == 0 || s.reads%s.each != 0 {
		return 0, nil
	}
	if s.data--; s.data < 0 {
		return 0, io.EOF
	}
	return copy(p, "x"), nil
}

// TestBodyCopyNoProgress: a source that gives nothing and does not wait either is an error in the end, and none while it still gives data.
func TestBodyCopyNoProgress(t *testing.T) {
	for _, row := range []struct {
		src  idle
		n    int64
		want error
	}{{idle{each: emptyReads, data: 3}, 3, nil}, {idle{each: emptyReads + 1, data: 3}, 0, io.ErrNoProgress}, {idle{}, 0, io.ErrNoProgress}} {
		var w BodyWriter
		w.Reset(io.Discard, Framing{Kind: Chunked}, make([]byte, 0, 2<<10))
		n, err := w.Copy(&row.src)
		var source *SourceError
		if n != row.n || !errors.Is(err, row.want) || errors.As(err, &source) != (row.want != nil) {
			t.Errorf("data in each %d reads: copied %d, %v", row.src.each, n, err)
		}
	}
}

// TestBodyWriterTooShort: a body that is closed before its length is an error, and nothing ends it on the wire.
func TestBodyWriterTooShort(t *testing.T) {
	var got writes
	var w BodyWriter
	w.Reset(&got, Framing{Kind: Length, Length: 2}, nil)
	_, _ = io.WriteString(&w, "a")
	if err := w.Close(); !errors.Is(err, ErrTooShort) || len(got) != 1 {
		t.Errorf("%v, wrote %q", err, got)
	}
}

// TestBodyWriterLosesConnection: the connection's error is given, sticks, and is not the source's.
func TestBodyWriterLosesConnection(t *testing.T) {
	lost := errors.New("lost")
	for _, head := range []string{"", "HEAD"} {
		var w BodyWriter
		w.Reset(writerFunc(func([]byte) (int, error) { return 0, lost }), Framing{Kind: Chunked}, []byte(head))
		_, err := w.Copy(strings.NewReader("abc"))
		var source *SourceError
		if !errors.Is(err, lost) || errors.As(err, &source) {
			t.Errorf("%v", err)
		}
		if _, err := w.Write([]byte("x")); !errors.Is(err, lost) {
			t.Errorf("afterwards %v", err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestBodyWriterSmallRoom: a head that fills its buffer goes alone, and long writes become several chunks; nothing is lost.
func TestBodyWriterSmallRoom(t *testing.T) {
	data := strings.Repeat("0123456789abcdef", 1<<10)
	for _, room := range []int{0, 1, bodyRoom, 5000, 40000} {
		for name, f := range framings(int64(len(data))) {
			head := strings.Repeat("h", 4000)
			var out bytes.Buffer
			var w BodyWriter
			w.Reset(&out, f, append(make([]byte, 0, len(head)+room), head...))
			if _, err := io.WriteString(&w, data); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out.String(), head) {
				t.Fatalf("room %d: the head is broken", room)
			}
			var b BodyReader
			b.Reset(bufio.NewReader(bytes.NewReader(out.Bytes()[len(head):])), f)
			if got, err := readAll(&b, 100); got != data || err != nil {
				t.Errorf("room %d, %s: %d bytes of %d, %v", room, name, len(got), len(data), err)
			}
		}
	}
}

// endless gives the same bytes for ever.
type endless struct{ b []byte }

func (e endless) Read(p []byte) (int, error) { return copy(p, e.b), nil }

// TestBodyAllocations: reading and writing a body costs nothing, in every framing.
func TestBodyAllocations(t *testing.T) {
	chunk := AppendChunk(nil, bytes.Repeat([]byte("x"), 1000))
	p := make([]byte, 700)
	for name, row := range map[string]struct {
		f Framing
		b []byte
	}{
		"length":  {Framing{Kind: Length, Length: 1 << 60}, chunk},
		"chunked": {Framing{Kind: Chunked}, chunk},
	} {
		var b BodyReader
		b.Reset(bufio.NewReaderSize(endless{row.b}, len(chunk)), row.f)
		var w BodyWriter
		w.Reset(io.Discard, row.f, make([]byte, 0, 4<<10))
		if got := testing.AllocsPerRun(200, func() {
			n, err := b.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(p[:n]); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("%s: %v allocations a read and write", name, got)
		}
	}
	buf := append(make([]byte, 0, 4<<10), "HEAD"...)
	body := &feed{end: io.EOF, eager: true, there: 1}
	part := []string{"hello"}
	var w BodyWriter
	if got := testing.AllocsPerRun(200, func() {
		part[0] = "hello"
		body.parts = part
		w.Reset(io.Discard, Framing{Kind: Chunked}, buf)
		if _, err := w.Copy(body); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations a message", got)
	}
}
