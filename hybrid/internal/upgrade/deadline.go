package upgrade

import (
	"os"
	"time"
)

// errLate is the error of a read whose deadline passed before the sender was answered.
var errLate = os.ErrDeadlineExceeded

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		return c.conn.SetReadDeadline(t)
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	select {
	case <-c.late: // it had fired: a new deadline is a new chance
		c.late = make(chan struct{})
	default:
	}
	c.reads = t
	if late := c.late; !t.IsZero() {
		c.timer = time.AfterFunc(time.Until(t), func() { close(late) })
	}
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = t
	if c.conn != nil {
		return c.conn.SetWriteDeadline(t)
	}
	return nil
}

// lateness is closed when the deadline of reads has passed, while there is no connection.
func (c *Conn) lateness() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.late
}
