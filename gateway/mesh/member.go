package mesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// Timing is how patient a node is. The zero value of each is its default.
type Timing struct {
	Beat   time.Duration // between two hellos; 500 ms
	Dead   time.Duration // a node that is silent for so long is gone; 3 s
	Late   time.Duration // a Hold waits no longer than this for a node; 2 s
	Gather time.Duration // announcements of so long leave as one; 2 ms
	Resend time.Duration // a tell that was not taken for so long is sent again; 250 ms
}

func (t Timing) withDefaults() Timing {
	return Timing{
		Beat:   cmp.Or(t.Beat, 500*time.Millisecond),
		Dead:   cmp.Or(t.Dead, 3*time.Second),
		Late:   cmp.Or(t.Late, 2*time.Second),
		Gather: cmp.Or(t.Gather, 2*time.Millisecond),
		Resend: cmp.Or(t.Resend, 250*time.Millisecond),
	}
}

// Params says who joins.
type Params struct {
	Node   Node // Num and Doors; Since 0: now. A restarted node has a later Since than it had before
	Timing Timing
}

// Member is one node's side of the mesh: a Bus over a Transport.
type Member struct {
	t      Transport
	timing Timing
	node   Node
	epoch  uint64 // tells this process from earlier ones of the same number
	ctx    context.Context
	stop   context.CancelCauseFunc
	wg     sync.WaitGroup
	once   sync.Once
	shown  *display // what watchers see

	// Everything below is guarded by mu. The Transport and the display are called under it: neither waits.
	mu      sync.Mutex
	closed  bool
	peers   map[Num]*peer // live ones
	ended   map[Num]uint64
	asked   map[Num]time.Time // when a stranger was last told to say hello
	session uint64
	turned  chan struct{} // closed and made anew when something changed that Settle waits for

	seq    uint64 // of our last announcement
	mine   map[identity]*held
	batch  batch
	rounds []*round

	handlers map[string]handler
	calls    map[uint64]*call
	nextCall uint64
	inbound  map[laneKey]*inLane
}

type handler func(ctx context.Context, from Num, b []byte) ([]byte, error)

var _ Bus = (*Member)(nil)

// errLeft ends what runs when the node leaves the mesh.
var errLeft = fail.New(fail.Draining, "this node has left the mesh")

// Join makes the node a member: it says hello, and from then on everything that Bus promises holds. Close gives t up too.
func Join(t Transport, p Params) (*Member, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Node.Since.IsZero() {
		p.Node.Since = time.Now()
	}
	m := &Member{
		t: t, timing: p.Timing.withDefaults(), node: p.Node, epoch: uint64(p.Node.Since.UnixNano()),
		peers: map[Num]*peer{}, ended: map[Num]uint64{}, asked: map[Num]time.Time{}, turned: make(chan struct{}),
		mine: map[identity]*held{}, handlers: map[string]handler{}, calls: map[uint64]*call{},
		nextCall: rand.Uint64N(1 << 32), inbound: map[laneKey]*inLane{},
	}
	m.ctx, m.stop = context.WithCancelCause(context.Background())
	m.shown = newDisplay(m.acknowledge)
	m.wg.Go(func() { m.shown.run(m.ctx) })
	if err := t.Start((*inbox)(m)); err != nil {
		m.stop(err)
		m.wg.Wait()
		return nil, fmt.Errorf("join the mesh: %w", err)
	}
	m.hello()
	m.wg.Go(m.beat)
	return m, nil
}

func (p *Params) check() error {
	var problems []error
	if p.Node.Num == 0 {
		problems = append(problems, errors.New("node number 0 is no node"))
	}
	if len(p.Node.Doors) > maxDoors {
		problems = append(problems, fmt.Errorf("%d doors, at most %d are allowed", len(p.Node.Doors), maxDoors))
	}
	for name, addr := range p.Node.Doors {
		if !text(name, maxSpace) || !text(addr, maxText) {
			problems = append(problems, fmt.Errorf("door %.40q has a name or an address that is too long", name))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("join the mesh: %w", errors.Join(problems...))
	}
	return nil
}

// Self implements Bus.
func (m *Member) Self() Node { return m.node }

// Nodes implements Bus.
func (m *Member) Nodes() []Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []Node{m.node}
	for _, p := range m.peers {
		all = append(all, p.node)
	}
	slices.SortFunc(all, func(a, b Node) int { return cmp.Compare(a.Num, b.Num) })
	return all
}

