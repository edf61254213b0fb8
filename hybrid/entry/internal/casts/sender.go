package casts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// closeTryAgain tells a sender that its last message found no listener now (RFC 6455 section 7.4.2: the IANA registry, Try Again Later).
const closeTryAgain = 1013

// Sender is a WebSocket whose messages are cast. All exported members are needed.
type Sender struct {
	Hello *shape.Hello
	Relay *relay.Relay
	Pass  *relay.Pass
	Mode  relay.Mode
	Leg   shape.Leg
	Say   func(*fail.Error) string // the text of a Close

	held []byte // the beginning of a message
}

// Run reads until the connection ends, and ends it.
func (s *Sender) Run(ctx context.Context) {
	stop := context.AfterFunc(s.Pass.Context(), func() { s.part(endOfCasts(context.Cause(s.Pass.Context()))) })
	end := s.read(ctx)
	told := !stop() // the gateway has said goodbye
	if cause := context.Cause(s.Pass.Context()); told && cause != nil {
		end = endOfCasts(cause)
	}
	s.Pass.Leave(end)
	switch {
	case told:
	case end.Why == fail.Aborted:
		s.Leg.Abort(end)
	default:
		_ = s.Leg.CloseWrite(end)
	}
	if end.Why != fail.PeerClosed {
		s.hearOut()
	}
	s.Leg.Close()
}

// endOfCasts is what a sender is told that has to go.
func endOfCasts(cause error) *shape.End {
	if end, ok := errors.AsType[*shape.End](cause); ok {
		return end
	}
	return &shape.End{Why: fail.Draining, Code: wsframe.CloseGoingAway, Cause: cause}
}

// part says goodbye and gives the sender a moment to answer.
func (s *Sender) part(end *shape.End) {
	_ = s.Leg.CloseWrite(end)
	time.AfterFunc(CloseWait, func() { s.Leg.Abort(end) })
}

// hearOut reads what the sender still sends, for a moment, so that our last word is not lost.
func (s *Sender) hearOut() {
	guard := time.AfterFunc(CloseWait, func() { s.Leg.Abort(&shape.End{Why: fail.Idle}) })
	defer guard.Stop()
	var b shape.Batch
	for s.Leg.Read(&b) == nil {
	}
}

// read casts message after message and says why there are no more.
func (s *Sender) read(ctx context.Context) *shape.End {
	var b shape.Batch
	for {
		if err := s.Leg.Read(&b); err != nil {
			end, ok := errors.AsType[*shape.End](err)
			if !ok {
				end = &shape.End{Why: fail.Aborted, Cause: err}
			}
			return end
		}
		for _, p := range b.Pieces {
			if len(s.held)+p.Len > s.Relay.CastMessage() {
				return s.failed(s.Relay.LongMessage())
			}
			s.held = append(s.held, b.Buf[p.Off:p.Off+p.Len]...)
			if !p.Last {
				continue
			}
			m := &shape.Message{Hello: *s.Hello, Type: typeBinary, Data: slices.Clip(s.held)}
			if p.Text {
				m.Type = typeText
			}
			s.held = nil // it is the listeners' now
			if _, err := s.Pass.Cast(ctx, m, s.Mode); err != nil {
				return s.failed(fail.Of(err))
			}
		}
	}
}

// failed is the end behind a message that could not be handed over.
func (s *Sender) failed(err *fail.Error) *shape.End {
	end := &shape.End{Why: err.Code, Code: closeTryAgain, Cause: err.Cause}
	switch {
	case err.Code == fail.TooLarge:
		end.Code = wsframe.CloseTooBig
	case !err.Code.Info().Retry:
		end.Code = wsframe.ClosePolicy
	}
	end.Text = s.Say(err)
	return end
}
