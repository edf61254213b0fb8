package mesh

import "time"

// gathering is a snapshot whose parts arrive.
type gathering struct {
	id      uint64 // of the want that it answers
	seq     uint64 // of the announcement that it includes
	parts   [][]Holding
	missing int
}

func (g *gathering) next() uint64 {
	if g == nil {
		return 1
	}
	return g.id + 1
}

// receiveAnnounceLocked applies the next announcement of a node, or finds that one is missing.
func (m *Member) receiveAnnounceLocked(p *peer, msg *message) {
	switch {
	case !p.synced || msg.seq > p.applied+1:
		m.wantLocked(p)
	case msg.seq <= p.applied:
		m.shown.ack(p, p.applied) // it came twice: the acknowledgement may have been lost
	case m.shown.full():
		// Nobody reads the changes. Unapplied and not acknowledged, the node counts as late and catches up by a snapshot.
	default:
		p.applied = msg.seq
		m.showLocked(p, p.take(msg.removed), msg.added)
	}
}

// take removes holdings by their identity and gives them as they were announced.
func (p *peer) take(identities []Holding) (removed []Holding) {
	for i := range identities {
		k := identities[i].identity()
		if h, ok := p.held[k]; ok {
			removed = append(removed, h)
			delete(p.held, k)
		}
	}
	return removed
}

// showLocked applies a difference and acknowledges it behind the watchers.
func (m *Member) showLocked(p *peer, removed, added []Holding) {
	for i := range added {
		p.held[added[i].identity()] = added[i]
	}
	if len(removed) > 0 {
		m.shown.change(Change{Node: p.node.Num, Removed: removed})
	}
	if len(added) > 0 {
		m.shown.change(Change{Node: p.node.Num, Added: added})
	}
	m.shown.ack(p, p.applied)
}

// wantLocked asks a node for its snapshot, not more often than shortly.
func (m *Member) wantLocked(p *peer) {
	now := time.Now()
	if now.Sub(p.wanted) < shortly || m.shown.full() {
		return
	}
	p.wanted = now
	p.parts = &gathering{id: p.parts.next()}
	var have uint64
	if p.synced {
		have = p.applied
	}
	_ = m.sendLocked(p.node.Num, p.epoch, &message{class: classWant, id: p.parts.id, seq: have}) // lost: the next beat asks again
}

// receiveSnapshotLocked gathers the parts and applies what differs. Announcements after it go on from its number.
func (m *Member) receiveSnapshotLocked(p *peer, msg *message) {
	g := p.parts
	if g == nil || g.id != msg.id || p.synced && msg.seq <= p.applied {
		return // the answer to an earlier want, or older than what is known
	}
	if g.parts == nil {
		g.seq, g.parts, g.missing = msg.seq, make([][]Holding, msg.parts), int(msg.parts)
	}
	if g.seq != msg.seq || int(msg.parts) != len(g.parts) || g.parts[msg.part] != nil {
		return
	}
	p.wanted = time.Now()                                 // while parts arrive there is no need to ask again
	g.parts[msg.part] = append([]Holding{}, msg.added...) // never nil: it has arrived
	if g.missing--; g.missing > 0 {
		return
	}
	p.parts = &gathering{id: g.id}
	fresh := map[identity]Holding{}
	for _, part := range g.parts {
		for i := range part {
			fresh[part[i].identity()] = part[i]
		}
	}
	removed, added := p.differ(fresh)
	p.held, p.applied, p.synced = fresh, g.seq, true
	m.showLocked(p, removed, added)
	m.turnLocked()
}

// differ says how to come from what is held to what is fresh.
func (p *peer) differ(fresh map[identity]Holding) (removed, added []Holding) {
	for k, h := range p.held {
		if f, ok := fresh[k]; !ok || f != h {
			removed = append(removed, h)
		}
	}
	for k, h := range fresh {
		if old, ok := p.held[k]; !ok || old != h {
			added = append(added, h)
		}
	}
	return removed, added
}
