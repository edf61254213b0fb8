package entry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// The life of a control channel: ids, quota, tokens, and every way in which the gateway ends one (reference sections 6.5
// and 6.6).

// tryRegister opens a control channel with a token of the test's own, or none.
func (s *set) tryRegister(path, query, token string) *peer {
	s.t.Helper()
	p := s.dial(s.listenerNode, s.door)
	var lines []string
	if token != "" {
		lines = append(lines, credential(token))
	}
	return p.write(p.head(target(path, "listen", query), lines...))
}

// TestQuota: 25 listeners of one entity, over all nodes; the next is refused with the quota's name, and let in when one
// has left.
func TestQuota(t *testing.T) {
	both(t, func(s *set) {
		var all []*channel
		for i := range 25 {
			node := s.Node(i % (s.index(s.listenerNode) + 1))
			all = append(all, s.registerAt(node, "hyco", "sb-hc-id="+guid(i)))
		}
		newcomer := 100
		refused := func() {
			s.t.Helper()
			newcomer++
			p := s.tryRegister("hyco/below", "sb-hc-id="+guid(newcomer), s.sign("hyco"))
			p.refused(403, "ListenerLimit", "/hyco/below", "MaximumListenersPerEndpoint", "25")
		}
		refused()
		all[3].shutdown()
		s.await(map[string]string{"msg": "closed", "listener": guid(3)})
		s.register("hyco/below", "sb-hc-id="+guid(99))
		refused()
		back := s.register("hyco", "sb-hc-id="+guid(7)) // a listener that comes back takes its own place
		all[7].dismissed(1001, "came back")
		refused()
		s.add("other")
		s.register("other", "")
		back.shutdown()
	})
}

// TestComesBack: a listener with a GUID that listens again replaces its old channel at once, on whichever node it was; its
// streams live on, and senders find the new channel only.
func TestComesBack(t *testing.T) {
	both(t, func(s *set) {
		for i, again := range []string{guid(1), strings.ToUpper("abcdef" + guid(1)[6:]), guid(1) + "_G17"} {
			id := []string{guid(1), "abcdef" + guid(1)[6:], guid(1)}[i]
			path := fmt.Sprintf("hyco/%d", i)
			old := s.registerAt(s.listenerNode, path, "sb-hc-id="+id)
			sender, listener := s.pair(old, path, "")
			now := s.registerAt(s.senderNode, path, "sb-hc-id="+again)
			old.dismissed(1001, "The listener came back on a new connection")
			old.send(wsframe.Close, nil)
			old.ended()
			s.await(map[string]string{"msg": "closed", "shape": "listener", "entity": "hyco", "reason": "Replaced", "side": "gateway"})
			sender.send(wsframe.Text, []byte("still here"))
			listener.data(wsframe.Text, []byte("still here"))
			for range 4 {
				s.pair(now, path, "")
			}
		}
	})
}

// TestSameName: an id that is no GUID may be two programs. Both stay and both are asked.
func TestSameName(t *testing.T) {
	both(t, func(s *set) {
		first := s.registerAt(s.listenerNode, "hyco", "sb-hc-id=123456")
		second := s.registerAt(s.senderNode, "hyco", "sb-hc-id=123456")
		offers := make(chan int, 1)
		for i, c := range []*channel{first, second} {
			done := make(chan struct{})
			s.t.Cleanup(func() { c.reset(); <-done })
			go func() {
				defer close(done)
				for {
					m, err := c.tryOffer()
					if err != nil {
						return
					}
					offers <- i
					if err := s.echo(m.Accept.Address); err != nil {
						s.t.Errorf("listener %d: %v", i, err)
					}
				}
			}()
		}
		seen := map[int]bool{}
		for n := 0; len(seen) < 2 && n < 200; n++ { // random choice: 2^-199 that one is never asked
			sender := s.arrive("hyco", "").upgraded("")
			seen[<-offers] = true
			sender.sendClose(1000, "").closes(1000, "")
		}
		if len(seen) != 2 {
			s.t.Errorf("listeners asked: %v", seen)
		}
	})
}

