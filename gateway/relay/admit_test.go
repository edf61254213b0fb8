package relay_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay"
)

// TestAdmit: the credential first, then the entity, then where the party comes from, then the entry's own condition.
func TestAdmit(t *testing.T) {
	inside, outside := netip.MustParseAddrPort("[::ffff:10.1.2.3]:1"), netip.MustParseAddrPort("192.0.2.1:1")
	no := func(*entity.Entity) *fail.Error { return fail.New(fail.BadRequest, "the entry's own") }
	rows := []struct {
		name  string
		path  string
		cred  auth.Credential
		from  netip.AddrPort
		also  func(*entity.Entity) *fail.Error
		want  fail.Code
		words string
	}{
		{"nothing shown", "hyco", auth.Credential{}, inside, nil, fail.MissingToken, "'http://relay.example/hyco'"},
		{"nothing shown, no entity", "none", auth.Credential{}, inside, nil, fail.MissingToken, "'http://relay.example/none'"},
		{"nothing shown from outside", "walled", auth.Credential{}, outside, nil, fail.MissingToken, ""},
		{"another scheme", "hyco", auth.Credential{Scheme: "jwt", Text: "x"}, inside, nil, fail.MalformedToken, ""},
		{"wrong signature, no entity", "none", sas("nonsense"), inside, nil, fail.InvalidSignature, ""},
		{"wrong right", "hyco", sas("Listen"), inside, nil, fail.RightMissing, "Send. The token's rule 'rule' grants Listen."},
		{"wrong right, no entity", "none", sas("Listen"), inside, nil, fail.RightMissing, ""},
		{"no entity", "none", sas("Send"), inside, nil, fail.UnknownEntity, "Endpoint does not exist."},
		{"no entity, from outside", "none", sas("Send"), outside, nil, fail.UnknownEntity, ""},
		{"from outside", "walled", sas("Send"), outside, no, fail.AddressBlocked, "192.0.2.1"},
		{"the entry's condition", "walled", sas("Send"), inside, no, fail.BadRequest, "the entry's own"},
		{"let in", "walled", sas("Send"), inside, nil, fail.NoListener, ""},
		{"let in with all rights", "hyco", sas("Manage"), outside, nil, fail.NoListener, ""},
		{"anonymous", "open", auth.Credential{}, outside, nil, fail.NoListener, ""},
		{"anonymous with a wrong token", "open", sas("nonsense"), outside, nil, fail.NoListener, ""},
		{"anonymous and the entry's condition", "open", auth.Credential{}, outside, no, fail.BadRequest, ""},
	}
	play(t, 1, nil, func(w *world) {
		for _, row := range rows {
			n := w.nodes[0]
			sender := n.sender(row.path, func(p *party, a *relay.Ask) {
				p.hello.Remote, a.Cred, a.Also = row.from, row.cred, row.also
			})
			if code := sender.refusal(); code != row.want || !strings.Contains(sender.said.Message(), row.words) {
				t.Errorf("%s: refused with %s %q", row.name, code, sender.said.Message())
			}
			if e := sender.said; e.Tracking != "track-"+row.path || e.Target == "" {
				t.Errorf("%s: the refusal cannot be found again: %+v", row.name, e)
			}
			if c := w.only(&n.refused, "stream"); c.Reason != row.want || c.Shape != "stream" || strings.Contains(fmt.Sprintf("%+v", c), "nonsense") {
				t.Errorf("%s: account %+v", row.name, c)
			}
		}
	})
}

// TestAnonymousIsForSenders: a listener needs its token also where senders need none.
func TestAnonymousIsForSenders(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		e := w.nodes[0].ear("x")
		h := hello("open")
		_, err := w.nodes[0].relay.Listen(w.Context(), relay.Ask{Need: entity.Listen}, h, e.listener)
		if !fail.Is(err, fail.MissingToken) {
			t.Errorf("listens with %v", err)
		}
		if err := e.sit("open", "Send"); !fail.Is(err, fail.RightMissing) {
			t.Errorf("a sender's token: %v", err)
		}
	})
}

