package front

import (
	"errors"
	"net"
	"net/netip"
)

// The connections that entries and handlers get are wrapped, so that whoever closes one gives its place in the limit back. The
// wrapper of a TCP connection keeps all of *net.TCPConn: CloseWrite, SetLinger, SyscallConn, ReadFrom and gathered writes.

// track wraps the connection for its lease.
func track(conn net.Conn, l *lease) net.Conn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &tcpConn{tcp, l}
	}
	return &anyConn{conn, l}
}

type tcpConn struct {
	*net.TCPConn
	lease *lease
}

// Close closes the connection and ends its lease.
func (c *tcpConn) Close() error {
	err := c.TCPConn.Close()
	c.lease.end()
	return err
}

// TCP gives the connection itself, for splicing. It must not be closed past the wrapper.
func (c *tcpConn) TCP() *net.TCPConn { return c.TCPConn }

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

// addrPort reads an address; one that is no IP address gives the zero value. IPv4 in IPv6 is shown as IPv4.
func addrPort(addr net.Addr) netip.AddrPort {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		a := tcp.AddrPort()
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	if addr == nil {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
