package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// What this file does: a listener's node judges it (presence.Pulse) by what the entry hears of it and by what becomes of
// offers, which every node tells it; the judgement goes to all nodes, whose tables then ask a deaf listener last.

// outcome is what became of an offer.
type outcome string

const (
	answered   outcome = "answered"   // taken or declined in time
	ignored    outcome = "ignored"    // its time is over
	tooLate    outcome = "late"       // answered when its time was over
	unanswered outcome = "unanswered" // a request whose time is over: the service behind the listener may be slow
	taken      outcome = "taken"      // answered in time, but the sender had left
	left       outcome = "left"       // the sender left, and nobody answered until the time was over
)

// Heard notes a frame of any kind on the control channel. The entry calls it for each; an entry that does not ping its
// listeners has no Check and need not.
func (s *Seat) Heard() { s.pulse.Heard() }

// Late notes an answer to a request that nobody waits for any more.
func (s *Seat) Late() { s.pulse.Late() }

// came tells that the listener is there.
func (s *Seat) came() {
	s.present(&Presence{Online: true, Was: presence.Gone, Time: s.account.Began})
}

// went tells that it has left.
func (s *Seat) went(end *shape.End, lasted time.Duration) {
	was := s.listener.State()
	s.listener.Mark(presence.Gone, true)
	s.present(&Presence{State: presence.Gone, Was: was, Reason: end.Why, Text: end.Text, Lasted: lasted, Time: time.Now()})
}

// changed is told by the pulse, under its lock.
func (s *Seat) changed(c presence.Change) {
	s.listener.Mark(c.To, c.Last)
	s.relay.aside(func() { s.relay.spread(s.listener, 0) })
	if c.From == c.To {
		return
	}
	p := &Presence{Online: true, State: c.To, Was: c.From, Text: c.Reason, Lasted: c.Time.Sub(s.account.Began), Time: c.Time}
	switch c.Why {
	case presence.Ignoring:
		p.Reason = fail.AcceptTimeout
	case presence.Silent:
		p.Reason = fail.Idle
	default:
	}
	s.present(p)
}

// present completes what is told of the listener.
func (s *Seat) present(p *Presence) {
	hook := s.relay.p.Hooks.Listener
	if hook == nil {
		return
	}
	p.Entity, p.Listener, p.Channel, p.Node = s.account.Entity, s.listener.ID, s.listener.Channel, s.relay.self
	p.Remote = s.listener.Remote
	hook(p)
}

// spread tells other nodes what a listener here seems to be at this moment: one node, or all for 0. A lost word costs a
// sender at that node its place in the order of asking, and no more.
func (r *Relay) spread(l *route.Listener, only mesh.Num) {
	r.spreading.Lock() // so that the last word that leaves is the newest
	defer r.spreading.Unlock()
	for _, n := range r.p.Bus.Nodes() {
		if n.Num != r.self && (only == 0 || n.Num == only) {
			r.tell(n.Num, words.Mark, words.MarkWord{Channel: l.Channel, State: l.State(), Last: l.Last()})
		}
	}
}

func (r *Relay) onMark(_ context.Context, from mesh.Num, w *words.MarkWord) error {
	r.table.Mark(from, w.Channel, w.State, w.Last)
	return nil
}

// nodeChanged brings in what another node announced. A node that came is asked what its listeners seem to be; of one
// that is lost the listeners are told of here, since it cannot.
func (r *Relay) nodeChanged(c mesh.Change) {
	now := time.Now()
	for _, l := range r.table.Apply(c) {
		if r.p.Hooks.Listener != nil {
			r.p.Hooks.Listener(&Presence{
				State: presence.Gone, Was: l.State(), Entity: r.nameOf(l), Listener: l.ID, Channel: l.Channel, Node: c.Node,
				Reason: fail.NodeLost, Text: fmt.Sprintf("Node %d is gone.", c.Node), Time: now,
			})
		}
	}
	if c.Down {
		r.aside(func() { r.pool.Lost(uint16(c.Node)) })
	}
	if !c.Up {
		return
	}
	r.aside(func() { r.tell(c.Node, words.Marks, struct{}{}) })
}

// onMarks tells a node that asks what the listeners here seem to be, where it is not what it takes them for.
func (r *Relay) onMarks(_ context.Context, from mesh.Num, _ *struct{}) error {
	r.table.Survey(func(l *route.Listener, local bool) {
		if local && (l.State() != presence.Online || l.Last()) {
			r.aside(func() { r.spread(l, from) })
		}
	})
	return nil
}

// nameOf is how the listener's entity is written.
func (r *Relay) nameOf(l *route.Listener) string {
	if ent := r.p.Store.View().Get(l.Entity); ent != nil {
		return ent.Name
	}
	return l.Entity.Path
}

// tally counts an offer's outcome at the listener, wherever it is. took is the time since the offer.
func (r *Relay) tally(c route.Candidate, what outcome, took time.Duration) {
	if c.Node == r.self {
		r.count(c.Channel, what, took)
		return
	}
	r.tell(c.Node, words.Tally, words.TallyWord{Channel: c.Channel, Outcome: string(what), Took: took})
}

func (r *Relay) onTally(_ context.Context, _ mesh.Num, w *words.TallyWord) error {
	r.count(w.Channel, outcome(w.Outcome), w.Took)
	return nil
}

// count notes an outcome at the listener's node.
func (r *Relay) count(channel uint64, what outcome, took time.Duration) {
	if l := r.table.Local(channel); l != nil {
		r.countAt(l, what, took)
	}
}

// countAt is count for a listener that is here, or has just left.
func (r *Relay) countAt(l *route.Listener, what outcome, took time.Duration) {
	r.mu.Lock()
	seat := r.seats[l.Channel]
	r.mu.Unlock()
	var pulse *presence.Pulse
	if seat != nil {
		pulse = &seat.pulse
	}
	switch what {
	case answered:
		l.Tally.Accepted.Add(1)
		pulse.Accepted(took)
	case ignored:
		l.Tally.Ignored.Add(1)
		pulse.Left(took)
	case unanswered:
		l.Tally.Ignored.Add(1)
		pulse.Unanswered(took)
	case left: // no sender was harmed: it is evidence and no count
		pulse.Left(took)
	case taken:
		pulse.Accepted(took)
	case tooLate:
		pulse.Late()
	}
}

// leftOpen counts an offer that its sender did not wait for and its listener did not answer.
func (r *Relay) leftOpen(c route.Candidate, age time.Duration) {
	r.aside(func() { r.tally(c, left, age) })
}

// answeredLate reports whether a ticket that is not good any more was one of ours until lately: who shows it is a listener
// that lives, and no guesser.
func (r *Relay) answeredLate(t shape.Ticket) bool {
	c, took, inTime, ok := r.late.Answered(t)
	switch {
	case !ok:
		return false
	case inTime:
		r.tally(c, taken, took)
	default:
		r.tally(c, tooLate, 0)
	}
	return true
}

// States counts listeners of all nodes by state, by entity. Gone is not among them.
func (r *Relay) States() map[string][presence.Gone]int { return r.survey(false) }

// StatesHere counts those of this node.
func (r *Relay) StatesHere() map[string][presence.Gone]int { return r.survey(true) }

// survey counts by the entity's canonical path.
func (r *Relay) survey(here bool) map[string][presence.Gone]int {
	all := make(map[string][presence.Gone]int)
	r.table.Survey(func(l *route.Listener, local bool) {
		if s := l.State(); (local || !here) && s < presence.Gone {
			counts := all[l.Entity.Path]
			counts[s]++
			all[l.Entity.Path] = counts
		}
	})
	return all
}
