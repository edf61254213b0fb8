package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// both plays a story on one node and on two; the listener is at the last node and the sender at the first.
func both(t *testing.T, change func(*relay.Params), story func(w *world, sender, listener *node)) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) {
			play(t, n, change, func(w *world) { story(w, w.nodes[0], w.nodes[n-1]) })
		})
	}
}

// TestNineSteps: each documented step once, in order, at the node where it happens, and the listener is answered first.
func TestNineSteps(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		s, l := from.num(), to.num()
		e := to.listen("hyco")
		if got, want := w.story(), fmt.Sprintf("1@%d 2@%d", l, l); got != want {
			w.Errorf("the listener came: %s, want %s", got, want)
		}
		sender := from.sender("hyco/suffix")
		o := e.next()
		if got, want := w.story(), fmt.Sprintf("3@%d 4@%d 5@%d 6@%d", s, s, s, l); got != want {
			w.Errorf("the sender came: %s, want %s", got, want)
		}
		listener, err := from.join(o.Ticket)
		if err != nil {
			w.Fatal(err)
		}
		if got, want := w.story(), fmt.Sprintf("7@%d accept-listener accept-sender", s); got != want {
			w.Errorf("the listener dialled: %s, want %s", got, want)
		}
		for range 2 { // steps 8 and 9 are told once
			sender.leg.in <- []byte("to the listener")
			if got := listener.leg.got(); got != "to the listener" {
				w.Errorf("the listener got %q", got)
			}
			listener.leg.in <- []byte("to the sender")
			if got := sender.leg.got(); got != "to the sender" {
				w.Errorf("the sender got %q", got)
			}
		}
		if got, want := w.story(), fmt.Sprintf("8@%d 9@%d", s, s); got != want {
			w.Errorf("data flowed: %s, want %s", got, want)
		}
		close(sender.leg.in)
		close(listener.leg.in)
		if err := sender.result(); err != nil {
			w.Errorf("the stream gave %v", err)
		}
		if got := w.story(); got != "" {
			w.Errorf("the end told of %s", got)
		}
	})
}

// TestOffer: what a listener is told of a sender, the same at both nodes but for where to dial.
func TestOffer(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		begin := time.Now()
		sender := from.sender("hyco/suffix", func(p *party, _ *relay.Ask) {
			p.hello.Offers = []string{"a", "b"}
			p.hello.Fields = shape.Fields{{Name: "X-One", Value: "1"}, {Name: "x-one", Value: "2"}}
		})
		o := e.next()
		h := *o.Hello
		if h.Tracking != "track-hyco/suffix" || h.At.Path != "hyco/suffix" || h.Target != "/hyco/suffix" || h.Host != "relay.example" ||
			h.Door != "https" || h.Remote != remote || !slices.Equal(h.Offers, []string{"a", "b"}) || len(h.Fields) != 2 || h.Fields[1].Name != "x-one" {
			w.Errorf("the offer says %+v", h)
		}
		if !o.Deadline.Equal(begin.Add(30*time.Second)) || mesh.Num(o.Ticket.Node()) != from.num() {
			w.Errorf("the ticket of node %d is good until %v", o.Ticket.Node(), o.Deadline)
		}
		switch {
		case from == to && (o.Dial != nil || h.Node != 0):
			w.Errorf("at the sender's own node: dial %v, node %d", o.Dial, h.Node)
		case from != to && (o.Dial["https"] != "node1:443" || mesh.Num(h.Node) != from.num()):
			w.Errorf("from another node: dial %v, node %d", o.Dial, h.Node)
		}
		sender.leave(fail.New(fail.SenderGone, ""))
		if code := sender.refusal(); code != fail.SenderGone {
			w.Errorf("refused with %s", code)
		}
	})
}

