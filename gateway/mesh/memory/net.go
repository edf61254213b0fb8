package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
)

// maxQueue is how many messages may be on their way from one node to another; the next is lost.
const maxQueue = 1 << 14

// settleTime bounds how long Join waits for the nodes that are there to know the new one.
const settleTime = 2 * time.Second

var (
	errFull   = errors.New("too many messages are on their way")
	errClosed = errors.New("the node has left")
)

// Net is where nodes of one process meet.
type Net struct {
	timing mesh.Timing

	mu     sync.Mutex
	last   time.Time // the latest Since given out
	ports  map[mesh.Num]*port
	links  map[string]mesh.Num // address of a door for carried connections -> its node
	addrs  map[mesh.Num]string
	open   map[*carried]struct{}
	parted map[pair]bool
	delays map[pair]time.Duration
	rules  []*rule
}

// pair is two nodes, the lower number first.
type pair struct{ a, b mesh.Num }

func pairOf(a, b mesh.Num) pair { return pair{min(a, b), max(a, b)} }

// port is one node's place in the net: its mesh.Transport.
type port struct {
	net *Net
	num mesh.Num
	r   mesh.Receiver
	wg  sync.WaitGroup
	end chan struct{}

	// Guarded by net.mu.
	in     map[mesh.Num]*wire
	closed bool
}

// wire is what is on its way from one node to a port.
type wire struct {
	from    mesh.Num
	queue   []packet
	running bool
}

type packet struct {
	b   []byte
	due time.Time
}

// NewNet makes a net without nodes. The zero Timing is the defaults; tests in real time use shorter ones.
func NewNet(t mesh.Timing) *Net {
	return &Net{
		timing: t, ports: map[mesh.Num]*port{}, links: map[string]mesh.Num{}, addrs: map[mesh.Num]string{},
		open: map[*carried]struct{}{}, parted: map[pair]bool{}, delays: map[pair]time.Duration{},
	}
}

// Join makes a node a member. It returns when every node that it can reach knows it and it knows what they hold, at the
// latest after 2 s (then they find each other later). A number is used by one node at a time; after Kill it is free.
func (n *Net) Join(ctx context.Context, node mesh.Node) (mesh.Bus, error) {
	p := &port{net: n, num: node.Num, in: map[mesh.Num]*wire{}, end: make(chan struct{})}
	n.mu.Lock()
	if n.ports[node.Num] != nil {
		n.mu.Unlock()
		return nil, fmt.Errorf("join the mesh: node %d is there already", node.Num)
	}
	if node.Since.IsZero() {
		// Later than every node before, also when a restart takes no time: that is how the others tell it from the old one.
		node.Since = time.Now()
		if !node.Since.After(n.last) {
			node.Since = n.last.Add(time.Nanosecond)
		}
		n.last = node.Since
	}
	n.mu.Unlock()
	m, err := mesh.Join(p, mesh.Params{Node: node, Timing: n.timing})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	_ = m.Settle(ctx, n.reachable(node.Num)...) // later is as good: the mesh goes on by itself
	return m, nil
}

func (n *Net) reachable(from mesh.Num) (all []mesh.Num) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for num := range n.ports {
		if num != from && !n.parted[pairOf(from, num)] {
			all = append(all, num)
		}
	}
	return all
}

// Start implements mesh.Transport.
func (p *port) Start(r mesh.Receiver) error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if p.net.ports[p.num] != nil {
		return fmt.Errorf("node %d is there already", p.num)
	}
	p.r = r
	p.net.ports[p.num] = p
	return nil
}

// Send implements mesh.Transport.
func (p *port) Send(to mesh.Num, b []byte) error {
	n := p.net
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case p.closed:
		return errClosed
	case to != 0:
		if other := n.ports[to]; other != nil {
			return n.postLocked(p.num, other, b)
		}
		return nil // as into a network: nobody is there to hear it
	}
	for num, other := range n.ports {
		if num != p.num {
			_ = n.postLocked(p.num, other, b) // a broadcast is lost one by one
		}
	}
	return nil
}

// postLocked asks the switches and puts the message on its way.
func (n *Net) postLocked(from mesh.Num, to *port, b []byte) error {
	if n.parted[pairOf(from, to.num)] {
		return nil // lost, and nobody tells the sender
	}
	for _, b := range n.applyLocked(from, to.num, b) {
		if err := n.queueLocked(from, to, b); err != nil {
			return err
		}
	}
	return nil
}

func (n *Net) queueLocked(from mesh.Num, to *port, b []byte) error {
	w := to.in[from]
	if w == nil {
		w = &wire{from: from}
		to.in[from] = w
	}
	if len(w.queue) >= maxQueue {
		return errFull
	}
	w.queue = append(w.queue, packet{bytes.Clone(b), time.Now().Add(n.delays[pairOf(from, to.num)])})
	if !w.running {
		w.running = true
		to.wg.Go(func() { to.deliver(w) })
	}
	return nil
}

// deliver hands over what is on a wire, one after the other, each when it is due.
func (p *port) deliver(w *wire) {
	for {
		p.net.mu.Lock()
		if len(w.queue) == 0 || p.closed {
			w.running = false
			p.net.mu.Unlock()
			return
		}
		first := w.queue[0]
		wait := time.Until(first.due)
		lost := p.net.parted[pairOf(w.from, p.num)]
		if wait <= 0 {
			w.queue = w.queue[1:]
		}
		p.net.mu.Unlock()
		switch {
		case wait > 0:
			p.pause(wait)
		case !lost:
			p.r.Receive(first.b)
		}
	}
}

func (p *port) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.end:
	}
}

// Close implements mesh.Transport.
func (p *port) Close() error {
	p.net.mu.Lock()
	p.leaveLocked()
	p.net.mu.Unlock()
	p.wg.Wait()
	return nil
}

func (p *port) leaveLocked() {
	if p.closed {
		return
	}
	p.closed = true
	close(p.end)
	delete(p.net.ports, p.num)
}
