package nettcp

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// line is a client's connection, which outlives the legs of its sessions.
type line interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
	// keep has Close do nothing: the leg of a session that is over closes, and the connection goes on.
	keep(bool)
	// hangUp closes.
	hangUp()
}

// newLine makes a line of a connection.
func newLine(c net.Conn) line {
	if tcp, ok := c.(*net.TCPConn); ok {
		l := new(tcpLine)
		l.Init(tcp)
		return l
	}
	return &anyLine{Conn: c}
}

// tcpLine is the kernel's: a leg waits there without a buffer, and short records are read and written as package nowait does.
type tcpLine struct {
	nowait.Conn
	kept atomic.Bool
}

func (l *tcpLine) keep(yes bool) { l.kept.Store(yes) }
func (l *tcpLine) hangUp()       { _ = l.TCPConn.Close() }

// Close implements net.Conn.
func (l *tcpLine) Close() error {
	if l.kept.Load() {
		return nil
	}
	return l.TCPConn.Close()
}

// anyLine is any other connection.
type anyLine struct {
	net.Conn
	kept atomic.Bool
}

func (l *anyLine) keep(yes bool) { l.kept.Store(yes) }
func (l *anyLine) hangUp()       { _ = l.Conn.Close() }

// Close implements net.Conn.
func (l *anyLine) Close() error {
	if l.kept.Load() {
		return nil
	}
	return l.Conn.Close()
}

// CloseWrite ends what is sent, where the connection can.
func (l *anyLine) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// SetLinger is for the kernel's connections: others have no reset.
func (l *anyLine) SetLinger(sec int) error {
	if c, ok := l.Conn.(interface{ SetLinger(sec int) error }); ok {
		return c.SetLinger(sec)
	}
	return nil
}

// fence stands between TLS and the line. It gives what belongs to TLS and never a byte more: behind the session's end a client
// goes on in the clear, without a word of TLS (WCF wire reference section 1.4). There it ends.
type fence struct {
	line
	ahead []byte // read of the line and not given yet
	walk  framing.Passage
	room  []byte
	over  atomic.Bool
}

// fenceSize is how much is read at once: two records of TLS, which are at most 16 KiB and some, fit a few reads.
const fenceSize = 4096

func newFence(l line, p *framing.Preamble, read []byte) *fence {
	return &fence{line: l, walk: framing.NewPassage(p), ahead: read, room: make([]byte, fenceSize)}
}

// Read implements net.Conn.
func (f *fence) Read(p []byte) (int, error) {
	if f.over.Load() {
		return 0, io.EOF
	}
	if len(f.ahead) == 0 {
		n, err := f.line.Read(f.room)
		if n == 0 {
			return 0, err
		}
		f.ahead = f.room[:n]
	}
	n, over := f.walk.Pass(f.ahead[:min(len(p), len(f.ahead))])
	copy(p, f.ahead[:n])
	f.ahead = f.ahead[n:]
	if over && n == 0 {
		f.over.Store(true)
		return 0, io.EOF
	}
	return n, nil
}

// rest is what the client sent behind TLS, once that is over.
func (f *fence) rest() []byte { return append([]byte(nil), f.ahead...) }

// secured is TLS over a fence, as a leg's connection. It ends without a word of TLS, as WCF's own does.
type secured struct {
	*tls.Conn
	below *fence
}

// Close implements net.Conn.
func (s *secured) Close() error { return s.below.Close() }

// CloseWrite ends what is sent.
func (s *secured) CloseWrite() error { return s.below.CloseWrite() }

// withDeadline reads into b from a connection up to the time given.
func withDeadline(c net.Conn, until time.Time, b []byte) (int, error) {
	if err := c.SetReadDeadline(until); err != nil {
		return 0, err
	}
	return c.Read(b)
}
