package leg

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
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
	raw     bare // waits without a buffer, where the connection can
	many    many // nil: one read brings what there is
	in      inbox
	ahead   []byte      // was read already and does not fit the inbox: the head before it was a long one
	waiting atomic.Bool // a read is under way and has no deadline
	alive   atomic.Bool // bytes came since it was last looked at
	lull    Lull

	// Where a long read had better end; see whole.
	stride  int64 // length of the latest data frame with its header, or of what bytes are cut into; 0: anywhere
	missing int64 // bytes of the frame that is being read
}

// many is a connection that gives less in a Read than is there: TLS.
type many interface {
	ReadMany(p []byte) (int, error)
}

// init makes the source ready with what was read of the connection already.
func (s *source) init(conn net.Conn, read []byte) {
	s.conn = conn
	s.raw.init(conn, &s.in)
	s.many, _ = conn.(many)
	fits := min(len(read), bigBytes-bigGap)
	s.in.init(read[:fits])
	if fits < len(read) {
		s.ahead = slices.Clone(read[fits:])
	}
}

// fill waits for bytes. A busy leg gives its big buffer back before it waits longer than busyWait.
func (s *source) fill() error {
	in := &s.in
	if len(s.ahead) > 0 {
		return s.catchUp()
	}
	if in.big == nil && in.full >= fullReads {
		in.grow()
	}
	if in.big != nil {
		room := s.whole(in.room())
		s.lull.armed = false // the deadline is another
		if err := s.conn.SetReadDeadline(time.Now().Add(busyWait)); err != nil {
			return err
		}
		n, err := s.burst(room)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return s.took(n, len(room), err)
		}
		in.shrink()
		if err := s.conn.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
	}
	s.waiting.Store(true)
	n, room, err := s.patiently()
	s.waiting.Store(false)
	return s.took(n, room, err)
}

// patiently reads once, however long it takes, or until there is a lull.
func (s *source) patiently() (n, room int, err error) {
	if s.lull.Mute() {
		err = shape.ErrLull
	}
	for again := err == nil; again; {
		if err := s.lull.Arm(s.conn); err != nil {
			return 0, 0, err
		}
		if n, room, err = s.await(); n > 0 || err == nil {
			return n, room, err
		}
		again, err = s.lull.Struck(s.conn, err)
	}
	if err == shape.ErrLull { //nolint:errorlint // it comes bare
		s.in.rest()
	}
	return 0, room, err
}

// park waits behind a lull.
func (s *source) park(ready func()) bool {
	s.waiting.Store(true) // until the next read has ended
	if s.lull.Park(s.conn, ready) {
		return true
	}
	s.waiting.Store(false)
	return false
}

// burst is a read of a busy stream.
func (s *source) burst(p []byte) (int, error) {
	if s.many != nil {
		return s.many.ReadMany(p)
	}
	return s.conn.Read(p)
}

// catchUp gives what was read ahead, before anything of the connection.
func (s *source) catchUp() error {
	s.in.hold()
	room := s.in.room()
	n := copy(room, s.ahead)
	if s.ahead = s.ahead[n:]; len(s.ahead) == 0 {
		s.ahead = nil
	}
	return s.took(n, len(room), nil)
}

// await reads once into what room there is, however long it takes.
func (s *source) await() (n, room int, err error) {
	if s.raw.able() && s.in.big == nil {
		return s.raw.read()
	}
	s.in.hold()
	free := s.in.room()
	n, err = s.conn.Read(free)
	return n, len(free), err
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

// whole cuts the room for a read so that it ends where a frame does, if the frames to come are as long as the latest was. A frame
// that two reads share becomes two; where one read ends a few bytes into each, every other frame is a tiny one, which costs the peer
// the same two system calls as a long one.
func (s *source) whole(room []byte) []byte {
	held := int64(s.in.end - s.in.start)
	free := held + int64(len(room)) - s.missing
	if s.stride == 0 || free < s.stride {
		return room
	}
	return room[:s.missing+free/s.stride*s.stride-held]
}
