package limit

import (
	"context"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// The delay rule of reference section 6.5. hyco-ws dials again at once when it is refused, hundreds of times a second;
// the other clients wait by themselves, so the first refusals are free: a person who mends a key should not wait.
const (
	freeRefusals  = 3 // no delay
	shortRefusals = 6 // after these the long delay
	shortSpacing  = time.Second
	longSpacing   = 5 * time.Second
	longestWait   = time.Hour // by then some hundreds of one source wait

	refusalFades = 10 * time.Second // one refusal is forgotten in that time
	maxRefusals  = 12               // remembered: two minutes of quiet forgive everything
	delayMarks   = 1 << 16          // sources times addresses that are remembered: about 4 MB
)

// Delays says how long to hold back the refusal of a listen, by source and address: not at all, then 1 s, then 5 s behind
// the one before for who keeps coming. It is the answers that are spaced, not each dial that is held for a while: hyco-ws
// dials twice for every answer, so with a delay of its own for each their number would double in every delay. Use NewDelays.
// Waiting is the caller's part, and takes one of its own slots.
type Delays struct{ t *table }

// NewDelays makes the memory of refusals.
func NewDelays() *Delays { return &Delays{newTable(delayMarks)} }

// Refused notes that a listen from the address at an entity's address is being refused, and says how long to wait before
// the answer is written.
func (d *Delays) Refused(from netip.Addr, at entity.Address, now time.Time) time.Duration {
	key := d.t.key(Source(from), at)
	level := d.t.add(key, now, refusalFades, maxRefusals)
	switch {
	case level <= freeRefusals:
		return 0
	case level <= shortRefusals:
		return d.t.queue(key, now, shortSpacing, longestWait)
	}
	return d.t.queue(key, now, longSpacing, longestWait)
}

// Succeeded forgives: the next refusal of that source at that address is the first.
func (d *Delays) Succeeded(from netip.Addr, at entity.Address) {
	d.t.forget(d.t.key(Source(from), at))
}

// Hold waits for as long as a refusal is to be held back, or until ctx ends.
func Hold(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
