// Package account owns what is told of the road while parties go it: the account of each connection, the documented steps, who comes and
// goes. Data only: the relay fills it in and calls the hooks; the root makes log lines and metrics of it.
//
// A Record belongs to the goroutine that its party is served by, until it is closed. Source: contracts.md section 2.
package account

import (
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// Step is one of the nine documented steps, at the moment when it happened.
type Step struct {
	Number   int // 1 to 9
	Node     mesh.Num
	At       time.Time
	Tracking string // the sender's or, for steps 1 and 2, the listener's
	Text     string
}

// Hooks are told what happens on the road, from the goroutine on which it happens, some under a lock (docs/locks.md): they must
// not block, nor call the relay. Nil: not wanted.
type Hooks struct {
	Step     func(Step)
	Arrived  func(door, shape string) // a party came to the relay: stream, exchange, cast, listener, rendezvous
	Listener func(*Presence)
	Closed   func(*Record) // a stream, an exchange that was answered or a listener that was let in has ended
	Refused  func(*Record) // a sender, listener or rendezvous was turned away
	Offer    func(outcome string, took time.Duration)
	Cast     func(outcome string, n int) // messages of n listeners: delivered, or the code of why they are missed
	Missed   func(*Missed)               // a listener missed a message, the first behind one that it got
}

// Presence says that a listener came or went, or seems to be otherwise than before.
type Presence struct {
	Online   bool           // its channel is open
	State    presence.State // what it seems to be now
	Was      presence.State // what it seemed to be before; of one that came: Gone
	Entity   string
	Listener string
	Channel  uint64 // tells two of one id apart, at its node
	Node     mesh.Num
	Remote   string
	Reason   fail.Code // why it went, or why it counts as deaf
	Text     string    // the same for people; may be ""
	Lasted   time.Duration
	Time     time.Time
}

// Missed says that a listener did not get a message that was for it.
type Missed struct {
	Entity   string
	Listener string
	Node     mesh.Num
	Tracking string // the sender's
	Reason   fail.Code
	Text     string
	Time     time.Time
}

// Stages are the times from arrival until each station was passed; zero: it never was. Of an exchange: Offer is when the request
// went to the listener that answered, Meet is the head of the response, First the first data of its body.
type Stages struct {
	Admit, Resolve, Offer, Meet, First time.Duration
}

// Record is the account of one connection, for one log line and the metrics. What is only ever read as text is made text by who reads it.
type Record struct {
	Shape    string // stream, exchange, cast, listener, rendezvous
	Door     string
	Entity   string
	Kind     string
	Tracking string
	Ticket   shape.Ticket // of the rendezvous; zero: none
	Listener string
	Node     mesh.Num
	PeerNode mesh.Num
	Remote   netip.AddrPort
	Rule     string
	Reason   fail.Code
	Side     string // whose end it was: sender, listener, gateway
	Text     string
	Cause    error
	In, Out  int64
	Messages int64
	Action   string // what the message asked for, where its protocol says so
	To       string // whom it named itself, where its protocol has a place for that
	Taken    int64  // of a cast: listeners that took a message, summed; of a listener: messages that it got
	Missed   int64  // those that it did not reach; those that it did not get
	Status   int    // of an exchange: the listener's; 0: there was no response
	Within   string // of an exchange within a stream that ends at its node: the stream's tracking id. Its bytes are the stream's
	Stages   Stages
	Began    time.Time
	Duration time.Duration
}

// Stay is what the record of a listener is made of when it leaves, beside what else is known of it: thousands may stay for days, and a record
// is long.
type Stay struct {
	Entity string
	Kind   string
	Rule   string
	Admit  time.Duration
	Began  time.Time
}

// Stay takes it out of the record of a listener that was let in.
func (c *Record) Stay() Stay { return Stay{c.Entity, c.Kind, c.Rule, c.Stages.Admit, c.Began} }

// Subject says what the connection is to those who look at what passes.
func (c *Record) Subject() *tap.Subject {
	return &tap.Subject{
		Shape: c.Shape, Tracking: c.Tracking, Entity: c.Entity, Listener: c.Listener, Remote: c.Remote.String(), Door: c.Door, Node: uint16(c.Node), PeerNode: uint16(c.PeerNode),
	}
}

// Carried notes how a stream ended, and what it has carried.
func (c *Record) Carried(rep *flow.Report) {
	c.In, c.Out, c.Messages = rep.In, rep.Out, rep.Messages
	c.Reason, c.Text, c.Cause = rep.Why, rep.Text, rep.Cause
	switch {
	case rep.Outside:
		c.Side = "gateway"
	case rep.From == flow.Forth:
		c.Side = "sender"
	default:
		c.Side = "listener"
	}
}

// Since is the time that has passed in a record.
func (c *Record) Since() time.Duration { return time.Since(c.Began) }

// SideOf names the side at fault as the log line has it.
func SideOf(code fail.Code) string {
	switch code.Info().Fault {
	case fail.Listener:
		return "listener"
	case fail.Gateway:
		return "gateway"
	default:
		return "sender"
	}
}
