package route

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
)

// MaxCandidates is how many candidates a caller of Find should have room for: the service's 25 listeners of an entity
// and some (reference section 9).
const MaxCandidates = 32

// Query is one lookup.
type Query struct {
	At     entity.Address // asked for, suffix included
	Entity entity.Address // the entity it resolved to: At or a prefix of it
	Shape  mesh.Shapes
	Hints  Hints
	Spread bool // random over all that fit; else the longest listen path first
	// Stick other than 0 makes the order among those that fit alike the same for the same number, on every node; it moves no
	// more than it has to when listeners come and go.
	Stick uint64
}

// remoteKey is the identity of a listener of another node.
type remoteKey struct {
	node    mesh.Num
	channel uint64
}

// Table is the directory of listeners, local and remote. Make one with NewTable.
type Table struct {
	self   mesh.Num
	remote func(mesh.Num, mesh.Holding) *Listener

	mu      sync.RWMutex
	paths   map[entity.Address][]Candidate // by listen path
	counts  map[entity.Address]int         // by entity
	remotes map[remoteKey]*Listener
	locals  map[uint64]*Listener
	early   map[remoteKey]mark // of listeners that were not announced yet
	next    uint64
}

// mark is what another node said of a listener of its own.
type mark struct {
	state presence.State
	last  bool
}

// maxEarly bounds the marks that came before their listener.
const maxEarly = 4096

// NewTable makes an empty table of the node. remote builds the listener that stands for one at another node: its
// capabilities ask that node. It is called once per announcement, never per lookup, and must not call the table.
func NewTable(self mesh.Num, remote func(mesh.Num, mesh.Holding) *Listener) *Table {
	return &Table{
		self: self, remote: remote,
		paths:   make(map[entity.Address][]Candidate),
		counts:  make(map[entity.Address]int),
		remotes: make(map[remoteKey]*Listener),
		locals:  make(map[uint64]*Listener),
		early:   make(map[remoteKey]mark),
	}
}

// Add enters a local listener for the entity and returns how others are told of it. It reports false when the entity has
// limit listeners already, unless one of the same id listens at the very path: it comes back. One of the same GUID is about to
// be replaced; of any other id both stay for as long as both live, up to twice the limit without those that are in doubt. The
// listener must not be changed afterwards.
func (t *Table) Add(l *Listener, ent entity.Address, now time.Time, limit int) (mesh.Holding, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts[ent] >= limit && !t.returnsLocked(l, ent, limit) {
		return mesh.Holding{}, false
	}
	t.next++
	l.Channel, l.Entity, l.Since = t.next, ent, now
	t.locals[l.Channel] = l
	t.insertLocked(Candidate{Listener: l, Node: t.self})
	return mesh.Holding{At: l.At, Entity: ent, ID: l.ID, Channel: l.Channel, Shapes: l.Shapes(), Weight: 1}, true
}

// returnsLocked reports whether a listener comes back for whom there is a place, although its entity has as many as it may.
func (t *Table) returnsLocked(l *Listener, ent entity.Address, limit int) bool {
	same, doubted := 0, 0
	for _, c := range t.paths[l.At] {
		if l.is(c.Listener) {
			same++
			if c.Last() {
				doubted++
			}
		}
	}
	return same > 0 && (l.GUID != GUID{} || t.counts[ent]-doubted < 2*limit)
}

// Remove takes a local listener out. It reports false when it was out already.
func (t *Table) Remove(l *Listener) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.locals[l.Channel] != l {
		return false
	}
	delete(t.locals, l.Channel)
	t.removeLocked(l)
	return true
}

// Local finds a local listener by its channel number; nil when it has left.
func (t *Table) Local(channel uint64) *Listener {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.locals[channel]
}

// Apply brings in what another node announced: what mesh.Bus.Watch tells of. It gives the listeners that went with their
// node, whose end nobody announced.
func (t *Table) Apply(c mesh.Change) (lost []*Listener) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.Down {
		return t.downLocked(c.Node)
	}
	for _, h := range c.Removed {
		key := remoteKey{c.Node, h.Channel}
		delete(t.early, key)
		if l, ok := t.remotes[key]; ok {
			delete(t.remotes, key)
			t.removeLocked(l)
		}
	}
	for _, h := range c.Added {
		key := remoteKey{c.Node, h.Channel}
		if _, ok := t.remotes[key]; ok {
			continue
		}
		l := t.remote(c.Node, h)
		l.ID, l.At, l.Entity, l.Channel = h.ID, h.At, h.Entity, h.Channel
		l.GUID, _ = ParseGUID(h.ID)
		if m, ok := t.early[key]; ok {
			l.Mark(m.state, m.last)
			delete(t.early, key)
		}
		t.remotes[key] = l
		t.insertLocked(Candidate{Listener: l, Node: c.Node})
	}
	return nil
}

// downLocked forgets everything of a node.
func (t *Table) downLocked(node mesh.Num) (lost []*Listener) {
	for key, l := range t.remotes {
		if key.node == node {
			delete(t.remotes, key)
			t.removeLocked(l)
			lost = append(lost, l)
		}
	}
	for key := range t.early {
		if key.node == node {
			delete(t.early, key)
		}
	}
	return lost
}

