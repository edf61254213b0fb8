package park

import (
	"net"
	"time"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// Conn is a connection of the kernel's that can be parked. All of *net.TCPConn is there, so that it is spliced as that; what is short
// is read and written as package nowait does.
type Conn struct {
	nowait.Conn
	lot  *Lot
	spot Spot
}

// Init makes the zero value one of the Lot's.
func (c *Conn) Init(conn *net.TCPConn, lot *Lot) {
	c.Conn.Init(conn)
	c.lot = lot
}

// Park implements leg.Parker.
func (c *Conn) Park(ready func()) bool { return c.lot.Park(&c.spot, c.TCPConn, ready) }

// Close implements net.Conn; it wakes.
func (c *Conn) Close() error {
	err := c.TCPConn.Close()
	c.spot.Wake()
	return err
}

// SetDeadline implements net.Conn; it wakes.
func (c *Conn) SetDeadline(t time.Time) error {
	err := c.TCPConn.SetDeadline(t)
	c.spot.Wake()
	return err
}

// SetReadDeadline implements net.Conn; it wakes.
func (c *Conn) SetReadDeadline(t time.Time) error {
	err := c.TCPConn.SetReadDeadline(t)
	c.spot.Wake()
	return err
}
