package entry_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// The rendezvous of reference section 7: accept, reject, and everything that can be wrong with either.

const unknownID = "Unknown Connection ID: "

// accept is a rendezvous request with a target of the test's own.
func (s *set) visitTarget(target string) *peer {
	s.t.Helper()
	p := s.dial(s.senderNode, s.door)
	return p.write(p.head(target))
}

// TestRejectWords: status and words of a listener reach the sender as they are.
func TestRejectWords(t *testing.T) {
	rejects := []struct {
		status      int
		query, want string // as form-encoded by the listener, as the sender reads it
	}{
		{100, "Continue", "Continue"},
		{200, "OK", "OK"},
		{204, "", ""},
		{299, "", ""},
		{304, "Not+Modified", "Not Modified"},
		{404, "Not+here%3B+%22there%22%3F", `Not here; "there"?`},
		{418, "100%25+%2B+1+%3D+101%26", "100% + 1 = 101&"},
		{450, "%20", " "},
		{503, "one%0D%0Atwo%00three", "one  two three"},
		{599, "%C3%A4+%E7%B5%82", "? ?"},
		{999, strings.Repeat("x", 2000), strings.Repeat("x", 1024)},
	}
	both(t, func(s *set) {
		c := s.register("hyco", "")
		for _, r := range rejects {
			sender := s.arrive("hyco", "")
			p := s.visit(fmt.Sprintf("%s&sb-hc-statusCode=%d&sb-hc-statusDescription=%s", c.offer().Accept.Address, r.status, r.query))
			if a := p.answer(); a.Status != 410 || a.Reason != "Gone" {
				s.t.Errorf("%d: the rejecter got %d %q", r.status, a.Status, a.Reason)
			}
			p.ended()
			a := sender.answer()
			if a.Status != r.status || strings.TrimSpace(a.Reason) != strings.TrimSpace(r.want) {
				s.t.Errorf("the sender got %d %q, want %d %q", a.Status, a.Reason, r.status, r.want)
			}
			if a.Fields.Get("Content-Length") != "0" || !strings.EqualFold(a.Fields.Get("Connection"), "close") {
				s.t.Errorf("%d: fields %v", r.status, a.Fields)
			}
			sender.ended()
		}
		s.await(map[string]string{"msg": "refused", "shape": "stream", "reason": "Rejected", "text": "Not Modified"})
	})
}

// TestOldReject: the names without prefix, as old Node listeners append them, reject; in the sender's own query they mean
// nothing.
func TestOldReject(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		sender := s.arrive("hyco", "")
		s.visit(c.offer().Accept.Address + "&statusCode=401&statusDescription=Not+you").answer()
		sender.rejected(401, "Not you")

		sender = s.arrive("hyco", "statusCode=404&statusDescription=mine")
		m := c.offer()
		if !strings.Contains(m.Accept.Address, "?statusCode=404&statusDescription=mine&sb-hc-action=accept&") {
			s.t.Errorf("address %s", m.Accept.Address)
		}
		s.visit(m.Accept.Address).upgraded("")
		sender.upgraded("")

		sender = s.arrive("hyco", "statusCode=404")
		s.visit(c.offer().Accept.Address + "&sb-hc-statusCode=403&sb-hc-statusDescription=both").answer()
		sender.rejected(403, "both")
	})
}

// TestBadReject: a status that is none is refused, and the sender stays pending for a better one.
func TestBadReject(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		sender := s.arrive("hyco", "")
		address := c.offer().Accept.Address
		for _, status := range []string{"99", "1000", "0", "-1", "", "abc", "4e2", "400.0", "99999999999999999999"} {
			p := s.visit(address + "&sb-hc-statusCode=" + status + "&sb-hc-statusDescription=no")
			p.refused(400, "BadRequest", "/hyco", "sb-hc-statusCode must be an integer between 100 and 999")
		}
		listener := s.visit(address).upgraded("")
		sender.upgraded("").send(wsframe.Text, []byte("still there"))
		listener.data(wsframe.Text, []byte("still there"))
	})
}

// TestTicketOnce: an address is good once, for an accept or a reject, and as long as its sender waits.
func TestTicketOnce(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		s.arrive("hyco", "")
		m := c.offer()
		s.visit(m.Accept.Address).upgraded("")
		late := func(address, id string) {
			s.t.Helper()
			p := s.visit(address)
			p.refused(400, "UnknownTicket", "/hyco", unknownID+id, "Is the listener accepting the connection too late?")
		}
		late(m.Accept.Address, m.Accept.ID)
		late(wire.RejectAddress(m.Accept.Address, 400, "no"), m.Accept.ID)

		sender := s.arrive("hyco", "")
		m = c.offer()
		s.reject(m.Accept.Address, 400, "no")
		sender.rejected(400, "no")
		late(m.Accept.Address, m.Accept.ID)

		sender = s.arrive("hyco", "")
		m = c.offer()
		sender.reset()
		s.await(map[string]string{"msg": "refused", "reason": "SenderGone", "ticket": m.Accept.ID[:36]})
		late(m.Accept.Address, m.Accept.ID)
		s.await(map[string]string{"msg": "refused", "shape": "rendezvous", "reason": "UnknownTicket"})
	})
}