// TestChoice: the first sub-protocol of the listener's list that the sender offered, and both are told the same.
func TestChoice(t *testing.T) {
	rows := []struct {
		offers, answer []string
		want           string
	}{
		{nil, nil, ""},
		{[]string{"a", "b"}, nil, ""},
		{nil, []string{"a"}, ""},
		{[]string{"a", "b"}, []string{"b"}, "b"},
		{[]string{"a", "b"}, []string{"c", "b", "a"}, "b"},
		{[]string{"a", "b"}, []string{"A"}, ""},
	}
	for _, row := range rows {
		play(t, 1, nil, func(w *world) {
			e := w.nodes[0].listen("hyco")
			sender := w.nodes[0].sender("hyco", func(p *party, _ *relay.Ask) { p.hello.Offers = row.offers })
			listener := w.party("listener", "rendezvous")
			listener.hello.Offers = row.answer
			if err := w.nodes[0].relay.Join(w.Context(), e.next().Ticket, listener); err != nil {
				w.Fatal(err)
			}
			synctest.Wait()
			if sender.choice != row.want || listener.choice != row.want {
				w.Errorf("%v and %v: the sender got %q, the listener %q, want %q", row.offers, row.answer, sender.choice, listener.choice, row.want)
			}
		})
	}
}

// TestAccount: one record a stream, with figures and stages, and the listener's tally wherever it is.
func TestAccount(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		sender := from.sender("hyco")
		o := e.next()
		<-time.After(3 * time.Second) // of the bubble's time: the listener is slow
		listener, err := from.join(o.Ticket)
		if err != nil {
			w.Fatal(err)
		}
		synctest.Wait()
		sender.leg.in <- []byte("12345")
		if listener.leg.got() != "12345" {
			w.Error("nothing came through")
		}
		if c := from.relay.Counts(); c.Streams != 1 || c.Pending != 0 || c.In != 5 || c.Out != 0 || c.Listeners != 1 {
			w.Errorf("while it runs: %+v", c)
		}
		close(listener.leg.in)
		synctest.Wait()
		close(sender.leg.in)
		if err := sender.result(); err != nil {
			w.Error(err)
		}
		c := w.only(&from.closed, "stream")
		want := relay.Record{
			Shape: "stream", Door: "https", Entity: "hyco", Kind: "hybrid", Tracking: "track-hyco", Ticket: o.Ticket, Listener: e.listener.ID,
			Node: from.num(), PeerNode: to.num(), Remote: remote, Rule: "rule", Reason: fail.PeerClosed, Side: "sender",
			In: 5, Messages: 1, Began: c.Began, Duration: 3 * time.Second, Stages: c.Stages,
		}
		if c != want {
			w.Errorf("account\n%+v, want\n%+v", c, want)
		}
		if st := c.Stages; st.Offer != 0 || st.Meet != 3*time.Second || st.First != 3*time.Second {
			w.Errorf("stages %+v", st)
		}
		if !slices.Equal(from.outcomes, []string{"accepted"}) || e.listener.Tally.Accepted.Load() != 1 || e.listener.Tally.Ignored.Load() != 0 {
			w.Errorf("outcomes %v, tally %d accepted", from.outcomes, e.listener.Tally.Accepted.Load())
		}
		if c := from.relay.Counts(); c.In != 5 || c.Streams != 0 {
			w.Errorf("afterwards: %+v", c)
		}
	})
}

// TestLossIsPassedOn: who breaks the stream is named, the survivor is told of a loss.
func TestLossIsPassedOn(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		sender, listener := w.meet(n, n.listen("hyco"), "hyco")
		listener.leg.Close()
		if err := sender.result(); err != nil {
			w.Error(err)
		}
		if c := w.only(&n.closed, "stream"); c.Reason != fail.Aborted || c.Side != "listener" {
			w.Errorf("account %+v", c)
		}
		if end := sender.leg.lastEnd(); end.Why != fail.Aborted {
			w.Errorf("the sender was told %+v", end)
		}
	})
}

// TestAnswerFails: a listener that cannot be answered costs the sender a 502, a sender that cannot be answered costs the
// listener its connection.
func TestAnswerFails(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.listen("hyco")
		sender := n.sender("hyco")
		listener := w.party("listener", "rendezvous")
		listener.reject = errors.New("it hung up")
		if err := n.relay.Join(w.Context(), e.next().Ticket, listener); err != nil {
			w.Fatal(err)
		}
		if code := sender.refusal(); code != fail.ListenerLost {
			w.Errorf("refused with %s", code)
		}
	})
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.listen("hyco")
		sender := n.sender("hyco", func(p *party, _ *relay.Ask) { p.reject = errors.New("it hung up") })
		listener, err := n.join(e.next().Ticket)
		if err != nil {
			w.Fatal(err)
		}
		if err := sender.result(); err != nil {
			w.Error(err)
		}
		if end := listener.leg.lastEnd(); end.Why != fail.SenderGone {
			w.Errorf("the listener was told %+v", end)
		}
		if c := w.only(&n.closed, "stream"); c.Reason != fail.SenderGone || c.Side != "sender" {
			w.Errorf("account %+v", c)
		}
	})
}

