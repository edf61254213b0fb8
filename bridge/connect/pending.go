package connect

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/hybrid"
)

// pending holds connections to targets that were opened for senders who are on their way: the target is dialled before a
// sender is taken, so that one that is down turns senders away in words.
type pending struct {
	mu    sync.Mutex
	calls map[*hybrid.Request]*call
}

// call is a connection to a target, and the route that led there.
type call struct {
	conn  net.Conn
	route *route
}

// claimTime is how long behind the end of a rendezvous its sender may still be taken. The accept loop never waits, so one that
// was not taken by then was lost on its way.
const claimTime = 5 * time.Second

// put keeps a connection for a sender. ctx ends when the sender is there, or was lost.
func (p *pending) put(ctx context.Context, r *hybrid.Request, c *call) {
	p.mu.Lock()
	if p.calls == nil {
		p.calls = make(map[*hybrid.Request]*call)
	}
	p.calls[r] = c
	p.mu.Unlock()
	context.AfterFunc(ctx, func() {
		time.AfterFunc(claimTime, func() {
			if lost := p.take(r); lost != nil {
				_ = lost.conn.Close()
			}
		})
	})
}

// take gives the connection that was kept for a sender; nil when there is none.
func (p *pending) take(r *hybrid.Request) *call {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[r]
	delete(p.calls, r)
	return c
}

// close gives up what was never taken.
func (p *pending) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r, c := range p.calls {
		_ = c.conn.Close()
		delete(p.calls, r)
	}
}
