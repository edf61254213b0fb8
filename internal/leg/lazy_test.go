//go:build unix

package leg

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
)

// TestLazy: bytes come as they were sent, through small reads and large ones, and a connection that waits holds no buffer.
func TestLazy(t *testing.T) {
	peer, ours := netx.Loopback(t)
	var l Lazy
	l.Init(ours)
	if l.raw == nil {
		t.Fatal("a TCP connection is read straight")
	}
	sent := bytes.Repeat([]byte("0123456789abcdef-"), 30_000) // more than one buffer
	done := make(chan error, 1)
	go func() { _, err := peer.Write(sent); done <- err }()
	var got []byte
	for size := 1; len(got) < len(sent); size = size*3%40_000 + 1 {
		p := make([]byte, size)
		n, err := l.Read(p)
		if err != nil || n == 0 {
			t.Fatalf("read %d, %v", n, err)
		}
		got = append(got, p[:n]...)
	}
	if err := <-done; err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("%d bytes came, %v", len(got), err)
	}
	if l.buf != nil {
		t.Error("a buffer is held with nothing in it")
	}
	if err := ours.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || l.buf != nil {
		t.Errorf("nothing there: %d, %v", n, err)
	}
	if err := errors.Join(ours.SetReadDeadline(time.Time{}), peer.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) || l.buf != nil {
			t.Errorf("at the end: %d, %v", n, err)
		}
	}
}

// TestLazyStraight: what is not the kernel's is read as it is.
func TestLazyStraight(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	var l Lazy
	l.Init(b)
	done := make(chan error, 1)
	go func() { _, err := a.Write([]byte("word")); done <- err }()
	p := make([]byte, 8)
	if n, err := l.Read(p); err != nil || string(p[:n]) != "word" {
		t.Errorf("%q, %v", p[:n], err)
	}
	if err := errors.Join(<-done, b.Close()); err != nil {
		t.Error(err)
	}
}
