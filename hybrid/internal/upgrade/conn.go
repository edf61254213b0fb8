package upgrade

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// maxHead bounds the answer's head, as gateways bound theirs.
	maxHead = 32 << 10
	// pieceBytes is what is read of the rendezvous at a time, and masked at a time on the way to it.
	pieceBytes = 32 << 10
)

// ErrRefused is what a write to a Conn gives whose sender was turned away: behind an answer that is no 101 nothing is heard.
var ErrRefused = errors.New("the sender was answered and has gone")

// Params is what a Conn is made of. All must be given.
type Params struct {
	Local, Remote net.Addr
	// Accept takes the sender, by dialling its rendezvous. It gives the connection with the handshake done, and what was read
	// behind it.
	Accept func(head *http1.Head) (conn net.Conn, read []byte, err error)
	// Reject turns the sender away.
	Reject func(head *http1.Head) error
}

// Conn is the sender's connection as a web server sees it. Make one with New.
type Conn struct {
	p     Params
	ready chan struct{} // closed when the head was answered, or never will be
	once  sync.Once

	mu     sync.Mutex
	conn   net.Conn // nil until accepted
	err    error    // why there will be none
	asked  bool     // Accept or Reject was called
	closed bool
	reads  time.Time // deadlines that were set before there was a connection
	writes time.Time
	timer  *time.Timer   // fires at reads while there is none
	late   chan struct{} // closed by timer

	in  inbound  // of the goroutine that reads
	out outbound // of the one that writes
}

// New makes a connection whose sender waits for its answer.
func New(p Params) *Conn { return &Conn{p: p, ready: make(chan struct{}), late: make(chan struct{})} }

// LocalAddr is Params.Local.
func (c *Conn) LocalAddr() net.Addr { return c.p.Local }

// RemoteAddr is Params.Remote.
func (c *Conn) RemoteAddr() net.Addr { return c.p.Remote }

// carrier waits for the connection.
func (c *Conn) carrier() (net.Conn, error) {
	select {
	case <-c.ready:
	case <-c.lateness():
		return nil, errLate
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn, c.err
}

// answer acts on the head that was written.
func (c *Conn) answer(head *http1.Head) error {
	defer c.once.Do(func() { close(c.ready) })
	if !c.first() {
		return net.ErrClosed
	}
	if head.Status != http.StatusSwitchingProtocols {
		err := c.p.Reject(head)
		if err == nil {
			err = ErrRefused
		}
		_ = c.settle(nil, err) // it gives the error back
		return nil             // the answer was heard; what is written behind it is not
	}
	conn, read, err := c.p.Accept(head)
	if err != nil {
		err = fmt.Errorf("accept the sender: %w", err)
	}
	c.in.rest = read
	return c.settle(conn, err)
}

// first reports whether nobody has answered the sender yet.
func (c *Conn) first() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.asked
	c.asked = true
	return first
}

// settle notes what the answer led to.
func (c *Conn) settle(conn net.Conn, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn, c.err = conn, err; err != nil {
		return err
	}
	if c.closed {
		_ = conn.Close()
		return net.ErrClosed
	}
	if !c.reads.IsZero() {
		_ = conn.SetReadDeadline(c.reads)
	}
	if !c.writes.IsZero() {
		_ = conn.SetWriteDeadline(c.writes)
	}
	return nil
}

// Close implements net.Conn. A sender that was not answered is turned away with 502.
func (c *Conn) Close() error { return c.end(net.Conn.Close) }

// Abort ends the connection as a loss.
func (c *Conn) Abort() { _ = c.end(reset) }

func (c *Conn) end(how func(net.Conn) error) error {
	c.mu.Lock()
	conn, twice := c.conn, c.closed
	c.closed = true
	if conn == nil && c.err == nil && !c.asked {
		c.err = net.ErrClosed
	}
	c.mu.Unlock()
	switch {
	case twice:
		return net.ErrClosed
	case conn != nil:
		return how(conn)
	case c.first():
		c.once.Do(func() { close(c.ready) })
		return c.p.Reject(&http1.Head{Status: http.StatusBadGateway, Reason: "The listener closed the connection without an answer"})
	}
	return nil
}

// reset closes a connection so that its peer sees a loss.
func reset(conn net.Conn) error {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn() // the goodbye of TLS could wait, and would be one
	}
	if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	return conn.Close()
}

// Read implements io.Reader: the sender's frames, masked as a client's are.
func (c *Conn) Read(p []byte) (int, error) {
	conn, err := c.carrier()
	if err != nil {
		if errors.Is(err, ErrRefused) {
			err = io.EOF
		}
		return 0, err
	}
	return c.in.read(conn, p)
}

// Write implements io.Writer: a head, and then a server's frames.
func (c *Conn) Write(p []byte) (int, error) {
	n := 0
	if c.out.head != nil || !c.out.answered {
		head, used, err := c.out.collect(p)
		if err != nil || head == nil {
			return used, err
		}
		if err := c.answer(head); err != nil {
			return used, err
		}
		n = used
	}
	conn, err := c.carrier()
	switch {
	case err == nil:
		m, err := c.out.write(conn, p[n:])
		return n + m, err
	case errors.Is(err, ErrRefused):
		return len(p), nil // the body of a refusal: the protocol has no place for it
	}
	return n, err
}

// bad is the error of bytes that are no frames.
func bad(err error) error { return fmt.Errorf("translate frames: %w", err) }

// headers has room for one frame header.
type headers [wsframe.MaxHeader]byte
