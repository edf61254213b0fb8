package wsconn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Causes that Params.Lost may be given beside those of the network and of internal/wsframe.
var (
	// ErrSilent: the peer has not answered pings.
	ErrSilent = errors.New("the gateway does not answer pings")
	// ErrShut: a write behind CloseWrite.
	ErrShut = io.ErrClosedPipe
)

// ErrTooLong is what ReadMessage says of a message over its bound. The connection is good; NextReader reads on.
var ErrTooLong = errors.New("the message is too long to be read whole")

// Params says what a Conn is made of. All but KeepAlive must be given.
type Params struct {
	Local, Remote net.Addr
	Network       string        // in errors that net.ErrClosed is in
	KeepAlive     time.Duration // how often an idle connection is pinged; 0: never

	// Lost makes the error of a connection that is gone, without a Close of the peer. cause is never io.EOF.
	Lost func(op string, cause error) error
	// Closed makes the error of a Close with another code than 1000 and none, which are io.EOF.
	Closed func(code int, text string) error
}

// Conn is a connection. Make one with New.
type Conn struct {
	p       Params
	carrier net.Conn
	pulse   pulse

	rmu sync.Mutex // one reader
	in  reader

	wmu sync.Mutex // one frame at a time
	out writer

	pong wsframe.PongSlot

	mu      sync.Mutex
	closing bool
	due     time.Time // the writer's deadline, set on the carrier while a Write runs
	writing bool
	flags   struct{ reading, wrote atomic.Bool } // for the pulse
}

// New makes a connection of one whose handshake is through. read is what came behind the handshake already.
func New(carrier net.Conn, read []byte, p Params) *Conn {
	c := &Conn{p: p, carrier: carrier}
	c.in.init(read)
	c.pulse.start(c, p.KeepAlive)
	return c
}

// Read implements net.Conn. It does not stop where messages end, and an empty message is nothing to it. io.EOF is the peer's
// Close with code 1000 or none.
func (c *Conn) Read(p []byte) (int, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	n, err := c.read(p, false)
	return n, c.over(err)
}

// LocalAddr is Params.Local.
func (c *Conn) LocalAddr() net.Addr { return c.p.Local }

// RemoteAddr is Params.Remote.
func (c *Conn) RemoteAddr() net.Addr { return c.p.Remote }

// PeerClose is the Close frame by which the peer ended its direction, once a read has met it: code 0 when it had none.
func (c *Conn) PeerClose() (code int, text string, ok bool) {
	if end := c.in.end.Load(); end != nil {
		return end.code, end.text, true
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

// SetWriteDeadline implements net.Conn. Over TLS, a Write that had begun when its deadline passed is the last one.
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
	return &net.OpError{Op: op, Net: c.p.Network, Source: c.p.Local, Addr: c.p.Remote, Err: net.ErrClosed}
}

// lost makes the error of a connection that is gone.
func (c *Conn) lost(op string, cause error) error {
	cause = c.pulse.verdict(cause)
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF // the end of TCP is not that of the stream
	}
	return c.p.Lost(op, cause)
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

// isTimeout reports whether a deadline passed.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
