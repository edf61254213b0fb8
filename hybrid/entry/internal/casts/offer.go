package casts

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Invitation asks a listener to open a connection.
type Invitation interface {
	// Ask does so. came is called once, with the connection or why there is none, from any goroutine and perhaps before Ask returns. ctx is
	// that of the asking.
	Ask(ctx context.Context, came func(shape.Leg, error))
	// Cancel takes it back, and reports whether came will not be called any more.
	Cancel() bool
}

// Offer has a listener open a connection to this node, as for a sender. It implements Invitation. All exported members are needed.
type Offer struct {
	Relay   *relay.Relay
	Window  time.Duration  // how long it has for that
	Message *shape.Message // that it is opened for
	Stands  func(context.Context) error
	Tell    func(*shape.Offer) error

	expected relay.Expected
	begun    atomic.Bool // expected is made
	came     func(shape.Leg, error)
}

// Ask implements Invitation. It waits until the control channel stands, by ctx.
func (o *Offer) Ask(ctx context.Context, came func(shape.Leg, error)) {
	o.came = came
	o.Relay.Expect(ctx, &o.expected)
	o.begun.Store(true)
	if err := o.Stands(ctx); err != nil {
		came(nil, err)
		return
	}
	deadline := time.Now().Add(o.Window)
	ticket, err := o.expected.Then(deadline, o.answered)
	if err != nil {
		came(nil, err)
		return
	}
	h := o.Message.Hello
	h.Fields = Fields(o.Message)
	if err := o.Tell(&shape.Offer{Ticket: ticket, Hello: &h, Deadline: deadline}); err != nil && o.expected.Cancel() {
		came(nil, err)
	}
}

// Cancel implements Invitation. It does not take back what is not told yet: where the listener has gone, it cannot be told.
func (o *Offer) Cancel() bool { return o.begun.Load() && o.expected.Cancel() }

// answered is behind the listener's answer, or the time for it.
func (o *Offer) answered() {
	party, err := o.expected.Take()
	if err != nil {
		o.came(nil, err)
		return
	}
	far, err := party.Accept(shape.Answer{})
	if err != nil {
		o.came(nil, fail.Wrap(fail.ListenerLost, "cast", err))
		return
	}
	o.came(far, nil)
}
