// Package bounds owns the figures that bound a node and the road, and their defaults: those of the service where it has any. Whether they
// are kept is the relay's business.
//
// Limits and timeouts are plain values: nothing is shared. An Until, which bounds the time of a context, may be asked by any goroutine. Source: Hybrid Connections reference sections 7, 8.6 and 9.
package bounds

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Limits bound what one node holds. Zero values become the defaults beside them.
type Limits struct {
	ListenersPerEntity int // 25: the service's limit (reference section 9)
	Connections        int // 5000: listeners and senders together, the service's limit
	Pending            int // 10000: rendezvous that wait for their listener
	PendingPerSource   int // 200: of one network address
	CastMessage        int // shape.DefaultMessage: bytes of a message to a one-way or event relay, at most shape.MaxMessage
}

// Timeouts of the road. Zero values become the defaults beside them.
type Timeouts struct {
	Accept     time.Duration // 30 s: how long a rendezvous waits for its listener (reference section 9)
	Response   time.Duration // 60 s: how long a listener may take for the head of its response (reference section 8.6)
	Idle       time.Duration // 60 s: quiet after the first end of a stream (reference section 7)
	TokenGrace time.Duration // 5 min: how long a listener may go on with an expired token (reference section 1, rule 5)
}

// Defaults fills in what is zero or less.
func (l *Limits) Defaults() {
	l.ListenersPerEntity = positive(l.ListenersPerEntity, 25)
	l.Connections = positive(l.Connections, 5000)
	l.Pending = positive(l.Pending, 10_000)
	l.PendingPerSource = positive(l.PendingPerSource, 200)
	l.CastMessage = min(positive(l.CastMessage, shape.DefaultMessage), shape.MaxMessage)
}

// Defaults fills in what is zero or less.
func (t *Timeouts) Defaults() {
	t.Accept = positive(t.Accept, meet.DefaultWindow)
	t.Response = positive(t.Response, time.Minute)
	t.Idle = positive(t.Idle, time.Minute)
	t.TokenGrace = positive(t.TokenGrace, 5*time.Minute)
}

func positive[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}
