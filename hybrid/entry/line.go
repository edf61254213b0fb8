package entry

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// line is the connection of a control channel. Messages leave by send, control frames by gorilla; each is whole, one at a time.
// It swallows the 101 that gorilla writes, because ours has left already and takes every key (reference section 3), and gives
// back what was read behind the handshake.
type line struct {
	net.Conn
	read []byte
	said bool          // of whoever upgrades
	turn chan struct{} // holds a token while nobody writes

	mu  sync.Mutex
	due time.Time // of gorilla's next write
}

func newLine(conn net.Conn, read []byte) *line {
	l := &line{Conn: conn, read: read, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// SetWriteDeadline is gorilla's: it is for its next write and does not touch a message that is under way.
func (l *line) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due = t
	return nil
}

// Write is gorilla's: a control frame.
func (l *line) Write(b []byte) (int, error) {
	if !l.said {
		l.said = true
		return len(b), nil
	}
	l.mu.Lock()
	due := l.due
	l.mu.Unlock()
	return l.send(b, due)
}

// send writes whole frames when nobody else writes, by the deadline.
func (l *line) send(frames []byte, deadline time.Time) (int, error) {
	select {
	case <-l.turn:
	default:
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		select {
		case <-l.turn:
		case <-timer.C:
			return 0, os.ErrDeadlineExceeded
		}
	}
	defer func() { l.turn <- struct{}{} }()
	if err := l.Conn.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	return l.Conn.Write(frames)
}

// CloseWrite ends our direction, as the connection can.
func (l *line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// Read implements net.Conn.
func (l *line) Read(b []byte) (int, error) {
	if len(l.read) > 0 {
		n := copy(b, l.read)
		l.read = l.read[n:]
		return n, nil
	}
	return l.Conn.Read(b)
}

// appendMessage appends a message in frames that every listener takes (reference section 6.3).
func appendMessage(dst []byte, op wsframe.Op, payload []byte) []byte {
	for first := true; first || len(payload) > 0; first = false {
		n := min(len(payload), bodies.MaxPiece)
		h := wsframe.Header{Fin: n == len(payload), Op: op}
		if !first {
			h.Op = wsframe.Cont
		}
		dst = wsframe.AppendFrame(dst, h, payload[:n])
		payload = payload[n:]
	}
	return dst
}