// TestStarting: a relay that is not open yet refuses everything.
func TestStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t}
		w.prepare()
		n := w.add(1, nil)
		if got := n.relay.Reasons(); len(got) != 1 || got[0] != "loading" {
			w.Errorf("not ready because of %v", got)
		}
		if code := n.sender("hyco").refusal(); code != fail.Starting {
			w.Errorf("a sender: %s", code)
		}
		if err := n.ear("x").sit("hyco", "Listen"); !fail.Is(err, fail.Starting) {
			w.Errorf("a listener: %v", err)
		}
		if _, err := n.relay.Describe(w.Context(), relay.Ask{Need: entity.Manage, Cred: sas("Manage")}, hello("hyco")); !fail.Is(err, fail.Starting) {
			w.Errorf("management: %v", err)
		}
		n.relay.Open()
		if got := n.relay.Reasons(); got != nil {
			w.Errorf("not ready because of %v", got)
		}
		if code := n.sender("hyco").refusal(); code != fail.NoListener {
			w.Errorf("a sender of an open relay: %s", code)
		}
		w.end()
	})
}

// TestConnectionLimit: listeners and senders together, and every slot comes back.
func TestConnectionLimit(t *testing.T) {
	play(t, 1, func(p *relay.Params) { p.Limits.Connections = 2 }, func(w *world) {
		n := w.nodes[0]
		for range 3 {
			e := n.listen("hyco")
			sender := n.sender("hyco")
			e.next()
			if code := n.sender("hyco").refusal(); code != fail.ConnectionLimit {
				w.Errorf("the third, a sender: %s", code)
			}
			if err := n.ear("x").sit("hyco", "Listen"); !fail.Is(err, fail.ConnectionLimit) || !strings.Contains(err.Error(), "2 concurrent") {
				w.Errorf("the third, a listener: %v", err)
			}
			sender.leave(fail.New(fail.SenderGone, ""))
			_ = sender.refusal()
			e.leave()
			if c := n.relay.Counts(); c.Connections != 0 {
				w.Fatalf("%d slots did not come back", c.Connections)
			}
			<-time.After(time.Minute) // the delay rule forgives
		}
	})
}

// TestPendingPerSource: one address cannot have all rendezvous, another one is not touched, and slots come back however the
// wait ended.
func TestPendingPerSource(t *testing.T) {
	play(t, 1, func(p *relay.Params) { p.Limits.PendingPerSource = 1 }, func(w *world) {
		n := w.nodes[0]
		e := n.listen("hyco")
		for _, way := range []string{"left", "joined", "declined", "late", "left"} {
			sender := n.sender("hyco")
			ticket := e.next().Ticket
			if code := n.sender("hyco").refusal(); code != fail.Overloaded {
				w.Errorf("the second of a source: %s", code)
			}
			other := n.sender("hyco", func(p *party, _ *relay.Ask) { p.hello.Remote = remote2 })
			e.next()
			other.leave(fail.New(fail.SenderGone, ""))
			switch way {
			case "left":
				sender.leave(fail.New(fail.SenderGone, ""))
			case "joined":
				if _, err := n.join(ticket); err != nil {
					w.Error(err)
				}
			case "declined":
				if err := n.relay.Decline(w.Context(), ticket, hello("reject"), &fail.Error{Code: fail.Rejected, Status: 400}); err != nil {
					w.Error(err)
				}
			default:
				<-time.After(31 * time.Second)
			}
			synctest.Wait()
		}
	})
}

// TestPending: the node's own bound on rendezvous, a bound of the gateway and of nobody's source.
func TestPending(t *testing.T) {
	play(t, 1, func(p *relay.Params) { p.Limits.Pending = 1 }, func(w *world) {
		n := w.nodes[0]
		e := n.listen("hyco")
		first := n.sender("hyco")
		ticket := e.next().Ticket
		if code := n.sender("hyco").refusal(); code != fail.Overloaded {
			w.Errorf("the second: %s", code)
		}
		if _, err := n.join(ticket); err != nil {
			w.Fatal(err)
		}
		if first.answer() != "accept" {
			w.Error("the first was not served")
		}
		w.meet(n, e, "hyco")
	})
}

