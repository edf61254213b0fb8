package gateway

import (
	"net"
	"syscall"
	"testing"
)

// TestListenKeepAlive: a connection of a door has the options that one of net.Listen has.
func TestListenKeepAlive(t *testing.T) {
	ours, theirs := accepted(t, listen), accepted(t, net.Listen)
	for _, option := range []struct {
		name        string
		level, code int
	}{
		{"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE},
		{"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
		{"TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL},
		{"TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT},
		{"TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY},
	} {
		if got, want := ours(option.level, option.code), theirs(option.level, option.code); got != want || got == 0 {
			t.Errorf("%s is %d, and %d by net.Listen", option.name, got, want)
		}
	}
}

// accepted gives a reader of the options of an accepted connection.
func accepted(t *testing.T, open func(network, addr string) (net.Listener, error)) func(level, code int) int {
	t.Helper()
	l, err := open("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	return func(level, code int) (value int) {
		if cerr := raw.Control(func(fd uintptr) { value, err = syscall.GetsockoptInt(int(fd), level, code) }); cerr != nil || err != nil {
			t.Error(cerr, err)
		}
		return value
	}
}
