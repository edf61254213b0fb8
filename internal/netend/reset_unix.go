//go:build unix

package netend

import (
	"net"
	"syscall"

	"github.com/causeway-relay/causeway/internal/nowait"
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
	_ = raw.Control(func(fd uintptr) { gone = !nowait.Connected(fd) }) // the same
	return gone
}
