package meet

import "time"

// queue is the meetings of a desk that wait for a party, in the order in which their windows end. It is guarded by the desk's mutex.
type queue struct{ first, last *Meeting }

// put enters a meeting. Windows are nearly always of one length, so that its place is the last.
func (q *queue) put(m *Meeting) {
	at := q.last // m comes behind it
	for at != nil && m.until.Before(at.until) {
		at = at.prev
	}
	m.queued, m.prev = true, at
	if at == nil {
		m.next, q.first = q.first, m
	} else {
		m.next, at.next = at.next, m
	}
	if m.next == nil {
		q.last = m
	} else {
		m.next.prev = m
	}
}

// drop takes a meeting out, if it is in.
func (q *queue) drop(m *Meeting) {
	if !m.queued {
		return
	}
	if m.prev == nil {
		q.first = m.next
	} else {
		m.prev.next = m.next
	}
	if m.next == nil {
		q.last = m.prev
	} else {
		m.next.prev = m.prev
	}
	m.queued, m.next, m.prev = false, nil, nil
}

// clock is the one timer of a desk: nearly all meetings are over long before their window, and a timer of its own would be the dearest part
// of many. It is guarded by the desk's mutex.
type clock struct {
	timer *time.Timer // nil: nobody has waited yet
	due   time.Time   // when it strikes next; zero: it stands
}

// strikeByLocked has the clock strike at a moment at the latest. The caller holds d.mu.
func (d *Desk) strikeByLocked(at time.Time) {
	switch c := &d.clock; {
	case c.timer == nil:
		c.timer = time.AfterFunc(time.Until(at), d.strike)
	case c.due.IsZero() || at.Before(c.due):
		c.timer.Reset(time.Until(at))
	default:
		return
	}
	d.clock.due = at
}

// queue has the meeting wait until its window ends, and reports whether there is anything to wait for.
func (m *Meeting) queue() bool {
	d := m.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	if m.doneLocked() {
		return false
	}
	d.waiting.put(m)
	d.strikeByLocked(m.until)
	return true
}

// strike ends the meetings whose window is over, and sets the clock for the next one.
func (d *Desk) strike() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.clock.due = time.Time{}
	for m := d.waiting.first; m != nil; m = d.waiting.first {
		if now.Before(m.until) {
			d.strikeByLocked(m.until)
			return
		}
		d.waiting.drop(m)
		m.expired = true
		m.settleLocked()
	}
}
