package route

import (
	"slices"

	"github.com/causeway-relay/causeway/gateway/mesh"
)

// All appends to here every listener of this node that fits the query, and to there every other node that holds one. Deaf ones are among
// them: a message to all is for all. Of a listener that came back under the same GUID only the newest counts, so that nobody gets a
// message twice.
func (t *Table) All(here []*Listener, there []mesh.Num, q *Query) ([]*Listener, []mesh.Num) {
	t.every(q, func(c *Candidate) {
		switch {
		case c.Node == t.self:
			here = append(here, c.Listener)
		case !slices.Contains(there, c.Node):
			there = append(there, c.Node)
		}
	})
	return here, there
}

// CountAt is how many listeners that fit the query another node holds.
func (t *Table) CountAt(node mesh.Num, q *Query) (n int) {
	t.every(q, func(c *Candidate) {
		if c.Node == node {
			n++
		}
	})
	return n
}

// every has f called for each listener that fits the query, on all nodes.
func (t *Table) every(q *Query, f func(*Candidate)) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for at, ok := q.At, true; ok && at.Within(q.Entity); at, ok = at.Parent() {
		list := t.paths[at]
		for i := range list {
			c := &list[i]
			if c.Entity == q.Entity && c.Shapes()&q.Shape != 0 && q.Hints.permits(c.GUID) && !(c.Last() && supplanted(list[:i], c.Listener)) {
				f(c)
			}
		}
	}
}

// supplanted reports whether a newer listener of the same GUID is there.
func supplanted(newer []Candidate, l *Listener) bool {
	if l.GUID == (GUID{}) {
		return false
	}
	return slices.ContainsFunc(newer, func(c Candidate) bool { return c.GUID == l.GUID })
}
