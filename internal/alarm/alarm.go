// Package alarm owns one timer for many moments that nearly never come: the end of the patience with those who nearly always answer in
// time. A timer for each is made, put among the runtime's and taken out again for nothing, and is one of the dearest parts of an exchange.
//
// It does not own what is done at the moment. A Clock and its alarms may be used from any goroutine, one at a time for each alarm. Moments
// are as exact as those of package time.
package alarm

import (
	"container/heap"
	"sync"
	"time"
)

// Ringer is whose moment comes.
type Ringer interface {
	// Ring is called once for each Set, on a goroutine of the clock's, with no lock held. It must not block: others wait for their turn.
	Ring()
}

// Clock rings alarms. One that comes behind all others is set in the same time, however many there are, and any other nearly so. The zero
// value has none, and is not copied once it had.
type Clock struct {
	mu    sync.Mutex
	set   queue
	timer *time.Timer
	due   time.Time // when the timer strikes; zero: it stands
}

// Alarm is one moment, a part of what waits for it. The zero value is not set.
type Alarm struct {
	clock *Clock // nil: it never was set
	who   Ringer

	// Guarded by clock.mu.
	at    time.Time
	place int // in clock.set, from 1; 0: it is not set
}

// Set has who told at a moment, and not at the one that was set before. All moments of an alarm are of one clock.
func (c *Clock) Set(a *Alarm, at time.Time, who Ringer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.clock, a.who, a.at = c, who, at
	if a.place > 0 {
		heap.Fix(&c.set, a.place-1)
	} else {
		heap.Push(&c.set, a)
	}
	c.armLocked(at)
}

// Stop takes the moment back. It reports false when there is none: it was not set, or Ring is called, or was.
func (a *Alarm) Stop() bool {
	c := a.clock
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a.place == 0 {
		return false
	}
	heap.Remove(&c.set, a.place-1)
	return true
}

// armLocked has the timer strike at a moment at the latest. It may strike for one that was taken back, and finds nothing.
func (c *Clock) armLocked(at time.Time) {
	switch {
	case c.timer == nil:
		c.timer = time.AfterFunc(time.Until(at), c.strike)
	case c.due.IsZero() || at.Before(c.due):
		c.timer.Reset(time.Until(at))
	default:
		return
	}
	c.due = at
}

// strike rings what is due.
func (c *Clock) strike() {
	c.mu.Lock()
	c.due = time.Time{} // who is set from here on arms the timer
	c.mu.Unlock()
	for who := c.take(); who != nil; who = c.take() {
		who.Ring()
	}
}

// take takes the first alarm out whose moment has come. Where there is none it gives nil, and the timer goes on to the next one.
func (c *Clock) take() Ringer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.set) == 0 {
		return nil
	}
	a := c.set[0]
	if time.Now().Before(a.at) {
		c.armLocked(a.at)
		return nil
	}
	heap.Pop(&c.set)
	return a.who
}

// queue is the alarms that are set, the first moment first. It implements heap.Interface.
type queue []*Alarm

// Len implements sort.Interface.
func (q queue) Len() int { return len(q) }

// Less implements sort.Interface.
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }

// Swap implements sort.Interface.
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	a := x.(*Alarm) //nolint:forcetypeassert // the queue holds nothing else
	*q = append(*q, a)
	a.place = len(*q)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	old := *q
	last := len(old) - 1
	a := old[last]
	old[last], a.place = nil, 0
	*q = old[:last]
	return a
}
