// Package nodes lets one who looks at a relay see the traffic of all nodes. Each node shows what its own senders do; whoever looks is at
// one node, which opens a connection to every other one (door "tap" of the mesh's link) and puts what comes there into its watcher's
// queue. So the bounds of the queue hold for all of it, and records of one connection keep their order.
//
// On such a connection the node that looks writes one line of JSON, the request. The other answers with lines of JSON: first an empty
// reply or an error, then records. Closing the connection ends it, from either side. The link has made sure that both are nodes.
//
// It owns that connection and no rights: who may look is decided before. Everything may be called from any goroutine.
package nodes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// Params is what a Nodes is made of. All but Link are needed.
type Params struct {
	Here func(entity.Address, tap.Options) (*tap.Watch, error) // looks at this node's traffic
	Bus  mesh.Bus
	Link mesh.Link // nil: the node is alone
}

// Nodes opens watches that see all nodes.
type Nodes struct {
	p    Params
	self mesh.Num
}

// New makes a Nodes.
func New(p Params) *Nodes { return &Nodes{p: p, self: p.Bus.Self().Num} }

// Watch is one who looks at a relay on all nodes.
type Watch struct {
	*tap.Watch

	nodes  *Nodes
	at     entity.Address
	o      tap.Options
	ctx    context.Context //nolint:containedctx // the life of the connections to the other nodes
	cancel context.CancelFunc
	unwind func()

	mu      sync.Mutex
	over    bool
	follows map[mesh.Num]chan struct{} // closed at the node's first answer
	running sync.WaitGroup
}

// Watch begins to look on every node that lives, and on those that come. When it returns every node that lives and answers in a few
// seconds shows what passes. The caller calls Close, which waits. A node that cannot be looked at, or is lost, is told of by a record with
// the event Notice.
func (n *Nodes) Watch(at entity.Address, o tap.Options) (*Watch, error) {
	here, err := n.p.Here(at, o)
	if err != nil {
		return nil, err
	}
	w := &Watch{Watch: here, nodes: n, at: at, o: o, follows: make(map[mesh.Num]chan struct{})}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.unwind = func() {}
	if n.p.Link != nil {
		w.unwind = n.p.Bus.Watch(func(c mesh.Change) {
			if c.Up {
				w.follow(c.Node)
			}
		})
		for _, node := range n.p.Bus.Nodes() {
			w.follow(node.Num)
		}
		w.settle()
	}
	return w, nil
}

// settleTime bounds the wait for other nodes.
const settleTime = 3 * time.Second

// settle waits until the nodes that are followed have said yes or no for the first time.
func (w *Watch) settle() {
	w.mu.Lock()
	asked := slices.Collect(maps.Values(w.follows))
	w.mu.Unlock()
	limit := time.NewTimer(settleTime)
	defer limit.Stop()
	for _, first := range asked {
		select {
		case <-first:
		case <-limit.C:
			return
		}
	}
}

// Close ends the watch everywhere. It may be called twice.
func (w *Watch) Close() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.unwind()
	w.cancel()
	w.Watch.Close()
	w.running.Wait()
}

// follow looks at another node's traffic for as long as the node lives, unless that is done already. The bus may call it.
func (w *Watch) follow(node mesh.Num) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || node == w.nodes.self || w.follows[node] != nil {
		return
	}
	first := make(chan struct{})
	w.follows[node] = first
	answered := sync.OnceFunc(func() { close(first) })
	w.running.Go(func() {
		for again := true; again; {
			err := w.nodes.copy(w.ctx, node, request{w.at.Namespace, w.at.Path, w.o.Bytes}, answered, w.Add)
			answered()
			again = w.lost(node, err)
		}
	})
}

// retry is the pause before a node is looked at again that lives and could not be.
const retry = time.Second

// lost tells that a node is not looked at, and reports, after a pause, whether it is to be tried again.
func (w *Watch) lost(node mesh.Num, err error) (again bool) {
	if w.ctx.Err() == nil {
		w.Add(tap.Record{
			Event: tap.Notice, Time: time.Now(), Subject: tap.Subject{Node: uint16(node)}, Text: fmt.Sprintf("What node %d carries is not shown: %v.", node, err),
		})
	}
	pause := time.NewTimer(retry)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-w.ctx.Done():
	}
	lives := slices.ContainsFunc(w.nodes.p.Bus.Nodes(), func(n mesh.Node) bool { return n.Num == node })
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || !lives {
		delete(w.follows, node)
		return false
	}
	return true
}