// TestSameNameSilent: of two with the same name the one that gives no sign of life is dropped.
func TestSameNameSilent(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		s.registerAt(s.listenerNode, "hyco", "sb-hc-id=123456") // reads nothing, so answers no ping
		second := s.registerAt(s.senderNode, "hyco", "sb-hc-id=123456")
		line := s.await(map[string]string{"msg": "closed", "shape": "listener", "listener": "123456", "reason": "Idle"})
		if !strings.Contains(line["text"], "came again") {
			s.t.Errorf("the account says %q", line["text"])
		}
		s.pair(second, "hyco", "")
	})
}

// renewal is the message by which a listener prolongs its channel.
func renewal(token string) []byte {
	b, err := wire.AppendRenewToken(nil, token)
	if err != nil {
		panic(err) // tokens of tests fit
	}
	return b
}

// soon is how long tokens that are to expire are good: expiries are whole seconds.
const soon = 3 * time.Second

// brief signs a token that expires soon, and says exactly when.
func (s *set) brief() (token string, expires time.Time) {
	expires = time.Now().Add(soon).Truncate(time.Second)
	return s.Token(s.Root(), "http://localhost/hyco", expires), expires
}

// TestTokenExpires: a channel whose token expired and was not renewed is closed with 1008 after the grace; a good renewal
// moves the end, a bad one neither moves it nor ends the channel. Streams live on.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		s.add("other")
		token, expires := s.brief()
		sender := s.Token(&entity.Rule{Name: "nobody", Primary: "no-key-of-anybody-here"}, "http://localhost/hyco", inAnHour())
		bad := [][]byte{
			renewal("com.microsoft.azure.relay.SharedAccessSignatureTokenProvider$SharedAccessSignatureToken@2a533b77"),
			renewal(sender), renewal(""), renewal(s.sign("other")), []byte(`{"renewToken":{}}`), []byte(`{"renewToken":null}`),
		}
		open := func(name string, renew ...[]byte) *channel {
			p := s.tryRegister("hyco/"+name, "sb-hc-id="+name, token)
			for _, b := range renew {
				p.upgraded("").send(wsframe.Text, b)
				renew = renew[1:]
				break
			}
			for _, b := range renew {
				p.send(wsframe.Text, b)
			}
			return &channel{peer: p, s: s}
		}
		plain := open("plain")
		plain.upgraded("")
		a, b := s.pair(plain, "hyco/plain", "")
		badly := open("badly", bad...)
		badly.pingPong()
		well := open("well", renewal(s.sign("hyco")))
		well.pingPong()
		for _, c := range []*channel{plain, badly} {
			c.dismissed(1008, "The token is expired. Expiration time: '"+expires.UTC().Format("2006-01-02 15:04:05Z")+"'")
			if time.Now().Before(expires) {
				s.t.Error("a channel was closed before its token expired")
			}
			c.send(wsframe.Close, nil)
			c.ended()
		}
		s.await(map[string]string{"msg": "closed", "shape": "listener", "listener": "plain", "reason": "TokenExpired", "side": "gateway"})
		a.send(wsframe.Text, []byte("still here"))
		b.data(wsframe.Text, []byte("still here"))
		well.pingPong()
		s.pair(well, "hyco/well", "")
		s.arrive("hyco/plain", "").refused(404, "NoListener", "/hyco/plain", "There are no listeners connected")
		s.tryRegister("hyco", "", token).refused(401, "ExpiredToken", "/hyco", "ExpiredToken: The token is expired. Expiration time: '")
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.TokenGrace = 100 * time.Millisecond }))
}

