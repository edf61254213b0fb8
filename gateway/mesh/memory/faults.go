package memory

import (
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
)

// Partition parts two nodes: every message between them is lost, also those on their way, carried connections are reset
// and new ones fail. Nobody is told: each takes the other for dead after Timing.Dead. A node that must see it sooner has
// a shorter Timing.
func (n *Net) Partition(a, b mesh.Num) {
	n.mu.Lock()
	n.parted[pairOf(a, b)] = true
	broken := n.carriedLocked(func(p pair) bool { return p == pairOf(a, b) })
	n.mu.Unlock()
	reset(broken)
}

// Heal ends a partition. With the next hello each sees the other come up and learns what it holds.
func (n *Net) Heal(a, b mesh.Num) {
	n.mu.Lock()
	delete(n.parted, pairOf(a, b))
	n.mu.Unlock()
}

// Kill ends a node as a process ends without a goodbye. The others that are not parted from it learn it at once; the
// node itself hears and says nothing any more, and its carried connections are reset. Its owner still closes its Bus.
func (n *Net) Kill(num mesh.Num) {
	n.mu.Lock()
	var others []*port
	if dead := n.ports[num]; dead != nil {
		dead.leaveLocked()
		for other, p := range n.ports {
			if !n.parted[pairOf(num, other)] {
				others = append(others, p)
			}
		}
	}
	delete(n.links, n.addrs[num])
	delete(n.addrs, num)
	broken := n.carriedLocked(func(p pair) bool { return p.a == num || p.b == num })
	n.mu.Unlock()
	for _, p := range others {
		p.r.Lost(num)
	}
	reset(broken)
}

// Delay is how long each message from now on takes between two nodes, one way. Carried connections do not know it: give
// their Dial a slow network.
func (n *Net) Delay(a, b mesh.Num, d time.Duration) {
	n.mu.Lock()
	n.delays[pairOf(a, b)] = d
	n.mu.Unlock()
}

// rule is a fault in messages of one class from one node to another; 0 and "" are any.
type rule struct {
	from, to mesh.Num
	class    string
	do       func(b []byte) (now [][]byte) // called under the lock
	rest     func() [][]byte               // what the rule still has when it is mended
}

func (r *rule) match(from, to mesh.Num, class string) bool {
	return (r.from == 0 || r.from == from) && (r.to == 0 || r.to == to) && (r.class == "" || r.class == class)
}

// applyLocked lets the first rule that matches decide what leaves now.
func (n *Net) applyLocked(from, to mesh.Num, b []byte) [][]byte {
	if len(n.rules) == 0 {
		return [][]byte{b}
	}
	class := mesh.Class(b)
	for _, r := range n.rules {
		if r.match(from, to, class) {
			return r.do(b)
		}
	}
	return [][]byte{b}
}

func (n *Net) addRule(r *rule) {
	n.mu.Lock()
	n.rules = append(n.rules, r)
	n.mu.Unlock()
}

// Lose loses the next messages of a class (see mesh.Class; "" any) from one node to another (0 any); count < 0: all until
// Mend.
func (n *Net) Lose(from, to mesh.Num, class string, count int) {
	n.addRule(&rule{from: from, to: to, class: class, do: func(b []byte) [][]byte {
		if count == 0 {
			return [][]byte{b}
		}
		count--
		return nil
	}})
}

// Keep keeps messages of a class back until Mend; then they arrive in their order. Both nodes are named.
func (n *Net) Keep(from, to mesh.Num, class string) {
	var kept [][]byte
	n.addRule(&rule{
		from: from, to: to, class: class,
		do:   func(b []byte) [][]byte { kept = append(kept, b); return nil },
		rest: func() [][]byte { return kept },
	})
}

// Swap turns every two messages of a class round: the second arrives before the first. Both nodes are named.
func (n *Net) Swap(from, to mesh.Num, class string) {
	var first []byte
	n.addRule(&rule{
		from: from, to: to, class: class,
		do: func(b []byte) [][]byte {
			if first == nil {
				first = b
				return nil
			}
			both := [][]byte{b, first}
			first = nil
			return both
		},
		rest: func() [][]byte {
			if first == nil {
				return nil
			}
			return [][]byte{first}
		},
	})
}

// Mend ends every Lose, Keep and Swap that was set with the same nodes and class. What they kept arrives.
func (n *Net) Mend(from, to mesh.Num, class string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rules = slices.DeleteFunc(n.rules, func(r *rule) bool {
		if r.from != from || r.to != to || r.class != class {
			return false
		}
		if r.rest == nil {
			return true
		}
		if port := n.ports[to]; port != nil {
			for _, b := range r.rest() {
				_ = n.queueLocked(from, port, b) // a full queue loses it, as ever
			}
		}
		return true
	})
}
