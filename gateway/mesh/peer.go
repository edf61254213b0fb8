package mesh

import (
	"context"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// shortly bounds how often the same thing is asked of the same node: for a snapshot, for a hello.
const shortly = 100 * time.Millisecond

// peer is another live node as this one knows it. Guarded by Member.mu.
type peer struct {
	node    Node
	epoch   uint64
	session uint64 // counts how often this process met another one; names the series of our tells to it
	theirs  uint64 // its session with us; a greater one says that it had given us up in between
	heard   time.Time

	// What it announced.
	synced  bool // a snapshot of it was applied
	applied uint64
	held    map[identity]Holding
	wanted  time.Time // when its snapshot was asked for last
	parts   *gathering

	// What it has of ours.
	met    bool // it acknowledged something
	acked  uint64
	late   bool
	lateAt uint64 // acknowledging this number makes it punctual again

	out     map[string]*outLane
	serving map[uint64]context.CancelCauseFunc // asks of it that run here
}

// errPeerLost is why handlers of asks end whose asker is gone.
var errPeerLost = fail.New(fail.NodeLost, "the node that asked went away")

// endLocked ends what waits for the peer or runs on its behalf.
func (p *peer) endLocked() {
	for _, l := range p.out {
		l.endLocked()
	}
	for _, cancel := range p.serving {
		cancel(errPeerLost)
	}
}

// inbox is the Receiver of a member.
type inbox Member

// Receive implements Receiver.
func (in *inbox) Receive(b []byte) {
	msg, err := decode(b)
	if err != nil {
		return // not of this version: as if lost
	}
	m := (*Member)(in)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || msg.from == m.node.Num || msg.to != 0 && msg.to != m.epoch || msg.epoch <= m.ended[msg.from] {
		return
	}
	if msg.class == classHello {
		m.receiveHelloLocked(msg)
		return
	}
	p := m.peers[msg.from]
	if p == nil || p.epoch != msg.epoch {
		m.askWhoLocked(msg)
		return
	}
	p.heard = time.Now()
	m.receiveLocked(p, msg)
}

// receiveLocked takes a message of a live node.
func (m *Member) receiveLocked(p *peer, msg *message) {
	switch msg.class {
	case classBye:
		m.goneLocked(p)
	case classAnnounce:
		m.receiveAnnounceLocked(p, msg)
	case classSnapshot:
		m.receiveSnapshotLocked(p, msg)
	case classWant:
		m.receiveWantLocked(p, msg)
	case classAck:
		m.receiveAckLocked(p, msg)
	case classAsk:
		m.receiveAskLocked(p, msg)
	case classAnswer:
		m.receiveAnswerLocked(p, msg)
	case classCancel:
		m.receiveCancelLocked(p, msg)
	case classTell:
		m.receiveTellLocked(p, msg)
	case classTaken:
		m.receiveTakenLocked(p, msg)
	case classHello: // taken care of by Receive
	}
}

// Lost implements Receiver.
func (in *inbox) Lost(n Num) {
	m := (*Member)(in)
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.peers[n]; p != nil && !m.closed {
		m.goneLocked(p)
	}
}

// receiveHelloLocked learns of a node, of its return after a restart, of how far it is, and of whether it gave us up.
func (m *Member) receiveHelloLocked(msg *message) {
	p := m.peers[msg.from]
	if p != nil && msg.epoch < p.epoch {
		return // an earlier process of that number
	}
	if p != nil && msg.epoch > p.epoch {
		m.goneLocked(p)
		p = nil
	}
	switch {
	case p == nil:
		p = m.meetLocked(msg)
	case msg.who:
		m.helloLocked(p.node.Num, p.session, false)
	}
	p.heard = time.Now()
	if msg.session > p.theirs {
		if p.theirs != 0 {
			m.forgottenLocked(p)
		}
		p.theirs = msg.session
	}
	switch {
	case !p.synced || msg.seq > p.applied:
		m.wantLocked(p)
	case msg.session != 0: // said to this node alone: it may miss an acknowledgement
		m.shown.ack(p, p.applied)
	}
}

// meetLocked makes the node live.
func (m *Member) meetLocked(msg *message) *peer {
	m.session++
	p := &peer{
		node: Node{Num: msg.from, Doors: msg.doors, Since: msg.since}, epoch: msg.epoch, session: m.session,
		held: map[identity]Holding{}, out: map[string]*outLane{}, serving: map[uint64]context.CancelCauseFunc{},
	}
	m.peers[msg.from] = p
	delete(m.asked, msg.from)
	m.shown.change(Change{Node: msg.from, Up: true})
	m.helloLocked(msg.from, p.session, false)
	m.turnLocked()
	return p
}

// forgottenLocked: the node had given this one up and has met it anew. It ended our asks and dropped our holdings.
func (m *Member) forgottenLocked(p *peer) {
	m.endCallsLocked(p.node.Num)
	p.acked = 0
}

// askWhoLocked asks a stranger to say hello: he takes this node for live and is not so here.
func (m *Member) askWhoLocked(msg *message) {
	now := time.Now()
	if msg.class == classBye || now.Sub(m.asked[msg.from]) < shortly {
		return
	}
	m.asked[msg.from] = now
	m.helloLocked(msg.from, 0, true)
}

// bury takes the silent for dead.
func (m *Member) bury(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.peers {
		if now.Sub(p.heard) > m.timing.Dead {
			m.downLocked(p)
		}
	}
}

// goneLocked is for a process that has ended for certain: what it sent before and arrives later does not bring it back.
func (m *Member) goneLocked(p *peer) {
	m.ended[p.node.Num] = p.epoch
	m.downLocked(p)
}

// downLocked ends a node's life here: its holdings, the asks to it and of it, the tells to it.
func (m *Member) downLocked(p *peer) {
	delete(m.peers, p.node.Num)
	m.shown.change(Change{Node: p.node.Num, Down: true})
	m.endCallsLocked(p.node.Num)
	p.endLocked()
	for _, r := range m.rounds {
		r.arrivedLocked(p.node.Num)
	}
	m.sweepLocked()
	m.turnLocked()
}
