package park

import (
	"sync"
	"sync/atomic"
	"syscall"
)

// Lot is where connections wait. The zero value is ready; Close comes last.
type Lot struct {
	mu    sync.Mutex
	poll  *poll            // nil: nothing has been parked yet
	waits map[uint64]*wait // by number
	last  uint64
	shut  bool

	watching sync.WaitGroup // the one goroutine
}

// Spot is the place of one connection, which is parked in one Lot at most at a time. The zero value is ready. It is not copied.
type Spot struct {
	now   atomic.Pointer[wait] // nil: not parked
	known bool                 // the poll has heard of the connection; of whoever parks
}

// wait is one stay of a connection.
type wait struct {
	lot    *Lot
	spot   *Spot
	number uint64
	wake   func()
}

// Park waits for a connection that nobody reads: wake is called once, on a goroutine of its own, when it has something to read, its end
// included, or when Wake was called. It reports false, and wake is never called, where it cannot wait: the system has no such thing,
// the connection is closed, or the Lot. One goroutine parks a Spot at a time, and touches nothing of it behind a true.
func (l *Lot) Park(s *Spot, conn syscall.Conn, wake func()) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false // closed: the read says so
	}
	w := &wait{lot: l, spot: s, wake: wake}
	poll := l.enter(w)
	if poll == nil {
		return false
	}
	known := s.known
	s.known = true
	s.now.Store(w)
	var refused error
	err = raw.Control(func(fd uintptr) { refused = poll.watch(fd, w.number, known) })
	if err == nil && refused == nil {
		return true
	}
	if !s.now.CompareAndSwap(w, nil) {
		return true // somebody was faster: wake runs
	}
	s.known = known
	l.forget(w.number)
	return false
}

// Wake ends the wait of a connection that was closed, or whose read deadline was set, behind either: the kernel tells of neither. It does
// nothing where the connection is not parked.
func (s *Spot) Wake() {
	if s.now.Load() == nil {
		return
	}
	if w := s.now.Swap(nil); w != nil {
		w.lot.forget(w.number)
		go w.wake() // whoever parked has counted it
	}
}

// enter gives a wait its number. It gives nil when the Lot is closed or the system cannot.
func (l *Lot) enter(w *wait) *poll {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut {
		return nil
	}
	if l.poll == nil {
		poll, err := newPoll()
		if err != nil {
			return nil // its caller waits by himself
		}
		l.poll, l.waits = poll, make(map[uint64]*wait)
		l.watching.Go(func() { l.watch(poll) })
	}
	l.last++
	w.number = l.last
	l.waits[w.number] = w
	return l.poll
}

// forget takes a wait out.
func (l *Lot) forget(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waits, number)
}

// watch wakes whoever has something to read, until the Lot is closed.
func (l *Lot) watch(p *poll) {
	for {
		numbers, err := p.ready()
		if err != nil {
			return // closed
		}
		for _, number := range numbers {
			l.mu.Lock()
			w := l.waits[number]
			delete(l.waits, number)
			l.mu.Unlock()
			if w != nil && w.spot.now.CompareAndSwap(w, nil) {
				go w.wake() // whoever parked has counted it
			}
		}
	}
}

// Parked is how many connections wait.
func (l *Lot) Parked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waits)
}

// Close wakes all who wait, and takes no more. It returns when the Lot's goroutine has ended, and may be called twice.
func (l *Lot) Close() {
	l.mu.Lock()
	poll, first := l.poll, !l.shut
	l.shut = true
	spots := make([]*Spot, 0, len(l.waits))
	for _, w := range l.waits {
		spots = append(spots, w.spot)
	}
	l.mu.Unlock()
	if first && poll != nil {
		poll.close()
	}
	for _, s := range spots {
		s.Wake()
	}
	l.watching.Wait()
}
