package entry

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
)

// accept serves the address of an accept message: the rendezvous itself, or a reject.
func (e *Entry) accept(ctx context.Context, v *visit) {
	ticket, ok := wire.ParseID(v.target.ID)
	if !ok {
		v.turnAway(fail.New(fail.UnknownTicket, ""))
		return
	}
	if v.target.HasStatus {
		e.reject(ctx, v, ticket)
		return
	}
	if v.arrival.Carried {
		_ = e.p.Relay.Join(ctx, ticket, guest{v}) // the party was told, and the relay keeps the account
		return
	}
	_ = e.p.Relay.Join(ctx, ticket, traveller{guest{v}})
}

// reject passes a listener's no on to the sender and tells the listener that it is done: 410 Gone.
func (e *Entry) reject(ctx context.Context, v *visit, ticket shape.Ticket) {
	no := &fail.Error{Code: fail.Rejected, Status: v.target.Status, Text: v.target.StatusDescription}
	if err := e.p.Relay.Decline(ctx, ticket, v.hello, no); err != nil {
		v.refuse(fail.Of(err))
		return
	}
	v.refuse(&fail.Error{Code: fail.Rejected, Status: 410, Text: "Gone"})
}

// guest is a listener at its rendezvous.
type guest struct{ visit *visit }

// Hello implements shape.Party.
func (g guest) Hello() *shape.Hello { return g.visit.hello }

// Accept implements shape.Party.
func (g guest) Accept(a shape.Answer) (shape.Leg, error) {
	v := g.visit
	if err := v.welcome(a.Choice); err != nil {
		_ = v.arrival.Conn.Close()
		return nil, fmt.Errorf("answer the listener: %w", err)
	}
	if v.raw {
		return leg.NewTCP(v.arrival.Conn, v.arrival.Read, v.entry.p.Write), nil
	}
	return leg.NewWS(v.arrival.Conn, v.arrival.Read, v.entry.legOptions(v.longest())), nil
}

// wholePiece is the longest frame towards a listener whose stack reads frames in parts.
const wholePiece = 64 << 10

// longest is how long a frame may be towards this listener: 32 KiB, since longer ones end the rendezvous of one of the SDKs without a
// word (reference section 6.3), and it cannot be told from all others. Go's clients say who they are and take frames as they come;
// cutting would cost them two system calls more a frame.
func (v *visit) longest() int {
	if strings.HasPrefix(v.arrival.Head.Fields.Get("User-Agent"), "Go-http-client/") {
		return wholePiece
	}
	return bodies.MaxPiece
}

// Refuse implements shape.Party.
func (g guest) Refuse(err *fail.Error) { g.visit.refuse(err) }

// traveller is a guest that may have come to the wrong node.
type traveller struct{ guest }

// Detach implements shape.Carrier. The head travels on as it was understood here.
func (t traveller) Detach() (net.Conn, shape.Preface) {
	a := t.visit.arrival
	return a.Conn, shape.Preface{
		Door: a.Door, Host: t.visit.hello.Host, Remote: a.Remote, TLS: a.TLS, Cert: a.Cert,
		Replay: append(http1.AppendRequest(nil, a.Head), a.Read...),
	}
}
