package relay_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// until is a listener's token that expires so long after now.
func until(d time.Duration) string { return fmt.Sprintf("Listen until %d", time.Now().Add(d).Unix()) }

// TestTokenExpires: five minutes after the token the channel ends with 1008 and the words that clients look for.
func TestTokenExpires(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.ear("x")
		if err := e.sit("hyco", until(time.Minute)); err != nil {
			w.Fatal(err)
		}
		<-time.After(6*time.Minute - 1)
		if end := e.ended(); end != nil {
			w.Fatalf("ended early: %+v", end)
		}
		<-time.After(1)
		end := e.ended()
		if end == nil || end.Why != fail.TokenExpired || end.Code != 1008 || end.Text != "The token is expired. Expiration time: '2000-01-01 00:01:00Z'." {
			w.Errorf("told %+v", end)
		}
		if c := w.only(&n.closed, "listener"); c.Reason != fail.TokenExpired || c.Side != "gateway" || c.Shape != "listener" || c.Duration != 6*time.Minute {
			w.Errorf("account %+v", c)
		}
		if code := n.sender("hyco").refusal(); code != fail.NoListener {
			w.Errorf("a sender afterwards: %s", code)
		}
		e.leave() // the entry says so too, later: that changes nothing
	})
}

// TestRenew moves the expiry; a token that is no good changes nothing.
func TestRenew(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		e := w.nodes[0].ear("x")
		if err := e.sit("hyco", until(time.Minute)); err != nil {
			w.Fatal(err)
		}
		for range 5 {
			<-time.After(4 * time.Minute)
			if err := e.seat.Renew(sas(until(time.Minute))); err != nil {
				w.Fatal(err)
			}
		}
		if err := e.seat.Renew(sas("Send")); !fail.Is(err, fail.RightMissing) {
			w.Errorf("renewed with a sender's token: %v", err)
		}
		if err := e.seat.Renew(sas("nonsense")); !fail.Is(err, fail.InvalidSignature) {
			w.Errorf("renewed with nonsense: %v", err)
		}
		<-time.After(6*time.Minute - 1)
		if end := e.ended(); end != nil {
			w.Fatalf("ended early: %+v", end)
		}
		<-time.After(1)
		if end := e.ended(); end == nil || end.Why != fail.TokenExpired {
			w.Errorf("told %+v", end)
		}
		if err := e.seat.Renew(sas("Listen")); err != nil { // too late, and harmless
			w.Error(err)
		}
		<-time.After(2 * time.Hour)
		if end := e.ended(); end != nil {
			w.Errorf("ended twice: %+v", end)
		}
	})
}

// TestTokenForEver: the longest expiry that a token can have is not the shortest.
func TestTokenForEver(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		e := w.nodes[0].ear("x")
		if err := e.sit("hyco", "Listen until 253402300799"); err != nil { // 9999-12-31
			w.Fatal(err)
		}
		<-time.After(24 * time.Hour)
		if end := e.ended(); end != nil {
			w.Errorf("ended: %+v", end)
		}
		infos, err := w.nodes[0].relay.Listeners(w.Context(), entity.Address{Path: "hyco"})
		if err != nil || len(infos) != 1 || infos[0].Expires.Year() != 9999 {
			w.Errorf("shown as %+v, %v", infos, err)
		}
	})
}

// TestReplace: the same GUID on a new connection ends the old one, wherever it is; any other id may be another listener, and
// the old one is asked for a sign of life.
func TestReplace(t *testing.T) {
	both(t, nil, func(w *world, a, b *node) {
		old, other := b.ear(guidText(1)+"_G3"), b.ear(guidText(2))
		for _, e := range []*ear{old, other} {
			if err := e.sit("hyco", "Listen"); err != nil {
				w.Fatal(err)
			}
		}
		again := a.ear(guidText(1))
		if err := again.sit("hyco", "Listen"); err != nil {
			w.Fatal(err)
		}
		<-time.After(10 * time.Millisecond)
		if end := old.ended(); end == nil || end.Why != fail.Replaced || end.Code != 1001 {
			w.Errorf("the old one was told %+v", end)
		}
		if other.ended() != nil || again.ended() != nil || len(old.checks) != 0 {
			w.Error("another one was ended")
		}
		if c := w.only(&b.closed, "listener"); c.Reason != fail.Replaced || c.Side != "gateway" {
			w.Errorf("account %+v", c)
		}
		other.leave()
		<-time.After(10 * time.Millisecond)
		w.meet(a, again, "hyco")
	})
	both(t, nil, func(w *world, a, b *node) {
		old := b.listen("hyco")
		again := a.ear(old.listener.ID)
		if err := again.sit("hyco", "Listen"); err != nil {
			w.Fatal(err)
		}
		<-time.After(10 * time.Millisecond)
		if old.ended() != nil || len(old.checks) != 1 || len(again.checks) != 0 {
			w.Errorf("the old one was ended or asked %d times, the new one %d times", len(old.checks), len(again.checks))
		}
	})
}

