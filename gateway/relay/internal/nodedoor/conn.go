package nodedoor

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	readBytes  = 4 << 10  // what a connection reads ahead; large reads of a body go past it
	writeBytes = 64 << 10 // what a message is written from while it is under way

	headTime = 10 * time.Second // for the rest of a head whose first byte is there
	// writeTime is for one write. It is far above what an entry lets a slow peer take (timeouts.write): the entry knows whose fault it
	// is and says so first.
	writeTime = 5 * time.Minute
)

// buffers hold a message while it is written.
var buffers = sync.Pool{New: func() any { return new([writeBytes]byte) }}

// conn is one connection between nodes, of either role. Between messages, and while one is answered, its watcher waits for the next
// byte or the end; everybody else reads only when it has told of one (ready), and arms it when they are done.
type conn struct {
	net.Conn

	src  *bufio.Reader
	in   http1.BodyReader
	out  http1.BodyWriter
	lost func(error) // the peer has gone while the watcher waited

	armed chan struct{} // the watcher is to wait
	ready chan error    // it has seen the first byte of what comes, or the end
	gone  chan struct{} // closed by shut
	once  sync.Once

	wrote int       // bytes of the message under way; of whoever writes it
	since time.Time // when it became idle; guarded by the pool
}

// upload is a request's body that a goroutine sends. It is of one exchange, not of the connection: that may carry the next one before
// the goroutine has looked at it for the last time.
type upload struct {
	sent   chan error   // how it went
	halves atomic.Int32 // of the exchange: those not ended in order. Who ends the last one settles the connection
}

func newConn(c net.Conn) *conn {
	return &conn{
		Conn: c, src: bufio.NewReaderSize(c, readBytes), lost: func(error) {},
		armed: make(chan struct{}, 1), ready: make(chan error, 1), gone: make(chan struct{}),
	}
}

// watch is the watcher. It ends with the connection.
func (c *conn) watch() {
	for {
		select {
		case <-c.armed:
		case <-c.gone:
			select { // whoever has armed it already waits for a word
			case c.ready <- net.ErrClosed:
			default:
			}
			return
		}
		_, err := c.src.Peek(1)
		if err != nil {
			c.lost(err)
		}
		c.ready <- err
		if err != nil {
			return
		}
	}
}

// arm has the watcher wait. Nobody else reads until ready.
func (c *conn) arm() { c.armed <- struct{}{} }

// shut ends the connection now. It may be called by anybody, more than once.
func (c *conn) shut() {
	c.once.Do(func() {
		close(c.gone)
		c.Close()
	})
}

// Write counts, and bounds each write.
func (c *conn) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(writeTime))
	n, err := c.Conn.Write(b)
	c.wrote += n
	return n, err
}

// send writes a head and, behind it, a body that is there already or none.
func (c *conn) send(head []byte, f http1.Framing, b shape.Body) error {
	c.out.Reset(c, f, head)
	if w, ok := b.(shape.Whole); ok && f.Length > 0 {
		if _, err := c.out.Write(w.Bytes()); err != nil {
			return err
		}
	}
	return c.out.Close()
}

// fault finds what is wrong with the body that was sent: it broke, or is not as long as it said. nil: it was the connection.
func fault(err error) error {
	if errors.Is(err, http1.ErrTooShort) || errors.Is(err, http1.ErrTooLong) {
		return fail.Wrap(fail.Internal, "send a body", err)
	}
	if source, ok := errors.AsType[*http1.SourceError](err); ok {
		return source.Err
	}
	return nil
}

// readHead reads a head whose first byte is there.
func (c *conn) readHead(read func(*bufio.Reader, http1.Limits) (*http1.Head, error)) (*http1.Head, error) {
	c.SetReadDeadline(time.Now().Add(headTime))
	h, err := read(c.src, limits())
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	c.SetReadDeadline(time.Time{})
	return h, err
}
