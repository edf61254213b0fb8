package hybrid

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/hybrid/internal/rawconn"
	"github.com/causeway-relay/causeway/internal/wsconn"
)

// Conn is a stream between a sender and a listener. It is a net.Conn with two additions that are not of TCP: CloseWrite ends
// one direction alone, and messages keep their kind and their ends for peers that look at them.
//
// Read gives io.EOF when the peer has said, by a Close frame with code 1000 or none, that it is done; any other code is a
// *CloseError, and a connection that is lost without a Close is an *Error. Write sends one binary message. A deadline that
// passes leaves a Conn usable, with the exception that crypto/tls makes: a Write that had begun breaks the outgoing direction.
type Conn struct {
	carrier  carrier
	target   string // for errors
	tracking string
	protocol string
	request  *Request
}

// carrier is what a Conn stands on: a WebSocket, or bytes as they are.
type carrier interface {
	net.Conn
	CloseWrite() error
	CloseWriteCode(code int, text string) error
	Abort()
	PeerClose() (code int, text string, ok bool)
	WriteMessage(text bool, p []byte) error
	NextReader() (text bool, r io.Reader, err error)
	ReadMessage(buf []byte) (text bool, message []byte, err error)
}

// newConn makes a connection of one whose handshake is through.
func newConn(u *handshake.Upgraded, s *settings, target string, local, remote net.Addr) *Conn {
	c := &Conn{target: target, tracking: u.Tracking, protocol: u.Protocol}
	if u.Raw {
		c.carrier = rawconn.New(u.Conn, u.Read, rawconn.Params{Local: local, Remote: remote, Network: network, Lost: c.lost})
		return c
	}
	c.carrier = wsconn.New(u.Conn, u.Read, wsconn.Params{
		Local: local, Remote: remote, Network: network, KeepAlive: s.keepAlive,
		Lost:   c.lost,
		Closed: func(code int, text string) error { return &CloseError{code, text} },
	})
	return c
}

// Read implements net.Conn. It does not stop where messages end, and an empty message is nothing to it.
func (c *Conn) Read(p []byte) (int, error) { return c.carrier.Read(p) }

// Write implements net.Conn: p becomes one binary message. Nothing is sent for an empty p, which some peers would take for
// the end of the stream.
func (c *Conn) Write(p []byte) (int, error) { return c.carrier.Write(p) }

// ReadFrom implements io.ReaderFrom, for io.Copy. With WithBytes, where the connection is plain TCP, the kernel moves the bytes.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	if f, ok := c.carrier.(io.ReaderFrom); ok {
		return f.ReadFrom(r)
	}
	return io.CopyBuffer(struct{ io.Writer }{c.carrier}, struct{ io.Reader }{r}, make([]byte, copyBytes))
}

// WriteTo implements io.WriterTo, like ReadFrom.
func (c *Conn) WriteTo(w io.Writer) (int64, error) {
	if t, ok := c.carrier.(io.WriterTo); ok {
		return t.WriteTo(w)
	}
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{c.carrier}, make([]byte, copyBytes))
}

// copyBytes is what ReadFrom and WriteTo copy at a time: the longest frame of ours.
const copyBytes = 64 << 10

// Close ends both directions. What was written still arrives; what the peer sends from now on is dropped. It waits up to a
// second for the peer to end its direction too, and cuts off a peer that goes on sending. Who must know that the peer has
// read everything uses CloseWrite and reads to io.EOF first.
//
// A Write that is under way is broken off: the peer then sees a loss, not an end, and Close says so. A second Close gives
// net.ErrClosed.
func (c *Conn) Close() error { return c.carrier.Close() }

// CloseWrite ends the outgoing direction: the peer reads io.EOF behind what was written. The other direction goes on until
// the peer ends it; the gateway cuts both when nothing flows there for a minute (reference section 7).
func (c *Conn) CloseWrite() error { return c.carrier.CloseWrite() }

// CloseWriteCode is CloseWrite with a code and a text of at most 123 bytes for the peer. A code that may not be sent (RFC 6455
// section 7.4) leaves both out; any but 1000 is no plain end to a peer of this package, but a *CloseError.
func (c *Conn) CloseWriteCode(code int, text string) error {
	return c.carrier.CloseWriteCode(code, text)
}

// Abort ends both directions at once and without a word: the peer sees a loss. It is for a stream whose other half was lost,
// so that its end is not taken for a good one. After Close it does nothing.
func (c *Conn) Abort() { c.carrier.Abort() }

// LocalAddr is the listener's address for an accepted connection, and that of the socket for a dialled one.
func (c *Conn) LocalAddr() net.Addr { return c.carrier.LocalAddr() }

// RemoteAddr is the sender's address, a *net.TCPAddr, for an accepted connection, and that of the hybrid connection for a
// dialled one.
func (c *Conn) RemoteAddr() net.Addr { return c.carrier.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.carrier.SetDeadline(t) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.carrier.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.carrier.SetWriteDeadline(t) }

// TrackingID finds the connection in the gateway's log: for an accepted connection it is the id of the rendezvous, for a
// dialled one that of the handshake.
func (c *Conn) TrackingID() string { return c.tracking }

// Subprotocol is what listener and sender agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.protocol }

// Request is what the sender asked for; nil for a dialled connection.
func (c *Conn) Request() *Request { return c.request }

// PeerClose is the Close frame by which the peer ended its direction, once a read has met it: code 0 when it had none.
func (c *Conn) PeerClose() (code int, text string, ok bool) { return c.carrier.PeerClose() }

// MessageType is the kind of a message: the relay carries both alike and tells the peer which it was.
type MessageType byte

// The kinds of messages. Whether a text message is UTF-8 is between sender and listener.
const (
	Binary MessageType = iota
	Text
)

// String is "binary" or "text".
func (t MessageType) String() string {
	if t == Text {
		return "text"
	}
	return "binary"
}

func typeOf(text bool) MessageType {
	if text {
		return Text
	}
	return Binary
}

// WriteMessage sends one message, which may be empty. A deadline that cuts it leaves the peer with the beginning of it, and
// the next message ends it there.
func (c *Conn) WriteMessage(t MessageType, p []byte) error {
	return c.carrier.WriteMessage(t == Text, p)
}

// NextReader waits for the next message and gives its kind and a reader of its payload, which ends with io.EOF where the
// message does. What is left of the message before is skipped. The reader is good until the next call of NextReader or
// ReadMessage; Read may be mixed in, it takes from the same message and then goes on behind it.
//
// The end of the direction is the error here as it is with Read.
func (c *Conn) NextReader() (MessageType, io.Reader, error) {
	text, r, err := c.carrier.NextReader()
	return typeOf(text), r, err
}

// ReadMessage reads the next message whole, into buf from its start; buf grows as needed, and may be nil. A message of more
// than 32 MiB is an *Error with the code TooLarge; use NextReader for such. A deadline that passes loses what was read of a
// message.
func (c *Conn) ReadMessage(buf []byte) (MessageType, []byte, error) {
	text, b, err := c.carrier.ReadMessage(buf)
	if errors.Is(err, wsconn.ErrTooLong) {
		err = &Error{Op: "read", Target: c.target, Code: fail.TooLarge, TrackingID: c.tracking, Do: "use NextReader for long messages", Cause: err}
	}
	return typeOf(text), b, err
}

// network is the name of the network that addresses of hybrid connections belong to.
const network = "hybrid"

// address is a hybrid connection as a net.Addr.
type address string

// Network is "hybrid".
func (a address) Network() string { return network }

// String is sb://HOST/PATH.
func (a address) String() string { return string(a) }
