package account

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Clerk opens and closes the records of one node, and tells the hooks of what happens. It keeps none. Its methods may be called from any
// goroutine.
type Clerk struct {
	Hooks *Hooks
	Node  mesh.Num
}

// Begin opens the record of a party that has arrived.
func (k *Clerk) Begin(kind string, h *shape.Hello) *Record {
	c := new(Record)
	k.BeginIn(c, kind, h)
	return c
}

// BeginIn is Begin for a record that is part of what it is of.
func (k *Clerk) BeginIn(c *Record, kind string, h *shape.Hello) {
	k.OpenIn(c, kind, h, k.Arrive(kind, h))
}

// Arrive tells of a party that has arrived and may need no record. It gives the time, for the Began of one that is opened later.
func (k *Clerk) Arrive(kind string, h *shape.Hello) time.Time {
	if k.Hooks.Arrived != nil {
		k.Hooks.Arrived(h.Door, kind)
	}
	return time.Now()
}

// Open opens a record and tells nobody: another node has told of its party.
func (k *Clerk) Open(kind string, h *shape.Hello) *Record {
	c := new(Record)
	k.OpenIn(c, kind, h, time.Now())
	return c
}

// OpenIn is Open for a record that is part of what it is of, and of a party that came at the given time. c is zero before.
func (k *Clerk) OpenIn(c *Record, kind string, h *shape.Hello, began time.Time) {
	c.Shape, c.Door, c.Entity, c.Tracking = kind, h.Door, h.At.Path, h.Tracking
	c.Node, c.Remote, c.Action, c.To, c.Began = k.Node, h.Remote, h.Action, h.To, began
}

// Again opens the record of a party that stayed, to be closed; id is the listener's.
func (k *Clerk) Again(kind string, h *shape.Hello, id string, s *Stay) *Record {
	c := k.Open(kind, h)
	c.Listener, c.Entity, c.Kind, c.Rule, c.Stages.Admit, c.Began = id, s.Entity, s.Kind, s.Rule, s.Admit, s.Began
	return c
}

// Refused closes the record of a party that is turned away and returns the error as the party is told it.
func (k *Clerk) Refused(c *Record, err *fail.Error) *fail.Error {
	err = err.At("", c.Entity, c.Tracking)
	c.Reason, c.Text, c.Cause, c.Duration = err.Code, err.Message(), err.Cause, c.Since()
	c.Side = SideOf(err.Code)
	if k.Hooks.Refused != nil {
		k.Hooks.Refused(c)
	}
	return err
}

// Closed closes the record of a party that had been let in.
func (k *Clerk) Closed(c *Record) {
	c.Duration = c.Since()
	if k.Hooks.Closed != nil {
		k.Hooks.Closed(c)
	}
}

// Tells reports whether anybody hears of the steps: their texts are made for nobody else.
func (k *Clerk) Tells() bool { return k.Hooks.Step != nil }

// Step tells of a documented step.
func (k *Clerk) Step(number int, tracking, text string) {
	if k.Hooks.Step != nil {
		k.Hooks.Step(Step{Number: number, Node: k.Node, At: time.Now(), Tracking: tracking, Text: text})
	}
}

// Offered counts what became of an offer.
func (k *Clerk) Offered(outcome string, took time.Duration) {
	if k.Hooks.Offer != nil {
		k.Hooks.Offer(outcome, took)
	}
}

// Cast counts what became of a message for n listeners.
func (k *Clerk) Cast(outcome string, n int) {
	if k.Hooks.Cast != nil && n > 0 {
		k.Hooks.Cast(outcome, n)
	}
}
