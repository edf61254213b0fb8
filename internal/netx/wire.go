package netx

import (
	"io"
	"sync"
	"syscall"
	"time"
)

// DefaultBuffer is how many bytes one direction of a connection holds before a Write waits.
const DefaultBuffer = 64 << 10

// wire is one connection: both directions, under one lock. Whatever changes wakes every waiter; a connection has at most
// four, so the waste is small.
type wire struct {
	mu    sync.Mutex
	cond  *sync.Cond
	held  bool          // a partition: nothing arrives until it heals
	delay time.Duration // one way, for what is sent from now on
	ends  [2]end
	gone  func() // called once, without the lock, when both ends are closed
}

// end is one side of a wire: what is on its way to it and what it has done itself.
type end struct {
	in      []byte    // arrived or on the way, oldest first
	marks   []mark    // when which part of in arrives; never empty while in is not
	fin     time.Time // when the peer's half-close arrives, behind in; zero: none sent
	reset   time.Time // when a reset arrives; zero: none. It overtakes what is in
	room    int       // bound of in
	dead    bool      // its host was killed: no partition keeps that from it
	closed  bool      // Close was called
	shut    bool      // CloseWrite was called
	abort   bool      // Close resets (SetLinger(0))
	readBy  time.Time
	writeBy time.Time
}

// mark says that the n bytes behind the marks before it arrive at a time.
type mark struct {
	n  int
	at time.Time
}

func newWire(room int) *wire {
	w := &wire{}
	w.cond = sync.NewCond(&w.mu)
	w.ends[0].room, w.ends[1].room = room, room
	return w
}

// wait gives the lock up until something changes or a time passes. Zero times are never.
func (w *wire) wait(until ...time.Time) {
	var next time.Time
	for _, t := range until {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if !next.IsZero() {
		timer := time.AfterFunc(time.Until(next), w.wake)
		defer timer.Stop()
	}
	w.cond.Wait()
}

func (w *wire) wake() {
	w.mu.Lock()
	w.cond.Broadcast()
	w.mu.Unlock()
}

// arrivesLocked is when something sent now is there: never before what was sent earlier.
func (w *wire) arrivesLocked(to *end) time.Time {
	at := time.Now().Add(w.delay)
	if n := len(to.marks); n > 0 && to.marks[n-1].at.After(at) {
		at = to.marks[n-1].at
	}
	return at
}

// dueLocked reports whether what arrives at a time is there now. A time that has not come is added to the caller's wait.
func (w *wire) dueLocked(at time.Time) bool {
	return !w.held && !at.IsZero() && !at.After(time.Now())
}

// pendingLocked is the time to wait for, or zero while a partition holds everything.
func (w *wire) pendingLocked(at time.Time) time.Time {
	if w.held {
		return time.Time{}
	}
	return at
}

func passed(deadline time.Time) bool { return !deadline.IsZero() && !deadline.After(time.Now()) }

// read takes what has arrived at side i.
func (w *wire) read(i int, b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &w.ends[i]
	for {
		switch {
		case e.closed:
			return 0, errClosed
		case e.dead || w.dueLocked(e.reset):
			return 0, syscall.ECONNRESET
		case passed(e.readBy):
			return 0, errDeadline
		case len(b) == 0:
			return 0, nil
		case len(e.marks) > 0 && w.dueLocked(e.marks[0].at):
			n := e.take(b)
			w.cond.Broadcast()
			return n, nil
		case len(e.in) == 0 && w.dueLocked(e.fin):
			return 0, io.EOF
		}
		next := e.fin
		if len(e.marks) > 0 {
			next = e.marks[0].at
		}
		w.wait(e.readBy, w.pendingLocked(next), w.pendingLocked(e.reset))
	}
}

// take moves what has arrived by now into b: at most the parts whose time has come.
func (e *end) take(b []byte) int {
	now, n := time.Now(), 0
	for len(e.marks) > 0 && n < len(b) && !e.marks[0].at.After(now) {
		m := &e.marks[0]
		c := copy(b[n:], e.in[:m.n])
		n += c
		e.in = e.in[c:]
		if m.n -= c; m.n == 0 {
			e.marks = e.marks[1:]
		}
	}
	if len(e.in) == 0 {
		e.in = nil // the array behind it is not grown for ever
	}
	return n
}

// write puts b on the way from side i, waiting while the other side's buffer is full.
func (w *wire) write(i int, b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	me, to := &w.ends[i], &w.ends[1-i]
	n := 0
	for {
		switch {
		case me.closed:
			return n, errClosed
		case me.dead || w.dueLocked(me.reset):
			return n, syscall.ECONNRESET
		case me.shut:
			return n, syscall.EPIPE
		case passed(me.writeBy):
			return n, errDeadline
		case n == len(b):
			return n, nil
		case to.closed:
			// As TCP does it: the bytes leave, a reset comes back for them.
			w.resetLocked(i)
			return len(b), nil
		}
		if c := min(to.room-len(to.in), len(b)-n); c > 0 {
			w.putLocked(to, b[n:n+c])
			n += c
			continue
		}
		w.wait(me.writeBy, w.pendingLocked(me.reset))
	}
}

func (w *wire) putLocked(to *end, b []byte) {
	at := w.arrivesLocked(to)
	to.in = append(to.in, b...)
	if n := len(to.marks); n > 0 && to.marks[n-1].at.Equal(at) {
		to.marks[n-1].n += len(b)
	} else {
		to.marks = append(to.marks, mark{len(b), at})
	}
	w.cond.Broadcast()
}

// resetLocked lets a reset arrive at side i, once: there at once when nothing delays it.
func (w *wire) resetLocked(i int) {
	if w.ends[i].reset.IsZero() {
		w.ends[i].reset = time.Now().Add(w.delay)
	}
	w.cond.Broadcast()
}

// shut is the half-close of side i.
func (w *wire) shut(i int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	me := &w.ends[i]
	switch {
	case me.closed:
		return errClosed
	case me.dead || w.dueLocked(me.reset):
		return syscall.ENOTCONN
	case !me.shut:
		me.shut = true
		w.finLocked(i)
	}
	return nil
}

func (w *wire) finLocked(i int) {
	to := &w.ends[1-i]
	if to.fin.IsZero() {
		to.fin = w.arrivesLocked(to)
	}
	w.cond.Broadcast()
}

// close ends side i. Unread bytes, or SetLinger(0), make it a reset, as with TCP.
func (w *wire) close(i int, abort bool) error {
	w.mu.Lock()
	me := &w.ends[i]
	if me.closed {
		w.mu.Unlock()
		return errClosed
	}
	me.closed = true
	if abort || me.abort || len(me.in) > 0 {
		w.resetLocked(1 - i)
	} else {
		w.finLocked(i)
	}
	me.in, me.marks = nil, nil
	w.cond.Broadcast()
	both, gone := w.ends[1-i].closed, w.gone
	w.mu.Unlock()
	if both && gone != nil {
		gone()
	}
	return nil
}

// reset breaks the connection for both sides, as a middlebox does that forgets it.
func (w *wire) reset() {
	w.mu.Lock()
	w.resetLocked(0)
	w.resetLocked(1)
	w.mu.Unlock()
}

// kill is the death of the host at side i: over at once there, a reset for the other side.
func (w *wire) kill(i int) {
	w.mu.Lock()
	w.ends[i].dead = true
	w.resetLocked(1 - i)
	w.mu.Unlock()
}

// set changes what the network does to the wire.
func (w *wire) set(l link) {
	w.mu.Lock()
	w.held, w.delay = l.held, l.delay
	w.cond.Broadcast()
	w.mu.Unlock()
}
