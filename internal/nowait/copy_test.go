package nowait_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// plain hides what io.Copy would take for a shortcut.
type plain struct{ io.ReadWriter }

// broken gives some bytes, or takes some, and then an error.
type broken struct{ left int }

var errBroken = errors.New("broken")

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errBroken
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func (b *broken) Write(p []byte) (int, error) {
	n, err := b.Read(p)
	if n < len(p) {
		err = errBroken
	}
	return n, err
}

// copied is what a copy gave, and what came of it at the other end.
type copied struct {
	Gave    outcome
	Arrived string
}

// file is a file with a text.
func file(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f")
	err := os.WriteFile(name, []byte(text), 0o600)
	f, opened := os.OpenFile(name, os.O_RDWR, 0)
	if err := errors.Join(err, opened); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestCopiesTo: what a copy to a Conn moves, and how it fails, is as with a *net.TCPConn, whatever it comes from.
func TestCopiesTo(t *testing.T) {
	text := func(s string) io.Reader { return plain{bytes.NewBufferString(s)} }
	cases := map[string]func(t *testing.T, c net.Conn) (int64, error){
		"text":        func(_ *testing.T, c net.Conn) (int64, error) { return io.Copy(c, text("hello")) },
		"nothing":     func(_ *testing.T, c net.Conn) (int64, error) { return io.Copy(c, text("")) },
		"a part":      func(_ *testing.T, c net.Conn) (int64, error) { return io.CopyN(c, strings.NewReader("hello"), 3) },
		"too short":   func(_ *testing.T, c net.Conn) (int64, error) { return io.CopyN(c, strings.NewReader("hello"), 9) },
		"long":        func(_ *testing.T, c net.Conn) (int64, error) { return io.Copy(c, text(string(pattern(0, 100_000)))) },
		"a file":      func(t *testing.T, c net.Conn) (int64, error) { return io.Copy(c, file(t, "of a file")) },
		"broken amid": func(_ *testing.T, c net.Conn) (int64, error) { return io.Copy(c, &broken{40_000}) },
		"closed":      func(_ *testing.T, c net.Conn) (int64, error) { c.Close(); return io.Copy(c, text("x")) },
		"late": func(_ *testing.T, c net.Conn) (int64, error) {
			_ = c.SetDeadline(past)
			return io.Copy(c, text("x"))
		},
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			var all [2]copied
			for i, w := range ways {
				peer, ours := w.pair(t)
				arrived := make(chan string, 1)
				go func() {
					b, err := io.ReadAll(peer)
					if err != nil {
						t.Error("the peer:", err)
					}
					arrived <- string(b)
				}()
				n, err := f(t, ours)
				_ = ours.(interface{ CloseWrite() error }).CloseWrite()
				all[i] = copied{outcomeOf(ours, int(n), err), <-arrived}
				if len(all[i].Arrived) != int(n) {
					t.Errorf("%s: %d of %d bytes arrived", w.name, len(all[i].Arrived), n)
				}
			}
			if diff := cmp.Diff(all[0], all[1]); diff != "" {
				t.Errorf("(- package net, + nowait)\n%s", diff)
			}
		})
	}
}

// TestCopiesFrom: the same for what a copy takes from a Conn, wherever it goes.
func TestCopiesFrom(t *testing.T) {
	cases := map[string]func(t *testing.T, c net.Conn, w io.Writer) (int64, error){
		"text": func(_ *testing.T, c net.Conn, w io.Writer) (int64, error) { return io.Copy(w, c) },
		"a buffer": func(_ *testing.T, c net.Conn, w io.Writer) (int64, error) {
			b := new(bytes.Buffer)
			_, err := io.Copy(b, c)
			n, _ := b.WriteTo(w)
			return n, err
		},
		"a part":      func(_ *testing.T, c net.Conn, w io.Writer) (int64, error) { return io.CopyN(w, c, 7) },
		"broken amid": func(_ *testing.T, c net.Conn, _ io.Writer) (int64, error) { return io.Copy(&broken{}, c) },
		"closed":      func(_ *testing.T, c net.Conn, w io.Writer) (int64, error) { c.Close(); return io.Copy(w, c) },
		"late": func(_ *testing.T, c net.Conn, w io.Writer) (int64, error) {
			_ = c.SetDeadline(past)
			return io.Copy(w, c)
		},
		"a file": func(t *testing.T, c net.Conn, w io.Writer) (int64, error) {
			f := file(t, "")
			n, err := io.Copy(f, c)
			b, _ := os.ReadFile(f.Name())
			_, _ = w.Write(b)
			return n, err
		},
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			var all [2]copied
			for i, w := range ways {
				peer, ours := w.pair(t)
				if err := errors.Join(write(peer, "what comes of a peer"), peer.CloseWrite()); err != nil {
					t.Fatal(err)
				}
				got := new(strings.Builder)
				n, err := f(t, ours, got)
				all[i] = copied{outcomeOf(ours, int(n), err), got.String()}
				if got.Len() != int(n) {
					t.Errorf("%s: %d of %d bytes arrived", w.name, got.Len(), n)
				}
			}
			if diff := cmp.Diff(all[0], all[1]); diff != "" {
				t.Errorf("(- package net, + nowait)\n%s", diff)
			}
		})
	}
}

// TestCopyGoesOn: a copy that a deadline ended is taken up where it stood, as whoever carries a stream does.
func TestCopyGoesOn(t *testing.T) {
	for _, w := range ways {
		source, from := w.pair(t)
		var got bytes.Buffer
		for _, word := range []string{"first ", "second ", "third"} {
			if err := write(source, word); err != nil {
				t.Fatal(err)
			}
			if err := from.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(plain{&got}, from)
			if int(n) != len(word) || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%s: %d bytes, %v", w.name, n, err)
			}
		}
		if got.String() != "first second third" {
			t.Errorf("%s: %q", w.name, got.String())
		}
	}
}

// TestExplicitReadFrom: one Conn as another's source is spliced as well, by whatever name it is called.
func TestExplicitReadFrom(t *testing.T) {
	source, from := ways[1].pair(t)
	sink, to := ways[1].pair(t)
	if err := errors.Join(write(source, "spliced"), source.CloseWrite()); err != nil {
		t.Fatal(err)
	}
	n, err := to.(io.ReaderFrom).ReadFrom(from)
	if n != 7 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := to.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	arrives(t, sink, []byte("spliced"))
	var _ io.WriterTo = new(nowait.Conn)
}
