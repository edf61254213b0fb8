package exchange

import (
	"net"
	"sync"
)

// recordBytes is what one TLS record holds: to gather more saves nothing.
const recordBytes = 16 << 10

// Cork is a connection on which small writes can be gathered: the message of an answer and its body then leave as one.
type Cork struct {
	net.Conn

	mu   sync.Mutex
	held bool
	buf  []byte
	err  error // of a write that was gathered
}

// Write implements net.Conn.
func (c *Cork) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case !c.held:
		return c.Conn.Write(p)
	}
	c.buf = append(c.buf, p...)
	if len(c.buf) >= recordBytes {
		c.flushLocked()
	}
	return len(p), c.err
}

// flushLocked sends what was gathered.
func (c *Cork) flushLocked() {
	if len(c.buf) > 0 && c.err == nil {
		_, c.err = c.Conn.Write(c.buf)
	}
	if c.buf = c.buf[:0]; cap(c.buf) > recordBytes {
		c.buf = nil
	}
}

// Hold gathers what is written until Release.
func (c *Cork) Hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

// Release sends what was gathered since Hold. An error is that of the connection from now on.
func (c *Cork) Release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	c.flushLocked()
	return c.err
}
