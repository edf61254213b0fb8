package tap

import (
	"context"
	"errors"
	"sync"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Bounds of one watch.
const (
	DefaultBytes = 16 << 10 // of a body, or of a piece of a stream, when nothing else is asked for
	MaxBytes     = 256 << 10
	queueRecords = 1024
	queueBytes   = 4 << 20
)

// ErrClosed ends a watch whose node shuts down.
var ErrClosed = errors.New("tap: the node is shutting down")

// Options of a watch.
type Options struct {
	Bytes int // how much of each body of an exchange, of each message, of each piece of a stream is shown; 0: DefaultBytes; at most MaxBytes
}

// Watch is one who looks at one relay. Its queue has a bound, in records and in bytes; what finds it full is dropped and counted.
type Watch struct {
	board *Board
	at    entity.Address
	bytes int

	mu     sync.Mutex
	queue  []*Record
	cost   int
	missed int
	err    error
	news   chan struct{} // holds one when there is something for Next
}

func newWatch(b *Board, at entity.Address, o Options) *Watch {
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	return &Watch{board: b, at: at, bytes: min(o.Bytes, MaxBytes), news: make(chan struct{}, 1)}
}

// Next gives the next record, in the order in which they were seen, and waits for one. It is for one goroutine.
func (w *Watch) Next(ctx context.Context) (*Record, error) {
	for {
		if r, err := w.take(); r != nil || err != nil {
			return r, err
		}
		select {
		case <-w.news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take gives the first in the queue. What was seen before the end is given first.
func (w *Watch) take() (*Record, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		return nil, w.err
	}
	r := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	w.cost -= r.cost()
	return r, nil
}

// Close ends the watch. It may be called twice.
func (w *Watch) Close() {
	w.board.leave(w)
	w.end(ErrClosed)
}

func (w *Watch) end(err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.mu.Unlock()
	w.wake()
}

func (w *Watch) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// Add puts a record into the queue that was seen elsewhere, with the time and the count of missed ones that it has.
func (w *Watch) Add(r Record) { w.put(r) }

// put queues a record of the watch's own, or counts it as missed.
func (w *Watch) put(r Record) {
	w.mu.Lock()
	switch cost := r.cost(); {
	case w.err != nil:
	case len(w.queue) >= queueRecords || w.cost+cost > queueBytes:
		w.missed += 1 + r.Missed
	default:
		r.Missed, w.missed = r.Missed+w.missed, 0
		w.queue = append(w.queue, &r)
		w.cost += cost
	}
	w.mu.Unlock()
	w.wake()
}
