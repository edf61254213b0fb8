package entry

import (
	"context"
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/stack"
)

// connect serves a sender until it is answered; the stream is the rest of the connection's life.
func (e *Entry) connect(ctx context.Context, party *arrived) {
	stack.Deepen()
	v := &party.visit
	if refusal := v.asksToSend(); refusal != nil {
		v.turnAway(refusal)
		return
	}
	if v.borne || !v.target.Prefixed {
		v.ask.Also = v.suits
	}
	pump, err := e.p.Relay.Connect(ctx, v.ask, (*sender)(party))
	if err != nil {
		return // the party was told, and the relay keeps the account
	}
	v.arrival.Stay = pump
}

// asksToSend completes what a sender asks, or says what is wrong with it.
func (v *visit) asksToSend() *fail.Error {
	allowed, disallowed, err := wire.Listeners(v.arrival.Head.Fields)
	if err != nil {
		return badTarget(err)
	}
	v.ask.Need = entity.Send
	v.ask.Hints = relay.Hints{Limited: allowed != nil, Allowed: guids(allowed), Disallowed: guids(disallowed)}
	return nil
}

func guids(ids [][16]byte) []relay.GUID {
	list := make([]relay.GUID, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return list
}

// suits is the protocol's own word on an entity: whether it takes upgrades without /$hc, and that a token in
// Authorization, once used, is not for the listener.
func (v *visit) suits(ent *entity.Entity) *fail.Error {
	if !v.target.Prefixed && ent.Settings.NoPlainWebSocket {
		return fail.New(fail.BadRequest, "The entity takes web-socket requests under /$hc only.")
	}
	if v.borne && !ent.AnonymousSenders {
		v.hello.Fields = slices.Clone(v.hello.Fields) // they may be the head's
		v.hello.Fields.Del("Authorization")
	}
	return nil
}

// sender is a sender that waits for its answer.
type sender arrived

// Watch implements shape.Leaver.
func (s *sender) Watch(leave context.CancelCauseFunc) {
	s.watch.Start(&s.entry.late, s.arrival.Conn, false, leave)
}

// Hello implements shape.Party.
func (s *sender) Hello() *shape.Hello { return s.visit.hello }

// Accept implements shape.Party.
func (s *sender) Accept(a shape.Answer) (shape.Leg, error) {
	v := &s.visit
	early, err := s.watch.Stop()
	if err == nil {
		err = v.welcome(a.Choice)
	}
	if err != nil {
		_ = v.arrival.Conn.Close()
		return nil, fmt.Errorf("answer the sender: %w", err)
	}
	read := v.arrival.Read
	if len(early) > 0 {
		read = slices.Concat(read, early)
	}
	if v.raw {
		return leg.NewTCP(v.arrival.Conn, read, v.entry.p.Write), nil
	}
	return leg.NewWS(v.arrival.Conn, read, v.entry.legOptions(0)), nil
}

// Refuse implements shape.Party.
func (s *sender) Refuse(err *fail.Error) {
	if _, gone := s.watch.Stop(); gone != nil {
		_ = s.visit.arrival.Conn.Close()
		return
	}
	s.visit.refuse(err)
}
