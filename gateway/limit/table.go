package limit

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// mark is a count that fades: level at a moment, in nanoseconds since 1970. due is when the last of those that wait is
// let go.
type mark struct {
	level float64
	at    int64
	due   int64
}

// faded is the level at a later moment, when it loses one in each step of time.
func (m mark) faded(now time.Time, step time.Duration) float64 {
	passed := now.UnixNano() - m.at
	if passed <= 0 {
		return m.level
	}
	return max(0, m.level-float64(passed)/float64(step))
}

// table keeps marks by key in bounded memory. It has two halves: a mark that is touched moves to the young half; when that
// is full it becomes the old one, and what had not been touched since is forgotten. Keys are hashes with a secret seed: a
// table keeps no address and no path, and nobody can aim at another's mark.
type table struct {
	seed       maphash.Seed
	half       int
	mu         sync.Mutex
	young, old map[uint64]mark
}

// newTable makes a table for at most so many marks.
func newTable(marks int) *table {
	half := max(1, marks/2)
	return &table{
		seed: maphash.MakeSeed(), half: half,
		young: make(map[uint64]mark), old: make(map[uint64]mark),
	}
}

// key hashes a source and, for Delays, an address.
func (t *table) key(source netip.Addr, at entity.Address) uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	b := source.As16()
	_, _ = h.Write(b[:])
	_, _ = h.WriteString(at.Namespace)
	_ = h.WriteByte(0)
	_, _ = h.WriteString(at.Path)
	return h.Sum64()
}

// add raises the mark by one, after fading it, and returns the new level, at most ceiling.
func (t *table) add(key uint64, now time.Time, step time.Duration, ceiling float64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.getLocked(key)
	m.level = min(ceiling, m.faded(now, step)+1)
	m.at = now.UnixNano()
	t.putLocked(key, m)
	return m.level
}

// queue puts one more behind those that wait, spacing apart, and returns how long it waits, at most so long.
func (t *table) queue(key uint64, now time.Time, spacing, most time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.getLocked(key)
	pending := time.Duration(max(0, m.due-now.UnixNano()))
	if pending > most { // the clock was set back
		pending = 0
	}
	wait := min(most, pending+spacing)
	m.due = now.UnixNano() + int64(wait)
	t.putLocked(key, m)
	return wait
}

// level is the mark's level now.
func (t *table) level(key uint64, now time.Time, step time.Duration) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.getLocked(key).faded(now, step)
}

// forget drops the mark.
func (t *table) forget(key uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.young, key)
	delete(t.old, key)
}

// size is how many marks there are.
func (t *table) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.young) + len(t.old)
}

func (t *table) getLocked(key uint64) mark {
	if m, ok := t.young[key]; ok {
		return m
	}
	return t.old[key]
}

func (t *table) putLocked(key uint64, m mark) {
	if _, ok := t.young[key]; !ok {
		delete(t.old, key)
		if len(t.young) >= t.half {
			t.young, t.old = t.old, t.young
			clear(t.young)
		}
	}
	t.young[key] = m
}
