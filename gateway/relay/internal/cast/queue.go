package cast

import (
	"context"
	"errors"
	"slices"
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
	// why nobody did, of those that left together in one call. It is called without a lock, must not block, and does not keep the slice.
	Settled func(messages []*shape.Message, reached int, err error)
	// Crew hands over what waits.
	Crew *Crew
}

// Queue stands in front of one listener. It is a shape.Sink that is safe for concurrent use and knows no waiting behind others for
// longer than Patience. Make one with New.
type Queue struct {
	p     Params
	burst shape.Burst   // the sink, if it can hand over several at once; else nil
	door  shape.Inviter // the sink, if its listener has to open a way first; else nil

	mu      sync.Mutex
	items   []item // those that wait, the next first, behind passed places
	passed  int
	bytes   int
	leaving int   // of those that were taken out, how many it is not known of what became of them
	running bool  // the crew comes to it, or is at it
	span    *span // of the stroke that is under way, or the latest
	shut    error // why nothing is taken any more
	rest    chan struct{}
	barred  error // why the listener has not opened the way, until those that were to leave then know it

	behind *Queue // in the crew's. Guarded by Crew.mu
}

// item is one message that waits.
type item struct {
	m    *shape.Message
	wait *wait // nil: nobody waits for what becomes of it
}

// wait is what becomes of a message that somebody waits for.
type wait struct {
	done    chan struct{} // closed when the others are set
	reached int
	err     error
}

// New makes a queue.
func New(p Params) *Queue {
	q := &Queue{p: p}
	q.burst, _ = p.Sink.(shape.Burst)
	q.door, _ = p.Sink.(shape.Inviter)
	return q
}

// Put queues a message that goes to every listener and does not wait. An error says that this listener misses it; Settled is told then too.
// here is false when the queue was closed: the listener left while it was looked up, the message is none of its, and its account, which may
// have been told already, stays as it is.
func (q *Queue) Put(m *shape.Message) (here bool, err error) {
	err = q.push(item{m: m})
	if _, left := errors.AsType[*leftError](err); left {
		return false, nil
	}
	if err != nil {
		q.p.Settled([]*shape.Message{m}, 0, err)
	}
	return true, err
}

// Deliver implements shape.Sink: it queues a message that goes to one listener and waits until that one has it. What has not begun to leave
// within Patience, or when ctx ends, is taken back.
func (q *Queue) Deliver(ctx context.Context, m *shape.Message) (reached int, err error) {
	w := &wait{done: make(chan struct{})}
	if err := q.push(item{m, w}); err != nil {
		return 0, &shape.Untaken{Err: err}
	}
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case <-w.done:
		return w.reached, w.err
	case <-patience.C:
		if q.takeBack(w) {
			return 0, &shape.Untaken{Err: full()}
		}
	case <-ctx.Done():
		if q.takeBack(w) {
			return 0, &shape.Untaken{Err: context.Cause(ctx)}
		}
		return 0, context.Cause(ctx) // it may arrive all the same
	}
	select {
	case <-w.done:
		return w.reached, w.err
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

// places are those of a queue in which no more wait than leave together. They are clear.
var places = sync.Pool{New: func() any { return new([Together]item) }}

// push lets a message in, if there is room.
func (q *Queue) push(it item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := len(q.items) - q.passed
	switch {
	case q.shut != nil:
		return &leftError{q.shut}
	case waiting >= Depth, waiting > 0 && q.bytes+len(it.m.Data) > Bytes:
		return full()
	}
	if !q.running {
		if !q.p.Crew.add(q) {
			return fail.New(fail.Draining, "")
		}
		q.running = true
		q.items = places.Get().(*[Together]item)[:0] //nolint:forcetypeassert // the pool holds nothing else
	}
	if len(q.items) == cap(q.items) && q.passed > 0 {
		n := copy(q.items, q.items[q.passed:])
		clear(q.items[n:])
		q.items, q.passed = q.items[:n], 0
	}
	q.items = append(q.items, it)
	q.bytes += len(it.m.Data)
	return nil
}

// emptyLocked gives the room of those that waited back, all of which is clear.
func (q *Queue) emptyLocked() {
	if cap(q.items) == Together {
		places.Put((*[Together]item)(q.items[:Together]))
	}
	q.items, q.passed, q.bytes = nil, 0, 0
}

// takeBack takes out a message that waits; false: it has begun to leave.
func (q *Queue) takeBack(w *wait) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := q.passed; i < len(q.items); i++ {
		if it := q.items[i]; it.wait == w {
			q.items = slices.Delete(q.items, i, i+1)
			q.bytes -= len(it.m.Data)
			return true
		}
	}
	return false
}

