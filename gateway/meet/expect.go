package meet

import (
	"context"
	"errors"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/alarm"
)

// Expected is a rendezvous with one seat: whoever made it takes the party that comes, if one ever does. Its ticket has no window of
// its own, unless Then gives it one: it is good until Close.
type Expected struct {
	desk    *Desk
	hello   *shape.Hello
	arrived chan struct{} // closed when the party came or declined

	then   func() // nil: somebody waits
	window alarm.Alarm

	// Guarded by desk.mu.
	ticket shape.Ticket // zero: not made yet, or closed
	party  shape.Party
	said   *fail.Error
	closed bool
}

// Init prepares a rendezvous for the exchange that began with h, in e, which is zero and must not be copied afterwards. It costs the desk
// nothing until Ticket.
func (e *Expected) Init(d *Desk, h *shape.Hello) {
	e.desk, e.hello, e.arrived = d, h, make(chan struct{})
}

// Ticket makes the ticket valid and returns it; the same one on later calls. A full desk is fail.Overloaded.
func (e *Expected) Ticket() (shape.Ticket, error) {
	e.desk.mu.Lock()
	defer e.desk.mu.Unlock()
	return e.ticketLocked()
}

func (e *Expected) ticketLocked() (shape.Ticket, error) {
	switch {
	case e.closed:
		return shape.Ticket{}, fail.New(fail.UnknownTicket, "")
	case e.ticket != shape.Ticket{}:
		return e.ticket, nil
	}
	t, err := e.desk.giveLocked(seat{expected: e})
	if err == nil {
		e.ticket = t
		e.desk.expected++
	}
	return t, err
}

// Arrived is closed when the party came or declined, or the ticket was voided: Wait returns at once then.
func (e *Expected) Arrived() <-chan struct{} { return e.arrived }

// Wait returns the party that came by the ticket, which is the caller's from then on, the words in which it declined, or the cause of
// ctx. One call returns the party; after that, and after Close, it is fail.UnknownTicket.
func (e *Expected) Wait(ctx context.Context) (shape.Party, error) {
	select {
	case <-e.arrived:
	case <-ctx.Done():
		select {
		case <-e.arrived: // in the last moment: nobody else would answer it
		default:
			return nil, context.Cause(ctx)
		}
	}
	return e.Take()
}

// Take is Wait behind what is told by Arrived or Then.
func (e *Expected) Take() (shape.Party, error) {
	e.desk.mu.Lock()
	defer e.desk.mu.Unlock()
	party := e.party
	e.party = nil
	switch {
	case e.said != nil:
		return nil, e.said
	case party == nil:
		return nil, fail.Wrap(fail.UnknownTicket, "meet", errors.New("the party was taken already"))
	}
	return party, nil
}

// Then makes the ticket valid as Ticket does, and has f called instead of anybody waiting: once, with no lock held, on the goroutine of the
// party when it has come or declined, or on one that must not be held up when the moment until is over, of which Take says
// fail.AcceptTimeout. Neither behind an error nor behind a Cancel that reports true it is called.
func (e *Expected) Then(until time.Time, f func()) (shape.Ticket, error) {
	d := e.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := e.ticketLocked()
	if err == nil {
		e.then = f
		d.windows.Set(&e.window, until, e)
	}
	return t, err
}

// Ring implements alarm.Ringer: the window is over.
func (e *Expected) Ring() {
	if e.cancel(fail.New(fail.AcceptTimeout, "")) {
		e.then()
	}
}

// Cancel voids the ticket of Then. It reports false when somebody came or declined before, or the window was over: f is called, or was.
func (e *Expected) Cancel() bool {
	return e.cancel(nil)
}

func (e *Expected) cancel(why *fail.Error) bool {
	d := e.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	_, out := d.takeLocked(e.ticket)
	if out {
		e.said = why
		e.window.Stop()
	}
	return out
}

// came tells of a party that has come or declined.
func (e *Expected) came() {
	if e.then != nil {
		e.window.Stop()
		e.then()
	}
}

// Void ends the ticket before Close, when nobody needs to come any more: Arrived tells whoever waits. A party that has come stays for Wait
// or Close.
func (e *Expected) Void() {
	d := e.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, out := d.takeLocked(e.ticket); out {
		close(e.arrived)
	}
}

// Close voids the ticket. A party that came and was not taken by Wait is refused with fail.UnknownTicket. It may be called twice.
func (e *Expected) Close() {
	d := e.desk
	d.mu.Lock()
	party := e.party
	e.party = nil
	if !e.closed {
		e.closed = true
		if _, out := d.takeLocked(e.ticket); out {
			close(e.arrived) // for a Wait that runs
		}
	}
	d.mu.Unlock()
	if party != nil {
		party.Refuse(fail.New(fail.UnknownTicket, ""))
	}
}

// Host stands for who waits at this node without a rendezvous of its own, as the other side of one: whoever expects a party, or has an
// exchange answered over a stream.
type Host struct{ Sender *shape.Hello }

// Hello implements shape.Party.
func (h Host) Hello() *shape.Hello { return h.Sender }

// Accept implements shape.Party. It is never called: the host is here, it has not come by a ticket.
func (Host) Accept(shape.Answer) (shape.Leg, error) { return nil, errors.ErrUnsupported }

// Refuse implements shape.Party, and is never called either.
func (Host) Refuse(*fail.Error) {}
