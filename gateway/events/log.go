package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
)

// Bounds of a log. Kept is a promise: Last-Event-ID resumes within so many (contracts section 4).
const (
	Kept       = 1000
	QueueBound = 1024 // events that wait to be told to other nodes
	tellTime   = time.Second
)

// msgEvent is how nodes tell each other of an event.
const msgEvent = "events.event"

// Params is what a Log is made of.
type Params struct {
	Bus mesh.Bus
	// Saw is called for every event of every node as it enters the log, in its order and under the log's lock: it must not
	// wait nor call the log. nil: nobody looks.
	Saw func(*Event)
}

// Log is the log of one node. Make one with New, end it with Close.
type Log struct {
	p    Params
	node uint16
	out  chan *Event
	stop chan struct{}
	done chan struct{}
	once sync.Once

	mu    sync.Mutex
	ring  []*Event      // the newest Kept
	total uint64        // events so far; the oldest in the ring is number total-len(ring)
	last  int64         // the number in the last id
	news  chan struct{} // closed with the next event; nil: nobody waits for it
	over  bool
}

// New makes a log and begins to take in what other nodes tell.
func New(p Params) *Log {
	l := &Log{
		p: p, node: uint16(p.Bus.Self().Num), out: make(chan *Event, QueueBound),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	p.Bus.Handle(msgEvent, func(_ context.Context, from mesh.Num, b []byte) ([]byte, error) {
		e := new(Event)
		if err := json.Unmarshal(b, e); err != nil {
			return nil, fail.Wrap(fail.BadRequest, msgEvent, fmt.Errorf("of node %d: %w", from, err))
		}
		l.Add(e)
		return nil, nil
	})
	go l.tellAll() // Close waits for it
	return l
}

// Publish notes an event of this node and tells the others.
func (l *Log) Publish(e *Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.addLocked(e) {
		return
	}
	select {
	case l.out <- e:
	default: // see the package's policy
	}
}

// Add notes an event that every node learns by itself, or that another node told. Without an id it would not be the same
// event elsewhere: e.ID is set.
func (l *Log) Add(e *Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addLocked(e)
}

func (l *Log) addLocked(e *Event) bool {
	if l.over {
		return false
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if e.ID == "" { // numbers go on across restarts, as long as the clock does
		l.last = max(l.last+1, time.Now().UnixMicro())
		e.ID = fmt.Sprintf("%d-%d", l.node, l.last)
	}
	if len(l.ring) == Kept {
		l.ring[l.total%Kept] = e
	} else {
		l.ring = append(l.ring, e)
	}
	l.total++
	if l.p.Saw != nil {
		l.p.Saw(e)
	}
	l.wakeLocked()
	return true
}

// tellAll tells other nodes, one event after the other.
func (l *Log) tellAll() {
	defer close(l.done)
	for {
		select {
		case e := <-l.out:
			l.tell(e)
		case <-l.stop:
			return
		}
	}
}

func (l *Log) tell(e *Event) {
	nodes := l.p.Bus.Nodes()
	if !slices.ContainsFunc(nodes, func(n mesh.Node) bool { return uint16(n.Num) != l.node }) {
		return
	}
	b, err := json.Marshal(e)
	if err != nil {
		return // an event is plain data: it cannot happen
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellTime)
	defer cancel()
	for _, n := range nodes {
		if uint16(n.Num) != l.node {
			_ = l.p.Bus.Tell(ctx, n.Num, msgEvent, b) // see the package's policy
		}
	}
}

// Close ends the log: watchers get ErrClosed behind what they have not read. It may be called twice.
func (l *Log) Close() {
	l.once.Do(func() {
		l.mu.Lock()
		l.over = true
		l.wakeLocked()
		l.mu.Unlock()
		close(l.stop)
		<-l.done
	})
}

// The ends of a watcher.
var (
	ErrClosed = errors.New("the log of events is closed")
	ErrBehind = errors.New("the watcher is too slow")
)

// Watcher follows the log.
type Watcher struct {
	log    *Log
	next   uint64 // the number of the event to read
	missed bool
}

// Watch begins behind the event whose id is after; "" is now. An id that the log does not hold (any more) begins with the
// oldest event that it has.
func (l *Log) Watch(after string) *Watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &Watcher{log: l, next: l.total}
	if after == "" {
		return w
	}
	oldest := l.total - uint64(len(l.ring))
	for n := l.total; n > oldest; n-- {
		if l.ring[(n-1)%Kept].ID == after {
			w.next = n
			return w
		}
	}
	w.next, w.missed = oldest, true
	return w
}

// Missed reports whether the log could not say what came behind the id that the watcher began with.
func (w *Watcher) Missed() bool { return w.missed }

// Next gives the next event, waiting for it until ctx ends. The event is shared: it must not be changed.
func (w *Watcher) Next(ctx context.Context) (*Event, error) {
	for {
		e, news, err := w.take()
		if e != nil || err != nil {
			return e, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take gives the next event if it is there, else the channel that tells of it.
func (w *Watcher) take() (*Event, <-chan struct{}, error) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case w.next < l.total-uint64(len(l.ring)):
		return nil, nil, ErrBehind
	case w.next < l.total:
		w.next++
		return l.ring[(w.next-1)%Kept], nil, nil
	case l.over:
		return nil, nil, ErrClosed
	}
	if l.news == nil {
		l.news = make(chan struct{})
	}
	return nil, l.news, nil
}

// wakeLocked tells whoever waits.
func (l *Log) wakeLocked() {
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
}
