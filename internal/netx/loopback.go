package netx

import (
	"net"
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
