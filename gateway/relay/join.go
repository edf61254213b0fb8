package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/carry"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Join is the rendezvous side: it seats the party by its ticket. When it returns nil the party belongs to the stream, or
// was carried to the ticket's node; an error is what the party was refused with.
func (r *Relay) Join(ctx context.Context, t shape.Ticket, p shape.Party) error {
	h := p.Hello()
	began := r.clerk.Arrive("rendezvous", h)
	err := r.seat(ctx, t, p, began)
	if err == nil {
		return nil // its account is the sender's
	}
	record := r.clerk.Open("rendezvous", h)
	record.Ticket, record.Began = t, began
	refusal := r.clerk.Refused(record, fail.Of(err))
	p.Refuse(refusal)
	return refusal
}

func (r *Relay) seat(ctx context.Context, t shape.Ticket, p shape.Party, now time.Time) error {
	h := p.Hello()
	if err := r.known(t, h, now); err != nil {
		return err
	}
	if mesh.Num(t.Node()) != r.self {
		return r.carry(ctx, t, p)
	}
	seated := func(sender shape.Party) {
		r.clerk.Step(7, sender.Hello().Tracking, "the listener opened the temporary channel to the sender's node")
	}
	at, err := r.desk.Seat(t, p, seated)
	if err != nil {
		if !r.answeredLate(t) {
			r.guesses.Wrong(h.Remote.Addr(), time.Now())
		}
		return err
	}
	at.Greet()
	return nil
}

// known refuses tickets of sources that guess, and of nodes that do not live.
func (r *Relay) known(t shape.Ticket, h *shape.Hello, now time.Time) *fail.Error {
	source := h.Remote.Addr()
	if !r.guesses.Allowed(source, now) {
		return fail.New(fail.UnknownTicket, "Too many wrong rendezvous addresses were dialled from this address.")
	}
	if mesh.Num(t.Node()) == r.self || mesh.Lives(r.p.Bus, mesh.Num(t.Node())) {
		return nil
	}
	r.guesses.Wrong(source, now)
	return fail.New(fail.UnknownTicket, "")
}

// Decline is the rendezvous side saying no in its own words; the sender is refused with them. An error means that nobody
// waits under the ticket.
func (r *Relay) Decline(ctx context.Context, t shape.Ticket, h *shape.Hello, no *fail.Error) error {
	record := r.clerk.Begin("rendezvous", h)
	record.Ticket = t
	if refusal := r.known(t, h, record.Began); refusal != nil {
		return r.clerk.Refused(record, refusal)
	}
	var err error
	if node := mesh.Num(t.Node()); node == r.self {
		err = r.desk.Decline(t, no)
	} else {
		_, err = r.ask(ctx, node, words.Decline, words.DeclineWord{Ticket: words.Ticket(t), Code: no.Code, Status: no.Status, Text: no.Text})
	}
	if err == nil {
		return nil
	}
	if fail.Is(err, fail.UnknownTicket) && !r.answeredLate(t) {
		r.guesses.Wrong(h.Remote.Addr(), time.Now())
	}
	return r.clerk.Refused(record, fail.Of(err))
}

// carry takes a rendezvous that reached the wrong node one hop further. On an error the party waits for its no.
func (r *Relay) carry(ctx context.Context, t shape.Ticket, p shape.Party) error {
	carrier, ok := p.(shape.Carrier)
	if !ok || r.p.Link == nil {
		return fail.New(fail.UnknownTicket, "")
	}
	conn, preface := carrier.Detach()
	far, err := r.p.Link.Dial(ctx, mesh.Num(t.Node()), preface)
	if err != nil {
		return fail.Wrap(fail.NodeLost, fmt.Sprintf("carry to node %d", t.Node()), err)
	}
	carry.Through(ctx, conn, far, r.p.Timeouts.Idle)
	return nil
}
