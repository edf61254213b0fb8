package leg

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Parker is a connection that can wait for its peer without a goroutine (package park).
type Parker interface {
	// Park calls ready once, on a goroutine of its own, when there is something to read, or when the connection was closed here or its
	// read deadline set. It reports false where it cannot wait: ready is not called. Nobody reads meanwhile.
	Park(ready func()) bool
}

const (
	// lullAfter is how long nothing has to come until a connection is quiet; it may take twice as long. A wake-up costs a few
	// microseconds more than a read that waits.
	lullAfter = time.Second
	// lullSoon is the same for one that was woken for nothing: by a ping, or what answers one.
	lullSoon = 10 * time.Millisecond
)

// Lull notices that a connection has become quiet, by a read deadline that stands ahead and is moved once a second while something
// comes; so a busy connection pays nothing for it. One goroutine at a time uses it, but for Bound. The zero value notices nothing.
type Lull struct {
	place Parker
	armed bool // the connection's read deadline is this one's
	fresh bool // something came since it was set
	woken bool // nothing came since the wait ended
	mute  bool // the first wait is one without a goroutine
	bound atomic.Bool
}

// Start makes it notice, if the connection, or the one below its TLS, can be parked; soon: of a peer that has nothing to say, at once, and as
// soon as if it had been woken for nothing below TLS, which may hold what nobody has seen. It is called again when somebody else has changed
// the read deadline.
func (l *Lull) Start(conn net.Conn, soon bool) {
	l.place = parker(conn)
	l.armed = false
	l.woken = l.woken || soon
	_, itself := conn.(Parker)
	l.mute = soon && itself
}

// Mute reports, once, that there is a lull before anything was waited for.
func (l *Lull) Mute() bool {
	mute := l.mute && l.place != nil && !l.bound.Load()
	l.mute = false
	return mute
}

// Parks reports whether the connection, or the one below its TLS, can wait for its peer without a goroutine.
func Parks(conn net.Conn) bool { return parker(conn) != nil }

func parker(conn net.Conn) Parker {
	if t, ok := conn.(netConn); ok {
		conn = t.NetConn()
	}
	p, _ := conn.(Parker)
	return p
}

// Arm comes before a read that may wait.
func (l *Lull) Arm(conn net.Conn) error {
	if l.place == nil || l.armed || l.bound.Load() {
		return nil
	}
	wait := lullAfter
	if l.woken {
		wait = lullSoon
	}
	l.armed, l.fresh = true, false
	return conn.SetReadDeadline(time.Now().Add(wait))
}

// Heard says that something came that counts.
func (l *Lull) Heard() { l.fresh, l.woken = true, false }

// Struck takes the error of a read that brought nothing. It reports true when it was only the deadline, and something had come before it:
// the read is made again, behind Arm. The error is shape.ErrLull when nothing had. There is no deadline any more in either case.
func (l *Lull) Struck(conn net.Conn, err error) (again bool, _ error) {
	if !l.armed || !errors.Is(err, os.ErrDeadlineExceeded) || l.bound.Load() {
		return false, err
	}
	l.armed = false
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return false, err
	}
	switch {
	case l.bound.Load():
		return false, err // somebody's deadline may just have been taken off
	case l.fresh:
		return true, nil
	}
	return false, shape.ErrLull
}

// Bound says, before it is set, that the connection's read deadline is somebody else's from now on, who wants the reader to end: there are
// no lulls any more, and a deadline that strikes is an error. Any goroutine may call it.
func (l *Lull) Bound() { l.bound.Store(true) }

// Park waits behind shape.ErrLull, as Parker does. When that cannot be there are no more lulls.
func (l *Lull) Park(conn net.Conn, ready func()) bool {
	l.woken = true
	if !l.place.Park(ready) {
		l.place = nil
		return false
	}
	if l.bound.Load() {
		_ = conn.SetReadDeadline(time.Now()) // it wakes, for one that was set before
	}
	return true
}