// Settle waits until each of the nodes is live here, what it holds is known here, and it has applied what this node
// holds. An engine calls it before it gives the Bus out, so that a new node does not answer "no listener" for want of news.
func (m *Member) Settle(ctx context.Context, nodes ...Num) error {
	for {
		m.mu.Lock()
		missing := slices.IndexFunc(nodes, func(n Num) bool { return !m.settledLocked(n) })
		turned, closed := m.turned, m.closed
		m.mu.Unlock()
		switch {
		case missing < 0:
			return nil
		case closed:
			return errLeft
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return fmt.Errorf("wait for node %d: %w", nodes[missing], context.Cause(ctx))
		}
	}
}

func (m *Member) settledLocked(n Num) bool {
	p := m.peers[n]
	return n == m.node.Num || p != nil && p.synced && p.met
}

// turnLocked wakes Settle.
func (m *Member) turnLocked() {
	close(m.turned)
	m.turned = make(chan struct{})
}

// Close implements Bus. It must not be called from a handler or a watcher: it waits for them.
func (m *Member) Close() error {
	var err error
	m.once.Do(func() {
		m.mu.Lock()
		_ = m.sendLocked(0, 0, &message{class: classBye}) // lost: silence says the same, later
		m.closed = true
		m.endAllLocked()
		m.mu.Unlock()
		m.stop(errLeft)
		err = m.t.Close()
	})
	m.wg.Wait()
	return err
}

// endAllLocked ends whatever waits, when this node leaves.
func (m *Member) endAllLocked() {
	for id, c := range m.calls {
		m.endCallLocked(id, c, nil, errLeft)
	}
	for _, p := range m.peers {
		p.endLocked()
	}
	m.peers = map[Num]*peer{}
	if m.batch.timer != nil {
		m.batch.timer.Stop()
	}
	m.batch.settleLocked()
	for _, r := range m.rounds {
		r.endLocked()
	}
	m.rounds = nil
	for _, l := range m.inbound {
		l.spaceLocked()
	}
	m.turnLocked()
}

// send puts a message on its way, to 0 for all. The epoch is that of the process it is meant for, 0 for any.
func (m *Member) sendLocked(to Num, epoch uint64, msg *message) error {
	msg.from, msg.epoch, msg.to = m.node.Num, m.epoch, epoch
	return m.t.Send(to, msg.append(make([]byte, 0, 128+len(msg.body))))
}

// beat says hello from time to time and finds out who stopped doing so.
func (m *Member) beat() {
	tick := time.NewTicker(m.timing.Beat)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-tick.C:
		case <-m.ctx.Done():
			return
		}
		m.hello()
		now := time.Now()
		// A tick that comes late says that this process stood still, not that the others did: look again at the next one.
		if now.Sub(last) < m.timing.Beat+m.timing.Dead/2 {
			m.bury(now)
		}
		last = now
	}
}

// hello tells everybody that this node lives and how far its announcements are, and those that are late once more: their
// answer says whether they have caught up.
func (m *Member) hello() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.helloLocked(0, 0, false)
	for n, p := range m.peers {
		if p.late {
			m.helloLocked(n, p.session, false)
		}
	}
}

// helloLocked says hello to one node, or to all. session tells a node how often it was met; who asks it to answer.
func (m *Member) helloLocked(to Num, session uint64, who bool) {
	_ = m.sendLocked(to, 0, &message{
		class: classHello, since: m.node.Since, doors: m.node.Doors, who: who, session: session, seq: m.seq,
	}) // lost: the next beat says it again
}

// text reports whether s fits a bound and can travel.
func text(s string, limit int) bool { return len(s) <= limit && validText(s) }
