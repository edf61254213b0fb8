package netx

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
)

// Loopback gives two ends of a TCP connection of the system's, for what only the kernel does: resets, half-closes, splicing. Both are
// closed when the test ends.
func Loopback(t testing.TB) (peer, ours *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		a.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn) //nolint:forcetypeassert // that is what "tcp" makes
}

// Spliced fails unless a copy moves a MiB from what source says to what sink hears without a buffer: by the kernel. It is not for tests that
// run beside others.
func Spliced(t testing.TB, source, sink *net.TCPConn, copied func() (int64, error)) {
	t.Helper()
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(i * 7 >> 3)
	}
	arrived := make([]byte, len(sent))
	var running sync.WaitGroup
	running.Go(func() {
		if _, err := io.ReadFull(sink, arrived); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		_, err := source.Write(sent)
		if err := errors.Join(err, source.CloseWrite()); err != nil {
			t.Error(err)
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := copied()
	runtime.ReadMemStats(&after)
	running.Wait()
	if n != int64(len(sent)) || err != nil || !bytes.Equal(arrived, sent) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took >= 32<<10 {
		t.Errorf("the copy took %d bytes of memory: a buffer, so it was none of the kernel's", took)
	}
}