// errSilent is why a delivery is given up.
var errSilent = fail.New(fail.ListenerSilent, "")

// stroke hands over what leaves next. It reports whether the crew is to come again for what waits behind it.
func (q *Queue) stroke(w *worker) (more bool) {
	switch q.next(w) {
	case nothing:
		return false
	case barred:
		q.settle(w.messages, w.wait, 0, w.barred)
		return q.waits()
	case closed:
		w.aside() // for the time of the asking
		// Behind a false others may be at the queue already.
		more = q.door.Invite(w.span, w.messages[0], q.opened)
		w.span.over()
		return more
	}
	if q.burst == nil {
		w.aside()
	}
	reached, err := q.deliver(w.span, w.messages)
	if err != nil && !Untaken(err) && context.Cause(w.span) != nil {
		err = context.Cause(w.span)
	}
	w.span.over()
	q.settle(w.messages, w.wait, reached, err)
	return q.waits()
}

// opened has the crew come back to a queue that stood aside until its listener opened the way; an error says that it did not.
func (q *Queue) opened(err error) {
	q.mu.Lock()
	q.barred = err
	q.mu.Unlock()
	if !q.p.Crew.add(q) {
		q.Close(fail.New(fail.Draining, ""))
		q.waits()
	}
}

// deliver hands over what next gave, and says how many took each.
func (q *Queue) deliver(ctx context.Context, messages []*shape.Message) (reached int, err error) {
	if len(messages) == 1 {
		return q.p.Sink.Deliver(ctx, messages[0])
	}
	return 1, q.burst.DeliverAll(ctx, messages)
}

// waits reports whether anything does; else the queue is at rest.
func (q *Queue) waits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.leaving, q.span = 0, nil
	return q.waitsLocked()
}

func (q *Queue) waitsLocked() bool {
	if q.passed < len(q.items) {
		return true
	}
	q.emptyLocked()
	q.running = false
	if q.rest != nil {
		close(q.rest)
		q.rest = nil
	}
	return false
}

// turn is what there is to do at a queue.
type turn uint8

const (
	nothing turn = iota // it is at rest
	leaves              // messages leave
	closed              // the way has to be opened for the first message, which stays where it is
	barred              // it was not opened: messages are told so
)

// next says what is to be done, and takes what leaves next out of the queue, as much of it as leaves with one stroke, whose time Close ends.
func (q *Queue) next(w *worker) turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	w.wait, w.messages = nil, w.room[:0]
	if !q.waitsLocked() { // it was closed
		return nothing
	}
	w.barred, q.barred = q.barred, nil
	if w.barred == nil {
		w.span = &span{limit: q.p.Limit, why: errSilent, at: w}
		q.span = w.span
		if first := &q.items[q.passed]; q.door != nil && first.wait == nil && !q.door.Opened() {
			w.messages = append(w.messages, first.m)
			return closed
		}
	}
	q.takeLocked(w)
	if w.barred != nil {
		return barred
	}
	return leaves
}

// takeLocked takes out what leaves together.
func (q *Queue) takeLocked(w *worker) {
	for bytes := 0; q.passed < len(q.items); q.passed++ {
		it := &q.items[q.passed]
		bytes += len(it.m.Data)
		if len(w.messages) > 0 && (q.burst == nil || w.wait != nil || it.wait != nil || len(w.messages) == Together || bytes > TogetherBytes) {
			break
		}
		w.messages, w.wait = append(w.messages, it.m), it.wait
		q.bytes -= len(it.m.Data)
		*it = item{}
	}
	q.leaving = len(w.messages)
}

// settle tells what became of messages that left together. One that nobody saw and somebody waits for goes elsewhere: it is none of this
// listener's.
func (q *Queue) settle(messages []*shape.Message, w *wait, reached int, err error) {
	if w == nil || !Untaken(err) {
		q.p.Settled(messages, reached, err)
	}
	if w != nil {
		w.reached, w.err = reached, err
		close(w.done)
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
	left, under := slices.Clone(q.items[q.passed:]), q.span
	clear(q.items)
	q.emptyLocked()
	q.mu.Unlock()
	if under != nil {
		under.end(why)
	}
	for _, it := range left {
		q.settle([]*shape.Message{it.m}, it.wait, 0, &shape.Untaken{Err: why})
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
	return len(q.items) - q.passed + q.leaving // or they have just left
}
