package relay_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// drain begins to drain; the channel is closed when it is over.
func (n *node) drain(limit time.Duration) <-chan time.Duration {
	over := make(chan time.Duration, 1)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	begin := time.Now()
	go func() {
		defer cancel()
		n.relay.Drain(ctx)
		over <- time.Since(begin)
	}()
	synctest.Wait()
	return over
}

// TestDrainIdle: a node that does nothing is over at once, also the second time.
func TestDrainIdle(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		for range 2 {
			if took := <-w.nodes[0].drain(time.Minute); took != 0 {
				t.Errorf("took %v", took)
			}
		}
		if why := w.nodes[0].relay.Reasons(); len(why) != 1 || why[0] != "draining" {
			t.Errorf("not ready because of %v", why)
		}
	})
}

// TestDrainOrder: nobody comes in, listeners go at once, streams may finish, and the drain is over with the last.
func TestDrainOrder(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		sender, listener := w.meet(from, e, "hyco")
		over := to.drain(time.Minute)
		if from != to {
			over = from.drain(time.Minute)
		}
		if end := e.ended(); end == nil || end.Why != fail.Draining || end.Code != 1001 {
			w.Errorf("the listener was told %+v", end)
		}
		if code := from.sender("hyco").refusal(); code != fail.Draining {
			w.Errorf("a new sender: %s", code)
		}
		if err := to.ear("new").sit("hyco", "Listen"); !fail.Is(err, fail.Draining) {
			w.Errorf("a new listener: %v", err)
		}
		<-time.After(30 * time.Second)
		sender.leg.in <- []byte("still here")
		if got := listener.leg.got(); got != "still here" {
			w.Errorf("the stream carries %q", got)
		}
		close(sender.leg.in)
		close(listener.leg.in)
		if took := <-over; took != 30*time.Second {
			w.Errorf("over after %v", took)
		}
		if c := w.only(&from.closed, "stream"); c.Reason != fail.PeerClosed {
			w.Errorf("account %+v", c)
		}
	})
}

// TestDrainDeadline: what runs at the deadline is told that the node goes, senders that wait too.
func TestDrainDeadline(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		n := w.nodes[0]
		e := w.nodes[1].listen("hyco") // of another node: it stays
		sender, listener := w.meet(n, e, "hyco")
		waiting := n.sender("hyco")
		ticket := e.next().Ticket
		over := n.drain(10 * time.Second)
		if took := <-over; took != 10*time.Second {
			t.Errorf("over after %v", took)
		}
		for _, p := range []*party{sender, listener} {
			if end := p.leg.lastEnd(); end.Why != fail.Draining || end.Code != 1001 {
				t.Errorf("the %s was told %+v", p.name, end)
			}
		}
		if code := waiting.refusal(); code != fail.Draining {
			t.Errorf("who waited: %s", code)
		}
		if _, err := n.join(ticket); !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("a late listener: %v", err)
		}
		if e.ended() != nil {
			t.Error("another node's listener was ended")
		}
		if c := w.only(&n.closed, "stream"); c.Reason != fail.Draining || c.Side != "gateway" {
			t.Errorf("account %+v", c)
		}
	})
}

// TestDrainWhileJoining: a sender that waits when the drain begins may still be served.
func TestDrainWhileJoining(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		n := w.nodes[0]
		e := w.nodes[1].listen("hyco")
		sender := n.sender("hyco")
		ticket := e.next().Ticket
		over := n.drain(time.Minute)
		listener, err := n.join(ticket)
		if err != nil || sender.answer() != "accept" || listener.answer() != "accept" {
			t.Fatalf("%v: the sender was told %q, the listener %q", err, sender.answer(), listener.answer())
		}
		close(sender.leg.in)
		close(listener.leg.in)
		if took := <-over; took != 0 {
			t.Errorf("over after %v", took)
		}
	})
}

// TestDrainSlowListener: one that is slow to be told does not take the streams' time to finish.
func TestDrainSlowListener(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.ear("slow")
		e.listener.Leave = func(*shape.End) { <-time.After(3 * time.Second) }
		if err := e.sit("hyco", "Listen"); err != nil {
			t.Fatal(err)
		}
		sender, _ := w.meet(n, e, "hyco")
		over := n.drain(2 * time.Second)
		<-time.After(2 * time.Second)
		if end := sender.leg.lastEnd(); end.Why != fail.Draining {
			t.Errorf("at the deadline the sender was told %+v", end)
		}
		if took := <-over; took != 3*time.Second {
			t.Errorf("over after %v", took)
		}
	})
}

// TestDrainRace: senders and listeners that come and go while the drain begins are refused or served, and nothing is left.
func TestDrainRace(t *testing.T) {
	for range 50 {
		play(t, 1, nil, func(w *world) {
			n := w.nodes[0]
			e := n.listen("hyco")
			e.offer = func(_ context.Context, o *shape.Offer) error {
				_, err := n.join(o.Ticket)
				return err
			}
			for range 10 {
				s := n.sender("hyco", func(p *party, _ *relay.Ask) { p.hello.Offers = nil })
				go func() {
					err := <-s.done
					var no *fail.Error
					if err != nil && (!errors.As(err, &no) || no.Code != fail.Draining && no.Code != fail.NoListener && no.Code != fail.ListenerLost) {
						t.Errorf("the sender got %v", err)
					}
				}()
				go func() {
					l := n.ear("x")
					if l.sit("hyco", "Listen") == nil {
						l.leave()
					}
				}()
			}
			<-n.drain(0)
			synctest.Wait()
		})
	}
}
