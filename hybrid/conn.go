package hybrid

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a stream between a sender and a listener. It is a net.Conn with two additions that are not of TCP: CloseWrite ends
// one direction alone, and messages keep their kind and their ends for peers that look at them.
//
// Read gives io.EOF when the peer has said, by a Close frame with code 1000 or none, that it is done; any other code is a
// *CloseError, and a connection that is lost without a Close is an *Error. Write sends one binary message. A deadline that
// passes leaves a Conn usable, with the exception that crypto/tls makes: a Write that had begun breaks the outgoing direction.
type Conn struct {
	carrier  net.Conn
	local    net.Addr
	remote   net.Addr
	target   string // for errors
	tracking string
	protocol string
	request  *Request
	pulse    pulse

	rmu sync.Mutex // one reader
	in  reader

	wmu sync.Mutex // one frame at a time
	out writer

	pong pongSlot

	mu      sync.Mutex
	closing bool
	due     time.Time // the writer's deadline, set on the carrier while a Write runs
	writing bool
	flags   struct{ reading, wrote atomic.Bool } // for the pulse
}

// newConn makes a connection of one whose handshake is through.
func newConn(u *upgraded, keepAlive time.Duration) *Conn {
	c := &Conn{carrier: u.conn, tracking: u.tracking, protocol: u.protocol}
	c.in.init(u.read)
	c.pulse.start(c, keepAlive)
	return c
}

// Read implements net.Conn. It does not stop where messages end, and an empty message is nothing to it.
func (c *Conn) Read(p []byte) (int, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	n, err := c.read(p, false)
	return n, c.over(err)
}

// LocalAddr is the listener's address for an accepted connection, and that of the socket for a dialled one.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the sender's address, a *net.TCPAddr, for an accepted connection, and that of the hybrid connection for a
// dialled one.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// TrackingID finds the connection in the gateway's log: for an accepted connection it is the id of the rendezvous, for a
// dialled one that of the handshake.
func (c *Conn) TrackingID() string { return c.tracking }

// Subprotocol is what listener and sender agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.protocol }

// Request is what the sender asked for; nil for a dialled connection.
func (c *Conn) Request() *Request { return c.request }

// PeerClose is the Close frame by which the peer ended its direction, once Read has given that end: code 0 when it had none.
func (c *Conn) PeerClose() (code int, text string, ok bool) {
	if end := c.in.end.Load(); end != nil {
		return end.Code, end.Text, true
	}
	return 0, "", false
}

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
	if c.closing {
		return c.closed("set")
	}
	return c.carrier.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return c.closed("set")
	}
	c.due = t
	if c.writing {
		return c.carrier.SetWriteDeadline(t)
	}
	return nil
}

// closed is the error of whatever is done after Close; errors.Is finds net.ErrClosed.
func (c *Conn) closed(op string) error {
	return &net.OpError{Op: op, Net: network, Source: c.local, Addr: c.remote, Err: net.ErrClosed}
}

// over is the error of a read: whatever ended it, after Close it is that.
func (c *Conn) over(err error) error {
	if err != nil && c.isClosing() {
		return c.closed("read")
	}
	return err
}

// isClosing reports whether Close or Abort was called.
func (c *Conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing
}

// network is the name of the network that addresses of hybrid connections belong to.
const network = "hybrid"

// address is a hybrid connection as a net.Addr.
type address string

// Network is "hybrid".
func (a address) Network() string { return network }

// String is sb://HOST/PATH.
func (a address) String() string { return string(a) }
