package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// news is what was told of listeners at a node since the last look.
func (n *node) news() string {
	synctest.Wait()
	n.w.mu.Lock()
	defer n.w.mu.Unlock()
	var all []string
	for _, p := range n.presence {
		s := fmt.Sprintf("%v-%v", p.Was, p.State)
		if p.Reason != "" {
			s += " " + string(p.Reason)
		}
		all = append(all, s)
	}
	n.presence = nil
	return strings.Join(all, ", ")
}

// seen is what a node's table says of the listeners of hyco.
func (n *node) seen() string {
	synctest.Wait()
	c := n.relay.States()["hyco"]
	return fmt.Sprintf("%d %d %d", c[presence.Online], c[presence.Slow], c[presence.Deaf])
}

// TestNeverDials: two offers without an answer make a listener deaf on all nodes; it is not asked first any more while another
// answers, still asked when there is no other, and online again when it takes one.
func TestNeverDials(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		e := holder.listen("hyco")
		if got := holder.news(); got != "gone-online" {
			w.Errorf("told %q", got)
		}
		for i, want := range []string{"online-slow", "slow-deaf AcceptTimeout", ""} {
			sender := from.sender("hyco")
			e.next()
			for range 6 { // it answers pings
				pass(5 * time.Second)
				e.seat.Heard()
			}
			if code := sender.refusal(); code != fail.AcceptTimeout {
				w.Errorf("sender %d is refused with %s", i, code)
			}
			if got := holder.news(); got != want {
				w.Errorf("behind offer %d: told %q, want %q", i+1, got, want)
			}
		}
		if a, b := from.seen(), holder.seen(); a != "0 0 1" || b != a {
			w.Errorf("the nodes count %s and %s", a, b)
		}
		other := holder.listen("hyco")
		for range 30 { // chance would ask the deaf one half of the time
			w.meet(from, other, "hyco")
		}
		other.leave()
		pass(time.Second)
		w.meet(from, e, "hyco")
		if got := holder.news(); !strings.HasSuffix(got, "deaf-online") || from.seen() != "1 0 0" {
			w.Errorf("told %q at the end, counted %s", got, from.seen())
		}
	})
}

// TestSlowIsNotDeaf: a listener that takes each offer in the last second is slow, for as long as one likes.
func TestSlowIsNotDeaf(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		e := holder.listen("hyco")
		for range 20 {
			a, b := from.sender("hyco"), from.sender("hyco")
			first, second := e.next(), e.next()
			pass(29 * time.Second)
			for _, o := range []*shape.Offer{first, second} {
				if _, err := from.join(o.Ticket); err != nil {
					w.Fatal(err)
				}
			}
			e.seat.Heard()
			if a.answer() != "accept" || b.answer() != "accept" {
				w.Fatal("not served")
			}
		}
		if got := holder.news(); got != "gone-online, online-slow" {
			w.Errorf("told %q", got)
		}
		if from.seen() != "0 1 0" {
			w.Errorf("counted %s", from.seen())
		}
	})
}

// TestTooSlow: who dials when the time is over is slow and no guesser; so is who dials when the sender has left.
func TestTooSlow(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		e := holder.listen("hyco")
		for range 20 { // more than a guesser may
			sender := from.sender("hyco")
			o := e.next()
			pass(31 * time.Second)
			sender.refusal()
			if _, err := from.join(o.Ticket); !fail.Is(err, fail.UnknownTicket) {
				w.Fatalf("the late listener gets %v", err)
			}
			e.seat.Heard()
		}
		if got := holder.news(); got != "gone-online, online-slow" {
			w.Errorf("told %q", got)
		}
		sender := from.sender("hyco")
		o := e.next()
		sender.leave(fail.New(fail.SenderGone, ""))
		sender.refusal()
		if _, err := from.join(o.Ticket); !fail.Is(err, fail.UnknownTicket) {
			w.Fatalf("it gets %v", err)
		}
		if got := holder.news(); got != "slow-online" {
			w.Errorf("told %q", got)
		}
		w.meet(from, e, "hyco")
	})
}

// TestImpatientSenders: senders that leave after a second do not hide that nobody answers.
func TestImpatientSenders(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		e := holder.listen("hyco")
		for range 2 {
			sender := from.sender("hyco")
			e.next()
			pass(time.Second)
			sender.leave(fail.New(fail.SenderGone, ""))
			sender.refusal()
		}
		holder.news()
		e.seat.Heard()
		pass(27 * time.Second)
		if got := holder.news(); got != "" {
			w.Errorf("told %q before the offers were over", got)
		}
		pass(2 * time.Second)
		if got := holder.news(); got != "online-slow, slow-deaf AcceptTimeout" {
			w.Errorf("told %q", got)
		}
		if n := e.listener.Tally.Ignored.Load(); n != 0 {
			w.Errorf("%d offers count as ignored: nobody was harmed", n)
		}
	})
}

// TestSilence is the rule with its real time: 90 s without a frame, and back with the first.
func TestSilence(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		e := holder.listen("hyco")
		pass(80 * time.Second)
		e.seat.Heard()
		pass(89 * time.Second)
		if got := holder.news(); got != "gone-online" {
			w.Errorf("told %q", got)
		}
		pass(2 * time.Second)
		if got := holder.news(); got != "online-deaf Idle" || from.seen() != "0 0 1" {
			w.Errorf("told %q, counted %s", got, from.seen())
		}
		list, err := from.relay.Listeners(w.Context(), entity.Address{Path: "hyco"})
		if err != nil || len(list) != 1 || list[0].State != presence.Deaf {
			w.Errorf("listed %+v, %v", list, err)
		}
		e.seat.Heard()
		if got := holder.news(); got != "deaf-online" || from.seen() != "1 0 0" {
			w.Errorf("told %q, counted %s", got, from.seen())
		}
		e.leave()
		if got := holder.news(); got != "online-gone PeerClosed" {
			w.Errorf("told %q", got)
		}
	})
}

