//go:build unix

package nowait

import (
	"io"
	"net"
	"syscall"
)

// ReadFrom implements io.ReaderFrom. What comes from the kernel, a socket or a file, it moves by itself, as it does for *net.TCPConn; all
// else leaves by writes of this connection's.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	switch from := r.(type) {
	case *Conn:
		return c.TCPConn.ReadFrom(from.TCPConn)
	case syscall.Conn, *io.LimitedReader: // of the latter package net looks at what is limited
		return c.TCPConn.ReadFrom(r)
	}
	if c.raw == nil {
		return c.TCPConn.ReadFrom(r)
	}
	n, err := io.Copy(writerOnly{c}, r)
	return n, c.failed("readfrom", err, nil)
}

// WriteTo implements io.WriterTo, like ReadFrom: who takes readers may be, or have below, a socket or a file, and sees the kernel's
// connection; to all else this connection's reads are written.
func (c *Conn) WriteTo(w io.Writer) (int64, error) {
	switch w.(type) {
	case io.ReaderFrom, syscall.Conn:
		return c.TCPConn.WriteTo(w)
	}
	if c.raw == nil {
		return c.TCPConn.WriteTo(w)
	}
	n, err := io.Copy(w, readerOnly{c})
	return n, c.failed("writeto", err, nil)
}

type (
	readerOnly struct{ io.Reader }
	writerOnly struct{ io.Writer }
)

var _ interface {
	net.Conn
	io.ReaderFrom
	io.WriterTo
} = (*Conn)(nil)
