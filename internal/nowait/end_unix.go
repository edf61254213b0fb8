//go:build unix

package nowait

import (
	"os"
	"syscall"
)

// CloseWrite ends what is sent, as (*net.TCPConn).CloseWrite does: FIN.
func (c *Conn) CloseWrite() error {
	if c.raw == nil {
		return c.TCPConn.CloseWrite()
	}
	var refused error
	closed := c.raw.Control(func(fd uintptr) { refused = os.NewSyscallError("shutdown", shutdown(fd)) })
	return c.failed("close", refused, closed)
}

// Connected reports whether a connection of the kernel's is one still: it is not behind a reset, nor when both directions have ended.
// A failure that tells of something else counts as yes.
func Connected(fd uintptr) bool {
	return peerName(fd) != syscall.ENOTCONN //nolint:errorlint // a system call's own
}
