package netx

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

var (
	errClosed   = net.ErrClosed
	errDeadline = os.ErrDeadlineExceeded
)

// Conn is one side of a connection. Besides net.Conn it has what *net.TCPConn has and relays use: CloseWrite and
// SetLinger. Close with unread bytes resets the peer, as TCP does; so does Close after SetLinger(0), and Abort.
type Conn struct {
	w             *wire
	side          int
	local, remote net.Addr
}

// Pipe makes two ends of one connection that belongs to no network.
func Pipe() (a, b *Conn) {
	w := newWire(DefaultBuffer)
	one := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:49152"))
	two := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.2:443"))
	return &Conn{w, 0, one, two}, &Conn{w, 1, two, one}
}

// Read gives what has arrived; io.EOF after the peer's CloseWrite or Close, ECONNRESET after its reset.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.w.read(c.side, b)
	return n, c.wrap("read", err)
}

// Write waits while the peer's buffer is full. Bytes to a peer that has closed are lost, and the next call tells.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.w.write(c.side, b)
	return n, c.wrap("write", err)
}

// CloseWrite ends this direction: the peer reads what was sent and then io.EOF.
func (c *Conn) CloseWrite() error { return c.wrap("close", c.w.shut(c.side)) }

// Close ends both directions and wakes Read and Write. A second Close gives net.ErrClosed.
func (c *Conn) Close() error { return c.wrap("close", c.w.close(c.side, false)) }

// Abort closes and lets the peer see a reset: SetLinger(0) and Close in one.
func (c *Conn) Abort() error { return c.wrap("close", c.w.close(c.side, true)) }

// SetLinger with 0 makes Close a reset; any other value makes it orderly again. Nothing lingers.
func (c *Conn) SetLinger(sec int) error {
	return c.change("set", func(e *end) { e.abort = sec == 0 })
}

// LocalAddr is a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline bounds Read and Write; zero is never. It wakes those that wait.
func (c *Conn) SetDeadline(t time.Time) error {
	return c.change("set", func(e *end) { e.readBy, e.writeBy = t, t })
}

// SetReadDeadline bounds Read.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.change("set", func(e *end) { e.readBy = t })
}

// SetWriteDeadline bounds Write.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.change("set", func(e *end) { e.writeBy = t })
}

// SetBuffer bounds what may be on its way to this side, from now on. It is the knob for tests of back-pressure.
func (c *Conn) SetBuffer(bytes int) error {
	return c.change("set", func(e *end) { e.room = bytes })
}

func (c *Conn) change(op string, f func(*end)) error {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	e := &c.w.ends[c.side]
	if e.closed {
		return c.wrap(op, errClosed)
	}
	f(e)
	c.w.cond.Broadcast()
	return nil
}

// wrap dresses an error as the net package does; io.EOF stays bare, as there.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}
