package leg

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
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

// below notes that a connection has ended below TLS. Behind a goodbye TLS does not read any more.
type below struct {
	net.Conn
	ended atomic.Bool
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
