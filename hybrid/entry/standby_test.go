package entry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// agentID is the id of the agents here.
const agentID = "0f0e0d0c-0b0a-4908-8706-050403020100"

// agent opens a control channel that asks for raw and n standby connections.
func (s *set) agent(n int) *channel {
	s.t.Helper()
	p := s.dial(s.listenerNode, s.door)
	ask := wire.Agent{Raw: true, Standby: n}.String()
	p.write(p.head(target("hyco", "listen", "sb-hc-id="+agentID), credential(s.sign("hyco")), wire.AgentField+": "+ask))
	if a := p.answer(); a.Status != 101 || a.Fields.Get(wire.AgentField) != ask {
		s.t.Fatalf("%d %s, granted %q", a.Status, a.Reason, a.Fields.Get(wire.AgentField))
	}
	return &channel{p, s, s.door == "http"}
}

// tryStand opens a connection that asks to stand by.
func (s *set) tryStand(n *testcluster.Node, id, protocol string, lines ...string) *peer {
	s.t.Helper()
	p := s.dial(n, s.door)
	return p.write(s.standbyHead(p, id, protocol, lines...))
}

// standbyHead is the request of a connection that asks to stand by.
func (*set) standbyHead(p *peer, id, protocol string, lines ...string) string {
	return "GET " + target("hyco", "standby", "sb-hc-id="+id) + " HTTP/1.1\r\nHost: " + p.host +
		"\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

// stand opens a connection that stands by.
func (s *set) stand() *peer {
	s.t.Helper()
	p := s.tryStand(s.listenerNode, agentID, "causeway/1", credential(s.sign("hyco")))
	if a := p.answer(); a.Status != 101 || a.Fields.Get("Upgrade") != "causeway/1" || a.Fields.Get("Connection") != "Upgrade" {
		s.t.Fatalf("%d %s %v", a.Status, a.Reason, a.Fields)
	}
	if len(p.in) > 0 {
		s.t.Errorf("%q behind the 101", p.in)
	}
	return p
}

// line reads one offer line.
func (p *peer) line() *acceptMessage {
	p.t.Helper()
	for {
		if i := bytes.IndexByte(p.in, '\n'); i >= 0 {
			m := new(acceptMessage)
			if err := json.Unmarshal(p.in[:i], m); err != nil || m.Accept.Address == "" || m.Accept.RemoteEndpoint.Port == 0 {
				p.t.Fatalf("offer line %q: %v", p.in, err)
			}
			p.c.Saw("an offer line", p.in[:i])
			p.in = p.in[i+1:]
			if len(p.in) > 0 {
				p.t.Errorf("%q behind the offer line", p.in)
			}
			return m
		}
		if err := p.more(); err != nil {
			p.t.Fatalf("offer line: %v behind %q", err, p.in)
		}
	}
}

// bytesAre reads exactly these bytes.
func (p *peer) bytesAre(want string) {
	p.t.Helper()
	for len(p.in) < len(want) {
		if err := p.more(); err != nil {
			p.t.Fatalf("%v behind %q", err, p.in)
		}
	}
	if got := string(p.in[:len(want)]); got != want {
		p.t.Errorf("%q, want %q", got, want)
	}
	p.in = p.in[len(want):]
}

// TestStandby: an offer goes to the newest connection that stands by, whose answer line makes it the stream; without any left it
// goes by the control channel.
func TestStandby(t *testing.T) {
	both(t, func(s *set) {
		c := s.agent(2)
		older, newer := s.stand(), s.stand()
		s.tryStand(s.listenerNode, agentID, "causeway/1", credential(s.sign("hyco"))).refused(409, "Conflict", "/hyco", "As many")
		for i, one := range []*peer{newer, older} {
			sender := s.arrive("hyco/deep", fmt.Sprintf("x=%d", i), "Sec-WebSocket-Protocol: p1, p2", "X-Custom: yes")
			m := one.line()
			if h := m.Accept.ConnectHeaders; h["X-Custom"] != "yes" || h["Sec-WebSocket-Key"] != sampleKey || !strings.Contains(m.Accept.Address, fmt.Sprintf("/$hc/hyco/deep?x=%d&sb-hc-action=accept", i)) {
				s.t.Errorf("offer %+v", m)
			}
			one.write("200 p2\nearly ")
			sender.upgraded("p2")
			one.write("bytes")
			var got []byte
			for len(got) < len("early bytes") {
				op, b, _, err := sender.tryData()
				if err != nil || op != wsframe.Binary {
					s.t.Fatal(op, err)
				}
				got = append(got, b...)
			}
			if string(got) != "early bytes" {
				s.t.Errorf("%q", got)
			}
			sender.send(wsframe.Text, []byte("to the agent")).sendClose(1000, "")
			one.bytesAre("to the agent")
			one.ended()
		}
		sender := s.arrive("hyco", "")
		listener := s.visit(c.offer().Accept.Address).upgraded("")
		sender.upgraded("")
		listener.send(wsframe.Text, []byte("x"))
		sender.data(wsframe.Text, []byte("x"))
	})
}

// TestStandbyRejects: another status than 200 is the sender's answer.
func TestStandbyRejects(t *testing.T) {
	both(t, func(s *set) {
		s.agent(1)
		one := s.stand()
		sender := s.arrive("hyco", "")
		one.line()
		one.write("451 No way, Jose & co\n")
		if a := sender.answer(); a.Status != 451 || a.Reason != "No way, Jose & co" {
			s.t.Errorf("%d %q", a.Status, a.Reason)
		}
		one.ended()
	})
}

// TestStandbyHostile: whatever a connection does in place of an answer line costs it the sender, and nobody else.
func TestStandbyHostile(t *testing.T) {
	both(t, func(s *set) {
		c := s.agent(1)
		for name, do := range map[string]func(one *peer) (fallsBack bool){
			"goes":           func(one *peer) bool { _ = one.conn.Close(); return true },
			"half a line":    func(one *peer) bool { one.write("20"); _ = one.conn.Close(); return true },
			"an endless one": func(one *peer) bool { _ = one.tryWrite(bytes.Repeat([]byte("2"), 5000)); return true },
			"no status":      func(one *peer) bool { one.write("hello\n"); return false },
			"no number":      func(one *peer) bool { one.write("2x0 p\n"); return false },
			"a control byte": func(one *peer) bool { one.write("200 a\x01b\n"); return false },
		} {
			one := s.stand()
			sender := s.arrive("hyco", "")
			one.line()
			if do(one) {
				listener := s.visit(c.offer().Accept.Address).upgraded("")
				sender.upgraded("")
				listener.send(wsframe.Binary, []byte(name))
				sender.data(wsframe.Binary, []byte(name))
				continue
			}
			sender.refused(502, "ListenerLost", "/hyco")
		}
	})
}

// TestStandbyGoneBefore: a connection that went, or spoke, before its offer is not relied on.
func TestStandbyGoneBefore(t *testing.T) {
	both(t, func(s *set) {
		c := s.agent(1)
		for _, early := range []string{"", "hello?", ""} { // in one piece with the request: behind an offer it would be the answer
			one := s.standsAgain(early)
			if early == "" {
				_ = one.conn.Close()
			}
			sender := s.arrive("hyco", "")
			s.visit(c.offer().Accept.Address).upgraded("")
			sender.upgraded("")
			_ = one.conn.Close()
		}
	})
}

// standsAgain opens a connection that stands by, as soon as there is room for one, and says something before it is asked.
func (s *set) standsAgain(early string) *peer {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		p := s.dial(s.listenerNode, s.door)
		p.write(s.standbyHead(p, agentID, "causeway/1", credential(s.sign("hyco"))) + early)
		a := p.answer()
		if a.Status == 101 {
			return p
		}
		_ = p.conn.Close()
		if time.Now().After(end) {
			s.t.Fatalf("%d %s", a.Status, a.Reason)
		}
	}
}

