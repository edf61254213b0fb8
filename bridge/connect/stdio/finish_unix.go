//go:build unix

package stdio

import (
	"errors"
	"io"
	"syscall"
)

// finish ends what is written to a socket; of anything else the system says that it is none.
func finish(out io.Writer) {
	f, ok := out.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_WR) })
	}
}

// unread reports whether a write failed because nobody reads any more.
func unread(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