// TestUnknownTickets: ids that were never given out, that are none, and those of nodes that do not exist.
func TestUnknownTickets(t *testing.T) {
	both(t, func(s *set) {
		for _, id := range []string{
			guid(1) + "_G1", "0001" + guid(7)[4:] + "_G1", "fffe" + guid(7)[4:] + "_G65534", "123456", "G1", "",
			strings.Repeat("0", 36), "{" + guid(1) + "}",
		} {
			for _, end := range []string{"", "&sb-hc-statusCode=400"} {
				p := s.visitTarget("/$hc/hyco?sb-hc-action=accept&sb-hc-id=" + url.QueryEscape(id) + end)
				p.refused(400, "UnknownTicket", "/hyco", unknownID+id, "Is the listener accepting the connection too late?")
			}
		}
		p := s.visitTarget("/$hc/hyco?sb-hc-action=accept")
		p.refused(400, "UnknownTicket", "/hyco", unknownID)
	})
}

// TestUnknownRequest: a request rendezvous is never refused by HTTP: hyco-https would die of it (section 1, rule 6).
func TestUnknownRequest(t *testing.T) {
	both(t, func(s *set) {
		for _, query := range []string{"&sb-hc-id=" + guid(9) + "_G1", "", "&sb-hc-id=" + strings.Repeat("x", 300), "&sb-hc-id=%00"} {
			p := s.visitTarget("/$hc/hyco?sb-hc-action=request" + query).upgraded("")
			p.dismissed(1001, "TrackingId:")
			p.ended()
		}
		s.await(map[string]string{"msg": "refused", "shape": "rendezvous", "reason": "UnknownTicket"})
	})
}

// TestAcceptTimeout: a sender whose listener does not come gets 504, and the address is void then.
func TestAcceptTimeout(t *testing.T) {
	t.Parallel()
	both(t, func(s *set) {
		c := s.register("hyco", "")
		sender := s.arrive("hyco", "")
		m := c.offer()
		sender.refused(504, "AcceptTimeout", "/hyco")
		p := s.visit(m.Accept.Address)
		p.refused(400, "UnknownTicket", "/hyco", unknownID+m.Accept.ID)
		if got := s.Metric(s.index(s.senderNode), "causeway_offers_total", `outcome="ignored"`); got != 1 {
			s.t.Errorf("%v offers were ignored", got)
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Accept = 300 * time.Millisecond }))
}

// TestListenerLostWhilePending: a listener that leaves, in order or not, fails the senders that wait for it with 502.
func TestListenerLostWhilePending(t *testing.T) {
	both(t, func(s *set) {
		for _, leave := range []func(c *channel){
			func(c *channel) { c.reset() },
			func(c *channel) { _ = c.conn.Close() },
			func(c *channel) { c.shutdown() },
		} {
			c := s.register("hyco", "")
			sender := s.arrive("hyco", "")
			m := c.offer()
			leave(c)
			sender.refused(502, "ListenerLost", "/hyco")
			s.visit(m.Accept.Address).refused(400, "UnknownTicket", "/hyco", unknownID+m.Accept.ID)
		}
	})
}

// TestEarlyData: what a listener sends behind its handshake, and a sender behind its own, waits for the other's 101.
func TestEarlyData(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		early := func(text string) string {
			return string(wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: wsframe.Text, Masked: true}, []byte(text)))
		}
		sender := s.dial(s.senderNode, s.door)
		sender.write(sender.head(target("hyco", "connect", ""), credential(s.sign("hyco"))) + early("from the sender"))
		a, err := wire.ParseAddress(c.offer().Accept.Address)
		if err != nil {
			s.t.Fatal(err)
		}
		listener, err := s.tryDial(s.senderNode.Door(s.door), a.Authority, a.Plain)
		if err != nil {
			s.t.Fatal(err)
		}
		listener.write(listener.head(a.Target) + early("from the listener"))
		listener.upgraded("").data(wsframe.Text, []byte("from the sender"))
		sender.upgraded("").data(wsframe.Text, []byte("from the listener"))
	})
}

