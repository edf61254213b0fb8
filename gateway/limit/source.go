package limit

import (
	"net/netip"
	"sync"
)

// Source is what counts as one source: an IPv4 address, or the /64 of an IPv6 address, which is what one line gets.
func Source(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if !addr.Is6() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr()
}

// PerSource counts slots for each source address. A source without a slot takes no room. Use NewPerSource.
type PerSource struct {
	mu      sync.Mutex
	slots   int
	sources int
	used    map[netip.Addr]int
}

// NewPerSource makes the counter: so many slots a source, for at most so many sources at a time.
func NewPerSource(slots, sources int) *PerSource {
	return &PerSource{slots: slots, sources: sources, used: make(map[netip.Addr]int)}
}

// Enter takes a slot of the address's source and reports whether there was one; no new source gets one when the table
// is full. Whoever got one calls Leave with the same address exactly once.
func (p *PerSource) Enter(addr netip.Addr) bool {
	source := Source(addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	used, known := p.used[source]
	if used >= p.slots || !known && len(p.used) >= p.sources {
		return false
	}
	p.used[source] = used + 1
	return true
}

// Leave gives a slot of the address's source back.
func (p *PerSource) Leave(addr netip.Addr) {
	source := Source(addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	if used := p.used[source]; used > 1 {
		p.used[source] = used - 1
		return
	}
	delete(p.used, source)
}

// SetSlots changes the slots a source. Whoever is in stays in.
func (p *PerSource) SetSlots(slots int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slots = slots
}
