package relay

import (
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/shape"
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
	Arrived  func(door, shape string) // a party came to the relay: stream, exchange, listener, rendezvous
	Listener func(*Presence)
	Closed   func(*Record) // a stream, an exchange that was answered or a listener that was let in has ended
	Refused  func(*Record) // a sender, listener or rendezvous was turned away
	Offer    func(outcome string, took time.Duration)
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

// Stages are the times from arrival until each station was passed; zero: it never was. Of an exchange: Offer is when the request
// went to the listener that answered, Meet is the head of the response, First the first data of its body.
type Stages struct {
	Admit, Resolve, Offer, Meet, First time.Duration
}

// Record is the account of one connection, for one log line and the metrics.
type Record struct {
	Shape    string // stream, exchange, listener, rendezvous
	Door     string
	Entity   string
	Kind     string
	Tracking string
	Ticket   string
	Listener string
	Node     mesh.Num
	PeerNode mesh.Num
	Remote   string
	Rule     string
	Reason   fail.Code
	Side     string // whose end it was: sender, listener, gateway
	Text     string
	Cause    error
	In, Out  int64
	Messages int64
	Action   string // what the message asked for, where its protocol says so
	Status   int    // of an exchange: the listener's; 0: there was no response
	Stages   Stages
	Began    time.Time
	Duration time.Duration
}

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
		Node: r.self, Remote: h.Remote.String(), Action: h.Action, Began: time.Now(),
	}
}

// since is the time that has passed in a record.
func (c *Record) since() time.Duration { return time.Since(c.Began) }

// refused closes the record of a party that is turned away and returns the error as the party is told it.
func (r *Relay) refused(c *Record, err *fail.Error) *fail.Error {
	err = err.At("", c.Entity, c.Tracking)
	c.Reason, c.Text, c.Cause, c.Duration = err.Code, err.Message(), err.Cause, c.since()
	c.Side = sideOf(err.Code)
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

// sideOf names the side at fault as the log line has it.
func sideOf(code fail.Code) string {
	switch code.Info().Fault {
	case fail.Listener:
		return "listener"
	case fail.Gateway:
		return "gateway"
	default:
		return "sender"
	}
}

// closed closes the record of a party that had been let in.
func (r *Relay) closed(c *Record) {
	c.Duration = c.since()
	if r.p.Hooks.Closed != nil {
		r.p.Hooks.Closed(c)
	}
}

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

// counters sum what streams that have ended carried.
type counters struct{ in, out atomic.Int64 }
