//go:build unix

package leg

import (
	"net"
	"syscall"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// bare reads a connection of the kernel's: it takes a buffer when bytes are there, so that an idle leg holds none
// (performance.md, point 12). One goroutine uses it.
type bare struct {
	raw  syscall.RawConn // nil: the connection's bytes are not the kernel's, such as TLS
	in   *inbox
	once func(fd uintptr) bool // attempt, made once

	// What the last attempt brought.
	n, room int
	err     error
}

// init makes the zero value read a connection, if it can.
func (b *bare) init(conn net.Conn, in *inbox) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := c.SyscallConn(); err == nil { // else it is closed, and the ordinary read says so
		b.raw, b.in, b.once = raw, in, b.attempt
	}
}

// able reports whether read works.
func (b *bare) able() bool { return b.raw != nil }

// read is one read, like that of a net.Conn. It gives the room that there was.
func (b *bare) read() (n, room int, err error) {
	if err := b.raw.Read(b.once); err != nil {
		return 0, 0, err
	}
	return b.n, b.room, b.err
}

// attempt reads what is there. It reports false when nothing is, and is called again when something may be.
func (b *bare) attempt(fd uintptr) bool {
	b.in.hold()
	free := b.in.room()
	n, err := nowait.Read(fd, free)
	if err == nowait.ErrNothing { //nolint:errorlint // it comes bare
		b.in.rest()
		return false
	}
	b.n, b.room, b.err = n, len(free), err
	return true
}
