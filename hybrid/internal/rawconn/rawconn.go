// Package rawconn owns the client's side of a raw rendezvous: a connection that carries plain bytes behind its handshake, where
// FIN ends one direction and RST is a loss. Over TLS the goodbye of TLS is the FIN; a carrier with a method
// Truncated says by it that io.EOF came without one.
//
// It does not own the handshake, nor what errors are called. It has no pings: TCP keeps the connection alive.
//
// Methods may be called as those of a net.Conn, from any goroutine.
//
// Source: docs/agent.md (raw rendezvous).
package rawconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/internal/netend"
)

const (
	// closeTime is how long Close waits for the peer's end, closeBytes how much it reads and drops meanwhile.
	closeTime  = time.Second
	closeBytes = 1 << 20
	// copyBytes is what is copied at a time where the kernel cannot.
	copyBytes = 64 << 10
)

// Params says what a Conn is made of. All must be given.
type Params struct {
	Local, Remote net.Addr
	Network       string // in errors that net.ErrClosed is in
	// Lost makes the error of a connection that is gone. cause is never io.EOF.
	Lost func(op string, cause error) error
}

// Conn is a connection of bytes. Make one with New.
type Conn struct {
	p       Params
	carrier net.Conn
	rmu     sync.Mutex // guards read
	read    []byte     // what came behind the handshake
	closing atomic.Bool
	shut    atomic.Bool
	ended   atomic.Bool // the peer's FIN has been read
}

// New makes a connection of one whose handshake is through. read is what came behind the handshake already.
func New(carrier net.Conn, read []byte, p Params) *Conn {
	return &Conn{p: p, carrier: carrier, read: read}
}

// Read implements net.Conn. io.EOF is the peer's FIN.
func (c *Conn) Read(p []byte) (int, error) {
	if n := c.early(p); n > 0 || len(p) == 0 {
		return n, nil
	}
	n, err := c.carrier.Read(p)
	if err == nil {
		return n, nil
	}
	return n, c.failed("read", err)
}

// early gives what came behind the handshake.
func (c *Conn) early(p []byte) int {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	n := copy(p, c.read)
	if c.read = c.read[n:]; len(c.read) == 0 {
		c.read = nil
	}
	return n
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	if c.shut.Load() {
		return 0, c.failed("write", io.ErrClosedPipe)
	}
	n, err := c.carrier.Write(p)
	if err != nil {
		err = c.failed("write", err)
	}
	return n, err
}

// failed makes the error of an operation.
func (c *Conn) failed(op string, err error) error {
	switch {
	case c.closing.Load():
		return &net.OpError{Op: op, Net: c.p.Network, Source: c.p.Local, Addr: c.p.Remote, Err: net.ErrClosed}
	case op == "read" && errors.Is(err, io.EOF) && c.truncated():
		return c.p.Lost(op, io.ErrUnexpectedEOF)
	case op == "read" && errors.Is(err, io.EOF):
		c.ended.Store(true)
		return io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	}
	return c.p.Lost(op, err)
}

// truncated reports that the carrier's io.EOF is a loss: it came without the goodbye of TLS, as a peer that was killed leaves it, or a
// write was told of TCP's reset.
func (c *Conn) truncated() bool {
	if t, ok := c.carrier.(interface{ Truncated() bool }); ok && t.Truncated() {
		return true
	}
	return netend.Reset(c.carrier) && !c.shut.Load() // in this order: an own end may come meanwhile
}

// wire is the TCP connection, if bytes travel on it as they are: the carrier, or what a carrier of internal/nowait wraps.
func (c *Conn) wire() *net.TCPConn {
	switch t := c.carrier.(type) {
	case *net.TCPConn:
		return t
	case interface{ TCP() *net.TCPConn }:
		return t.TCP()
	}
	return nil
}

// ReadFrom implements io.ReaderFrom: on plain TCP the kernel moves the bytes (splice), if it can.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	if t := c.wire(); t != nil && !c.shut.Load() {
		n, err := t.ReadFrom(r)
		if err != nil {
			err = c.failed("write", err)
		}
		return n, err
	}
	return io.CopyBuffer(writerOnly{c}, readerOnly{r}, make([]byte, copyBytes))
}

