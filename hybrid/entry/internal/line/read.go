package line

import (
	"io"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// What this file does: the listener's frames, for the one goroutine that reads.

// Head reads the header of the next frame, and checks that it may come where it does: Payload is due then. A breach is a *wsframe.Error.
// The end of the connection is always an error, since a Close did not come before it.
func (l *Line) Head() (h wsframe.Header, err error) {
	for n, need := 0, 2; n == 0; need = wsframe.HeaderSize(l.head[1]) {
		from := 0
		if need > 2 {
			from = 2
		}
		if err := l.whole(l.head[from:need]); err != nil {
			return h, err
		}
		if h, n, err = wsframe.Decode(l.head[:need]); err != nil {
			return h, err
		}
	}
	return h, l.seq.Check(h)
}

// Text reports whether the message whose frame came last is text.
func (l *Line) Text() bool { return l.seq.Message() == wsframe.Text }

// longMessage is room for the longest body of an answer.
const longMessage = 64<<10 + 512

// Payload reads what a header announced behind dst, and unmasks it. It gives what it has of it beside an error too. Memory is taken as the
// bytes come; what is not short is given room for a long message at once: growing by steps would copy it several times, and the room serves
// the next one too.
func (l *Line) Payload(dst []byte, h wsframe.Header) ([]byte, error) {
	from := len(dst)
	for left := h.Len; left > 0; {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, max(longMessage-len(dst), 1))
		}
		n, err := l.Read(dst[len(dst):min(int64(cap(dst)), int64(len(dst))+left)])
		dst, left = dst[:len(dst)+n], left-int64(n)
		if err != nil && left > 0 {
			return dst, early(err)
		}
	}
	wsframe.Mask(dst[from:], h.Key, 0)
	return dst, nil
}

// whole reads until b is full.
func (l *Line) whole(b []byte) error {
	for len(b) > 0 {
		n, err := l.Read(b)
		if b = b[n:]; err != nil && len(b) > 0 {
			return early(err)
		}
	}
	return nil
}

// early is the error of a connection that ended without a Close.
func early(err error) error {
	if err == io.EOF { //nolint:errorlint // readers give it bare
		return io.ErrUnexpectedEOF
	}
	return err
}

// Read implements net.Conn.
func (l *Line) Read(b []byte) (int, error) {
	if len(l.read) > 0 {
		n := copy(b, l.read)
		l.read = l.read[n:]
		return n, nil
	}
	l.read = nil
	for {
		n, err := l.in.Read(b)
		if n > 0 || err == nil || !l.in.Calm(err) {
			return n, err
		}
	}
}

// Await returns nil when a Read would not wait, and shape.ErrLull when nothing has come for a while and nobody has set a read deadline:
// then Park may follow. It is called between two messages, by who reads.
func (l *Line) Await() error {
	if len(l.read) > 0 {
		return nil
	}
	return l.in.Await()
}

// Park waits behind a lull: ready is called once, on a goroutine of its own, when there is something to read, the connection was closed or
// a read deadline set. It reports false where that cannot be.
func (l *Line) Park(ready func()) bool { return l.in.Park(ready) }

// SetReadDeadline implements net.Conn, for whoever wants the reader to end.
func (l *Line) SetReadDeadline(t time.Time) error {
	l.in.Bound()
	return l.Conn.SetReadDeadline(t)
}