// TestReplaceAtOnce: many connections of one GUID at the same moment leave one at least, and none waits for another. Each
// listener's end waits until its own Listen has returned, as a control channel's does.
func TestReplaceAtOnce(t *testing.T) {
	both(t, nil, func(w *world, a, b *node) {
		const many = 10
		var ears [many]*ear
		var all sync.WaitGroup
		var refused atomic.Int64
		for i := range many {
			n := a
			if i%2 == 1 {
				n = b
			}
			e := n.ear(guidText(1))
			ears[i] = e
			ready := make(chan struct{})
			e.listener.Leave = func(end *shape.End) { <-ready; e.left <- end }
			all.Go(func() {
				defer close(ready)
				switch err := e.sit("hyco", "Listen"); {
				case fail.Is(err, fail.Replaced): // another came while it was announced
					refused.Add(1)
				case err != nil:
					w.Error(err)
				}
			})
		}
		all.Wait()
		<-time.After(time.Second)
		ended := int(refused.Load())
		for _, e := range ears {
			if e.ended() != nil {
				ended++
			}
		}
		left := a.relay.Counts().Listeners
		if left < 1 || left+ended != many || a == b && left != 1 {
			w.Errorf("%d were ended and %d are left", ended, left)
		}
		// The next one ends all that are left.
		if err := b.ear(guidText(1)).sit("hyco", "Listen"); err != nil {
			w.Fatal(err)
		}
		<-time.After(time.Second)
		if n := a.relay.Counts().Listeners; n != 1 {
			w.Errorf("%d are left", n)
		}
	})
}

// TestEntityDeleted ends listeners, streams and senders that wait, and nothing of other entities. Nobody who is slow to hear
// of it holds up the store.
func TestEntityDeleted(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e, other := to.ear("x"), to.listen("hyco/own")
		told := make(chan struct{})
		e.listener.Leave = func(end *shape.End) { <-told; e.left <- end }
		if err := e.sit("hyco", "Listen"); err != nil {
			w.Fatal(err)
		}
		sender, listener := w.meet(from, e, "hyco")
		ours, theirs := w.meet(from, other, "hyco/own")
		waiting := from.sender("hyco")
		ticket := e.next().Ticket

		w.remove("hyco")
		for _, p := range []*party{sender, listener} {
			if end := p.leg.lastEnd(); end.Why != fail.EntityDeleted || end.Code != 1001 {
				w.Errorf("the %s was told %+v", p.name, end)
			}
		}
		if err := sender.result(); err != nil {
			w.Error(err)
		}
		if code := waiting.refusal(); code != fail.EntityDeleted {
			w.Errorf("who waited: %s", code)
		}
		if _, err := from.join(ticket); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a late listener: %v", err)
		}
		close(told)
		if end := e.ended(); end == nil || end.Why != fail.EntityDeleted || end.Code != 1001 {
			w.Errorf("the listener was told %+v", end)
		}
		if code := from.sender("hyco").refusal(); code != fail.UnknownEntity {
			w.Errorf("a sender afterwards: %s", code)
		}
		if ours.leg.over() || theirs.leg.over() || other.ended() != nil {
			w.Error("another entity's stream or listener was ended")
		}
	})
}

// TestDeletedWhileAnnounced: a listener whose entity goes while the other nodes are told of it is refused, once.
func TestDeletedWhileAnnounced(t *testing.T) {
	whileAnnounced(t, func(w *world, _ *node) { w.remove("hyco") }, fail.UnknownEntity)
}

// TestDrainWhileAnnounced is the same with the node's own end.
func TestDrainWhileAnnounced(t *testing.T) {
	whileAnnounced(t, func(_ *world, n *node) { n.relay.Drain(context.Background()) }, fail.Draining)
}

func whileAnnounced(t *testing.T, strike func(*world, *node), want fail.Code) {
	t.Helper()
	play(t, 2, nil, func(w *world) {
		n := w.nodes[1]
		w.net.Delay(1, 2, 100*time.Millisecond)
		e := n.ear("x")
		done := make(chan error, 1)
		go func() { done <- e.sit("hyco", "Listen") }()
		synctest.Wait()
		if n.relay.Counts().Listeners != 1 || len(n.presence) != 0 {
			t.Error("the listener is not on its way")
		}
		strike(w, n)
		if err := <-done; !fail.Is(err, want) {
			t.Errorf("let in with %v, want %s", err, want)
		}
		if end := e.ended(); end != nil {
			t.Errorf("who was refused was also told of an end: %+v", end)
		}
		if c := w.only(&n.refused, "listener"); c.Reason != want {
			t.Errorf("account %+v", c)
		}
		if len(n.closed)+len(n.presence) != 0 {
			t.Errorf("who never came has left: %d records, presence %v", len(n.closed), n.presence)
		}
		<-time.After(time.Second)
		if got := w.nodes[0].relay.Counts().Listeners; got != 0 {
			t.Errorf("the other node still sees %d listeners", got)
		}
	})
}

