package cast

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Bounds of one listener's queue. Messages are shared by all queues of a node, so the bytes are those of the messages and not of copies:
// a burst of 256 of ordinary size has room, and one of the largest is held up at 64.
const (
	Depth    = 256             // messages that wait
	Bytes    = 4 << 20         // of their payloads; one message has room whatever its length
	Patience = 2 * time.Second // how long a message to one listener waits before the next is asked
)

// Bounds of what leaves with one stroke, where the sink can: so many messages that a system call is a small part of what each costs, and
// few enough bytes that they fit the buffers on the way, so that a slow receiver is seen as early as with one message. A message to one
// listener leaves alone: when a stroke fails all that is in it is lost, and what still waits goes to another.
const (
	Together      = 32
	TogetherBytes = 16 << 10 // but for one message, which goes whatever its length
)

// Params is what a Queue is made of; all of it is needed.
type Params struct {
	Sink shape.Sink
	// Limit is how long one delivery may take.
	Limit func() time.Duration
	// Settled is told what became of each message that was put here, once, but for those that were taken back: how many took it, or
	// why nobody did. It is called without a lock and must not block.
	Settled func(m *shape.Message, reached int, err error)
	// Run starts the queue's goroutine, which ends soon after Close; false: it will not.
	Run func(func()) bool
}

// Queue stands in front of one listener. It is a shape.Sink that is safe for concurrent use and knows no waiting behind others for
// longer than Patience. Make one with New.
type Queue struct {
	p      Params
	burst  shape.Burst     // the sink, if it can hand over several at once; else nil
	ctx    context.Context //nolint:containedctx // of the listener's connection, whose life the queue is
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	items   []*item // those that wait, the next first
	bytes   int
	leaving int // of those that were taken out, how many it is not known of what became of them
	running bool
	shut    error // why nothing is taken any more
	rest    chan struct{}
}

// item is one message that waits.
type item struct {
	m    *shape.Message
	done chan struct{} // closed when reached and err are set; nil: nobody waits for it

	reached int
	err     error
}

// New makes a queue.
func New(p Params) *Queue {
	q := &Queue{p: p}
	q.burst, _ = p.Sink.(shape.Burst)
	q.ctx, q.cancel = context.WithCancelCause(context.Background())
	return q
}

// Put queues a message that goes to every listener and does not wait. An error says that this listener misses it; Settled is told then too.
// here is false when the queue was closed: the listener left while it was looked up, the message is none of its, and its account, which may
// have been told already, stays as it is.
func (q *Queue) Put(m *shape.Message) (here bool, err error) {
	err = q.push(&item{m: m})
	if _, left := errors.AsType[*leftError](err); left {
		return false, nil
	}
	if err != nil {
		q.p.Settled(m, 0, err)
	}
	return true, err
}

// Deliver implements shape.Sink: it queues a message that goes to one listener and waits until that one has it. What has not begun to leave
// within Patience, or when ctx ends, is taken back.
func (q *Queue) Deliver(ctx context.Context, m *shape.Message) (reached int, err error) {
	it := &item{m: m, done: make(chan struct{})}
	if err := q.push(it); err != nil {
		return 0, &shape.Untaken{Err: err}
	}
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case <-it.done:
		return it.reached, it.err
	case <-patience.C:
		if q.takeBack(it) {
			return 0, &shape.Untaken{Err: full()}
		}
	case <-ctx.Done():
		if q.takeBack(it) {
			return 0, &shape.Untaken{Err: context.Cause(ctx)}
		}
		return 0, context.Cause(ctx) // it may arrive all the same
	}
	select {
	case <-it.done:
		return it.reached, it.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func full() error {
	return fail.New(fail.SlowClient, "The listener does not take messages as fast as they come: its queue is full.")
}

// leftError is why a queue that was closed takes nothing.
type leftError struct{ why error }

func (e *leftError) Error() string { return e.why.Error() }

func (e *leftError) Unwrap() error { return e.why }

// push lets a message in, if there is room.
func (q *Queue) push(it *item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.shut != nil:
		return &leftError{q.shut}
	case len(q.items) >= Depth, len(q.items) > 0 && q.bytes+len(it.m.Data) > Bytes:
		return full()
	}
	if !q.running {
		if !q.p.Run(q.work) {
			return fail.New(fail.Draining, "")
		}
		q.running = true
	}
	q.items = append(q.items, it)
	q.bytes += len(it.m.Data)
	return nil
}

