package nodedoor

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

// Bounds of the idle connections to a node: as many as are busy at once in an ordinary load, and no longer than half of what the
// server waits.
const (
	maxIdle  = 256
	idleTime = 30 * time.Second
)

// Pool is the sender's side: connections to other nodes, kept while they are used. Make one with NewPool.
type Pool struct {
	self uint16
	dial func(ctx context.Context, node uint16) (net.Conn, error)
	left func(node uint16, id uint64)
	last atomic.Uint64  // id that was given
	work sync.WaitGroup // watchers and bodies that are sent

	mu     sync.Mutex
	idle   map[uint16][]*conn // the latest last
	all    map[*conn]uint16   // every open connection, with its node
	alive  map[uint16]chan struct{}
	timer  *time.Timer // looks for old ones; nil: there are none
	closed bool
}

// NewPool makes an empty pool of the node. dial opens a connection of the door to a node; its errors are *fail.Error.
// left is called when the sender of an exchange that has a body gave it up: it has the node's Server told by Left. The end of the
// connection may stand behind more of the body than anybody there reads.
func NewPool(self uint16, dial func(ctx context.Context, node uint16) (net.Conn, error), left func(node uint16, id uint64)) *Pool {
	return &Pool{self: self, dial: dial, left: left, idle: make(map[uint16][]*conn), all: make(map[*conn]uint16), alive: make(map[uint16]chan struct{})}
}

// Exchange has a node run an exchange with the listener of a channel there. It returns when the head of the response is there; the
// response's body is to be closed. ticket is that of the rendezvous that the listener was given; zero when it was given none.
//
// The error is what the other node answered; or shape.Untaken when nothing of the request can have been handed over, the node not
// reached among it; or fail.NodeLost. A connection from the pool that turns out to be dead is replaced if nothing was handed over.
func (p *Pool) Exchange(ctx context.Context, node uint16, channel uint64, req *shape.Request) (resp *shape.Response, ticket shape.Ticket, err error) {
	id := p.last.Add(1)
	for {
		c, fresh, err := p.get(ctx, node)
		if err != nil {
			return nil, ticket, &shape.Untaken{Err: err}
		}
		a := asking{p: p, c: c, req: req, id: id, node: node}
		resp, ticket, err := a.ask(ctx, channel)
		if err == nil || !a.unsent {
			return resp, ticket, err
		}
		if fresh || ctx.Err() != nil {
			return nil, ticket, &shape.Untaken{Err: err}
		}
	}
}

// get takes an idle connection, or opens one.
func (p *Pool) get(ctx context.Context, node uint16) (c *conn, fresh bool, err error) {
	for c = p.pop(node); c != nil; c = p.pop(node) {
		if len(c.ready) == 0 {
			return c, false, nil
		}
		p.drop(c) // it has ended, or says something out of turn
	}
	raw, err := p.dial(ctx, node)
	if err != nil {
		return nil, true, err
	}
	c = newConn(raw)
	c.lost = func(error) { p.forget(c) }
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		raw.Close()
		return nil, true, fail.New(fail.Draining, "")
	}
	p.all[c] = node
	p.work.Go(c.watch)
	c.arm()
	return c, true, nil
}

func (p *Pool) pop(node uint16) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[node]
	if len(list) == 0 {
		return nil
	}
	c := list[len(list)-1]
	p.idle[node] = slices.Delete(list, len(list)-1, len(list))
	return c
}

// put makes a connection idle whose exchange has ended in order.
func (p *Pool) put(c *conn) {
	c.arm()
	p.keep(c)
}

// half ends one half of an exchange whose body a goroutine sends: the request is sent, or the response is read to its end. With the
// second one it is known what the connection is good for.
func (p *Pool) half(c *conn, up *upload) {
	if up.halves.Add(-1) > 0 {
		return
	}
	if err := <-up.sent; err != nil {
		p.drop(c)
		return
	}
	p.put(c)
}

// keep makes a connection idle whose watcher waits.
func (p *Pool) keep(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	node, open := p.all[c]
	if !open || len(p.idle[node]) >= maxIdle {
		p.dropLocked(c)
		return
	}
	c.since = time.Now()
	p.idle[node] = append(p.idle[node], c)
	if p.timer == nil {
		p.timer = time.AfterFunc(idleTime, p.sweep)
	}
}

// sweep closes what was idle for too long.
func (p *Pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	next := time.Duration(-1)
	for node, list := range p.idle {
		old := 0
		for old < len(list) && now.Sub(list[old].since) >= idleTime {
			p.dropLocked(list[old])
			old++
		}
		if list = slices.Delete(list, 0, old); len(list) == 0 {
			delete(p.idle, node)
			continue
		}
		p.idle[node] = list
		if rest := idleTime - now.Sub(list[0].since); next < 0 || rest < next {
			next = rest
		}
	}
	if next < 0 || p.closed {
		p.timer = nil
		return
	}
	p.timer.Reset(next)
}

// forget takes a connection out that ended while it was idle; one that is in use is its user's to end.
func (p *Pool) forget(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	node := p.all[c]
	if i := slices.Index(p.idle[node], c); i >= 0 {
		p.idle[node] = slices.Delete(p.idle[node], i, i+1)
		p.dropLocked(c)
	}
}

func (p *Pool) drop(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropLocked(c)
}

func (p *Pool) dropLocked(c *conn) {
	delete(p.all, c)
	c.shut()
}

// Lost says that a node is gone: who waits for the head of a response from there waits no longer, and idle connections are closed. A body
// that is under way goes on as long as its connection does: the mesh may be wrong.
func (p *Pool) Lost(node uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if alive, ok := p.alive[node]; ok {
		close(alive)
		delete(p.alive, node)
	}
	for _, c := range p.idle[node] {
		p.dropLocked(c)
	}
	delete(p.idle, node)
}

// lost is closed when the node is.
func (p *Pool) lost(node uint16) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	alive, ok := p.alive[node]
	if !ok {
		alive = make(chan struct{})
		p.alive[node] = alive
	}
	return alive
}

// Open counts the connections, busy ones included, and those that are idle.
func (p *Pool) Open() (all, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.idle {
		idle += len(list)
	}
	return len(p.all), idle
}

// Close ends every connection and waits for what runs on them. The exchanges have ended before: their bodies are what is waited for.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	for c := range p.all {
		p.dropLocked(c)
	}
	p.mu.Unlock()
	p.work.Wait()
}

// small is how long a body may be that is sent without a goroutine of its own, if all of it is there: the kernel takes it.
const small = 16 << 10

// buffered is how much of a body is there.
func buffered(b shape.Body) int {
	if x, ok := b.(interface{ Buffered() int }); ok {
		return x.Buffered()
	}
	return 0
}

// prompt reports whether a body can be sent without waiting for anybody.
func prompt(b shape.Body, f http1.Framing) bool {
	if f.Kind == http1.Length && f.Length == 0 {
		return true
	}
	_, whole := b.(shape.Whole)
	return whole && f.Length <= small || f.Kind == http1.Length && f.Length <= small && int64(buffered(b)) >= f.Length
}