// TestNobodyListens: no listener, none that fits, none of the shape.
func TestNobodyListens(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		if code := from.sender("hyco").refusal(); code != fail.NoListener {
			w.Errorf("without a listener: %s", code)
		}
		below := to.listen("hyco/own")
		if code := from.sender("hyco").refusal(); code != fail.NoListener {
			w.Errorf("with a listener of another entity: %s", code)
		}
		if code := from.sender("hyco/own/deep").answer(); code != "" {
			w.Errorf("with a listener above: told %q", code)
		}
		below.next()
		to.listen("hyco")
		picky := from.sender("hyco", func(_ *party, a *relay.Ask) { a.Hints = relay.Hints{Limited: true} })
		if code := picky.refusal(); code != fail.NoMatchingListener {
			w.Errorf("with a list that names nobody: %s", code)
		}
	})
}

// TestHints: the sender's list decides, also about listeners of another node.
func TestHints(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		var ears []*ear
		for i := range 3 {
			e := to.ear(guidText(i + 1))
			if err := e.sit("hyco", "Listen"); err != nil {
				w.Fatal(err)
			}
			ears = append(ears, e)
		}
		wanted, _ := guid(guidText(2))
		for range 5 {
			sender := from.sender("hyco", func(_ *party, a *relay.Ask) { a.Hints = relay.Hints{Limited: true, Allowed: []relay.GUID{wanted}} })
			ears[1].next()
			sender.leave(fail.New(fail.SenderGone, ""))
		}
		if n := len(ears[0].offers) + len(ears[2].offers); n != 0 {
			w.Errorf("%d offers went elsewhere", n)
		}
	})
}

// TestWindow: a listener that does nothing costs the sender 30 s and a 504, and comes too late afterwards.
func TestWindow(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		begin := time.Now()
		sender := from.sender("hyco")
		o := e.next()
		<-time.After(30*time.Second - 1)
		if a := sender.answer(); a != "" {
			w.Fatalf("told %q too early", a)
		}
		<-time.After(1)
		if code := sender.refusal(); code != fail.AcceptTimeout || time.Since(begin) != 30*time.Second {
			w.Errorf("refused with %s after %v", code, time.Since(begin))
		}
		if _, err := from.join(o.Ticket); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a late listener gets %v", err)
		}
		synctest.Wait()
		if e.listener.Tally.Ignored.Load() != 1 || !slices.Equal(from.outcomes, []string{"ignored"}) {
			w.Errorf("outcomes %v, tally %d ignored", from.outcomes, e.listener.Tally.Ignored.Load())
		}
	})
}

// TestLostWhilePending: the listener's channel goes while the sender waits: a 502 at once.
func TestLostWhilePending(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		begin := time.Now()
		sender := from.sender("hyco")
		o := e.next()
		e.leave()
		<-time.After(10 * time.Millisecond) // for the other node to hear of it
		if code := sender.refusal(); code != fail.ListenerLost || time.Since(begin) > time.Second {
			w.Errorf("refused with %s after %v", code, time.Since(begin))
		}
		if _, err := from.join(o.Ticket); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a late listener gets %v", err)
		}
	})
}

// TestNodeDiesWhilePending is the same when the whole node goes.
func TestNodeDiesWhilePending(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		e := w.nodes[1].listen("hyco")
		sender := w.nodes[0].sender("hyco")
		e.next()
		w.net.Kill(2)
		w.nodes[1].dead = true
		if code := sender.refusal(); code != fail.ListenerLost {
			w.Errorf("refused with %s", code)
		}
	})
}

