// Package stdio makes one connection of two files of a process, standard input and standard output: what the sender says is read of the one,
// what is said to it is written to the other, and each ends alone. It owns the copy between the files and a connection with deadlines, and
// what is known of how the files failed. It does not own which files these are, nor signals (cmd/causeway).
//
// A read or write of a file may wait for as long as its other end wants, and nobody can take it back. So each file has a goroutine, and
// the connection never waits for one: behind Close that of the input may live on, until something comes or the process ends, and that of
// the output as long as nobody takes what it writes. Who wants to be sure closes the other ends.
//
// The methods of a Conn may be called from any goroutine.
package stdio

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// most is how much is read of a file at once.
	most = 64 << 10
	// lastWords is how long the input may take to end once nobody reads the output, and the output to take what was written before Close.
	lastWords = time.Second
)

// ErrUnread is the failure of a connection whose output nobody reads any more.
var ErrUnread = errors.New("nobody reads the output any more")

// Conn is the two files as a connection. Make one with New.
type Conn struct {
	in, out net.Conn      // ends of pipes in memory; the files are behind the others
	ended   chan struct{} // the input has ended, or failed
	written chan struct{} // the output has ended, or failed
	closed  chan struct{}
	once    sync.Once

	mu   sync.Mutex
	err  error // the first failure of a file
	late *time.Timer
}

// New makes a connection of two files. It is the only one to use them from now on; the output is closed, if it can be, when what is
// written has ended.
func New(in io.Reader, out io.Writer) *Conn {
	c := &Conn{ended: make(chan struct{}), written: make(chan struct{}), closed: make(chan struct{})}
	var read, write net.Conn
	c.in, read = net.Pipe()
	c.out, write = net.Pipe()
	go c.pull(read, in)
	go c.push(out, write)
	return c
}

// pull reads the input until it ends.
func (c *Conn) pull(to net.Conn, in io.Reader) {
	defer close(c.ended)
	defer to.Close()
	err := pass(to, in)
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		c.fail(err)
	}
}

// push writes the output until what is written ends.
func (c *Conn) push(out io.Writer, from net.Conn) {
	defer close(c.written)
	defer from.Close()
	err := pass(out, from)
	if err == nil {
		err = end(out)
	}
	switch {
	case err == nil:
	case unread(err) && c.left():
		_, _ = io.Copy(io.Discard, from) // what is still said is for nobody
	default:
		c.fail(err)
	}
}

// left reports whether the input has ended too, or does within a second: whoever reads the output no more has then left in order. Which of his
// two files he closes first is chance.
func (c *Conn) left() bool {
	enough := time.NewTimer(lastWords)
	defer enough.Stop()
	select {
	case <-c.ended:
		return c.Err() == nil
	case <-c.closed:
	case <-enough.C:
	}
	return false
}

// pass copies as it comes, nothing waits for more.
func pass(to io.Writer, from io.Reader) error {
	buf := make([]byte, most)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, no := to.Write(buf[:n]); no != nil {
				return no
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// end closes the output. One that is a socket may be the input too: its direction is ended first, or its peer would hear of nothing.
func end(out io.Writer) error {
	finish(out)
	if f, ok := out.(io.Closer); ok {
		return f.Close()
	}
	return nil
}

// fail notes what is wrong with a file, and ends the input with it.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	_ = c.in.Close() // a pipe in memory always closes
}

// Err is the first failure of a file; nil: there was none.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Unread says that nobody reads the output any more, or is about to leave. The input has a second to end, since whoever leaves closes it
// next; if it does not, the connection fails with ErrUnread.
func (c *Conn) Unread() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.late != nil {
		return
	}
	c.late = time.AfterFunc(lastWords, func() {
		select {
		case <-c.ended:
		case <-c.closed:
		default:
			c.fail(ErrUnread)
		}
	})
}

// Read implements net.Conn: io.EOF where the input ends.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	return n, c.why(err)
}

// Write implements net.Conn. What was written has been taken, and the output has it next.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	return n, c.why(err)
}

// why prefers the failure of a file to what it makes of a pipe.
func (c *Conn) why(err error) error {
	if own := c.Err(); own != nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)) {
		return own
	}
	return err
}

// CloseWrite ends the output behind what was written; its reader sees the end. It returns when the output has it all, or at Close.
func (c *Conn) CloseWrite() error {
	_ = c.out.Close() // as above
	select {
	case <-c.written:
	case <-c.closed:
	}
	return c.Err()
}

// Close implements net.Conn. The output has a second to take what was written.
func (c *Conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		_, _ = c.in.Close(), c.out.Close() // as above
		c.mu.Lock()
		if c.late != nil {
			c.late.Stop()
		}
		c.mu.Unlock()
		enough := time.NewTimer(lastWords)
		defer enough.Stop()
		select {
		case <-c.written:
		case <-enough.C:
		}
	})
	return nil
}

// addr is the only address that there is.
type addr struct{}

// Network implements net.Addr.
func (addr) Network() string { return "stdio" }

// String implements net.Addr.
func (addr) String() string { return "stdio" }

// LocalAddr implements net.Conn.
func (*Conn) LocalAddr() net.Addr { return addr{} }

// RemoteAddr implements net.Conn.
func (*Conn) RemoteAddr() net.Addr { return addr{} }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.timed(c.in.SetReadDeadline(t)) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.timed(c.out.SetWriteDeadline(t)) }

// timed is the error of a deadline. A pipe in memory takes none once its other end has closed; the read or write behind it waits for nothing
// then, and says how the file has ended.
func (c *Conn) timed(err error) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	default:
	}
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}