// TestEntityDeleted: listeners, waiting senders and streams of a deleted entity end with 1001 on all nodes; the next
// handshake gets 404, which .NET takes as final.
func TestEntityDeleted(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		e := s.add("doomed")
		s.Add(&entity.Entity{Name: "doomed/not", AnonymousSenders: true})
		spared := s.register("doomed/not", "")
		c := s.register("doomed/below", "")
		sender, listener := s.pair(c, "doomed/below", "")
		waiting := s.arrive("doomed/below", "")
		m := c.offer()
		if err := s.Store().Delete(context.Background(), e.At, store.Any); err != nil {
			s.t.Fatal(err)
		}
		for _, p := range []*peer{c.peer, sender, listener} {
			p.dismissed(1001, "The entity was deleted")
		}
		waiting.refused(404, "EntityDeleted", "/doomed/below", "The entity was deleted")
		s.visit(m.Accept.Address).refused(400, "UnknownTicket", "/doomed/below", unknownID)
		s.await(map[string]string{"msg": "closed", "shape": "listener", "reason": "EntityDeleted", "side": "gateway"})
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "EntityDeleted", "side": "gateway"})
		for _, action := range []string{"listen", "connect"} {
			p := s.dial(s.senderNode, s.door)
			p.write(p.head(target("doomed/below", action, ""), credential(s.sign(""))))
			p.refused(404, "UnknownEntity", "/doomed/below", "Endpoint does not exist")
		}
		p := s.dial(s.senderNode, s.door)
		p.write(p.head(target("doomed/not", "connect", "")))
		s.visit(spared.offer().Accept.Address).upgraded("")
		p.upgraded("")
	})
}

// TestDrain: a node that shuts down tells its listeners to go elsewhere and lets nobody in; its streams may end until the
// time is over, and are told then.
func TestDrain(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		c := s.registerAt(s.senderNode, "hyco", "")
		sender, listener := s.pair(c, "hyco", "")
		early := s.dial(s.senderNode, s.door)
		late, cancel := context.WithCancelCause(context.Background())
		over := make(chan error, 1)
		go func() { over <- s.senderNode.Shutdown(late) }()
		c.dismissed(1001, "The gateway is shutting down")
		c.send(wsframe.Close, nil)
		c.ended()
		for _, action := range []string{"listen", "connect"} {
			p := early
			if action == "connect" {
				p = s.dial(s.senderNode, s.door)
			}
			p.write(p.head(target("hyco", action, ""), credential(s.sign(""))))
			p.refused(503, "Draining", "/hyco")
		}
		sender.send(wsframe.Binary, pattern(100_000))
		listener.data(wsframe.Binary, pattern(100_000))
		cancel(errors.New("the time is over"))
		sender.dismissed(1001, "The gateway is shutting down")
		listener.dismissed(1001, "The gateway is shutting down")
		select {
		case <-over:
		case <-time.After(patience):
			s.t.Fatal("the shutdown does not end")
		}
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "Draining", "side": "gateway"})
		s.await(map[string]string{"msg": "closed", "shape": "listener", "reason": "Draining", "side": "gateway"})
		if conn, err := s.reach(s.senderNode.Door(s.door)); err == nil {
			_ = conn.Close()
			s.t.Error("the door is still open")
		}
	})
}

// TestDrainIdle: a node without streams is gone as soon as its listeners have been told.
func TestDrainIdle(t *testing.T) {
	bubbles(t, func(s *set) {
		c := s.register("hyco", "")
		over := make(chan error, 1)
		go func() { over <- s.listenerNode.Shutdown(context.Background()) }()
		c.dismissed(1001, "The gateway is shutting down")
		c.send(wsframe.Close, nil)
		c.ended()
		select {
		case err := <-over:
			if err != nil {
				s.t.Error(err)
			}
		case <-time.After(patience):
			s.t.Fatal("the shutdown does not end")
		}
		if s.listenerNode != s.senderNode {
			synctest.Wait() // the other node has heard it
			s.arrive("hyco", "").refused(404, "NoListener", "/hyco")
		}
	})
}

// TestNodeDies: a node that dies takes its listeners with it: the others know at once, and a sender that waited for one is
// told.
func TestNodeDies(t *testing.T) {
	bubbles(t, func(s *set) {
		if s.listenerNode == s.senderNode {
			return
		}
		c := s.register("hyco", "")
		sender := s.arrive("hyco", "")
		c.offer()
		synctest.Wait() // the sender's node has heard that the listener was told: until then the node is what is lost
		s.Kill(1)
		sender.refused(502, "ListenerLost", "/hyco")
		s.arrive("hyco", "").refused(404, "NoListener", "/hyco", "There are no listeners connected")
		s.pair(s.registerAt(s.senderNode, "hyco", ""), "hyco", "")
	})
}

