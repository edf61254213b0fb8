package nowait

import (
	"net"
	"syscall"
)

// Most is the longest read or write that the scheduler is not told of: what the kernel takes in some ten microseconds, and what a gateway
// writes to a listener at a time.
const Most = 64 << 10

// Conn is a TCP connection whose short reads and writes the scheduler is not told of. All else of *net.TCPConn is there: gathered
// writes, deadlines, copies that the kernel splices. Errors are those of *net.TCPConn.
type Conn struct {
	*net.TCPConn
	raw syscall.RawConn // nil: it was closed from the start
}

// Wrap makes a connection of the kernel's one of these, and gives any other back as it is.
func Wrap(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok || !better {
		return conn
	}
	c := new(Conn)
	c.Init(tcp)
	return c
}

// Init makes the zero value one of the connection's.
func (c *Conn) Init(conn *net.TCPConn) {
	c.TCPConn = conn
	if !better {
		return
	}
	if raw, err := conn.SyscallConn(); err == nil { // else it is closed, as the first read says
		c.raw = raw
	}
}

// SyscallConn implements syscall.Conn. All callers share one.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if c.raw == nil {
		return c.TCPConn.SyscallConn()
	}
	return c.raw, nil
}

// TCP gives the connection itself, for splicing. It must not be closed past whoever wraps this one.
func (c *Conn) TCP() *net.TCPConn { return c.TCPConn }
