//go:build unix

package leg

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// bare reads a connection of the kernel's: it takes a buffer when bytes are there, so that an idle leg holds none
// (performance.md, point 12). One goroutine uses it.
type bare struct {
	raw  syscall.RawConn
	in   *inbox
	once func(fd uintptr) bool // attempt, made once

	// What the last attempt brought.
	n, room int
	err     error
}

// newBare gives nil for a connection whose bytes are not the kernel's, such as TLS.
func newBare(conn net.Conn, in *inbox) *bare {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil // closed: the ordinary read says so
	}
	b := &bare{raw: raw, in: in}
	b.once = b.attempt
	return b
}

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
	n, err := readNow(fd, free)
	if err == errNothing { //nolint:errorlint // readNow gives it bare
		b.in.rest()
		return false
	}
	b.n, b.room, b.err = n, len(free), err
	return true
}

// canWaitBare says that readNow and peekNow work here.
const canWaitBare = true

// errNothing is readNow's when there is nothing to read yet.
var errNothing error = syscall.EAGAIN

// readNow reads what is there; errNothing when nothing is, io.EOF at the end.
func readNow(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return 0, errNothing
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// peekNow looks for what is there and leaves it; its errors are readNow's.
func peekNow(fd uintptr, p []byte) error {
	for {
		n, _, err := syscall.Recvfrom(int(fd), p, syscall.MSG_PEEK)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return errNothing
		case err != nil:
			return os.NewSyscallError("recvfrom", err)
		case n == 0:
			return io.EOF
		}
		return nil
	}
}
