package cast

import (
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Front is what stands in front of one listener: whom it tells what became of its messages. All but the functions of Hooks is needed.
type Front struct {
	Listener *route.Listener
	Entity   string // as it is written
	Node     mesh.Num
	Pulse    *presence.Pulse // who takes messages lives, who leaves them is silent
	Hooks    *account.Hooks
	Step     func(n int, tracking, text string) // nil: nobody wants to know
	Accept   time.Duration                      // how long a listener may take to open a connection
	Response func() time.Duration               // how long a delivery may take
	Run      func(func()) bool                  // see Params

	missing atomic.Bool // it missed the last message
}

// Stand puts a queue before the listener's sink and gives it; nil: the listener takes no messages. Methods of a nil Queue that end it or
// look at it do nothing.
func (f *Front) Stand() *Queue {
	if f.Listener.Cast == nil {
		return nil
	}
	q := New(Params{Sink: f.Listener.Cast, Run: f.Run, Settled: f.settled, Limit: f.Response})
	f.Listener.Cast = q
	return q
}

// settled counts what became of one message for the listener.
func (f *Front) settled(m *shape.Message, reached int, err error) {
	l := f.Listener
	if err == nil {
		l.Tally.Delivered.Add(1)
		f.missing.Store(false)
		f.Pulse.Accepted(0)
		f.count("delivered", reached)
		if f.Step != nil {
			f.Step(8, m.Tracking, "gave the message to listener "+l.ID)
		}
		return
	}
	why := exchange.Reason(err)
	l.Tally.Missed.Add(1)
	f.count(string(why.Code), 1)
	switch why.Code {
	case fail.AcceptTimeout:
		f.Pulse.Left(f.Accept)
	case fail.ListenerSilent:
		f.Pulse.Unanswered(f.Response())
	default:
	}
	if hook := f.Hooks.Missed; hook != nil && !f.missing.Swap(true) {
		hook(&account.Missed{
			Entity: f.Entity, Listener: l.ID, Node: f.Node, Tracking: m.Tracking, Reason: why.Code, Text: why.Message(), Time: time.Now(),
		})
	}
}

func (f *Front) count(outcome string, n int) {
	if f.Hooks.Cast != nil && n > 0 {
		f.Hooks.Cast(outcome, n)
	}
}