// TestListenerLimit: 25 listeners on all nodes together, and a GUID that comes back is let in beyond them, once.
func TestListenerLimit(t *testing.T) {
	both(t, nil, func(w *world, a, b *node) {
		var ears []*ear
		for i := range 25 {
			n := a
			if i%2 == 0 {
				n = b
			}
			e := n.ear(guidText(i + 1))
			if err := e.sit("hyco", "Listen"); err != nil {
				w.Fatal(err)
			}
			ears = append(ears, e)
		}
		err := a.ear(guidText(99)).sit("hyco", "Listen")
		if !fail.Is(err, fail.ListenerLimit) || !strings.Contains(err.Error(), "MaximumListenersPerEndpoint (25)") {
			w.Errorf("the 26th: %v", err)
		}
		if err := a.ear("hyco below").sit("hyco/below", "Listen"); !fail.Is(err, fail.ListenerLimit) {
			w.Errorf("one below: %v", err)
		}
		for range 3 {
			again := a.ear(strings.ToUpper(guidText(10)) + "_G7")
			again.listener.GUID, _ = guid(guidText(10))
			if err := again.sit("hyco", "Listen"); err != nil {
				w.Errorf("one that comes back: %v", err)
			}
			<-time.After(time.Second)
			if n := a.relay.Online(entity.Address{Path: "hyco"}); n != 25 {
				w.Errorf("%d listeners", n)
			}
		}
		if end := ears[9].ended(); end == nil || end.Why != fail.Replaced || end.Code != 1001 {
			w.Errorf("the old one was told %+v", end)
		}
		ears[0].leave()
		<-time.After(time.Second)
		if err := a.ear(guidText(99)).sit("hyco", "Listen"); err != nil {
			w.Errorf("after one left: %v", err)
		}
	})
}

// TestStorm: who is refused again and again is answered slowly, at that address and from that source alone; success and
// quiet forgive.
func TestStorm(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		refuse := func(path string) time.Duration {
			w.Helper()
			begin := time.Now()
			if n.ear("x").sit(path, "nonsense") == nil {
				w.Fatal("let in")
			}
			return time.Since(begin)
		}
		for i, want := range []time.Duration{0, 0, 0, time.Second, time.Second, time.Second, 5 * time.Second, 5 * time.Second} {
			if got := refuse("hyco"); got != want {
				w.Errorf("refusal %d took %v, want %v", i+1, got, want)
			}
		}
		if got := refuse("tcp"); got != 0 {
			w.Errorf("at another address: %v", got)
		}
		e := n.listen("hyco")
		e.leave()
		if got := refuse("hyco"); got != 0 {
			w.Errorf("after a success: %v", got)
		}
	})
}

// TestStormEnds: a client that hangs up is not waited for.
func TestStormEnds(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		done := make(chan struct{})
		for range 10 {
			ctx, cancel := context.WithCancel(w.Context())
			go func() {
				defer func() { done <- struct{}{} }()
				_, err := n.relay.Listen(ctx, relay.Ask{Need: entity.Listen, Cred: sas("nonsense")}, hello("hyco"), n.ear("x").listener)
				if !fail.Is(err, fail.InvalidSignature) {
					w.Error(err)
				}
			}()
			synctest.Wait()
			begin := time.Now()
			cancel()
			<-done
			if time.Since(begin) != 0 {
				w.Error("the refusal waited for who had hung up")
			}
		}
	})
}

// TestDescribe: runtime information, admitted like everything.
func TestDescribe(t *testing.T) {
	both(t, nil, func(w *world, a, b *node) {
		b.listen("hyco")
		manage := relay.Ask{Need: entity.Manage, Cred: sas("Manage")}
		d, err := a.relay.Describe(w.Context(), manage, hello("hyco"))
		if err != nil || d.Entity.Name != "hyco" || d.Listeners != 1 {
			w.Errorf("described as %+v, %v", d, err)
		}
		if _, err := a.relay.Describe(w.Context(), relay.Ask{Need: entity.Manage, Cred: sas("Send")}, hello("hyco")); !fail.Is(err, fail.RightMissing) {
			w.Errorf("with a sender's token: %v", err)
		}
		if err := a.relay.Authorize(w.Context(), manage, hello("")); err != nil {
			w.Errorf("management: %v", err)
		}
		if err := a.relay.Authorize(w.Context(), relay.Ask{Need: entity.Manage}, hello("")); !fail.Is(err, fail.MissingToken) {
			w.Errorf("management without a token: %v", err)
		}
		if nodes := a.relay.Nodes(); mesh.Num(len(nodes)) != b.num() {
			w.Errorf("%d nodes", len(nodes))
		}
	})
}
