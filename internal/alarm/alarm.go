// Package alarm owns one timer for many moments that nearly never come: the end of the patience with those who nearly always answer in
// time. A timer for each is made, put among the runtime's and taken out again for nothing, and is one of the dearest parts of an exchange.
//
// It does not own what is done at the moment. A Clock and its alarms may be used from any goroutine, one at a time for each alarm. Moments
// are as exact as those of package time.
package alarm

import (
	"sync"
	"time"
)

// Ringer is whose moment comes.
type Ringer interface {
	// Ring is called once for each Set, on a goroutine of the clock's, with no lock held. It must not block: others wait for their turn.
	Ring()
}

// Clock rings alarms. It is made for moments that lie about equally far ahead: one that is set goes behind all that come before it, and is
// looked for from the end. The zero value has none, and is not copied once it had.
type Clock struct {
	mu          sync.Mutex
	first, last *Alarm
	timer       *time.Timer
	due         time.Time // when the timer strikes; zero: it stands
}

// Alarm is one moment, a part of what waits for it. The zero value is not set.
type Alarm struct {
	clock *Clock // nil: it never was set
	who   Ringer

	// Guarded by clock.mu.
	at         time.Time
	prev, next *Alarm
	set        bool
}

// Set has who told at a moment, and not at the one that was set before. All moments of an alarm are of one clock.
func (c *Clock) Set(a *Alarm, at time.Time, who Ringer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.dropLocked()
	a.clock, a.who, a.at = c, who, at
	c.putLocked(a)
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
	return a.dropLocked()
}

// putLocked enters an alarm behind those that come before it.
func (c *Clock) putLocked(a *Alarm) {
	before := c.last
	for before != nil && a.at.Before(before.at) {
		before = before.prev
	}
	a.set, a.prev = true, before
	if before == nil {
		a.next, c.first = c.first, a
	} else {
		a.next, before.next = before.next, a
	}
	if a.next == nil {
		c.last = a
	} else {
		a.next.prev = a
	}
}

// dropLocked takes an alarm out, and reports whether it was in.
func (a *Alarm) dropLocked() bool {
	if !a.set {
		return false
	}
	c := a.clock
	if a.prev == nil {
		c.first = a.next
	} else {
		a.prev.next = a.next
	}
	if a.next == nil {
		c.last = a.prev
	} else {
		a.next.prev = a.prev
	}
	a.set, a.prev, a.next = false, nil, nil
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
	a := c.first
	switch {
	case a == nil:
		return nil
	case time.Now().Before(a.at):
		c.armLocked(a.at)
		return nil
	}
	a.dropLocked()
	return a.who
}
