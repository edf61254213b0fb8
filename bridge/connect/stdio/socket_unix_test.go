//go:build unix

package stdio_test

import (
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect/stdio"
)

// TestSocket: where one socket is input and output, its peer sees the end of what was written all the same, and can still speak.
func TestSocket(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := syscall.Dup(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	in, out, peer := os.NewFile(uintptr(fds[0]), "in"), os.NewFile(uintptr(second), "out"), os.NewFile(uintptr(fds[1]), "peer")
	defer in.Close()
	c := stdio.New(in, out)
	defer c.Close()
	_, _ = io.WriteString(c, "hello")
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(peer); string(got) != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := peer.WriteString("bye"); err != nil {
		t.Error(err)
	}
	peer.Close()
	if got, err := io.ReadAll(c); string(got) != "bye" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
