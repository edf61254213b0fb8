package meet

import (
	"context"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/alarm"
)

// DefaultWindow is how long a ticket is good for (reference sections 7 and 9).
const DefaultWindow = 30 * time.Second

// Side is a seat of a meeting.
type Side uint8

// The two seats.
const (
	Sender Side = iota
	Listener
)

// Desk gives out tickets of one node and takes them back. Make one with NewDesk.
type Desk struct {
	node uint16
	max  int

	mu       sync.Mutex
	seats    map[shape.Ticket]seat
	expected int // of them, seats of an Expected

	windows alarm.Clock // of meetings that wait for a party
}

// seat is where a ticket leads: a side of a meeting, or an Expected.
type seat struct {
	meeting  *Meeting
	side     Side
	expected *Expected
}

// NewDesk makes a desk for a node's tickets, with at most limit of them out at a time.
func NewDesk(node uint16, limit int) *Desk {
	return &Desk{node: node, max: limit, seats: make(map[shape.Ticket]seat)}
}

// Pending is how many tickets of meetings are out.
func (d *Desk) Pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.seats) - d.expected
}

// Meeting is two seats, one for each side.
type Meeting struct {
	desk    *Desk
	until   time.Time
	settled chan struct{} // one token: nothing is left to wait for
	window  alarm.Alarm

	// Guarded by desk.mu.
	tickets [2]shape.Ticket
	parties [2]shape.Party
	claimed [2]bool     // the party came by its ticket: nobody but the meeting can answer it
	said    *fail.Error // a side declined
	expired bool        // the window is over
	closed  bool
}

// Init begins a meeting, whose window ends at the given moment, in m, which is zero and must not be copied afterwards. Its owner calls Wait, or
// End if it never comes to that.
func (m *Meeting) Init(d *Desk, until time.Time) {
	m.desk, m.until, m.settled = d, until, make(chan struct{}, 1)
}

// Ticket makes the seat's ticket valid and returns it; the same one on later calls. A full desk is fail.Overloaded.
func (m *Meeting) Ticket(side Side) (shape.Ticket, error) {
	d := m.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	var none shape.Ticket
	if m.tickets[side] != none {
		return m.tickets[side], nil
	}
	t, err := d.giveLocked(seat{meeting: m, side: side})
	if err == nil {
		m.tickets[side] = t
	}
	return t, err
}

// giveLocked makes a ticket that leads to the seat. The caller holds d.mu.
func (d *Desk) giveLocked(s seat) (shape.Ticket, error) {
	if len(d.seats) >= d.max {
		return shape.Ticket{}, fail.Newf(fail.Overloaded, "The gateway has %d rendezvous waiting, as many as limits.pending allows.", d.max)
	}
	t := shape.NewTicket(d.node)
	d.seats[t] = s
	return t, nil
}

// Sit seats a party that is here already.
func (m *Meeting) Sit(side Side, p shape.Party) {
	d := m.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	m.parties[side] = p
	m.settleLocked()
}

// settleLocked wakes who waits, if nothing is left to wait for. The caller holds desk.mu.
func (m *Meeting) settleLocked() {
	if !m.doneLocked() {
		return
	}
	select {
	case m.settled <- struct{}{}:
	default: // he is awake
	}
}

// doneLocked reports whether the meeting came to an end by its parties or its window. The caller holds desk.mu.
func (m *Meeting) doneLocked() bool {
	return m.said != nil || m.expired || m.parties[Sender] != nil && m.parties[Listener] != nil
}

// takeLocked uses a ticket up and returns its seat. The caller holds d.mu.
func (d *Desk) takeLocked(t shape.Ticket) (seat, bool) {
	s, ok := d.seats[t]
	if ok {
		delete(d.seats, t)
		if s.expected != nil {
			d.expected--
		}
	}
	return s, ok
}

