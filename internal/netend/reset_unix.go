//go:build unix

package netend

import (
	"errors"
	"net"
	"syscall"
)

func reset(conn net.Conn) (gone bool) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false // closed by ourselves: the caller knows
	}
	_ = raw.Control(func(fd uintptr) { // the same
		_, err := syscall.Getpeername(int(fd))
		gone = errors.Is(err, syscall.ENOTCONN)
	})
	return gone
}
