package link

import (
	"errors"
	"net"
	"sync/atomic"
)

// Conn is a carried connection as it arrives: it yields the replay first, then the stream. One goroutine reads.
type Conn struct {
	net.Conn // the stream behind the replay

	replay []byte
	abrupt atomic.Bool
}

// Read gives the replay before the stream; a read never mixes them.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.replay) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.replay)
	if c.replay = c.replay[n:]; len(c.replay) == 0 {
		c.replay = nil
	}
	return n, nil
}

// CloseWrite ends this side's direction where the stream can, as TCP and TLS do; else it closes all.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Conn.Close()
}

// Below gives the stream, to ask and not to use: Unwrap is for that.
func (c *Conn) Below() net.Conn { return c.Conn }

// Truncated reports, behind io.EOF, that the stream was lost: TLS that ended without its goodbye.
func (c *Conn) Truncated() bool {
	t, ok := c.Conn.(interface{ Truncated() bool })
	return ok && t.Truncated()
}

// SetLinger with 0 makes Close a reset, as *net.TCPConn has it, below TLS where there is that: who carries on must see a loss
// as a loss.
func (c *Conn) SetLinger(sec int) error {
	below := c.Conn
	if t, ok := below.(interface{ NetConn() net.Conn }); ok {
		below = t.NetConn()
	}
	l, ok := below.(interface{ SetLinger(sec int) error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.abrupt.Store(sec == 0)
	return l.SetLinger(sec)
}

// Close closes the connection; a reset goes past TLS, whose farewell would look like an orderly end.
func (c *Conn) Close() error {
	if t, ok := c.Conn.(interface{ NetConn() net.Conn }); ok && c.abrupt.Load() {
		_ = t.NetConn().Close() // what follows says it again
	}
	return c.Conn.Close()
}

// Unwrap gives the connection below, without TLS one of internal/nowait, which can be spliced, and the replay that was not read yet. Afterwards
// the caller reads these two and no longer c.
func (c *Conn) Unwrap() (net.Conn, []byte) {
	rest := c.replay
	c.replay = nil
	return c.Conn, rest
}
