package exchange

import (
	"context"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Expected is a rendezvous that an entry consumes itself, instead of having it joined to a stream: the one for the body of a large
// request, or for a response that its listener does not send on the control channel. Wait is called by one goroutine, the other
// methods by any.
type Expected struct {
	meeting meet.Expected
	x       *Life // nil: made outside of an exchange
}

// Init prepares such a rendezvous at the desk, for the exchange whose context it is given, in e, which is zero and must not be copied
// afterwards.
func (e *Expected) Init(ctx context.Context, desk *meet.Desk) {
	if e.x = of(ctx); e.x != nil {
		e.meeting.Init(desk, &e.x.req.Hello)
	} else {
		e.meeting.Init(desk, &shape.Hello{})
	}
}

// Ticket makes the ticket valid and returns it; the same one on later calls. It costs nothing before. A full desk is fail.Overloaded.
func (e *Expected) Ticket() (shape.Ticket, error) {
	t, err := e.meeting.Ticket()
	if err == nil && e.x != nil {
		e.x.note(t)
	}
	return t, err
}

// Arrived is closed when the listener came by the ticket or declined, or the ticket was voided: Wait returns at once then. It is for those
// who wait for something else at the same time.
func (e *Expected) Arrived() <-chan struct{} { return e.meeting.Arrived() }

// Wait returns the listener's party; it is the caller's, who accepts or refuses it. Otherwise the error is the words in which the
// listener declined, fail.RendezvousTimeout when the response timeout ran out meanwhile, or the cause of ctx.
func (e *Expected) Wait(ctx context.Context) (shape.Party, error) {
	p, err := e.meeting.Wait(ctx)
	if err == nil || e.x == nil || !fail.Is(err, fail.ListenerSilent) {
		return p, err
	}
	return nil, fail.Newf(fail.RendezvousTimeout,
		"The listener did not rendezvous to accept the request within the allotted time %s.", allotted(e.x.Limit()))
}

// Then is meet.Expected's, for a rendezvous outside of an exchange.
func (e *Expected) Then(until time.Time, f func()) (shape.Ticket, error) {
	return e.meeting.Then(until, f)
}

// Take is meet.Expected's.
func (e *Expected) Take() (shape.Party, error) { return e.meeting.Take() }

// Cancel is meet.Expected's.
func (e *Expected) Cancel() bool { return e.meeting.Cancel() }

// Void ends the ticket before Close, when the listener has answered otherwise: Arrived tells whoever waits. A party that has come stays for
// Wait or Close.
func (e *Expected) Void() { e.meeting.Void() }

// Close voids the ticket. A party that came and was not taken by Wait is refused with fail.UnknownTicket. It may be called twice.
func (e *Expected) Close() { e.meeting.Close() }
