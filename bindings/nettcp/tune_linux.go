package nettcp

import (
	"net"
	"syscall"
)

// segment is the largest segment of TCP that the door agrees to: that of an Ethernet. The .NET client gives its sockets buffers
// of 8 KiB, and with the 64 KiB segments of the loopback device a reply of megabytes then crawls (WCF wire reference section 1.6).
const segment = 1460

// tune sets the segment's size on a listening socket; its connections inherit it.
func tune(l net.Listener) {
	c, ok := l.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, segment) // without it, only the loopback is slow
	})
}