// takeBack takes out a message that waits; false: it has begun to leave.
func (q *Queue) takeBack(it *item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.items {
		if other == it {
			q.items = append(q.items[:i], q.items[i+1:]...)
			q.bytes -= len(it.m.Data)
			return true
		}
	}
	return false
}

// errSilent is why a delivery is given up.
var errSilent = fail.New(fail.ListenerSilent, "")

// work hands over what waits, in its order, and ends when nothing does.
func (q *Queue) work() {
	var room [Together]*item
	for {
		items := q.next(room[:0])
		if len(items) == 0 {
			return
		}
		ctx, cancel := context.WithTimeoutCause(q.ctx, q.p.Limit(), errSilent)
		reached, err := q.deliver(ctx, items)
		if err != nil && context.Cause(ctx) != nil && !Untaken(err) {
			err = context.Cause(ctx)
		}
		cancel()
		for _, it := range items {
			q.settle(it, reached, err)
		}
	}
}

// deliver hands over what next gave, and says how many took each.
func (q *Queue) deliver(ctx context.Context, items []*item) (reached int, err error) {
	if len(items) == 1 {
		return q.p.Sink.Deliver(ctx, items[0].m)
	}
	messages := make([]*shape.Message, len(items))
	for i, it := range items {
		messages[i] = it.m
	}
	return 1, q.burst.DeliverAll(ctx, messages)
}

// next takes what leaves next out of the queue, as much of it as leaves with one stroke, and appends it to dst. Nothing: there is none, and
// the goroutine is over.
func (q *Queue) next(dst []*item) []*item {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leaving = 0
	if len(q.items) == 0 {
		q.items, q.running = nil, false
		if q.rest != nil {
			close(q.rest)
			q.rest = nil
		}
		return dst
	}
	for bytes := 0; len(q.items) > 0; {
		it := q.items[0]
		bytes += len(it.m.Data)
		if len(dst) > 0 && (q.burst == nil || dst[0].done != nil || it.done != nil || len(dst) == cap(dst) || bytes > TogetherBytes) {
			break
		}
		dst = append(dst, it)
		q.items[0] = nil
		q.items = q.items[1:]
		q.bytes -= len(it.m.Data)
	}
	q.leaving = len(dst)
	return dst
}

// settle tells what became of a message. One that nobody saw and somebody waits for goes elsewhere: it is none of this listener's.
func (q *Queue) settle(it *item, reached int, err error) {
	if it.done == nil || !Untaken(err) {
		q.p.Settled(it.m, reached, err)
	}
	it.reached, it.err = reached, err
	if it.done != nil {
		close(it.done)
	}
}

// Close ends the queue: what waits is missed or goes elsewhere, and a delivery that runs is cut off, with the reason given. It does not wait.
func (q *Queue) Close(why error) {
	q.mu.Lock()
	if q.shut != nil {
		q.mu.Unlock()
		return
	}
	q.shut = why
	left := q.items
	q.items, q.bytes = nil, 0
	q.mu.Unlock()
	q.cancel(why)
	for _, it := range left {
		q.settle(it, 0, &shape.Untaken{Err: why})
	}
}

// Settled waits until nothing waits and nothing leaves, or ctx ends.
func (q *Queue) Settled(ctx context.Context) {
	q.mu.Lock()
	if !q.running {
		q.mu.Unlock()
		return
	}
	if q.rest == nil {
		q.rest = make(chan struct{})
	}
	rest := q.rest
	q.mu.Unlock()
	select {
	case <-rest:
	case <-ctx.Done():
	}
}

// Waiting is how many messages wait or leave at this moment.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) + q.leaving // or they have just left
}
