package leg

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Conn is one side of a stream as a connection of bytes, for a protocol that is spoken at this node itself. Message boundaries mean
// nothing: what is written leaves in messages of at most 64 KiB. A deadline that passes ends the stream, and does not come back: legs know
// none. One goroutine reads, one writes; the other methods may come from any. Make one with NewConn.
type Conn struct {
	leg shape.Leg

	batch shape.Batch // of the goroutine that reads: what is left of it
	off   int         // in its first piece

	finished bool // this side has said that it ends; of the goroutine that writes

	read, write limit
	past        atomic.Bool // a deadline has ended the stream, of either direction
	once        sync.Once
}

// limit is a deadline. A moved one does nothing any more, even if its timer has fired already.
type limit struct {
	mu    sync.Mutex
	timer *time.Timer
}

// errStreamDeadline ends a stream whose time is over.
var errStreamDeadline = &shape.End{Why: fail.Aborted, Cause: os.ErrDeadlineExceeded}

// NewConn makes a connection of a leg, which belongs to it from now on.
func NewConn(l shape.Leg) *Conn { return &Conn{leg: l} }

// Read implements net.Conn. An end in order is io.EOF, any other the leg's own *shape.End, a deadline os.ErrDeadlineExceeded.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		for len(c.batch.Pieces) > 0 {
			piece := c.batch.Pieces[0]
			n := copy(p, c.batch.Buf[piece.Off+c.off:piece.Off+piece.Len])
			if c.off += n; c.off == piece.Len {
				c.batch.Pieces, c.off = c.batch.Pieces[1:], 0
			}
			if n > 0 || len(p) == 0 {
				return n, nil
			}
		}
		if err := c.leg.Read(&c.batch); err != nil {
			return 0, c.or(ended(err))
		}
	}
}

// ended is an error of a leg as one of a connection.
func ended(err error) error {
	if end, ok := errors.AsType[*shape.End](err); ok && end.Why == fail.PeerClosed {
		return io.EOF
	}
	return err
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	buf := make([]byte, shape.Headroom+min(len(p), bytesCut)) // the leg may overwrite it
	for n < len(p) {
		k := copy(buf[shape.Headroom:], p[n:])
		b := shape.Batch{Buf: buf, Pieces: []shape.Piece{{Off: shape.Headroom, Len: k, Last: true}}}
		if err := c.leg.Write(&b); err != nil {
			return n, c.or(err)
		}
		n += k
	}
	return n, nil
}

// CloseWrite ends what is sent, in order.
func (c *Conn) CloseWrite() error {
	c.finished = true
	return c.leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: endCode, Text: endText})
}

// Close implements net.Conn: without CloseWrite before it the peer sees a loss. It comes from the goroutine that writes.
func (c *Conn) Close() error {
	c.once.Do(func() {
		c.read.set(time.Time{}, nil)
		c.write.set(time.Time{}, nil)
		if !c.finished {
			c.leg.Abort(&shape.End{Why: fail.Aborted})
		}
		c.leg.Close()
	})
	return nil
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	c.read.set(t, c.over)
	c.write.set(t, c.over)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.read.set(t, c.over)
	return nil
}

// SetWriteDeadline implements net.Conn. The leg has one of its own beside it.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.write.set(t, c.over)
	return nil
}

// LocalAddr implements net.Conn: a stream has none.
func (*Conn) LocalAddr() net.Addr { return streamAddr{} }

// RemoteAddr implements net.Conn.
func (*Conn) RemoteAddr() net.Addr { return streamAddr{} }

// over ends a stream whose time is over.
func (c *Conn) over() {
	c.past.Store(true) // before anybody wakes
	c.leg.Abort(errStreamDeadline)
}

// or gives an error its reason: that the time was over, if it was.
func (c *Conn) or(err error) error {
	if c.past.Load() {
		return os.ErrDeadlineExceeded
	}
	return err
}

// set moves the deadline, at which over is called. Zero takes it off.
func (l *limit) set(t time.Time, over func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		over()
		return
	}
	var own *time.Timer
	own = time.AfterFunc(wait, func() {
		l.mu.Lock()
		due := l.timer == own
		l.mu.Unlock()
		if due {
			over()
		}
	})
	l.timer = own
}

// streamAddr is the address of a stream.
type streamAddr struct{}

// Network implements net.Addr.
func (streamAddr) Network() string { return "stream" }

// String implements net.Addr.
func (streamAddr) String() string { return "stream" }
