package nettcp_test

import (
	"net"
	"syscall"
	"testing"
)

// TestSegment: connections of the door agree to segments of an Ethernet, over the loopback device too, whose own have 64 KiB.
func TestSegment(t *testing.T) {
	w := newWorld(t, 1)
	calls := w.listen("calc")
	client := w.dial()
	w.send(client, w.preamble("calc"))
	w.expect(w.take(calls), w.preamble("calc")) // the door has accepted it by now
	raw, err := client.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if err := raw.Control(func(fd uintptr) { size, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG) }); err != nil {
		t.Fatal(err)
	}
	if err != nil || size > 1460 || size < 1000 {
		t.Errorf("segments of %d bytes, %v", size, err)
	}
}