// TestSenderLeaves: the ticket is void, a late listener is refused, and nothing is left.
func TestSenderLeaves(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		sender := from.sender("hyco")
		o := e.next()
		if c := from.relay.Counts(); c.Pending != 1 || c.Streams != 0 {
			w.Errorf("while it waits: %+v", c)
		}
		sender.leave(fail.New(fail.SenderGone, "gone"))
		if code := sender.refusal(); code != fail.SenderGone {
			w.Errorf("refused with %s", code)
		}
		if c := from.relay.Counts(); c.Pending != 0 {
			w.Errorf("afterwards: %+v", c)
		}
		if late, err := from.join(o.Ticket); !fail.Is(err, fail.UnknownTicket) || late.answer() != "UnknownTicket" {
			w.Errorf("a late listener gets %v", err)
		}
	})
}

// TestTicketOnce: the second who dials is refused, and so is who guesses.
func TestTicketOnce(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		from.sender("hyco")
		ticket := e.next().Ticket
		if _, err := from.join(ticket); err != nil {
			w.Fatal(err)
		}
		for _, wrong := range []shape.Ticket{ticket, shape.NewTicket(uint16(from.num())), shape.NewTicket(77)} {
			if _, err := from.join(wrong); !fail.Is(err, fail.UnknownTicket) {
				w.Errorf("joined with %v", err)
			}
		}
	})
}

// TestGuessing: who shows many wrong tickets is not looked at any more, with a good one neither; a minute forgives.
func TestGuessing(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.listen("hyco")
		n.sender("hyco")
		ticket := e.next().Ticket
		for i := range 100 {
			var err error
			if i%2 == 0 {
				_, err = n.join(shape.NewTicket(1))
			} else {
				err = n.relay.Decline(w.Context(), shape.NewTicket(1), hello("guess"), fail.New(fail.Rejected, ""))
			}
			if !fail.Is(err, fail.UnknownTicket) {
				w.Fatal(err)
			}
		}
		if _, err := n.join(ticket); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a guesser's good ticket gives %v", err)
		}
		other := w.party("listener", "rendezvous")
		other.hello.Remote = remote2
		if err := n.relay.Join(w.Context(), ticket, other); err != nil {
			w.Errorf("another source is refused: %v", err)
		}
		<-time.After(2 * time.Minute)
		n.sender("hyco")
		if _, err := n.join(e.next().Ticket); err != nil {
			w.Errorf("after two quiet minutes: %v", err)
		}
	})
}

// TestDecline: the listener's own words reach the sender, from whichever node it dials.
func TestDecline(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		sender := from.sender("hyco")
		ticket := e.next().Ticket
		no := &fail.Error{Code: fail.Rejected, Status: 299, Text: "not today"}
		if err := to.relay.Decline(w.Context(), ticket, hello("reject"), no); err != nil {
			w.Fatal(err)
		}
		if code := sender.refusal(); code != fail.Rejected || sender.said.Status != 299 || sender.said.Message() != "not today" {
			w.Errorf("the sender was told %+v", sender.said)
		}
		c := w.only(&from.refused, "stream")
		if c.Reason != fail.Rejected || c.Side != "listener" || c.Text != "not today" {
			w.Errorf("account %+v", c)
		}
		if err := to.relay.Decline(w.Context(), ticket, hello("reject"), no); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a second no gives %v", err)
		}
		synctest.Wait()
		if e.listener.Tally.Accepted.Load() != 1 || !slices.Equal(from.outcomes, []string{"rejected"}) {
			w.Errorf("outcomes %v", from.outcomes)
		}
		if err := to.relay.Decline(w.Context(), shape.NewTicket(77), hello("reject"), no); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a ticket of no node gives %v", err)
		}
	})
}

// TestNextCandidate: a listener that cannot be told is passed over; one that was told is not asked twice.
func TestNextCandidate(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		broken := 0
		for i := range 10 {
			e := to.ear(fmt.Sprintf("broken %d", i))
			e.offer = func(context.Context, *shape.Offer) error {
				w.note(func() { broken++ })
				return fail.New(fail.ListenerLost, "")
			}
			if err := e.sit("hyco", "Listen"); err != nil {
				w.Fatal(err)
			}
		}
		if code := from.sender("hyco").refusal(); code != fail.ListenerLost || broken != 10 {
			w.Errorf("refused with %s after %d listeners", code, broken)
		}
		good := to.listen("hyco")
		sender, _ := w.meet(from, good, "hyco")
		sender.leg.Close()
		_ = sender.result()
		if c := w.only(&from.closed, "stream"); c.Listener != good.listener.ID {
			w.Errorf("account %+v", c)
		}
	})
}

