package mesh

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// identity tells holdings of one node apart.
type identity struct {
	at      entity.Address
	id      string
	channel uint64
}

func (h *Holding) identity() identity { return identity{h.At, h.ID, h.Channel} }

// held is a holding of this node's: thousands may be there, so it lies in memory once.
type held struct {
	Holding

	let bool // it was released
}

// batch gathers what changed until it leaves as one announcement. Guarded by Member.mu.
type batch struct {
	removed map[identity]*held // nil: nothing is
	added   map[identity]*held
	timer   *time.Timer
	round   *round // of the announcement that this becomes
}

// settleLocked lets go of whoever waits for a batch that will not leave.
func (b *batch) settleLocked() {
	if b.round != nil {
		b.round.endLocked()
	}
	*b = batch{}
}

// round is the wait for the acknowledgements of one announcement. Guarded by Member.mu.
type round struct {
	seq     uint64
	waiting map[Num]bool
	done    chan struct{} // closed when nobody is waited for any more
	over    bool
	timer   *time.Timer
}

// nobody is the round of an announcement that nobody acknowledges.
var nobody = func() *round {
	r := &round{over: true, done: make(chan struct{})}
	close(r.done)
	return r
}()

func (r *round) endLocked() {
	if !r.over {
		r.over = true
		close(r.done)
	}
	if r.timer != nil {
		r.timer.Stop()
	}
}

func (r *round) arrivedLocked(n Num) {
	if delete(r.waiting, n); len(r.waiting) == 0 {
		r.endLocked()
	}
}

