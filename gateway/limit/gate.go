package limit

import "sync/atomic"

// Defaults of the configuration (contracts section 3).
const (
	Connections      = 5000   // open in a namespace (reference section 9)
	Pending          = 10_000 // rendezvous that wait for their second party
	PendingPerSource = 200    // of those, from one source address
)

// Gate counts slots up to a maximum. Use NewGate.
type Gate struct {
	max, used atomic.Int64
}

// NewGate makes a gate with that many slots; none or fewer lets nobody in.
func NewGate(slots int) *Gate {
	g := &Gate{}
	g.max.Store(int64(slots))
	return g
}

// Enter takes a slot and reports whether there was one. Whoever got one calls Leave exactly once.
func (g *Gate) Enter() bool {
	for {
		used := g.used.Load()
		if used >= g.max.Load() {
			return false
		}
		if g.used.CompareAndSwap(used, used+1) {
			return true
		}
	}
}

// Leave gives a slot back.
func (g *Gate) Leave() { g.used.Add(-1) }

// Used is how many slots are taken.
func (g *Gate) Used() int { return int(g.used.Load()) }

// Max is how many slots there are.
func (g *Gate) Max() int { return int(g.max.Load()) }

// SetMax changes the maximum. Whoever is in stays in.
func (g *Gate) SetMax(slots int) { g.max.Store(int64(slots)) }
