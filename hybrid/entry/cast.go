package entry

import (
	"context"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/casts"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
)

// What this file does: messages that are cast come from WebSocket senders, and go to listeners. Unmodified SDKs know connections and requests,
// so a message comes as one of the two (docs/casts.md): on a connection that is opened for the first and kept for the next ones, one WebSocket
// message each; or, for those that say so in their listen address or are our own agent, as a POST whose 2xx means taken.

// Deliver implements shape.Sink. Calls come one after the other.
func (c *control) Deliver(ctx context.Context, m *shape.Message) (int, error) {
	var err error
	if c.posts {
		err = c.post(ctx, m)
	} else {
		err = c.casts.Deliver(ctx, c.inviting(m), m)
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// inviting is how a connection is opened for a message.
func (c *control) inviting(m *shape.Message) func() casts.Invitation {
	return func() casts.Invitation { return c.invitation(m) }
}

func (c *control) invitation(m *shape.Message) *casts.Offer {
	return &casts.Offer{Relay: c.entry.p.Relay, Window: c.entry.p.Accept, Message: m, Stands: c.stands, Tell: c.tellAlone}
}

// sink is the control channel as messages reach it. On a connection several of them leave with one stroke; a request is one.
func (c *control) sink() shape.Sink {
	if c.posts {
		return c
	}
	return written{c}
}

// written is a control channel whose messages are written to a connection.
type written struct{ *control }

// DeliverAll implements shape.Burst.
func (w written) DeliverAll(ctx context.Context, messages []*shape.Message) error {
	return w.casts.Deliver(ctx, w.inviting(messages[0]), messages...)
}

// Opened implements shape.Inviter.
func (w written) Opened() bool { return w.casts.Opened() }

// Invite implements shape.Inviter.
func (w written) Invite(ctx context.Context, m *shape.Message, then func(error)) bool {
	return w.casts.Open(ctx, w.invitation(m), then)
}

// post gives the listener a message as a request, on the control channel.
func (c *control) post(ctx context.Context, m *shape.Message) error {
	res, err := c.Exchange(ctx, casts.Request(m))
	if err != nil {
		return err
	}
	return casts.Taken(res)
}

// postsCasts reports whether a listener gets messages as requests: our own agents, and who says so in the listen address.
func (v *visit) postsCasts(a wire.Agent) bool {
	return a.Cast || strings.EqualFold(v.target.Cast, "request")
}

// casts reports how messages of a WebSocket sender at the address are cast; false: the sender wants a connection.
func (v *visit) casts() (relay.Mode, bool) {
	ent := v.entry.p.Entity(v.hello.At)
	if ent == nil {
		return relay.One, false
	}
	return relay.ModeOf(ent.Kind)
}

// cast serves a sender of messages: each WebSocket message is one cast, until the sender closes or a message cannot be handed over.
// There is no answer on a WebSocket but its Close, which then says what became of the last message that was read.
func (e *Entry) cast(ctx context.Context, v *visit, mode relay.Mode) {
	if refusal := v.asksToSend(); refusal != nil {
		v.turnAway(refusal)
		return
	}
	v.ask.Also = func(ent *entity.Entity) *fail.Error {
		if refusal := v.suits(ent); refusal != nil {
			return refusal
		}
		if mode == relay.One && e.p.Relay.Online(ent.At) == 0 { // told at once, as every other sender is
			return fail.New(fail.NoListener, "There are no listeners connected for the endpoint.")
		}
		return nil
	}
	pass, err := e.p.Relay.Admit(ctx, v.ask, v.hello)
	if err != nil {
		v.refuse(fail.Of(err))
		return
	}
	choice := ""
	if len(v.hello.Offers) > 0 {
		choice = v.hello.Offers[0] // browsers take no answer without one of theirs
	}
	if err := v.welcomeTo(choice, v.kind("")); err != nil {
		_ = v.arrival.Conn.Close()
		pass.Leave(&shape.End{Why: fail.SenderGone, Cause: err})
		return
	}
	s := &casts.Sender{Hello: v.hello, Relay: e.p.Relay, Pass: pass, Mode: mode, Say: func(no *fail.Error) string {
		trail := v.trail()
		return trail.CloseText(no.Message())
	}}
	if v.raw {
		s.Leg = leg.NewTCP(v.arrival.Conn, v.arrival.Read, e.p.Write)
	} else {
		s.Leg = leg.NewWS(v.arrival.Conn, v.arrival.Read, e.legOptions(0))
	}
	v.arrival.Rest = func() { s.Run(ctx) }
}