// Hold implements Bus. A holding that is held already is fail.Conflict, one that cannot travel fail.BadRequest; when ctx
// ends first the holding is taken back and the context's error returned.
func (m *Member) Hold(ctx context.Context, h Holding) (release func(), err error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	mine := &held{Holding: h}
	m.mu.Lock()
	r, err := m.holdLocked(mine)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	release = func() { m.release(mine) }
	if r == nobody { // else ctx is asked for what it makes only then
		return release, nil
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		release()
		return nil, fmt.Errorf("hold %s: %w", h.At, context.Cause(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errLeft.At("hold", h.At.String(), "")
	}
	return release, nil
}

func (h *Holding) check() error {
	switch {
	case !text(h.At.Namespace, maxSpace), !text(h.At.Path, entity.MaxPath):
		return fail.New(fail.BadRequest, "the address cannot be announced: make it with entity.NewAddress")
	case !h.At.Within(h.Entity):
		return fail.New(fail.BadRequest, "the entity is no prefix of the listen path")
	case !text(h.ID, MaxID):
		return fail.Newf(fail.BadRequest, "the listener id is not UTF-8 text of at most %d bytes", MaxID)
	}
	return nil
}

func validText(s string) bool { return utf8.ValidString(s) }

// holdLocked puts the holding into the batch. Where there is nobody to gather for, it leaves by itself.
func (m *Member) holdLocked(h *held) (*round, error) {
	if m.closed {
		return nil, errLeft.At("hold", h.At.String(), "")
	}
	k := h.identity()
	_, there := m.mine[k]
	_, leaving := m.batch.removed[k]
	_, coming := m.batch.added[k]
	if coming || there && !leaving {
		return nil, fail.New(fail.Conflict, "the same channel holds the address already").At("hold", h.At.String(), "")
	}
	if len(m.peers) == 0 && m.batch.round == nil {
		m.mine[k] = h
		m.announceLocked(&message{class: classAnnounce, added: []Holding{h.Holding}})
		return nobody, nil
	}
	m.gatherLocked()
	m.batch.added[k] = h
	r := m.batch.round
	if len(m.peers) == 0 {
		m.flushLocked()
	}
	return r, nil
}

// release takes a holding back, once, and does not wait.
func (m *Member) release(h *held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := h.identity()
	if m.closed || h.let {
		return
	}
	h.let = true
	if _, coming := m.batch.added[k]; coming {
		delete(m.batch.added, k)
		return
	}
	m.gatherLocked()
	if m.batch.removed == nil {
		m.batch.removed = map[identity]*held{}
	}
	m.batch.removed[k] = h
}

// gatherLocked opens the batch: the first change starts its clock.
func (m *Member) gatherLocked() {
	if m.batch.round != nil {
		return
	}
	m.batch = batch{added: map[identity]*held{}, round: &round{done: make(chan struct{})}}
	m.batch.timer = time.AfterFunc(m.timing.Gather, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.closed {
			m.flushLocked()
		}
	})
}

// flushLocked announces the batch, cut where it grows long, and begins the wait for acknowledgements.
func (m *Member) flushLocked() {
	b := m.batch
	if b.round == nil {
		return
	}
	m.batch = batch{}
	b.timer.Stop()
	var removed, added cutter
	for k, h := range b.removed {
		delete(m.mine, k)
		removed.add(Holding{At: h.At, ID: h.ID, Channel: h.Channel})
	}
	for k, h := range b.added {
		m.mine[k] = h
		added.add(h.Holding)
	}
	for _, part := range removed.parts {
		m.announceLocked(&message{class: classAnnounce, removed: part})
	}
	for _, part := range added.parts {
		m.announceLocked(&message{class: classAnnounce, added: part})
	}
	m.awaitLocked(b.round)
}

func (m *Member) announceLocked(msg *message) {
	m.seq++
	msg.seq = m.seq
	_ = m.sendLocked(0, 0, msg) // lost: a gap, which a snapshot closes
}

// cutter cuts a list of holdings into parts of about partBytes.
type cutter struct {
	parts [][]Holding
	size  int
}

func (c *cutter) add(h Holding) {
	size := len(h.At.Namespace) + len(h.At.Path) + len(h.ID) + 32
	if len(c.parts) == 0 || c.size+size > partBytes {
		c.parts, c.size = append(c.parts, nil), 0
	}
	last := len(c.parts) - 1
	c.parts[last] = append(c.parts[last], h)
	c.size += size
}

// awaitLocked begins the wait for all live nodes that are not late.
func (m *Member) awaitLocked(r *round) {
	r.seq, r.waiting = m.seq, map[Num]bool{}
	for n, p := range m.peers {
		if !p.late && p.acked < r.seq {
			r.waiting[n] = true
		}
	}
	if len(r.waiting) == 0 {
		r.endLocked()
		return
	}
	m.rounds = append(m.rounds, r)
	nudge := m.timing.Late / 8
	r.timer = time.AfterFunc(nudge, func() { m.nudge(r, m.timing.Late-nudge) })
}

// nudge says hello to whoever has not acknowledged: a node that missed the announcement sees by the number that it did.
func (m *Member) nudge(r *round, rest time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.over || m.closed {
		return
	}
	for n := range r.waiting {
		m.helloLocked(n, m.peers[n].session, false)
	}
	r.timer = time.AfterFunc(rest, func() { m.expire(r) })
}

// expire marks as late whoever is still waited for; no round waits for them until they have caught up.
func (m *Member) expire(r *round) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.over || m.closed {
		return
	}
	for n := range r.waiting {
		p := m.peers[n]
		p.late, p.lateAt = true, m.seq
		for _, other := range m.rounds {
			other.arrivedLocked(n)
		}
	}
	m.sweepLocked()
}

// sweepLocked forgets the rounds that are over.
func (m *Member) sweepLocked() {
	m.rounds = slices.DeleteFunc(m.rounds, func(r *round) bool { return r.over })
}

// receiveAckLocked: the node has applied everything up to a number.
func (m *Member) receiveAckLocked(p *peer, msg *message) {
	if msg.seq > m.seq {
		return // nothing of ours has that number
	}
	p.met = true
	p.acked = max(p.acked, msg.seq)
	if p.late && p.acked >= p.lateAt {
		p.late = false
	}
	for _, r := range m.rounds {
		if r.seq <= p.acked {
			r.arrivedLocked(p.node.Num)
		}
	}
	m.sweepLocked()
	m.turnLocked()
}

// receiveWantLocked sends the node everything this one holds.
func (m *Member) receiveWantLocked(p *peer, msg *message) {
	p.acked = min(p.acked, msg.seq) // it may have forgotten what it acknowledged
	var c cutter
	for _, h := range m.mine {
		c.add(h.Holding)
	}
	if len(c.parts) == 0 {
		c.parts = [][]Holding{nil}
	}
	for i, part := range c.parts {
		_ = m.sendLocked(p.node.Num, p.epoch, &message{
			class: classSnapshot, id: msg.id, seq: m.seq, part: uint64(i), parts: uint64(len(c.parts)), added: part,
		}) // lost: the node asks again
	}
}