// TestSubprotocol: the first of the listener's choice that the sender offered stands in both 101s, or none.
func TestSubprotocol(t *testing.T) {
	rows := []struct{ offered, chosen, want string }{
		{"", "", ""},
		{"", "wss", ""},
		{"a, b", "", ""},
		{"a, b", "b", "b"},
		{"a, b", "c, b, a", "b"},
		{"a,b", "a,b", "a"},
		{"a", "A", ""},
	}
	both(t, func(s *set) {
		c := s.register("hyco", "")
		line := func(list string) []string {
			if list == "" {
				return nil
			}
			return []string{"Sec-WebSocket-Protocol: " + list}
		}
		for _, row := range rows {
			sender := s.arrive("hyco", "", line(row.offered)...)
			m := c.offer()
			if got := m.Accept.ConnectHeaders["Sec-WebSocket-Protocol"]; got != row.offered {
				s.t.Errorf("the listener is shown the offer %q, not %q", got, row.offered)
			}
			s.visit(m.Accept.Address, line(row.chosen)...).upgraded(row.want)
			sender.upgraded(row.want)
		}
	})
}

// TestJunkOfNode: hyco-ws sends a field named 0 with its accept, offers compression, and spells its key oddly; nothing of
// it is answered.
func TestJunkOfNode(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		sender := s.arrive("hyco", "", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
		listener := s.visit(c.offer().Accept.Address, "0: Sec-WebSocket-Extensions: permessage-deflate",
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits").upgraded("")
		sender.upgraded("").send(wsframe.Text, []byte("plain"))
		listener.data(wsframe.Text, []byte("plain"))
		if wsframe.AcceptKey("MTMtMTc5NTMwNjE5MDAwMA") == "" {
			t.Skip()
		}
		p := s.dial(s.senderNode, s.door)
		p.write(strings.Replace(p.head(target("hyco", "listen", ""), credential(s.sign(""))), sampleKey, "MTMtMTc5NTMw", 1))
		if a := p.answer(); a.Status != 101 || a.Fields.Get("Sec-WebSocket-Accept") != wsframe.AcceptKey("MTMtMTc5NTMw") {
			s.t.Errorf("a short key was answered %d %q", a.Status, a.Reason)
		}
	})
}

// TestWrongNode: a listener behind a plain balancer dials the right address at the wrong node; it is carried there, the
// reject too.
func TestWrongNode(t *testing.T) {
	both(t, func(s *set) {
		if s.listenerNode == s.senderNode {
			return // there is no wrong node
		}
		c := s.register("hyco", "")
		wrong := func(m *acceptMessage) *peer {
			a, err := wire.ParseAddress(m.Accept.Address)
			if err != nil {
				s.t.Fatal(err)
			}
			if a.Authority != s.senderNode.Host("https") {
				s.t.Errorf("address %s does not lead to the sender's node", m.Accept.Address)
			}
			p := s.dial(s.listenerNode, s.door)
			return p.write(p.head(a.Target))
		}
		for range 3 {
			sender := s.arrive("hyco", "")
			listener := wrong(c.offer()).upgraded("")
			sender.upgraded("").send(wsframe.Binary, pattern(100_000)).sendClose(4001, "bye")
			listener.data(wsframe.Binary, pattern(100_000))
			listener.closes(4001, "bye")
			listener.sendClose(4001, "bye").ended()
			sender.closes(4001, "bye")
			sender.ended()
		}
		sender := s.arrive("hyco", "")
		listener := wrong(c.offer()).upgraded("")
		sender.upgraded("").reset()
		listener.lost()

		sender = s.arrive("hyco", "")
		m := c.offer()
		m.Accept.Address += "&sb-hc-statusCode=403&sb-hc-statusDescription=no"
		if a := wrong(m).answer(); a.Status != 410 {
			s.t.Errorf("the rejecter got %d %q", a.Status, a.Reason)
		}
		sender.rejected(403, "no")
		wrong(m).refused(400, "UnknownTicket", "/hyco", unknownID+m.Accept.ID)
	})
}

// TestWrongNodeEnds: a listener that was carried and keeps its connection open after the stream has ended is cut off; one
// that cannot be carried is told.
func TestWrongNodeEnds(t *testing.T) {
	bubbles(t, func(s *set) {
		if s.listenerNode == s.senderNode {
			return
		}
		c := s.register("hyco", "")
		carried := func(m *acceptMessage) *peer {
			a, err := wire.ParseAddress(m.Accept.Address)
			if err != nil {
				s.t.Fatal(err)
			}
			p := s.dial(s.listenerNode, s.door)
			return p.write(p.head(a.Target))
		}
		sender := s.arrive("hyco", "")
		listener := carried(c.offer()).upgraded("")
		sender.upgraded("").sendClose(1000, "")
		listener.closes(1000, "")
		listener.sendClose(1000, "").ended() // the end is there, and the listener does not end its own direction
		sender.closes(1000, "")
		tcp := listener.conn.(*tls.Conn).NetConn()
		_ = tcp.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, tcp); isTimeout(err) {
			s.t.Error("the connection was kept open")
		}

		sender = s.arrive("hyco", "")
		m := c.offer()
		s.Net().Partition(1, 2)
		carried(m).refused(502, "NodeLost", "/hyco")
		sender.reset()
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Idle = 300 * time.Millisecond }))
}
