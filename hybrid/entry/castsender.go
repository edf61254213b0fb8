package entry

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// closeTryAgain tells a sender that its last message found no listener now (RFC 6455 section 7.4.2: the IANA registry, Try Again Later).
const closeTryAgain = 1013

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
	if err := v.write(v.welcome(choice)); err != nil {
		_ = v.arrival.Conn.Close()
		pass.Leave(&shape.End{Why: fail.SenderGone, Cause: err})
		return
	}
	s := &castSender{visit: v, pass: pass, mode: mode}
	if v.raw {
		s.leg = leg.NewTCP(v.arrival.Conn, v.arrival.Read, e.p.Write)
	} else {
		s.leg = leg.NewWS(v.arrival.Conn, v.arrival.Read, e.legOptions(0))
	}
	v.arrival.Rest = func() { s.run(ctx) }
}

// castSender is a WebSocket whose messages are cast.
type castSender struct {
	visit *visit
	pass  *relay.Pass
	mode  relay.Mode
	leg   shape.Leg
	held  []byte // the beginning of a message
}

// run reads until the connection ends, and ends it.
func (s *castSender) run(ctx context.Context) {
	stop := context.AfterFunc(s.pass.Context(), func() { s.part(endOfCasts(context.Cause(s.pass.Context()))) })
	end := s.read(ctx)
	told := !stop() // the gateway has said goodbye
	if cause := context.Cause(s.pass.Context()); told && cause != nil {
		end = endOfCasts(cause)
	}
	s.pass.Leave(end)
	switch {
	case told:
	case end.Why == fail.Aborted:
		s.leg.Abort(end)
	default:
		_ = s.leg.CloseWrite(end)
	}
	if end.Why != fail.PeerClosed {
		s.hearOut()
	}
	s.leg.Close()
}

// endOfCasts is what a sender is told that has to go.
func endOfCasts(cause error) *shape.End {
	if end, ok := errors.AsType[*shape.End](cause); ok {
		return end
	}
	return &shape.End{Why: fail.Draining, Code: wsframe.CloseGoingAway, Cause: cause}
}

// part says goodbye and gives the sender a moment to answer.
func (s *castSender) part(end *shape.End) {
	_ = s.leg.CloseWrite(end)
	time.AfterFunc(closeWait, func() { s.leg.Abort(end) })
}

// hearOut reads what the sender still sends, for a moment, so that our last word is not lost.
func (s *castSender) hearOut() {
	guard := time.AfterFunc(closeWait, func() { s.leg.Abort(&shape.End{Why: fail.Idle}) })
	defer guard.Stop()
	var b shape.Batch
	for s.leg.Read(&b) == nil {
	}
}

// read casts message after message and says why there are no more.
func (s *castSender) read(ctx context.Context) *shape.End {
	var b shape.Batch
	for {
		if err := s.leg.Read(&b); err != nil {
			end, ok := errors.AsType[*shape.End](err)
			if !ok {
				end = &shape.End{Why: fail.Aborted, Cause: err}
			}
			return end
		}
		for _, p := range b.Pieces {
			if len(s.held)+p.Len > shape.MaxMessage {
				return s.failed(fail.Newf(fail.TooLarge, "A message is longer than %d bytes.", shape.MaxMessage))
			}
			s.held = append(s.held, b.Buf[p.Off:p.Off+p.Len]...)
			if !p.Last {
				continue
			}
			m := &shape.Message{Hello: *s.visit.hello, Type: typeBinary, Data: slices.Clip(s.held)}
			if p.Text {
				m.Type = typeText
			}
			s.held = nil // it is the listeners' now
			if _, err := s.pass.Cast(ctx, m, s.mode); err != nil {
				return s.failed(fail.Of(err))
			}
		}
	}
}

// failed is the end behind a message that could not be handed over.
func (s *castSender) failed(err *fail.Error) *shape.End {
	end := &shape.End{Why: err.Code, Code: closeTryAgain, Cause: err.Cause}
	switch {
	case err.Code == fail.TooLarge:
		end.Code = wsframe.CloseTooBig
	case !err.Code.Info().Retry:
		end.Code = wsframe.ClosePolicy
	}
	trail := s.visit.trail()
	end.Text = trail.CloseText(err.Message())
	return end
}
