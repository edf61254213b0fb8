package tap

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// MaxWatchers bounds how many may look at a node's traffic at a time.
const MaxWatchers = 32

// Board knows who looks at which relay. The zero Board is ready: nobody looks.
type Board struct {
	// Left is called when the last one who looked at a relay has left; nil: nobody wants to know. It is set before the first watch.
	Left func(at entity.Address)

	groups atomic.Pointer[map[entity.Address]*Group] // replaced, never changed; nil: nobody looks

	mu   sync.Mutex
	all  map[*Watch]struct{}
	over bool
}

// Of gives those who look at a relay, by the address of the entity; nil: nobody does. It allocates nothing.
func (b *Board) Of(at entity.Address) *Group {
	groups := b.groups.Load()
	if groups == nil {
		return nil
	}
	return (*groups)[at]
}

// Watch begins to look at a relay. The caller calls Close.
func (b *Board) Watch(at entity.Address, o Options) (*Watch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.over:
		return nil, fail.New(fail.Draining, "")
	case len(b.all) >= MaxWatchers:
		return nil, fail.Newf(fail.Overloaded, "%d look at the traffic of this node already. End one of them.", MaxWatchers)
	}
	w := newWatch(b, at, o)
	if b.all == nil {
		b.all = make(map[*Watch]struct{})
	}
	b.all[w] = struct{}{}
	b.changeLocked(at, func(g []*Watch) []*Watch { return append(g, w) })
	return w, nil
}

// leave takes a watch off the board.
func (b *Board) leave(w *Watch) {
	if b.strike(w) && b.Left != nil && b.Of(w.at) == nil {
		b.Left(w.at)
	}
}

func (b *Board) strike(w *Watch) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.all[w]; !there {
		return false
	}
	delete(b.all, w)
	b.changeLocked(w.at, func(g []*Watch) []*Watch {
		return slices.DeleteFunc(g, func(x *Watch) bool { return x == w })
	})
	return true
}

// changeLocked gives a relay another set of watchers. The caller holds b.mu.
func (b *Board) changeLocked(at entity.Address, change func([]*Watch) []*Watch) {
	groups := make(map[entity.Address]*Group)
	if old := b.groups.Load(); old != nil {
		maps.Copy(groups, *old)
	}
	g := groups[at]
	if g == nil {
		g = new(Group)
	}
	watchers := change(slices.Clone(g.list()))
	g.watchers.Store(&watchers) // streams hold on to their group: it learns of who comes and goes
	if groups[at] = g; len(watchers) == 0 {
		delete(groups, at)
	}
	if len(groups) == 0 {
		b.groups.Store(nil)
		return
	}
	b.groups.Store(&groups)
}

// Close ends every watch, and refuses those that come later.
func (b *Board) Close() {
	b.mu.Lock()
	b.over = true
	all := slices.Collect(maps.Keys(b.all))
	b.mu.Unlock()
	for _, w := range all {
		w.end(ErrClosed)
	}
}
