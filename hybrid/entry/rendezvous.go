package entry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// partWait is how long a listener has to answer the gateway's Close behind an answer; hyco-https does so at once.
	partWait = 5 * time.Second
	// sinkFor is how long an answer's body that must not be sent is read all the same (reference section 8.4).
	sinkFor = 10 * time.Second
)

// request serves the address of a request message: a listener that comes for a large request, or with a large answer.
func (e *Entry) request(ctx context.Context, v *visit) {
	ticket, ok := wire.ParseID(v.target.ID)
	if !ok {
		v.turnAway(fail.New(fail.UnknownTicket, ""))
		return
	}
	c := &caller{guest: guest{v}, over: make(chan struct{})}
	party := shape.Party(c)
	if !v.arrival.Carried {
		party = farCaller{c}
	}
	if err := e.p.Relay.Join(ctx, ticket, party); err == nil && c.carried {
		return
	}
	v.arrival.Rest = c.part // also to turn it away
}

// farCaller is a caller that may have come to the wrong node.
type farCaller struct{ *caller }

// Detach implements shape.Carrier.
func (t farCaller) Detach() (shape.Conn, shape.Preface) {
	t.carried = true
	return traveller{t.guest}.Detach()
}

// caller is a listener at the rendezvous of a request. Its connection ends on a goroutine of its own, so that nobody waits for
// the listener's last words: part runs there.
type caller struct {
	guest
	carried bool

	once    sync.Once
	over    chan struct{} // closed when nobody reads or writes the leg any more
	leg     shape.Leg     // nil: it was refused
	refusal *fail.Error
	left    *bodies.Reply // what is to be read of the answer and sent to nobody; nil: nothing
	polite  bool          // the answer is complete: Close 1000 is the last word
}

// Accept implements shape.Party.
func (c *caller) Accept(a shape.Answer) (shape.Leg, error) {
	v := c.visit
	if err := v.welcome(a.Choice); err != nil {
		_ = v.arrival.Conn.Close()
		c.release()
		return nil, fmt.Errorf("answer the listener: %w", err)
	}
	c.leg = leg.NewWS(v.arrival.Conn, v.arrival.Read, v.entry.legOptions(bodies.MaxPiece))
	return &callerLeg{Leg: c.leg, caller: c}, nil
}

// Refuse implements shape.Party. With an HTTP error hyco-https would die (reference section 1, rule 6): part completes the
// upgrade.
func (c *caller) Refuse(err *fail.Error) {
	c.refusal = err
	c.release()
}

func (c *caller) release() { c.once.Do(func() { close(c.over) }) }

// part ends the connection.
func (c *caller) part() {
	<-c.over
	switch {
	case c.refusal != nil:
		c.visit.closeUpgraded(c.refusal)
		return
	case c.leg == nil:
		return
	case c.left != nil:
		c.polite = c.left.Sink(sinkFor)
	}
	if c.polite {
		c.farewell()
	}
	c.leg.Close()
}

// farewell closes in order and waits for the listener's own Close: TCP ends at once behind it (reference section 1, rule 8).
func (c *caller) farewell() {
	guard := time.AfterFunc(partWait, func() { c.leg.Abort(&shape.End{Why: fail.Idle}) })
	defer guard.Stop()
	if c.leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseNormal, Text: "NormalClosure"}) != nil {
		return
	}
	var b shape.Batch
	for c.leg.Read(&b) == nil { // what comes behind an answer is nothing (reference section 6.2)
	}
}

// callerLeg is the leg of a caller as others hold it: Close lets part go on.
type callerLeg struct {
	shape.Leg
	caller *caller

	mu sync.Mutex // of Abort: whoever calls it second returns when the last word of the first has left
}

// Abort implements shape.Leg.
func (l *callerLeg) Abort(end *shape.End) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Leg.Abort(end)
}

// Close implements shape.Leg.
func (l *callerLeg) Close() { l.caller.release() }
