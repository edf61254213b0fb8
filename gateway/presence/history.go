package presence

import (
	"container/list"
	"slices"
	"sync"
	"time"
)

// Bounds of what is remembered: of one entity its newest notes, of all the entities that were last heard of.
const (
	MaxNotes    = 32
	maxEntities = 2000
	maxGone     = 256       // listeners of one entity that have left
	goneFor     = time.Hour // how long one that has left is counted as gone
)

// Note is one coming or going, or a change of state between.
type Note struct {
	Entity   string // the relay's name
	Listener string // its id
	Channel  uint64
	Node     uint16 // which holds or held it
	Event    string // connected, disconnected, deaf, back
	Reason   string // a code, or ""
	Text     string // why for people
	Remote   string
	Deleted  bool          // the entity was: nobody waits for the listener
	Lasted   time.Duration // how long the channel had been open
	Time     time.Time
}

// Events of a Note.
const (
	Connected    = "connected"
	Disconnected = "disconnected"
	WentDeaf     = "deaf"
	CameBack     = "back"
)

// History remembers, by entity, the newest notes and who is gone. Make one with NewHistory.
type History struct {
	mu       sync.Mutex
	entities map[string]*list.Element // of *past
	order    *list.List               // the entity that was last heard of in front
}

type past struct {
	entity string
	notes  []Note
	gone   []goer
}

// goer is a listener that has left: who, when, and which node held it.
type goer struct {
	id   string
	node uint16
	at   time.Time
}

// NewHistory makes an empty one.
func NewHistory() *History {
	return &History{entities: make(map[string]*list.Element), order: list.New()}
}

// Add takes in a note. The entity that was not heard of for the longest time is forgotten when there are too many.
func (h *History) Add(n Note) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pastLocked(n.Entity)
	if len(p.notes) >= MaxNotes {
		p.notes = slices.Delete(p.notes, 0, len(p.notes)-MaxNotes+1)
	}
	p.notes = append(p.notes, n)
	switch n.Event {
	case Connected:
		p.gone = slices.DeleteFunc(p.gone, func(g goer) bool { return g.id == n.Listener })
	case Disconnected:
		if n.Deleted || h.aliveLocked(p, n) {
			return
		}
		if len(p.gone) >= maxGone {
			p.gone = slices.Delete(p.gone, 0, 1)
		}
		p.gone = append(p.gone, goer{n.Listener, n.Node, n.Time})
	}
}

// aliveLocked reports whether the id has another channel: it came back before its old one ended.
func (*History) aliveLocked(p *past, ended Note) bool {
	for i := len(p.notes) - 1; i >= 0; i-- {
		n := &p.notes[i]
		if n.Listener != ended.Listener || n.Node == ended.Node && n.Channel == ended.Channel {
			continue
		}
		switch n.Event {
		case Connected:
			return true
		case Disconnected:
			return false
		}
	}
	return false
}

func (h *History) pastLocked(entity string) *past {
	if e, ok := h.entities[entity]; ok {
		h.order.MoveToFront(e)
		return pastOf(e)
	}
	if h.order.Len() >= maxEntities {
		oldest := h.order.Back()
		delete(h.entities, pastOf(oldest).entity)
		h.order.Remove(oldest)
	}
	p := &past{entity: entity}
	h.entities[entity] = h.order.PushFront(p)
	return p
}

// pastOf is what an element of the order holds.
func pastOf(e *list.Element) *past {
	p, _ := e.Value.(*past) // nothing else is put in
	return p
}

// Of gives the notes of an entity, the oldest first; "" is all entities, of which the newest most are given.
func (h *History) Of(entity string, most int) []Note {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []Note
	if entity != "" {
		if e, ok := h.entities[entity]; ok {
			all = slices.Clone(pastOf(e).notes)
		}
	} else {
		for e := h.order.Front(); e != nil; e = e.Next() {
			all = append(all, pastOf(e).notes...)
		}
		slices.SortStableFunc(all, func(a, b Note) int { return a.Time.Compare(b.Time) })
	}
	return all[max(0, len(all)-most):]
}

// Gone counts, by entity, the listeners that a node held, that left within the last hour and have not come back at any node.
func (h *History) Gone(node uint16, now time.Time) map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := make(map[string]int)
	for e := h.order.Front(); e != nil; e = e.Next() {
		for _, g := range pastOf(e).gone {
			if g.node == node && now.Sub(g.at) < goneFor {
				counts[pastOf(e).entity]++
			}
		}
	}
	return counts
}
