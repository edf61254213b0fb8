package leg

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

const (
	// busyWait is how long a leg keeps a big buffer while nothing comes (performance.md, point 2).
	busyWait = 50 * time.Millisecond
	// fullReads in a row that filled the buffer make a stream busy.
	fullReads = 2
)

// source reads a connection into an inbox. One goroutine uses it; the two flags are for others.
type source struct {
	conn    net.Conn
	in      inbox
	waiting atomic.Bool // a read is under way and has no deadline
	alive   atomic.Bool // bytes came since it was last looked at
}

// fill waits for bytes. A busy leg gives its big buffer back before it waits longer than busyWait.
func (s *source) fill() error {
	in := &s.in
	if in.big == nil && in.full >= fullReads {
		in.grow()
	}
	if in.big != nil {
		room := in.room()
		if err := s.conn.SetReadDeadline(time.Now().Add(busyWait)); err != nil {
			return err
		}
		n, err := s.conn.Read(room)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return s.took(n, len(room), err)
		}
		in.shrink()
		if err := s.conn.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
	}
	room := in.room()
	s.waiting.Store(true)
	n, err := s.conn.Read(room)
	s.waiting.Store(false)
	return s.took(n, len(room), err)
}

// took notes what a read brought. A read that brought bytes and an error counts as good: the error comes again.
func (s *source) took(n, room int, err error) error {
	if n == 0 {
		return err
	}
	s.in.end += n
	s.alive.Store(true)
	switch {
	case n == room:
		s.in.full++
	case s.in.big == nil:
		s.in.full = 0
	}
	return nil
}
