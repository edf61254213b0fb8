package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestReaderGone: that a pipe or a socket has lost its reader is noticed without a write, and nothing before.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, ends := range map[string][2]*os.File{"pipe": {r, w}, "socket": {os.NewFile(uintptr(pair[0]), "0"), os.NewFile(uintptr(pair[1]), "1")}} {
		t.Run(name, func(t *testing.T) {
			defer ends[1].Close()
			reader, err := readerOf(ends[1])
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			if _, err := ends[1].WriteString("x"); err != nil { // room to write, and none, are no news
				t.Fatal(err)
			}
			if err := reader.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if gone(reader) {
				t.Error("the reader is gone while it is there")
			}
			if err := reader.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			told := make(chan bool)
			go func() { told <- gone(reader) }()
			_ = ends[0].Close()
			if !<-told {
				t.Error("it is not told that the reader went")
			}
		})
	}
}

// TestEndUnread: nothing is written while there is a reader, nor where there can be none, and a watch ends when it is stopped.
func TestEndUnread(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var buffer bytes.Buffer
	for _, out := range []io.Writer{w, file, &buffer} {
		EndUnread(out)()
	}
	_ = w.Close()
	if got, err := io.ReadAll(r); len(got) > 0 || err != nil {
		t.Errorf("the pipe has %q, %v", got, err)
	}
	if at, err := file.Seek(0, io.SeekCurrent); at != 0 || err != nil || buffer.Len() != 0 {
		t.Errorf("something was written: %d, %v, %d", at, err, buffer.Len())
	}
}
