package meet

import (
	"sync"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Seated is a party at its seat, in a meeting or where it is expected.
type Seated struct {
	meeting  *Meeting
	side     Side
	expected *Expected
}

// Wake wakes who waits, if the party is what he waits for.
func (s Seated) Wake() {
	if s.meeting == nil {
		return
	}
	d := s.meeting.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	s.meeting.settleLocked()
}

// Greet tells a listener yes, if its sender sits across, and wakes who waits behind that: the listener goes on while the sender's goroutine
// is still about to run. That one asks again, and hears what came of it. A sender that has left by then costs the listener its connection,
// where it would have been refused.
// Whoever expects it by Then has it from here on.
func (s Seated) Greet() {
	if s.expected != nil {
		s.expected.came()
		return
	}
	defer s.Wake()
	if s.side != Listener {
		return
	}
	if n, sender := s.meeting.greeted(); n != nil {
		_, _ = n.Accept(Yes(sender.Hello(), n.Hello())) // see above
	}
}

// greeted puts a newcomer in the listener's place. nil: there is nobody to ask him for, or the parties have left the meeting already.
func (m *Meeting) greeted() (*newcomer, shape.Party) {
	m.desk.mu.Lock()
	defer m.desk.mu.Unlock()
	if m.closed || m.parties[Sender] == nil {
		return nil, nil
	}
	n := &newcomer{Party: m.parties[Listener]}
	m.parties[Listener] = n
	return n, m.parties[Sender]
}

// Yes is what both sides of a meeting are told.
func Yes(sender, listener *shape.Hello) shape.Answer {
	return shape.Answer{Choice: Choice(sender.Offers, listener.Offers)}
}

// newcomer is a listener that is answered by whoever comes first. Who comes second finds what was said.
type newcomer struct {
	shape.Party
	told sync.Once
	leg  shape.Leg // nil: it was refused, or not reached
	err  error
}

// Accept implements shape.Party.
func (n *newcomer) Accept(a shape.Answer) (shape.Leg, error) {
	n.told.Do(func() { n.leg, n.err = n.Party.Accept(a) })
	return n.leg, n.err
}

// Refuse implements shape.Party.
func (n *newcomer) Refuse(no *fail.Error) {
	n.told.Do(func() { n.Party.Refuse(no) })
	if n.leg != nil {
		n.leg.Abort(&shape.End{Why: fail.SenderGone, Cause: no})
	}
}