// Mark notes what another node says of a listener of its own, which may be announced only later.
func (t *Table) Mark(node mesh.Num, channel uint64, s presence.State, last bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := remoteKey{node, channel}
	if l := t.remotes[key]; l != nil {
		l.Mark(s, last)
		return
	}
	if len(t.early) >= maxEarly {
		clear(t.early) // words about listeners that had left
	}
	t.early[key] = mark{s, last}
}

// insertLocked puts the newest in front: among equals of one id it is preferred, on every node from the moment that it is
// known there. The others are asked last until they are gone, or their node says that they live.
func (t *Table) insertLocked(c Candidate) {
	for _, old := range t.paths[c.At] {
		if c.is(old.Listener) {
			old.Mark(old.State(), true)
		}
	}
	t.paths[c.At] = slices.Insert(t.paths[c.At], 0, c)
	t.counts[c.Entity]++
}

func (t *Table) removeLocked(l *Listener) {
	list := slices.DeleteFunc(t.paths[l.At], func(c Candidate) bool { return c.Listener == l })
	if len(list) == 0 {
		delete(t.paths, l.At)
	} else {
		t.paths[l.At] = list
	}
	if t.counts[l.Entity]--; t.counts[l.Entity] == 0 {
		delete(t.counts, l.Entity)
	}
	l.leave()
}

// Find appends to dst who may serve the query, in the order of asking: at random or by Stick, the longest listen path first unless the
// query spreads, and whoever is deaf or in doubt behind all others. It allocates nothing and never appends more than dst has
// room for: of more that fit alike, each has the same chance to be among them. some says whether there was any listener of
// the shape before the hints were asked.
func (t *Table) Find(dst []Candidate, q *Query) (found []Candidate, some bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	begin := len(dst)
	dst, some, late := t.gatherLocked(dst, q, len(dst), false)
	if late {
		dst, _, _ = t.gatherLocked(dst, q, begin, true)
	}
	return dst, some
}

// gatherLocked appends those who are to be asked first, or, in a second round, everybody who is not among dst from begin on:
// a mark may change between the rounds, and nobody shall be left out because of that. late says that some were passed over.
func (t *Table) gatherLocked(dst []Candidate, q *Query, begin int, again bool) (found []Candidate, some, late bool) {
	first, fit, done := len(dst), 0, dst[begin:] // of those that fit alike: where they begin in dst, how many there are
	for at, ok := q.At, true; ok && at.Within(q.Entity); at, ok = at.Parent() {
		if !q.Spread {
			q.arrange(dst[first:])
			first, fit = len(dst), 0
		}
		list := t.paths[at]
		for i := range list {
			c := &list[i]
			if c.Entity != q.Entity || c.Shapes()&q.Shape == 0 {
				continue
			}
			some = true
			switch {
			case !q.Hints.permits(c.GUID), again && contains(done, c.Listener):
			case !again && c.Last():
				late = true
			default:
				fit++
				dst = q.draw(dst, first, fit, c)
			}
		}
	}
	q.arrange(dst[first:])
	return dst, some, late
}

func contains(list []Candidate, l *Listener) bool {
	for i := range list {
		if list[i].Listener == l {
			return true
		}
	}
	return false
}

// draw appends the candidate, the fit'th that fits alike. Without room it takes the place of one of them, or of none, so
// that each is as likely to be in (reservoir sampling), or is in by its weight.
func (q *Query) draw(dst []Candidate, first, fit int, c *Candidate) []Candidate {
	switch {
	case len(dst) < cap(dst):
		return append(dst, *c)
	case q.Stick != 0:
		q.keepHeaviest(dst[first:], c)
		return dst
	}
	if at := first + rand.IntN(fit); at < len(dst) {
		dst[at] = *c
	}
	return dst
}

// shuffle makes the order random: no stickiness, no order (reference section 6.6).
func shuffle(c []Candidate) {
	for i := len(c) - 1; i > 0; i-- {
		j := rand.IntN(i + 1)
		c[i], c[j] = c[j], c[i]
	}
}

// Count is how many listeners an entity has on all nodes.
func (t *Table) Count(ent entity.Address) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.counts[ent]
}

// Survey has f called for every listener of all nodes. f must not call the table.
func (t *Table) Survey(f func(l *Listener, local bool)) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, l := range t.locals {
		f(l, true)
	}
	for _, l := range t.remotes {
		f(l, false)
	}
}

// Total is how many listeners there are on all nodes.
func (t *Table) Total() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.locals) + len(t.remotes)
}

// Locals lists this node's listeners of the entity; all of them when every is true.
func (t *Table) Locals(ent entity.Address, every bool) []*Listener {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []*Listener
	for _, l := range t.locals {
		if every || l.Entity == ent {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b *Listener) int { return int(int64(a.Channel) - int64(b.Channel)) })
	return list
}

// Same lists who listened at the very path under the very id before the one given came, on all nodes, the newest first. Of
// two that come at once each sees the other at most from one side, so that they do not replace each other.
func (t *Table) Same(l *Listener) []Candidate {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var same []Candidate
	older := false
	for _, c := range t.paths[l.At] {
		if older && l.is(c.Listener) {
			same = append(same, c)
		}
		older = older || c.Listener == l
	}
	return same
}