// Seat seats a party by its ticket. A ticket that is unknown, used or expired is fail.UnknownTicket; the party is then
// still the caller's. seated is called with who waits, before anybody learns of the party; it must not block. Of a meeting, who waits
// is woken by Greet or Wake, if nothing else wakes him before.
func (d *Desk) Seat(t shape.Ticket, p shape.Party, seated func(other shape.Party)) (Seated, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.takeLocked(t)
	if !ok {
		return Seated{}, fail.New(fail.UnknownTicket, "")
	}
	if e := s.expected; e != nil {
		seated(Host{e.hello})
		e.party = p
		close(e.arrived)
		return Seated{expected: e}, nil
	}
	m := s.meeting
	seated(m.parties[1-s.side])
	m.parties[s.side], m.claimed[s.side] = p, true
	return Seated{meeting: m, side: s.side}, nil
}

// Decline uses a ticket up to say no; whoever waits gets the error. An unknown ticket is fail.UnknownTicket.
func (d *Desk) Decline(t shape.Ticket, no *fail.Error) error {
	d.mu.Lock()
	s, ok := d.takeLocked(t)
	switch {
	case !ok:
	case s.expected != nil:
		s.expected.said = no
		close(s.expected.arrived)
	default:
		s.meeting.said = no
		s.meeting.settleLocked()
	}
	d.mu.Unlock()
	if !ok {
		return fail.New(fail.UnknownTicket, "")
	}
	if s.expected != nil {
		s.expected.came()
	}
	return nil
}

// Wait returns when both parties sit, or with the reason why they never will: fail.AcceptTimeout after the window, the
// words of a side that declined, fail.ListenerLost when lost is closed, or the cause of ctx. Whatever it returns, the
// meeting is over and its tickets are void; after an error a party that had claimed a seat meanwhile was refused.
func (m *Meeting) Wait(ctx context.Context, lost <-chan struct{}) (sender, listener shape.Party, err error) {
	if m.waits() {
		m.desk.windows.Set(&m.window, m.until, m)
		defer m.window.Stop()
		select {
		case <-m.settled:
		case <-lost: // if ctx has ended too, both have one cause, and that is ctx's
			return m.End(ctx, fail.New(fail.ListenerLost, ""))
		case <-ctx.Done():
			return m.end(context.Cause(ctx), true)
		}
	}
	return m.end(nil, false)
}

// waits reports whether there is anything to wait for.
func (m *Meeting) waits() bool {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	return !m.doneLocked()
}

// Ring implements alarm.Ringer: the window is over.
func (m *Meeting) Ring() {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	m.expired = true
	m.settleLocked()
}

// End is for an owner who does not wait, because no listener could be told. It returns as Wait does: a party that came
// nevertheless makes the meeting good, a side that declined is heard; otherwise the error is why, or the cause of ctx.
func (m *Meeting) End(ctx context.Context, why error) (sender, listener shape.Party, err error) {
	if ctx.Err() != nil {
		return m.end(context.Cause(ctx), true)
	}
	return m.end(why, false)
}

// end voids the tickets. Parties that both sat down in the last moment make the meeting good, unless the owner's side has
// left; otherwise who came by a ticket is turned away. A why of nil says that the meeting is settled.
func (m *Meeting) end(why error, left bool) (sender, listener shape.Party, err error) {
	d := m.desk
	d.mu.Lock()
	parties, said := m.parties, m.said
	if why == nil && m.expired {
		why = fail.New(fail.AcceptTimeout, "")
	}
	m.closeLocked()
	d.mu.Unlock()
	switch {
	case said != nil:
		why = said
	case !left && parties[Sender] != nil && parties[Listener] != nil:
		return parties[Sender], parties[Listener], nil
	}
	if m.claimed[Listener] {
		parties[Listener].Refuse(fail.New(fail.UnknownTicket, ""))
	}
	if m.claimed[Sender] {
		parties[Sender].Refuse(fail.Of(why))
	}
	return nil, nil, why
}

func (m *Meeting) closeLocked() {
	if m.closed {
		return
	}
	m.closed = true
	for _, t := range m.tickets {
		if t != (shape.Ticket{}) {
			delete(m.desk.seats, t)
		}
	}
}
