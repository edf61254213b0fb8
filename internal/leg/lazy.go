package leg

import (
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/nowait"
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

	lull Lull
	one  [1]byte // what Await read of a connection that is read straight
	kept bool    // one or err is Await's, and the next Read's
}

// Init makes the zero value read a connection.
func (l *Lazy) Init(conn net.Conn) {
	l.conn = conn
	l.lull.Start(conn, false)
	c, ok := conn.(syscall.Conn)
	if !ok || !nowait.Able {
		return
	}
	if raw, err := c.SyscallConn(); err == nil { // else it is closed, and the ordinary read says so
		l.raw, l.once = raw, l.attempt
	}
}

// Quiet says behind Init that nothing is expected to come soon: Await gives up earlier, once.
func (l *Lazy) Quiet() { l.lull.woken = true }

// Await returns nil when a Read would not wait: something has come, or the end has. Where the connection can be parked it returns
// shape.ErrLull instead when nothing has come for a second or two; then Park may follow, or Await again. It leaves a read deadline behind
// that a Read may run into: Calm tells.
func (l *Lazy) Await() error {
	if l.buf != nil || l.kept {
		return nil
	}
	for again := true; again; {
		if l.err = l.lull.Arm(l.conn); l.err != nil {
			break
		}
		if l.look() {
			l.lull.Heard()
			return nil
		}
		again, l.err = l.lull.Struck(l.conn, l.err)
	}
	if l.err == shape.ErrLull { //nolint:errorlint // it comes bare
		return l.err
	}
	l.kept = l.err != nil
	return nil
}

// look waits for something to read, and reports whether it came; err says why nothing did.
func (l *Lazy) look() bool {
	if l.raw != nil {
		if err := l.raw.Read(l.once); err != nil {
			l.err = err
		}
		return l.buf != nil
	}
	var n int
	if n, l.err = l.conn.Read(l.one[:]); n == 0 {
		return false
	}
	l.kept, l.err = true, nil // an error beside a byte comes again
	return true
}

// Park waits behind shape.ErrLull, as Parker does.
func (l *Lazy) Park(ready func()) bool { return l.lull.Park(l.conn, ready) }

// Calm reports whether a Read failed only because Await's deadline struck amid a message. There is none any more then.
func (l *Lazy) Calm(err error) bool {
	again, err := l.lull.Struck(l.conn, err)
	return again || err == shape.ErrLull //nolint:errorlint // it comes bare
}

// Bound says that somebody is about to set a read deadline by which the reader is to end. Any goroutine may call it.
func (l *Lazy) Bound() { l.lull.Bound() }

// Read implements io.Reader.
func (l *Lazy) Read(p []byte) (int, error) {
	if l.kept && len(p) > 0 {
		l.kept = false
		if l.err != nil {
			return 0, l.err
		}
		p[0] = l.one[0]
		return 1, nil
	}
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
	n, err := nowait.Read(fd, l.buf[:])
	l.off, l.end, l.err = 0, n, err
	if n == 0 {
		l.drop()
	}
	return err != nowait.ErrNothing //nolint:errorlint // it comes bare
}

// drop gives the buffer back.
func (l *Lazy) drop() {
	lazyBuffers.Put(l.buf)
	l.buf = nil
}

var _ io.Reader = (*Lazy)(nil)