// TestSameNameComesBack: an id that is no GUID comes back: the old channel is pinged at once and asked last until it shows
// that it lives, on all nodes.
func TestSameNameComesBack(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		old, now := holder.ear("meter"), from.ear("meter")
		for _, e := range []*ear{old, now} {
			if err := e.sit("hyco", "Listen"); err != nil {
				w.Fatal(err)
			}
		}
		synctest.Wait()
		select {
		case <-old.checks:
		default:
			w.Fatal("the old one was not asked for a sign of life")
		}
		for range 30 {
			w.meet(from, now, "hyco")
			w.meet(holder, now, "hyco")
		}
		old.seat.Heard()
		synctest.Wait()
		asked := 0
		for range 60 {
			sender := from.sender("hyco")
			synctest.Wait()
			e := now
			if len(old.offers) > 0 {
				e = old
				asked++
			}
			if _, err := from.join(e.next().Ticket); err != nil {
				w.Fatal(err)
			}
			sender.answer()
		}
		if asked == 0 || asked == 60 {
			w.Errorf("of 60 senders the old one, which lives, got %d", asked)
		}
	})
}

// TestNewNodeLearns: a node that comes later knows who is deaf.
func TestNewNodeLearns(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		e := w.nodes[0].listen("hyco")
		pass(2 * time.Minute)
		w.add(7, nil).relay.Open()
		pass(time.Second)
		if got := w.nodes[1].seen(); got != "0 0 1" {
			w.Errorf("the new node counts %s", got)
		}
		e.seat.Heard()
		if got := w.nodes[1].seen(); got != "1 0 0" {
			w.Errorf("the new node counts %s", got)
		}
	})
}

// TestNodeTakesItsListenersAlong: who is left tells of the listeners that went with a node.
func TestNodeTakesItsListenersAlong(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		w.nodes[1].listen("hyco")
		synctest.Wait()
		w.nodes[1].dead = true
		w.net.Kill(2)
		pass(10 * time.Second)
		if got := w.nodes[0].news(); got != "online-gone NodeLost" {
			w.Errorf("told %q", got)
		}
	})
}

// TestTraffic: what runs at all nodes in one picture; what a stream carried stays when it is over, and goes with its relay.
func TestTraffic(t *testing.T) {
	both(t, nil, func(w *world, from, holder *node) {
		e := holder.listen("hyco")
		sender, listener := w.meet(from, e, "hyco")
		sender.leg.in <- []byte("hello")
		if got := listener.leg.got(); got != "hello" {
			w.Fatalf("got %q", got)
		}
		listener.leg.in <- []byte("to you")
		sender.leg.got()
		waiting := from.sender("hyco")
		e.next()
		for _, n := range w.nodes {
			got := n.relay.Traffic(w.Context(), 10)
			if len(got.Streams) != 1 || len(got.Loads) != 1 || len(got.Listeners) != 1 || len(got.Missing) != 0 {
				w.Fatalf("node %d: %+v", n.num(), got)
			}
			s, l := got.Streams[0], got.Loads[0]
			if s.Entity != "hyco" || s.Node != from.num() || s.PeerNode != holder.num() || s.Listener != e.listener.ID || s.In != 5 || s.Out != 6 || s.Messages != 2 {
				w.Errorf("node %d: stream %+v", n.num(), s)
			}
			if l.Path != "hyco" || l.Streams != 1 || l.In != 5 || l.Out != 6 {
				w.Errorf("node %d: load %+v", n.num(), l)
			}
			if got := n.relay.Traffic(w.Context(), 0); len(got.Streams)+len(got.Listeners) != 0 || len(got.Loads) != 1 {
				w.Errorf("node %d: asked for none: %+v", n.num(), got)
			}
		}
		waiting.leave(fail.New(fail.SenderGone, ""))
		waiting.refusal()
		close(sender.leg.in)
		close(listener.leg.in)
		if err := sender.result(); err != nil {
			w.Error(err)
		}
		got := from.relay.Traffic(w.Context(), 10)
		if len(got.Streams) != 0 || len(got.Loads) != 1 || got.Loads[0] != (relay.Load{Path: "hyco", In: 5, Out: 6}) {
			w.Errorf("behind the end: %+v", got)
		}
		if err := w.store.Delete(w.Context(), entity.Address{Path: "hyco"}, ^uint64(0)); err != nil {
			w.Fatal(err)
		}
		if got := from.relay.Traffic(w.Context(), 10); len(got.Loads) != 0 {
			w.Errorf("behind the deletion: %+v", got)
		}
	})
}

// TestTrafficWithoutANode: a node that does not answer is named.
func TestTrafficWithoutANode(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.add(2, nil) // its relay is not open: nobody answers there
		got := w.nodes[0].relay.Traffic(w.Context(), 10)
		if !slices.Equal(got.Missing, []mesh.Num{n.num()}) {
			w.Errorf("missing %v", got.Missing)
		}
	})
}
