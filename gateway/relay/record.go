package relay

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// What is told of the road.
type (
	// Step is one of the nine documented steps, at the moment when it happened.
	Step = account.Step
	// Hooks are told what happens on the road. They must not block, nor call the relay.
	Hooks = account.Hooks
	// Presence says that a listener came or went, or seems to be otherwise than before.
	Presence = account.Presence
	// Missed says that a listener did not get a message that was for it.
	Missed = account.Missed
	// Stages are the times from arrival until each station was passed.
	Stages = account.Stages
	// Record is the account of one connection, for one log line and the metrics.
	Record = account.Record
)

// begin opens the record of a party.
func (r *Relay) begin(kind string, h *shape.Hello) *Record {
	if r.p.Hooks.Arrived != nil {
		r.p.Hooks.Arrived(h.Door, kind)
	}
	return r.open(kind, h)
}

// open opens a record and tells nobody.
func (r *Relay) open(kind string, h *shape.Hello) *Record {
	return &Record{
		Shape: kind, Door: h.Door, Entity: h.At.Path, Tracking: h.Tracking,
		Node: r.self, Remote: h.Remote.String(), Action: h.Action, To: h.To, Began: time.Now(),
	}
}

// refused closes the record of a party that is turned away and returns the error as the party is told it.
func (r *Relay) refused(c *Record, err *fail.Error) *fail.Error {
	err = err.At("", c.Entity, c.Tracking)
	c.Reason, c.Text, c.Cause, c.Duration = err.Code, err.Message(), err.Cause, c.Since()
	c.Side = account.SideOf(err.Code)
	if r.p.Hooks.Refused != nil {
		r.p.Hooks.Refused(c)
	}
	return err
}

// Turned notes a party that an entry turns away by itself, before it came to the relay: a request that breaks the
// protocol's rules. It returns the error as the party is to be told it.
func (r *Relay) Turned(kind string, h *shape.Hello, err *fail.Error) *fail.Error {
	return r.refused(r.begin(kind, h), err)
}

// closed closes the record of a party that had been let in.
func (r *Relay) closed(c *Record) {
	c.Duration = c.Since()
	if r.p.Hooks.Closed != nil {
		r.p.Hooks.Closed(c)
	}
}

// tells reports whether anybody hears of the steps: their texts are made for nobody else.
func (r *Relay) tells() bool { return r.p.Hooks.Step != nil }

// step tells of a documented step.
func (r *Relay) step(number int, tracking, text string) {
	if r.p.Hooks.Step != nil {
		r.p.Hooks.Step(Step{Number: number, Node: r.self, At: time.Now(), Tracking: tracking, Text: text})
	}
}

func (r *Relay) offered(outcome string, took time.Duration) {
	if r.p.Hooks.Offer != nil {
		r.p.Hooks.Offer(outcome, took)
	}
}
