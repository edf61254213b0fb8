package leg

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// lazyBytes is the buffer of a Lazy: many short messages.
const lazyBytes = 16 << 10

var lazyBuffers = sync.Pool{New: func() any { return new([lazyBytes]byte) }}

// Lazy reads a connection of the kernel's through a buffer that it has only while there is something in it, so that many short messages
// cost one read and a connection that waits costs no memory (performance.md, point 12). Other connections, such as TLS with buffers
// of its own, are read straight. Deadlines are the connection's. One goroutine uses it; Init comes first.
type Lazy struct {
	conn net.Conn
	raw  syscall.RawConn // nil: read straight
	once func(fd uintptr) bool
	buf  *[lazyBytes]byte // nil: nothing is unread
	off  int              // buf[off:end] is unread
	end  int
	err  error // of the latest attempt
}

// Init makes it read a connection.
func (l *Lazy) Init(conn net.Conn) {
	*l = Lazy{conn: conn}
	c, ok := conn.(syscall.Conn)
	if !ok || !canWaitBare {
		return
	}
	if raw, err := c.SyscallConn(); err == nil { // else it is closed, and the ordinary read says so
		l.raw, l.once = raw, l.attempt
	}
}

// Read implements io.Reader.
func (l *Lazy) Read(p []byte) (int, error) {
	if l.raw == nil || l.buf == nil && len(p) >= lazyBytes { // a long message needs no stop on its way
		return l.conn.Read(p)
	}
	if l.buf == nil {
		if err := l.raw.Read(l.once); err != nil {
			return 0, err
		}
		if l.err != nil {
			return 0, l.err
		}
	}
	n := copy(p, l.buf[l.off:l.end])
	if l.off += n; l.off == l.end {
		l.drop()
	}
	return n, nil
}

// attempt reads what is there. It reports false when nothing is.
func (l *Lazy) attempt(fd uintptr) bool {
	l.buf = lazyBuffers.Get().(*[lazyBytes]byte) //nolint:forcetypeassert // the pool holds nothing else
	n, err := readNow(fd, l.buf[:])
	l.off, l.end, l.err = 0, n, err
	if n == 0 {
		l.drop()
	}
	return err != errNothing //nolint:errorlint // readNow gives it bare
}

// drop gives the buffer back.
func (l *Lazy) drop() {
	lazyBuffers.Put(l.buf)
	l.buf = nil
}

var _ io.Reader = (*Lazy)(nil)
