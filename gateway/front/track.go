package front

import (
	"errors"
	"net"

	"github.com/causeway-relay/causeway/internal/leg/park"
)

// The connections that entries and handlers get are wrapped, so that whoever closes one gives its place in the limit back. The
// wrapper of a TCP connection keeps all of *net.TCPConn: CloseWrite, SetLinger, SyscallConn, ReadFrom and gathered writes.

// track wraps the connection for its lease.
func track(conn net.Conn, l *lease) net.Conn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		l.tcp.lease = l
		l.tcp.Init(tcp, &l.crowd.lot)
		return &l.tcp
	}
	return &anyConn{conn, l}
}

type tcpConn struct {
	park.Conn
	lease *lease
}

// Close closes the connection and ends its lease.
func (c *tcpConn) Close() error {
	err := c.Conn.Close()
	c.lease.end()
	return err
}

// Park implements leg.Parker. A panic of what is woken ends the connection.
func (c *tcpConn) Park(ready func()) bool {
	return c.Conn.Park(func() { c.lease.woken(ready) })
}

// anyConn is for connections that are not the kernel's: in memory, or carried by a link.
type anyConn struct {
	net.Conn
	lease *lease
}

// Close closes the connection and ends its lease.
func (c *anyConn) Close() error {
	err := c.Conn.Close()
	c.lease.end()
	return err
}

// CloseWrite ends the direction to the peer where the connection can.
func (c *anyConn) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}

// SetLinger is (*net.TCPConn).SetLinger where the connection has it.
func (c *anyConn) SetLinger(sec int) error {
	if h, ok := c.Conn.(interface{ SetLinger(sec int) error }); ok {
		return h.SetLinger(sec)
	}
	return errors.ErrUnsupported
}