// TestStandbyRefused: who may not listen may not stand by, nor who listens elsewhere.
func TestStandbyRefused(t *testing.T) {
	both(t, func(s *set) {
		s.agent(1)
		s.tryStand(s.listenerNode, agentID, "causeway/1").refused(401, "MissingToken", "/hyco")
		s.tryStand(s.listenerNode, "00000000-0000-4000-8000-000000000000", "causeway/1", credential(s.sign("hyco"))).refused(409, "Conflict", "/hyco")
		s.tryStand(s.listenerNode, agentID, "websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: "+sampleKey, credential(s.sign("hyco"))).
			refused(400, "UpgradeRequired", "/hyco", "causeway/1")
		if s.senderNode != s.listenerNode {
			s.tryStand(s.senderNode, agentID, "causeway/1", credential(s.sign("hyco"))).refused(409, "Conflict", "/hyco")
		}
		c := s.register("hyco", "sb-hc-id=11111111-2222-4333-8444-555555555555") // asks for nothing
		s.tryStand(s.listenerNode, "11111111-2222-4333-8444-555555555555", "causeway/1", credential(s.sign("hyco"))).refused(409, "Conflict", "/hyco")
		_ = c.conn.Close()
	})
}

// TestStandbyEndsWithItsChannel: connections that wait end when the listener leaves, and when its entity goes.
func TestStandbyEndsWithItsChannel(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		c := s.agent(2)
		one, two := s.stand(), s.stand()
		c.sendClose(1000, "bye")
		one.ended()
		two.ended()
		s.agent(1)
		three := s.stand()
		if err := s.Store().Delete(s.t.Context(), addressOf(s.t, "hyco"), store.Any); err != nil {
			s.t.Fatal(err)
		}
		three.ended()
	})
}

func addressOf(t *testing.T, name string) entity.Address {
	t.Helper()
	at, err := entity.NewAddress("", name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestRawSender: a sender that says beside its upgrade that bytes would do gets them; the listener sees an ordinary handshake.
func TestRawSender(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		sender := s.arrive("hyco", "", wire.AgentField+": raw")
		m := c.offer()
		if h := m.Accept.ConnectHeaders; h["Sec-WebSocket-Key"] != sampleKey || h["Upgrade"] != "websocket" || h[wire.AgentField] != "" {
			s.t.Errorf("headers %v", h)
		}
		listener := s.visit(m.Accept.Address).upgraded("")
		if a := sender.answer(); a.Status != 101 || a.Fields.Get("Upgrade") != "causeway/1" || a.Fields.Has("Sec-WebSocket-Accept") {
			s.t.Errorf("%d %v", a.Status, a.Fields)
		}
		sender.write("bytes")
		listener.data(wsframe.Binary, []byte("bytes"))
		listener.send(wsframe.Text, []byte("message")).sendClose(1000, "")
		sender.bytesAre("message")
		sender.ended()
	})
}
