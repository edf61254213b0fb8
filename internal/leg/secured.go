package leg

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Secured is TLS that knows whether its bytes were ended by the goodbye of TLS. Package tls gives io.EOF for a bare FIN as well, which
// is what a peer leaves that was killed: for bytes without a protocol of their own that would make a loss an end. The records of a long
// Write leave in one system call, and ReadMany takes many in one. Make one with Secure.
type Secured struct {
	*tls.Conn
	below *below

	writing sync.Mutex  // one Write at a time, its records' leaving included
	sent    int         // bytes written, up to bytesShort
	leaving atomic.Bool // what was gathered is being written
}

// Package tls begins with records of about a packet and makes them longer; behind so many bytes all may have 16 KiB.
const (
	recordFirst = 1 << 10
	bytesShort  = 128 << 10
)

// Secure does TLS over a connection: end is tls.Server or tls.Client.
func Secure(conn net.Conn, end func(net.Conn, *tls.Config) *tls.Conn, config *tls.Config) *Secured {
	b := &below{Conn: conn}
	return &Secured{Conn: end(b, config), below: b}
}

// Write implements net.Conn. What takes more than one record is gathered below TLS and leaves at once: a system call for each record
// would wake the peer for each, and costs more than a copy.
func (s *Secured) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if len(p) <= recordFirst || len(p) <= recordMost && s.sent >= bytesShort {
		return s.Conn.Write(p)
	}
	s.below.gather()
	n, err := s.Conn.Write(p)
	if s.sent < bytesShort {
		s.sent += n
	}
	s.leaving.Store(true)
	lost := s.below.leave()
	s.leaving.Store(false)
	if err == nil && lost != nil {
		return 0, lost // how much of it has left is not known, and nothing can follow
	}
	return n, err
}

// Close implements net.Conn: the goodbye of TLS, unless a Write is stuck, which it interrupts as that of package tls does.
func (s *Secured) Close() error {
	if s.leaving.Load() {
		return s.below.Conn.Close()
	}
	return s.Conn.Close()
}

// ReadMany is Read for a stream that is busy: it reads all that has come at once, and gives of the records that are whole as many as fit
// p. It waits as Read does, and only for the first. It comes behind the handshake, from the goroutine that reads.
func (s *Secured) ReadMany(p []byte) (int, error) {
	r := &s.below.in
	r.open(len(p))
	n, err := s.Conn.Read(p)
	for r.short = true; err == nil && n < len(p) && r.whole(); {
		var more int
		more, err = s.Conn.Read(p[n:])
		n += more
	}
	r.close(n)
	if n > 0 {
		return n, nil // an error that lasts comes again
	}
	return 0, err
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
	in      records

	out      sync.Mutex // of the following: package tls writes alerts from any goroutine
	gathered *parcel    // nil: each record leaves by itself
	filled   int
	lost     error // of what was gathered, for every write behind it
}

// gather keeps what is written from now on.
func (b *below) gather() {
	b.out.Lock()
	defer b.out.Unlock()
	b.gathered = parcels.Get().(*parcel) //nolint:forcetypeassert // the pool holds nothing else
}

// leave writes what was gathered, and lets each record leave by itself again.
func (b *below) leave() error {
	b.out.Lock()
	defer b.out.Unlock()
	b.empty()
	parcels.Put(b.gathered)
	b.gathered = nil
	return b.lost
}

// empty writes what was gathered. The caller holds out.
func (b *below) empty() {
	if b.filled > 0 && b.lost == nil {
		_, b.lost = b.Conn.Write(b.gathered[:b.filled])
	}
	b.filled = 0
}

// Write implements net.Conn for one record.
func (b *below) Write(p []byte) (int, error) {
	b.out.Lock()
	defer b.out.Unlock()
	if b.lost == nil && b.gathered != nil && b.filled+len(p) > len(b.gathered) {
		b.empty()
	}
	switch {
	case b.lost != nil:
		return 0, b.lost
	case b.gathered == nil || len(p) > len(b.gathered):
		return b.Conn.Write(p)
	}
	b.filled += copy(b.gathered[b.filled:], p)
	return len(p), nil
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
	return b.in.read(p, b.fetch)
}

// fetch reads the connection.
func (b *below) fetch(p []byte) (int, error) {
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
