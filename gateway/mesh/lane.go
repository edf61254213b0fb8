package mesh

// laneKey names the tells of one kind of one node.
type laneKey struct {
	from Num
	kind string
}

// inLane is the tells of one kind that one node sends here: taken in order, handled one after the other. It outlives the
// node's comings and goings, so that tells of two sessions are never handled side by side. Guarded by Member.mu.
type inLane struct {
	session uint64 // the sender's, with its epoch
	epoch   uint64
	got     uint64 // received up to here
	done    uint64 // handled up to here
	gapAt   uint64 // the gap that was reported already
	queue   []told
	bytes   int
	running bool
	space   chan struct{} // for tells to oneself
}

// told is a tell that waits for its handler.
type told struct {
	epoch, session, seq uint64
	body                []byte
}

func (l *inLane) spaceLocked() {
	close(l.space)
	l.space = make(chan struct{})
}

func (m *Member) inLaneLocked(k laneKey) *inLane {
	l := m.inbound[k]
	if l == nil {
		l = &inLane{space: make(chan struct{})}
		m.inbound[k] = l
	}
	return l
}

// receiveTellLocked takes the next tell, or says which one is missing.
func (m *Member) receiveTellLocked(p *peer, msg *message) {
	k := laneKey{p.node.Num, msg.kind}
	if m.inbound[k] == nil && m.lanesLocked(k.from) >= maxLanes {
		return
	}
	l := m.inLaneLocked(k)
	if msg.session < l.session && l.epoch == p.epoch {
		return
	}
	if msg.session != l.session || l.epoch != p.epoch {
		l.epoch, l.session, l.got, l.done, l.gapAt = p.epoch, msg.session, 0, 0, 0
	}
	switch {
	case msg.seq <= l.got: // it came twice, or asks how far this node is
		m.takenLocked(k, l, false)
	case msg.seq > l.got+1:
		if l.gapAt != l.got+1 {
			l.gapAt = l.got + 1
			m.takenLocked(k, l, true)
		}
	case len(l.queue) >= windowCount || l.bytes > windowBytes:
		// Beyond what the sender may send: as if lost.
	default:
		l.got = msg.seq
		m.queueLocked(k, l, told{p.epoch, msg.session, msg.seq, msg.body})
	}
}

func (m *Member) lanesLocked(from Num) (n int) {
	for k := range m.inbound {
		if k.from == from {
			n++
		}
	}
	return n
}

func (m *Member) takenLocked(k laneKey, l *inLane, gap bool) {
	if p := m.peers[k.from]; p != nil && p.epoch == l.epoch {
		_ = m.sendLocked(k.from, p.epoch, &message{
			class: classTaken, session: l.session, kind: k.kind, seq: l.got, done: l.done, gap: gap,
		}) // lost: the sender asks by sending again
	}
}

// tellSelfLocked is Tell to this node: the same lane without a network.
func (m *Member) tellSelfLocked(kind string, body []byte) (taken bool, space <-chan struct{}) {
	k := laneKey{m.node.Num, kind}
	l := m.inLaneLocked(k)
	if len(l.queue) >= windowCount || l.bytes > 0 && l.bytes+len(body) > windowBytes {
		return false, l.space
	}
	m.queueLocked(k, l, told{body: body})
	return true, nil
}

// queueLocked adds a tell; the goroutine of the lane lives while there are any, and Close waits for it.
func (m *Member) queueLocked(k laneKey, l *inLane, t told) {
	l.queue = append(l.queue, t)
	l.bytes += len(t.body)
	if !l.running {
		l.running = true
		m.wg.Go(func() { m.drain(k, l) })
	}
}

// drain handles what is in the lane, in order, and says so: at the end, and before the sender's window is used up.
func (m *Member) drain(k laneKey, l *inLane) {
	m.mu.Lock()
	defer m.mu.Unlock()
	unsaid := 0
	for len(l.queue) > 0 && !m.closed {
		t, h := l.queue[0], m.handlers[k.kind]
		m.mu.Unlock()
		if h != nil {
			_, _ = m.handle(m.ctx, h, k.from, k.kind, t.body) // nobody waits for an answer
		}
		m.mu.Lock()
		l.queue = l.queue[1:]
		l.bytes -= len(t.body)
		l.spaceLocked()
		if t.epoch == l.epoch && t.session == l.session {
			l.done = t.seq
		}
		if unsaid++; unsaid >= windowCount/4 || len(l.queue) == 0 {
			unsaid = 0
			m.takenLocked(k, l, false)
		}
	}
	l.running = false
}
