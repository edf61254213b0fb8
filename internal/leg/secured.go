package leg

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Secured is TLS that knows whether its bytes were ended by the goodbye of TLS. Package tls gives io.EOF for a bare FIN as well, which
// is what a peer leaves that was killed: for bytes without a protocol of their own that would make a loss an end. Make one with Secure.
type Secured struct {
	*tls.Conn
	below *below
}

// Secure does TLS over a connection: end is tls.Server or tls.Client.
func Secure(conn net.Conn, end func(net.Conn, *tls.Config) *tls.Conn, config *tls.Config) *Secured {
	b := &below{Conn: conn}
	return &Secured{end(b, config), b}
}

// Truncated reports, behind io.EOF, that no goodbye came before it: the peer is lost.
func (s *Secured) Truncated() bool { return s.below.ended.Load() }

// NetConn gives the connection that TLS is done over.
func (s *Secured) NetConn() net.Conn { return s.below.Conn }

// CloseWrite says the goodbye of TLS. It waits for room behind what was written as long as a Write would: until the write deadline,
// five seconds at least, and for DefaultWriteTimeout without one. Package tls alone gives up after five seconds; a slow reader would
// lose the tail that still lies in the buffers.
func (s *Secured) CloseWrite() error {
	s.below.parting.Store(true)
	defer s.below.parting.Store(false)
	return s.Conn.CloseWrite()
}

// below notes that a connection has ended below TLS, and how long a write may take. Behind a goodbye TLS does not read any more.
type below struct {
	net.Conn
	ended   atomic.Bool
	parting atomic.Bool  // in CloseWrite: the deadlines are those of package tls
	until   atomic.Int64 // the write deadline of the owner in Unix nanoseconds; 0: none
}

// note keeps the owner's write deadline.
func (b *below) note(t time.Time) {
	if t.IsZero() {
		b.until.Store(0)
		return
	}
	b.until.Store(t.UnixNano())
}

// SetDeadline implements net.Conn.
func (b *below) SetDeadline(t time.Time) error {
	b.note(t)
	return b.Conn.SetDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (b *below) SetWriteDeadline(t time.Time) error {
	if !b.parting.Load() {
		b.note(t)
		return b.Conn.SetWriteDeadline(t)
	}
	now := time.Now()
	if !t.After(now) {
		return b.Conn.SetWriteDeadline(t) // no write comes behind a goodbye
	}
	switch until := b.until.Load(); {
	case until == 0:
		t = now.Add(DefaultWriteTimeout)
	case until > t.UnixNano():
		t = time.Unix(0, until)
	}
	return b.Conn.SetWriteDeadline(t)
}

// Read implements net.Conn.
func (b *below) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		b.ended.Store(true)
	}
	return n, err
}

// truncated reports that a connection's io.EOF is no end, but a loss.
func truncated(conn net.Conn) bool {
	t, ok := conn.(interface{ Truncated() bool })
	return ok && t.Truncated()
}
