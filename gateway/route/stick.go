package route

import (
	"encoding/binary"
	"net/netip"
)

// StickTo makes the number that keeps senders of one network address together. It is never 0.
func StickTo(source netip.Addr) uint64 {
	b := source.Unmap().As16()
	return mix(binary.BigEndian.Uint64(b[:8])^mix(binary.BigEndian.Uint64(b[8:]))) | 1
}

// arrange puts those that fit alike in the order of asking.
func (q *Query) arrange(c []Candidate) {
	if q.Stick == 0 {
		shuffle(c)
		return
	}
	for i := range c { // few: by insertion, which allocates nothing
		for j := i; j > 0 && q.heavier(&c[j], &c[j-1]); j-- {
			c[j], c[j-1] = c[j-1], c[j]
		}
	}
}

// keepHeaviest puts the candidate in the place of the lightest one, if that is lighter.
func (q *Query) keepHeaviest(in []Candidate, c *Candidate) {
	if len(in) == 0 {
		return
	}
	least := 0
	for i := range in {
		if q.heavier(&in[least], &in[i]) {
			least = i
		}
	}
	if q.heavier(c, &in[least]) {
		in[least] = *c
	}
}

// heavier compares two listeners for the query (rendezvous hashing). Of two with one id the newer one counts.
func (q *Query) heavier(a, b *Candidate) bool {
	if a.ID == b.ID {
		return a.Channel > b.Channel
	}
	return weight(q.Stick, a.ID) > weight(q.Stick, b.ID)
}

// weight is FNV-1a over the id, begun with the number.
func weight(stick uint64, id string) uint64 {
	h := stick ^ 0xcbf29ce484222325
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 0x100000001b3
	}
	return mix(h)
}

// mix spreads near numbers over all: the finish of SplitMix64.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