// TestFinalOffer: a sender's head that fits no control message is not tried on all listeners.
func TestFinalOffer(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		asked := 0
		for i := range 3 {
			e := to.ear(fmt.Sprintf("listener %d", i))
			e.offer = func(context.Context, *shape.Offer) error {
				w.note(func() { asked++ })
				return fail.New(fail.HeadTooLarge, "too large")
			}
			if err := e.sit("hyco", "Listen"); err != nil {
				w.Fatal(err)
			}
		}
		if code := from.sender("hyco").refusal(); code != fail.HeadTooLarge || asked != 1 {
			w.Errorf("refused with %s after %d listeners", code, asked)
		}
	})
}

// TestOfferThatHangs: a listener that takes no notice is given up with the ticket's window.
func TestOfferThatHangs(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.ear("slow")
		e.offer = func(ctx context.Context, _ *shape.Offer) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		if err := e.sit("hyco", "Listen"); err != nil {
			w.Fatal(err)
		}
		begin := time.Now()
		sender := from.sender("hyco")
		<-time.After(31 * time.Second)
		if code := sender.refusal(); code != fail.AcceptTimeout {
			w.Errorf("refused with %s", code)
		}
		if c := w.only(&from.refused, "stream"); c.Duration != 30*time.Second {
			w.Errorf("given up after %v (%v)", c.Duration, time.Since(begin))
		}
	})
}

// TestComesAlthoughTheOfferFailed: the notice was written, its acknowledgement got lost: the listener that dials is seated,
// and cut off when the sender has left, but never forgotten.
func TestComesAlthoughTheOfferFailed(t *testing.T) {
	rows := []struct {
		name string
		fail func(*party) error
		gone bool
	}{
		{"lost acknowledgement", func(*party) error { return fail.New(fail.NodeLost, "") }, false},
		{"the sender left", func(s *party) error { s.leave(fail.New(fail.SenderGone, "")); return context.Canceled }, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			play(t, 1, nil, func(w *world) {
				n := w.nodes[0]
				var sender, listener *party
				ready := make(chan struct{})
				e := n.ear("hasty")
				e.offer = func(_ context.Context, o *shape.Offer) error {
					<-ready
					var err error
					if listener, err = n.join(o.Ticket); err != nil {
						w.Error(err)
					}
					return row.fail(sender)
				}
				if err := e.sit("hyco", "Listen"); err != nil {
					w.Fatal(err)
				}
				sender = n.sender("hyco")
				close(ready)
				synctest.Wait()
				if a := listener.answer(); a != "accept" {
					w.Errorf("the listener was told %q", a)
				}
				if !row.gone {
					return
				}
				if sender.refusal() != fail.SenderGone {
					w.Errorf("the sender was told %q", sender.answer())
				}
				if end := listener.leg.lastEnd(); end.Why != fail.SenderGone {
					w.Errorf("the listener was cut off by %v", end)
				}
			})
		})
	}
}

// TestEndedWhileOffered: a sender whose entity goes while its offer runs is told that, and not that it left.
func TestEndedWhileOffered(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.ear("slow")
		e.offer = func(ctx context.Context, _ *shape.Offer) error {
			<-ctx.Done()
			return ctx.Err()
		}
		if err := e.sit("hyco", "Listen"); err != nil {
			w.Fatal(err)
		}
		sender := n.sender("hyco")
		synctest.Wait()
		w.remove("hyco")
		if code := sender.refusal(); code != fail.EntityDeleted {
			w.Errorf("refused with %s", code)
		}
	})
}

func (w *world) remove(path string) {
	w.Helper()
	if err := w.store.Delete(w.Context(), entity.Address{Path: path}, ^uint64(0)); err != nil {
		w.Fatal(err)
	}
}