// TestAnnouncementFails: a listener that the mesh could not be told of is not there.
func TestAnnouncementFails(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		n := w.nodes[1]
		w.net.Delay(1, 2, time.Second)
		ctx, cancel := context.WithCancel(w.Context())
		e := n.ear("x")
		done := make(chan error, 1)
		go func() {
			_, err := n.relay.Listen(ctx, relay.Ask{Need: entity.Listen, Cred: sas("Listen")}, hello("hyco"), e.listener)
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; err == nil {
			t.Error("let in")
		}
		if c := n.relay.Counts(); c.Listeners+c.Connections != 0 {
			t.Errorf("left: %+v", c)
		}
	})
}

// TestPresence: each coming and going is told once, the coming first.
func TestPresence(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		e := n.listen("hyco/below")
		for range 3 {
			e.seat.Leave(&shape.End{Why: fail.PeerClosed, Code: 4001, Text: "bye"})
		}
		if len(n.presence) != 2 || !n.presence[0].Online || n.presence[1].Online || n.presence[1].Reason != fail.PeerClosed || n.presence[1].Entity != "hyco" {
			t.Errorf("presence %+v", n.presence)
		}
		if c := w.only(&n.closed, "listener"); c.Side != "listener" || c.Text != "bye" || c.Entity != "hyco" || c.Rule != "rule" {
			t.Errorf("account %+v", c)
		}
		if e.ended() != nil {
			t.Error("who leaves by itself is told to leave")
		}
	})
}

// TestListeners: who listens on all nodes, and which node did not answer.
func TestListeners(t *testing.T) {
	play(t, 3, nil, func(w *world) {
		begin := time.Now()
		for i, n := range w.nodes {
			e := n.ear(guidText(i))
			e.listener.Agent = "test"
			if err := e.sit("hyco/deep", until(time.Hour)); err != nil {
				t.Fatal(err)
			}
			n.listen("tcp")
		}
		ent := entity.Address{Path: "hyco"}
		infos, err := w.nodes[0].relay.Listeners(w.Context(), ent)
		if err != nil || len(infos) != 3 {
			t.Fatalf("%d listeners, %v", len(infos), err)
		}
		for i, info := range infos {
			if info.Node != mesh.Num(i+1) || info.ID != guidText(i) || info.Entity != "hyco" || info.Path != "hyco/deep" || info.Agent != "test" ||
				info.Remote != remote.String() || !info.Expires.Equal(begin.Add(time.Hour)) || info.Since.Before(begin) || info.Since.After(time.Now()) {
				t.Errorf("listener %d is shown as %+v", i, info)
			}
		}

		// A node that is silent but not yet dead for the others is left out in time, and named.
		w.net.Lose(2, 1, "answer", -1)
		asked := time.Now()
		infos, err = w.nodes[0].relay.Listeners(w.Context(), ent)
		if len(infos) != 2 || infos[1].Node != 3 || !fail.Is(err, fail.NodeLost) || !strings.Contains(err.Error(), "node 2") {
			t.Errorf("with a silent node: %d listeners, %v", len(infos), err)
		}
		if took := time.Since(asked); took > 5*time.Second {
			t.Errorf("the silent node held the answer up for %v", took)
		}
		w.net.Mend(2, 1, "answer")

		w.net.Kill(2)
		w.nodes[1].dead = true
		infos, err = w.nodes[0].relay.Listeners(w.Context(), ent)
		if err != nil || len(infos) != 2 || infos[1].Node != 3 {
			t.Errorf("with a dead node: %d listeners, %v", len(infos), err)
		}
	})
}

// TestDrop ends every channel of an id, on all nodes that answer.
func TestDrop(t *testing.T) {
	play(t, 3, nil, func(w *world) {
		var ears []*ear
		for _, n := range w.nodes {
			ears = append(ears, n.listen("hyco"), n.listen("tcp"))
		}
		id := ears[0].listener.ID
		if n, err := w.nodes[1].relay.Drop(w.Context(), "nobody"); n != 0 || err != nil {
			t.Errorf("of nobody: %d, %v", n, err)
		}
		w.net.Lose(2, 1, "answer", -1)
		n, err := w.nodes[0].relay.Drop(w.Context(), id)
		if n != 2 || !fail.Is(err, fail.NodeLost) {
			t.Errorf("dropped %d, %v", n, err)
		}
		for i, e := range ears {
			end := e.ended()
			if dropped := end != nil && end.Why == fail.Dropped && end.Code == 1001; dropped != (i%2 == 0) {
				t.Errorf("listener %d of %s was told %+v", i, e.listener.ID, end)
			}
		}
	})
}