// WriteTo implements io.WriterTo, like ReadFrom.
func (c *Conn) WriteTo(w io.Writer) (n int64, err error) {
	c.rmu.Lock()
	early := c.read
	c.read = nil
	c.rmu.Unlock()
	if len(early) > 0 {
		m, err := w.Write(early)
		if n = int64(m); err != nil {
			return n, err
		}
	}
	var more int64
	if t := c.wire(); t != nil {
		if more, err = io.Copy(w, t); err != nil {
			return n + more, c.failed("read", err)
		}
		c.ended.Store(true)
		return n + more, nil
	}
	more, err = io.CopyBuffer(writerOnly{w}, readerOnly{c}, make([]byte, copyBytes))
	return n + more, err
}

type (
	readerOnly struct{ io.Reader }
	writerOnly struct{ io.Writer }
)

// CloseWrite ends the outgoing direction; the other goes on.
func (c *Conn) CloseWrite() error {
	if c.shut.Swap(true) {
		return nil
	}
	h, ok := c.carrier.(interface{ CloseWrite() error })
	if !ok {
		return nil // the end of the other direction closes
	}
	if err := h.CloseWrite(); err != nil {
		return c.failed("close", err)
	}
	return nil
}

// CloseWriteCode is CloseWrite: bytes have no place for a code.
func (c *Conn) CloseWriteCode(int, string) error { return c.CloseWrite() }

// Close ends both directions. What was written still arrives; it waits up to a second for the peer's end, and cuts off a peer that
// goes on sending. A second Close gives net.ErrClosed.
func (c *Conn) Close() error {
	if c.closing.Swap(true) {
		return &net.OpError{Op: "close", Net: c.p.Network, Source: c.p.Local, Addr: c.p.Remote, Err: net.ErrClosed}
	}
	_ = c.carrier.SetDeadline(time.Now().Add(closeTime)) // a Write of somebody else's has as long
	_ = c.CloseWrite()
	if !c.ended.Load() && !c.drain() {
		c.down(true)
		return nil
	}
	c.down(false)
	return nil
}

// drain reads and drops until the peer has ended. It reports false for one that goes on sending.
func (c *Conn) drain() bool {
	sink := make([]byte, 4<<10)
	for dropped := 0; dropped < closeBytes; {
		n, err := c.carrier.Read(sink)
		if dropped += n; err != nil {
			return true
		}
	}
	return false
}

// Abort ends both directions at once: the peer sees a loss. After Close it does nothing.
func (c *Conn) Abort() {
	if !c.closing.Swap(true) {
		c.down(true)
	}
}

// down ends the carrier; reset has the peer see a loss.
func (c *Conn) down(reset bool) {
	conn := c.carrier
	if reset {
		if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = t.NetConn() // the goodbye of TLS would be an end in order
		}
		if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
			_ = l.SetLinger(0)
		}
	}
	_ = conn.Close()
}

// PeerClose reports whether the peer has ended its direction; there are no codes.
func (c *Conn) PeerClose() (code int, text string, ok bool) { return 0, "", c.ended.Load() }

// LocalAddr is Params.Local.
func (c *Conn) LocalAddr() net.Addr { return c.p.Local }

// RemoteAddr is Params.Remote.
func (c *Conn) RemoteAddr() net.Addr { return c.p.Remote }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.carrier.SetDeadline(t) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.carrier.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.carrier.SetWriteDeadline(t) }

// WriteMessage sends p; that it was a message is lost.
func (c *Conn) WriteMessage(_ bool, p []byte) error {
	_, err := c.Write(p)
	return err
}

// NextReader gives what the next read brings as a message, as the gateway does towards peers that have messages.
func (c *Conn) NextReader() (text bool, r io.Reader, err error) {
	_, b, err := c.ReadMessage(nil)
	if err != nil {
		return false, nil, err
	}
	return false, bytes.NewReader(b), nil
}

// ReadMessage gives what the next read brings.
func (c *Conn) ReadMessage(buf []byte) (text bool, message []byte, err error) {
	if cap(buf) == 0 {
		buf = make([]byte, 4<<10)
	}
	buf = buf[:cap(buf)]
	n, err := c.Read(buf)
	if n > 0 {
		err = nil // it comes again
	}
	return false, buf[:n], err
}
