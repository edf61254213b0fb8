//go:build unix

package nowait

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// ErrNothing is Read's and Peek's when there is nothing to read yet, and Write's when there is no room. It comes bare.
var ErrNothing error = syscall.EAGAIN

// Able says that Read, Peek and Write work here.
const Able = true

// attempt is one read or write of a Conn, which may have to wait between two tries. Its functions are made once.
type attempt struct {
	p   []byte
	n   int
	err error

	read, write func(fd uintptr) bool
	get, put    func(fd uintptr)
}

var attempts = sync.Pool{New: func() any {
	a := new(attempt)
	a.read, a.write, a.get, a.put = a.tryRead, a.tryWrite, a.tryGet, a.tryPut
	return a
}}

func (a *attempt) tryRead(fd uintptr) bool {
	a.n, a.err = Read(fd, a.p)
	return a.err != ErrNothing //nolint:errorlint // it comes bare
}

func (a *attempt) tryWrite(fd uintptr) bool {
	for a.n < len(a.p) {
		n, err := Write(fd, a.p[a.n:])
		if err == ErrNothing { //nolint:errorlint // it comes bare
			return false
		}
		if a.err = err; err != nil {
			return true
		}
		a.n += n
	}
	return true
}

func (a *attempt) tryGet(fd uintptr) { a.tryRead(fd) }

func (a *attempt) tryPut(fd uintptr) {
	if !a.tryWrite(fd) {
		a.err = ErrNothing
	}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if c.raw == nil || len(p) == 0 || len(p) > Most {
		return c.TCPConn.Read(p)
	}
	a := attempts.Get().(*attempt) //nolint:forcetypeassert // the pool holds nothing else
	a.p, a.n, a.err = p, 0, nil
	err := c.raw.Read(a.read)
	return a.over(c, "read", err)
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	if c.raw == nil || len(p) == 0 || len(p) > Most {
		return c.TCPConn.Write(p)
	}
	a := attempts.Get().(*attempt) //nolint:forcetypeassert // the pool holds nothing else
	a.p, a.n, a.err = p, 0, nil
	err := c.raw.Write(a.write)
	return a.over(c, "write", err)
}

func (c *Conn) readNow(p []byte) (int, error) {
	if c.raw == nil || len(p) == 0 || len(p) > Most {
		return 0, ErrNothing
	}
	a := attempts.Get().(*attempt) //nolint:forcetypeassert // the pool holds nothing else
	a.p, a.n, a.err = p, 0, nil
	err := c.raw.Control(a.get)
	return a.over(c, "read", err)
}

func (c *Conn) writeNow(p []byte) (int, error) {
	if c.raw == nil || len(p) > Most {
		return 0, ErrNothing
	}
	a := attempts.Get().(*attempt) //nolint:forcetypeassert // the pool holds nothing else
	a.p, a.n, a.err = p, 0, nil
	err := c.raw.Control(a.put)
	return a.over(c, "write", err)
}

// over gives what came of an attempt, and the attempt back. waited is what ended a wait, if something did.
func (a *attempt) over(c *Conn, op string, waited error) (n int, err error) {
	n, err = a.n, a.err
	a.p, a.err = nil, nil
	attempts.Put(a)
	return n, c.failed(op, err, waited)
}

// failed is the error of an attempt, or what ended a wait, as package net says it.
func (c *Conn) failed(op string, err, waited error) error {
	if waited != nil {
		err = waited
		if o, ok := errors.AsType[*net.OpError](waited); ok {
			err = o.Err
		}
	}
	if err == nil || err == io.EOF || err == ErrNothing { //nolint:errorlint // they are given bare
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// Read reads what is there: ErrNothing when nothing is, io.EOF at the end, else an *os.SyscallError. p is not empty.
func Read(fd uintptr, p []byte) (int, error) { return receive("read", fd, p, 0) }

// Peek looks for what is there and leaves it; its errors are Read's. p is not empty.
func Peek(fd uintptr, p []byte) error {
	_, err := receive("recvfrom", fd, p, syscall.MSG_PEEK)
	return err
}

func receive(op string, fd uintptr, p []byte, flags int) (int, error) {
	for {
		n, err := read(fd, p, flags)
		switch {
		case err == syscall.EINTR: //nolint:errorlint // a system call's own
			continue
		case err == syscall.EAGAIN: //nolint:errorlint // as above
			return 0, ErrNothing
		case err != nil:
			return 0, os.NewSyscallError(op, err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// told reads as package net does.
func told(fd uintptr, p []byte, flags int) (int, error) {
	if flags == 0 {
		return syscall.Read(int(fd), p)
	}
	n, _, err := syscall.Recvfrom(int(fd), p, flags)
	return n, err
}

// Write writes what there is room for: ErrNothing when there is none, else an *os.SyscallError. p is not empty.
func Write(fd uintptr, p []byte) (int, error) {
	for {
		n, err := write(fd, p)
		switch {
		case err == syscall.EINTR: //nolint:errorlint // a system call's own
			continue
		case err == syscall.EAGAIN: //nolint:errorlint // as above
			return 0, ErrNothing
		case err != nil:
			return 0, os.NewSyscallError("write", err)
		}
		return n, nil
	}
}
