package cast

import (
	"runtime"
	"sync"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/stack"
)

// Crew is the goroutines that hand over the messages of a node. They are as few as there are processors, and go from queue to queue: most
// strokes wait for nobody, and a goroutine for each listener of a message to thousands would be made for a moment, with all others of the
// node waiting behind them. One that has to wait for a listener does so beside the crew, and another takes its place. Make one with NewCrew.
type Crew struct {
	run   func(func()) bool
	most  int
	works func() // work, made once

	mu          sync.Mutex
	first, last *Queue // those that have something to hand over and that nobody is at, linked by Queue.behind
	busy        int    // goroutines that wait for nobody
}

// NewCrew makes a crew. Its goroutines are started by run when there is something to do, and end when there is not; false: it will start
// none any more.
func NewCrew(run func(func()) bool) *Crew {
	c := &Crew{run: run, most: runtime.GOMAXPROCS(0)}
	c.works = c.work
	return c
}

// worker is one goroutine of a crew.
type worker struct {
	crew   *Crew
	beside bool // it waits for a listener, or did. Guarded by Crew.mu

	// The stroke it is at: one message that somebody waits for, or some that nobody does.
	span     *span
	wait     *wait
	messages []*shape.Message
	barred   error // why they do not leave
	room     [Together]*shape.Message
}

var workers = sync.Pool{New: func() any { return new(worker) }}

// patience is how many strokes a worker takes before it lets others have the processor, who may be about to bring more to each queue.
const patience = 8

// work hands over what waits in the queues, one stroke of each in turn, and ends when nothing does, or others are enough.
func (c *Crew) work() {
	stack.Deepen()
	w := workers.Get().(*worker) //nolint:forcetypeassert // the pool holds nothing else
	w.crew, w.beside = c, false
	n := 0
	for q := c.next(w, nil); q != nil; {
		more := q
		if !q.stroke(w) {
			more = nil
		}
		if n++; n%patience == 0 {
			runtime.Gosched()
		}
		q = c.next(w, more)
	}
	clear(w.room[:])
	w.crew, w.span, w.wait, w.messages, w.barred = nil, nil, nil, nil, nil
	workers.Put(w)
}

// add has the crew come to a queue. False: there is nobody who could.
func (c *Crew) add(q *Queue) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy < c.most && !c.startLocked() && c.busy == 0 {
		return false
	}
	c.pushLocked(q)
	return true
}

func (c *Crew) startLocked() bool {
	if !c.run(c.works) {
		return false
	}
	c.busy++
	return true
}

func (c *Crew) pushLocked(q *Queue) {
	if c.last == nil {
		c.first = q
	} else {
		c.last.behind = q
	}
	c.last = q
}

// next gives the queue a worker goes to, behind which comes the one it was at, where that has more; nil: it is not needed any more.
func (c *Crew) next(w *worker, more *Queue) *Queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	if more != nil {
		c.pushLocked(more)
	}
	if w.beside {
		if c.busy >= c.most {
			return nil
		}
		c.busy++
		w.beside = false
	}
	q := c.first
	if q == nil {
		c.busy--
		return nil
	}
	c.first, q.behind = q.behind, nil
	if c.first == nil {
		c.last = nil
	}
	return q
}

// aside has another take a worker's place, which is about to wait for a listener. Where none is started any more, it goes on itself when it
// has waited.
func (w *worker) aside() {
	c := w.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.beside {
		return
	}
	w.beside = true
	c.busy--
	if c.first != nil {
		c.startLocked()
	}
}
