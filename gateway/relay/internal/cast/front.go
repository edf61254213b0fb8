package cast

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Front is what stands in front of one listener: whom it tells what became of its messages, and the queue once there is one: an idle
// listener has none. It is a shape.Sink as its Queue is. Methods of a nil Front that end it or look at it do nothing.
type Front struct {
	*House
	Listener *route.Listener
	Entity   string          // as it is written
	Pulse    *presence.Pulse // who takes messages lives, who leaves them is silent

	sink    shape.Sink  // the listener's own
	missing atomic.Bool // it missed the last message

	queue atomic.Pointer[Queue] // nil: nothing has been put here
	mu    sync.Mutex            // of who makes it, and of shut
	shut  error                 // of one that was closed before it had a queue
}

// House is what the fronts of a node have in common. All but the functions of Hooks is needed.
type House struct {
	Node     mesh.Num
	Hooks    *account.Hooks
	Step     func(n int, tracking, text string)        // nil: nobody wants to know
	Accept   time.Duration                             // how long a listener may take to open a connection
	Response func(entity entity.Address) time.Duration // how long a delivery may take
	Crew     *Crew
}

// Stand puts the front before the listener's sink and gives it; nil: the listener takes no messages.
func (f *Front) Stand() *Front {
	if f.Listener.Cast == nil {
		return nil
	}
	f.sink, f.Listener.Cast = f.Listener.Cast, f
	return f
}

// line gives the queue, made at the first message.
func (f *Front) line() *Queue {
	if q := f.queue.Load(); q != nil {
		return q
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.queue.Load()
	if q == nil {
		q = New(Params{Sink: f.sink, Crew: f.Crew, Settled: f.settled, Limit: f.limit})
		if f.shut != nil {
			q.Close(f.shut)
		}
		f.queue.Store(q)
	}
	return q
}

// Put is Queue.Put.
func (f *Front) Put(m *shape.Message) (here bool, err error) { return f.line().Put(m) }

// Deliver is Queue.Deliver.
func (f *Front) Deliver(ctx context.Context, m *shape.Message) (reached int, err error) {
	return f.line().Deliver(ctx, m)
}

// Close is Queue.Close.
func (f *Front) Close(why error) {
	if q := f.look(why); q != nil {
		q.Close(why)
	}
}

// Settled is Queue.Settled.
func (f *Front) Settled(ctx context.Context) {
	if q := f.look(nil); q != nil {
		q.Settled(ctx)
	}
}

// Waiting is Queue.Waiting.
func (f *Front) Waiting() int {
	if q := f.look(nil); q != nil {
		return q.Waiting()
	}
	return 0
}

// look gives the queue if there is one; else it notes why there will be none that takes anything, if that is said.
func (f *Front) look(shut error) *Queue {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.queue.Load()
	if q == nil && f.shut == nil {
		f.shut = shut
	}
	return q
}

// limit is how long a delivery to the listener may take.
func (f *Front) limit() time.Duration { return f.Response(f.Listener.Entity) }

// settled counts what became of messages for the listener.
func (f *Front) settled(messages []*shape.Message, reached int, err error) {
	l, n := f.Listener, len(messages)
	if err == nil {
		l.Tally.Delivered.Add(int64(n))
		f.missing.Store(false)
		f.Pulse.Accepted(0)
		f.count("delivered", n*reached)
		if f.Step != nil {
			for _, m := range messages {
				f.Step(8, m.Tracking, "gave the message to listener "+l.ID)
			}
		}
		return
	}
	why := exchange.Reason(err)
	l.Tally.Missed.Add(int64(n))
	f.count(string(why.Code), n)
	switch why.Code {
	case fail.AcceptTimeout:
		f.Pulse.Left(f.Accept)
	case fail.ListenerSilent:
		f.Pulse.Unanswered(f.limit())
	default:
	}
	if hook := f.Hooks.Missed; hook != nil && !f.missing.Swap(true) {
		hook(&account.Missed{
			Entity: f.Entity, Listener: l.ID, Node: f.Node, Tracking: messages[0].Tracking, Reason: why.Code, Text: why.Message(), Time: time.Now(),
		})
	}
}

func (f *Front) count(outcome string, n int) {
	if f.Hooks.Cast != nil && n > 0 {
		f.Hooks.Cast(outcome, n)
	}
}
