package mesh

import (
	"context"
	"slices"
	"sync"
)

// maxShown is how many changes may wait for watchers. Beyond it announcements count as lost, so their nodes catch up by a
// snapshot when the watchers do: memory stays bounded and nothing is forgotten.
const maxShown = 1 << 14

// display shows changes to watchers, in order and one at a time, and sends the acknowledgements that stand between them.
// Its goroutine is run.
type display struct {
	send func(n Num, epoch, seq uint64)

	mu    sync.Mutex
	queue []shown
	wake  chan struct{} // holds one when there is something in the queue

	watchers []*watcher // of run alone
}

// shown is one thing in the queue: a change, an acknowledgement, or a watcher that begins.
type shown struct {
	change  Change
	ack     bool
	node    Num
	epoch   uint64
	seq     uint64
	watcher *watcher
	known   []Change
}

// watcher is one function that was given to Watch.
type watcher struct {
	f     func(Change)
	ready chan struct{} // closed when what was known has been shown

	mu      sync.Mutex // held while f runs
	stopped bool
}

// show reports whether the watcher still watches.
func (w *watcher) show(c Change) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return false
	}
	w.f(c)
	return true
}

func (w *watcher) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
}

func newDisplay(send func(n Num, epoch, seq uint64)) *display {
	return &display{send: send, wake: make(chan struct{}, 1)}
}

func (d *display) put(s shown) {
	d.mu.Lock()
	d.queue = append(d.queue, s)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// change queues a change behind those before it.
func (d *display) change(c Change) { d.put(shown{change: c}) }

// ack queues the acknowledgement of everything of the node up to seq: it leaves when every watcher has seen it.
func (d *display) ack(p *peer, seq uint64) {
	d.put(shown{ack: true, node: p.node.Num, epoch: p.epoch, seq: seq})
}

// full reports whether watchers are too far behind to be given more.
func (d *display) full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) >= maxShown
}

// run shows until ctx ends.
func (d *display) run(ctx context.Context) {
	for {
		select {
		case <-d.wake:
		case <-ctx.Done():
			return
		}
		for ctx.Err() == nil {
			d.mu.Lock()
			queue := d.queue
			d.queue = nil
			d.mu.Unlock()
			if len(queue) == 0 {
				break
			}
			for i := range queue {
				d.show(&queue[i])
			}
		}
	}
}

func (d *display) show(s *shown) {
	switch {
	case s.ack:
		d.send(s.node, s.epoch, s.seq)
	case s.watcher != nil:
		for _, c := range s.known {
			s.watcher.show(c)
		}
		d.watchers = append(d.watchers, s.watcher)
		close(s.watcher.ready)
	default:
		d.watchers = slices.DeleteFunc(d.watchers, func(w *watcher) bool { return !w.show(s.change) })
	}
}

// acknowledge sends an acknowledgement, if its node is still the one.
func (m *Member) acknowledge(n Num, epoch, seq uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.peers[n]; p != nil && p.epoch == epoch && !m.closed {
		_ = m.sendLocked(n, epoch, &message{class: classAck, seq: seq}) // lost: the sender's nudge leads to another
	}
}

// Watch implements Bus. When it returns, f has been called for everything that was known.
func (m *Member) Watch(f func(Change)) (stop func()) {
	w := &watcher{f: f, ready: make(chan struct{})}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return func() {}
	}
	var known []Change
	for n, p := range m.peers {
		known = append(known, Change{Node: n, Up: true})
		var held []Holding
		for _, h := range p.held {
			held = append(held, h)
		}
		if len(held) > 0 {
			known = append(known, Change{Node: n, Added: held})
		}
	}
	m.shown.put(shown{watcher: w, known: known})
	m.mu.Unlock()
	select {
	case <-w.ready:
	case <-m.ctx.Done():
	}
	return w.stop
}
