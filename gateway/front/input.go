package front

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/nowait"
)

const (
	bufferBytes = 4 << 10
	// patience is how long a connection between two requests keeps its buffer: a busy client is back by then.
	patience = 50 * time.Millisecond
)

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferBytes); return &b }}

func getBuffer() *[]byte  { return buffers.Get().(*[]byte) }
func putBuffer(b *[]byte) { buffers.Put(b) }

// input reads a connection through one buffer, which it has only while bytes are in it or soon will be. It belongs to the
// goroutine that serves, and to the body while a handler runs.
type input struct {
	conn   net.Conn
	pooled *[]byte // to give back; nil when buf is nil or has grown
	buf    []byte
	off    int // buf[off:end] is unread
	end    int
}

// unread is what was read of the connection and is not used yet.
func (in *input) unread() []byte { return in.buf[in.off:in.end] }

// skip uses n bytes up.
func (in *input) skip(n int) { in.off += n }

// release gives the buffer back unless something is in it.
func (in *input) release() {
	if in.off < in.end || in.buf == nil {
		return
	}
	in.drop()
}

// drop gives the buffer back with whatever is in it.
func (in *input) drop() {
	if in.pooled != nil {
		putBuffer(in.pooled)
	}
	in.pooled, in.buf, in.off, in.end = nil, nil, 0, 0
}

// borrow makes sure that there is a buffer, and moves what is in it to the front.
func (in *input) borrow() {
	if in.buf == nil {
		in.pooled = getBuffer()
		in.buf = *in.pooled
	}
	if in.off > 0 {
		in.end = copy(in.buf, in.buf[in.off:in.end])
		in.off = 0
	}
}

// push puts a byte back that somebody else read of the connection. It is called when nothing is unread.
func (in *input) push(b byte) {
	in.borrow()
	in.buf[0], in.end = b, 1
}

// put takes bytes back that somebody else read of the connection, however many, in the place of what was unread. They may lie in the
// buffer itself.
func (in *input) put(b []byte) {
	in.off, in.end = 0, 0
	switch {
	case len(b) == 0:
	case len(b) > bufferBytes:
		in.drop()
		in.buf, in.end = b, len(b)
	default:
		in.borrow()
		in.end = copy(in.buf, b)
	}
}

// now reads what is there already, where that can be told, and reports whether something was. It is called when nothing is unread.
func (in *input) now() (come bool, err error) {
	in.borrow()
	in.end, err = nowait.ReadNow(in.conn, in.buf)
	if err == nowait.ErrNothing { //nolint:errorlint // it comes bare
		err = nil
	}
	return in.end > 0, err
}

// more reads once behind what is unread, and lets the buffer grow up to a longest head. It gives the codec's own error when
// that is not enough.
func (in *input) more(longest int) error {
	in.borrow()
	if in.end == len(in.buf) {
		// One byte above the limit makes the codec say what is wrong.
		size := min(2*len(in.buf), max(longest+1, bufferBytes))
		if size <= len(in.buf) {
			return &http1.Error{Kind: http1.TooLarge, Offset: in.end, Text: "head is too long; send fewer or shorter fields"}
		}
		grown := make([]byte, size)
		n := copy(grown, in.buf)
		in.drop()
		in.buf, in.end = grown, n
	}
	n, err := in.conn.Read(in.buf[in.end:])
	in.end += n
	if n > 0 {
		return nil // an error comes again at the next read
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// read gives unread bytes, or reads the connection straight into p.
func (in *input) read(p []byte) (int, error) {
	if in.off < in.end {
		n := copy(p, in.buf[in.off:in.end])
		in.off += n
		return n, nil
	}
	return in.conn.Read(p)
}