// TestRefusedListens: every no that a listener can get at its handshake but the quota's, and that none but an unknown
// entity's is a 404 (section 1, rule 2).
func TestRefusedListens(t *testing.T) {
	both(t, func(s *set) {
		only := entity.NewRule("SendOnly", entity.Send)
		s.Add(&entity.Entity{Name: "ruled", Rules: []entity.Rule{only}})
		for i, row := range []struct {
			token, code string
			message     []string
		}{
			{"", "MissingToken", []string{"MissingToken", "token", "http://localhost"}},
			{"SharedAccessSignature of nothing", "MalformedToken", []string{"MalformedToken", "token"}},
			{s.Token(s.Root(), "http://localhost/other", inAnHour()), "InvalidAudience", []string{"InvalidAudience", "token"}},
			{s.Token(s.Root(), "http://elsewhere.example/", inAnHour()), "InvalidAudience", []string{"InvalidAudience", "token"}},
			{s.Token(s.Root(), "http://localhost/", time.Now().Add(-time.Hour)), "ExpiredToken", []string{"ExpiredToken", "Expiration time: '"}},
			{s.Token(&only, "http://localhost/ruled", inAnHour()), "RightMissing", []string{"Authorization failed for specified action: Listen"}},
			{s.Sign("http://localhost/", "NoSuchRule", "no-key-of-anybody-here", inAnHour()), "InvalidSignature", []string{"The token has an invalid signature"}},
		} {
			path := fmt.Sprintf("ruled/%d", i) // refusals at one address are held back after a while
			s.tryRegister(path, "", row.token).refused(401, row.code, "/"+path, row.message...)
		}
	})
}

// TestListenStorm: a client that dials again at once after each refusal is answered slowly, others are not.
func TestListenStorm(t *testing.T) {
	bubbles(t, func(s *set) {
		s.add("other")
		storm := func(path string) time.Duration {
			began := time.Now()
			s.tryRegister(path, "", "").refused(401, "MissingToken", "/"+path)
			return time.Since(began)
		}
		var took time.Duration
		for range 4 {
			took = storm("hyco")
		}
		if took < time.Second {
			s.t.Errorf("the fourth refusal in a row came after %v", took)
		}
		s.register("hyco", "") // a good token waits for nobody, and forgives
		if again := storm("hyco"); again >= time.Second {
			s.t.Errorf("the refusal behind a success came after %v", again)
		}
	})
}

// TestTargets: a targeting field means the GUID part of a listener's id, whatever follows it and at whichever node it is;
// ids that are no GUID are nobody's.
func TestTargets(t *testing.T) {
	const none = "None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria"
	both(t, func(s *set) {
		zero := strings.NewReplacer("1", "0", "4", "0", "8", "0").Replace(guid(1))
		c := s.registerAt(s.listenerNode, "hyco", "sb-hc-id="+guid(5)+"_G3")
		named := s.registerAt(s.listenerNode, "open", "sb-hc-id=123456")
		s.pair(c, "hyco", "", "Microsoft-Relay-AllowedListeners: "+guid(5))
		s.pair(c, "hyco", "", "microsoft-relay-allowedlisteners: junk, "+guid(5)+"_G9 ,"+guid(6))
		s.pair(named, "open", "", "Microsoft-Relay-DisallowedListeners: "+zero+", 123456,")
		for path, header := range map[string]string{
			"hyco":   "Microsoft-Relay-DisallowedListeners: " + guid(5),
			"hyco/a": "Microsoft-Relay-AllowedListeners: ",
			"hyco/b": "Microsoft-Relay-AllowedListeners: junk",
			"open":   "Microsoft-Relay-AllowedListeners: 123456",
			"open/a": "Microsoft-Relay-AllowedListeners: " + zero,
		} {
			s.arrive(path, "", header).refused(404, "NoMatchingListener", "/"+path, none)
		}
		many := strings.Repeat(guid(1)+",", 101)
		s.arrive("hyco", "", "Microsoft-Relay-AllowedListeners: "+many).refused(400, "BadRequest", "/hyco", "more than 100 ids")
	})
}
