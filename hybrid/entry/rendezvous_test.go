package entry_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Bodies of every size, both ways, and the ways in which the SDKs end their answers.

// body frames a request's body.
func framed(n int, chunked bool) (line, body string) {
	data := string(pattern(n))
	if !chunked {
		return fmt.Sprintf("Content-Length: %d", n), data
	}
	var b []byte
	for rest := []byte(data); len(rest) > 0; {
		size := min(len(rest), 5000)
		b = http1.AppendChunk(b, rest[:size])
		rest = rest[size:]
	}
	return "Transfer-Encoding: chunked", string(b) + http1.LastChunk
}

// upload wants a request of n bytes, where it comes, and gives who has to be answered.
func (s *set) upload(c *channel, n int) (id string, at *peer) {
	s.t.Helper()
	q := c.asked()
	if n <= 65536 && !q.Pointer {
		if !bytes.Equal(q.body, pattern(n)) || q.Offer.Body != (n > 0) {
			s.t.Errorf("%d bytes of %d arrived on the control channel, announced %v", len(q.body), n, q.Offer.Body)
		}
		return q.ID, c.peer
	}
	if !q.Pointer || strings.Count(q.raw, `":`) != 3 {
		s.t.Errorf("%d bytes: a whole request in place of a pointer: %.200s", n, q.raw)
	}
	at = s.rendezvous(q)
	full := at.asked()
	if !bytes.Equal(full.body, pattern(n)) || full.ID != q.ID || full.Address != q.Address || full.Pointer {
		s.t.Errorf("%d bytes of %d arrived at the rendezvous of %s: %s", len(full.body), n, q.ID, full.raw)
	}
	return full.ID, at
}

// TestSizes: what fits goes by the control channel, all else by a rendezvous, in either framing, and nothing is lost.
func TestSizes(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		for _, n := range []int{0, 1, 32768, 65535, 65536, 65537, 200000} {
			for _, chunked := range []bool{false, true} {
				line, body := framed(n, chunked)
				p.write(p.request("POST", "/open", line) + body)
				id, at := s.upload(c, n)
				at.reply(id, "got it")
				if a := p.response("POST"); a.Status != 200 || a.Body != "got it" {
					t.Errorf("%d bytes, chunked %v: %d %q", n, chunked, a.Status, a.Body)
				}
				if at != c.peer {
					at.closes(1000, "NormalClosure")
					at.sendClose(1000, "").gone()
				}
			}
		}
		for _, n := range []int{0, 1, 65536, 200000} { // on the control channel the gateway takes more than it sends
			p.write(p.request("GET", "/open"))
			if err := c.tryReply(wire.Response{RequestID: c.asked().ID, Status: 200}, pattern(n)); err != nil {
				t.Fatal(err)
			}
			if a := p.response("GET"); a.Body != string(pattern(n)) || a.Fields.Get("Content-Length") != fmt.Sprint(n) {
				t.Errorf("%d bytes down: %d came, %v", n, len(a.Body), a.Fields)
			}
		}
	})
}

// TestAnswersByRendezvous: a listener that was asked on the control channel answers at the rendezvous, and ends the body in the
// way of its SDK (reference sections 8.4, 14.5, 14.10 and 14.17).
func TestAnswersByRendezvous(t *testing.T) {
	big := pattern(70000)
	rows := map[string]struct {
		body func(at *peer)
		part func(at *peer)
	}{
		"hyco-https, one write": {func(at *peer) { at.send(wsframe.Binary, big) }, nil},
		"hyco-https, two writes": {func(at *peer) {
			at.fragment(wsframe.Binary, false, big[:66560])
			at.fragment(wsframe.Cont, false, big[66560:])
			at.fragment(wsframe.Cont, true, nil)
		}, nil},
		".NET": {func(at *peer) {
			at.fragment(wsframe.Binary, false, big)
			at.fragment(wsframe.Cont, true, nil)
			at.sendClose(1000, "NormalClosure")
		}, func(at *peer) { at.closes(1000, "NormalClosure"); at.gone() }},
		"Java": {func(at *peer) {
			at.fragment(wsframe.Binary, false, big)
			at.sendClose(1000, "NormalClosure")
		}, func(at *peer) { at.closes(1000, "NormalClosure"); at.gone() }},
		"pings between, and a stray message behind": {func(at *peer) {
			at.fragment(wsframe.Binary, false, big[:10])
			at.send(wsframe.Ping, []byte("x"))
			at.send(wsframe.Pong, nil)
			at.fragment(wsframe.Cont, true, big[10:])
			at.send(wsframe.Binary, nil)
			at.send(wsframe.Text, []byte("{}"))
		}, func(at *peer) {
			f, err := at.tryFrame()
			if err != nil || f.Op != wsframe.Pong {
				at.t.Errorf("the ping was answered with %v, %v", f.Op, err)
			}
			at.closes(1000, "NormalClosure")
		}},
	}
	both(t, func(s *set) {
		c := s.register("open", "")
		for name, row := range rows {
			p := s.sender()
			p.write(p.request("GET", "/open"))
			q := c.asked()
			at := s.rendezvous(q)
			at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
			row.body(at)
			if a := p.response("GET"); a.Body != string(big) || !strings.EqualFold(a.Fields.Get("Transfer-Encoding"), "chunked") {
				t.Errorf("%s: %d bytes of %d, %v", name, len(a.Body), len(big), a.Fields)
			}
			if row.part != nil {
				row.part(at)
			} else {
				at.closes(1000, "NormalClosure")
				at.sendClose(1000, "NormalClosure").gone()
			}
			c.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":500}}`, q.ID)) // again: nobody's
		}
		for _, status := range []int{200, 404} { // without a body at the rendezvous
			p := s.sender()
			p.write(p.request("GET", "/open"))
			q := c.asked()
			at := s.rendezvous(q)
			at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":%d,"body":false}}`, q.ID, status))
			if a := p.response("GET"); a.Status != status || a.Body != "" || a.Fields.Get("Content-Length") != "0" {
				t.Errorf("%d %q %v", a.Status, a.Body, a.Fields)
			}
			at.closes(1000, "NormalClosure")
		}
		for _, method := range []string{"HEAD", "GET"} { // a body that nobody may have does not hold the sender up
			status := map[string]int{"HEAD": 200, "GET": 304}[method]
			p := s.sender()
			p.write(p.request(method, "/open"))
			q := c.asked()
			at := s.rendezvous(q)
			at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":%d,"body":true}}`, q.ID, status))
			if a := p.response(method); a.Status != status || a.Body != "" {
				t.Errorf("%s: %d %q", method, a.Status, a.Body)
			}
			at.fragment(wsframe.Binary, false, big)
			at.fragment(wsframe.Cont, true, nil)
			at.closes(1000, "NormalClosure")
		}
	})
}

// TestEventsArriveAsWritten is the field case: the head before any body, and each event before the next is written; nothing waits
// for size or end. The other way round an upload arrives as it is sent.
func TestEventsArriveAsWritten(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		p.write(p.request("GET", "/open/events"))
		q := c.asked()
		at := s.rendezvous(q)
		at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"responseHeaders":{"Content-Type":"text/event-stream"},"body":true}}`, q.ID))
		a, err := p.tryHead()
		if err != nil || a.Status != 200 || a.Fields.Has("Content-Length") || a.Fields.Has("Content-Encoding") {
			t.Fatalf("the head before any body: %v, %v", a, err)
		}
		chunks := new(http1.Chunks)
		op := wsframe.Binary
		for i := range 50 {
			event := fmt.Appendf(nil, "data: %012d\n\n", i)
			at.fragment(op, false, event)
			op = wsframe.Cont
			got, err := p.tryPiece(chunks)
			if err != nil || !bytes.Equal(got, event) {
				t.Fatalf("event %d arrived as %q, %v", i, got, err)
			}
		}
		at.fragment(wsframe.Cont, true, nil)
		if rest, err := p.tryPiece(chunks); err != nil || len(rest) > 0 || !chunks.Done() {
			t.Errorf("the end: %q, %v", rest, err)
		}
		at.closes(1000, "NormalClosure")

		p.write(p.request("HEAD", "/open/events"))
		q = c.asked()
		c.reply(q.ID, "")
		p.response("HEAD")

		p.write(p.request("POST", "/open/live", "Transfer-Encoding: chunked"))
		for i := range 20 {
			part := fmt.Sprintf("part %d", i)
			p.write(string(http1.AppendChunk(nil, []byte(part))))
			if i == 0 { // it is not short, for it goes on: so it becomes a rendezvous
				q = c.asked()
				at = s.rendezvous(q)
				_, b, _, err := at.tryData()
				if m, bad := wire.Decode(b); err != nil || bad != nil || !m.Offer.Body {
					t.Fatalf("%s: %v, %v", b, err, bad)
				}
			}
			if f, err := at.tryFrame(); err != nil || f.Fin || string(f.payload) != part {
				t.Fatalf("part %d arrived as %v %q, %v", i, f.Header, f.payload, err)
			}
		}
		at.reply(q.ID, "early") // before the end of the request
		if a := p.response("POST"); a.Body != "early" {
			t.Errorf("the answer to a request that goes on: %q", a.Body)
		}
	})
}

// TestLateRendezvous: whoever comes too late, twice or for nobody gets its 101 and then Close 1001, as hyco-https needs it.
func TestLateRendezvous(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		p.write(p.request("GET", "/open"))
		q := c.asked()
		c.reply(q.ID, "answered")
		p.response("GET")
		s.rendezvous(q).dismissed(1001, "Unknown Connection ID")

		p.write(p.request("GET", "/open"))
		q = c.asked()
		at := s.rendezvous(q)
		s.rendezvous(q).dismissed(1001, "Unknown Connection ID")
		c.reply(q.ID, "by the channel") // it chose the rendezvous: this is nobody's
		at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
		at.send(wsframe.Binary, []byte("by rendezvous"))
		if a := p.response("GET"); a.Body != "by rendezvous" {
			t.Errorf("%q", a.Body)
		}
	})
}

// TestAnswerOnANewChannel: a listener that comes back with its own id answers there what it was asked before, as .NET does.
func TestAnswerOnANewChannel(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "sb-hc-id="+guid(5))
		p := s.sender()
		p.write(p.request("GET", "/open"))
		q := c.asked()
		next := s.register("open", "sb-hc-id="+guid(5))
		c.dismissed(1001)
		other := s.register("hyco", "")
		other.reply(q.ID, "not mine to answer")
		other.undisturbed() // so that it has been read
		next.reply(q.ID, "on the new one")
		if a := p.response("GET"); a.Status != 200 || a.Body != "on the new one" {
			t.Errorf("%d %s %q", a.Status, a.Reason, a.Body)
		}
	})
}

// TestWrongAddress: a listener that dials the address of a request as that of a connection ends this exchange and no other.
func TestWrongAddress(t *testing.T) {
	bubbles(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		p.write(p.request("GET", "/open"))
		q := c.asked()
		s.visit(strings.Replace(q.Address, "sb-hc-action=request", "sb-hc-action=accept", 1)).upgraded("").dismissed(1002)
		if a := p.response("GET"); a.Status != 502 || a.Fields.Get("Causeway-Error") != "BadAnswer" {
			s.t.Errorf("%d %v", a.Status, a.Fields)
		}
		p.write(p.request("GET", "/open"))
		c.reply(c.asked().ID, "next")
		if a := p.response("GET"); a.Body != "next" {
			s.t.Errorf("%q", a.Body)
		}
	})
}

// flood sends a body for ever and says how much left before the connection took no more.
func (p *peer) flood(next func(n int) []byte) (sent int64) {
	for i := 0; ; i++ {
		_ = p.conn.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		n, err := p.conn.Write(next(i))
		sent += int64(n)
		if err != nil {
			return sent
		}
	}
}

// TestExchangeBackPressure: a reader that stops stops the writer too, in both directions; the gateway keeps no more than its
// buffers and those of the kernel.
func TestExchangeBackPressure(t *testing.T) {
	const most = 64 << 20 // of buffers; offered is as much as the connections take
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		p.write(p.request("POST", "/open", fmt.Sprintf("Content-Length: %d", int64(1)<<40)))
		at := s.rendezvous(c.asked())
		piece := make([]byte, 64<<10)
		before := memory()
		if sent := p.flood(func(int) []byte { return piece }); sent > most {
			t.Errorf("%d bytes left although nobody reads them", sent)
		}
		if grown := int64(memory()) - int64(before); grown > 1<<20 {
			t.Errorf("the gateway keeps %d bytes of a request that nobody reads", grown)
		}
		at.reset()
		p.reset()

		p = s.sender()
		p.write(p.request("GET", "/open"))
		q := c.asked()
		at = s.rendezvous(q)
		at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
		before = memory()
		sent := at.flood(func(i int) []byte {
			h := wsframe.Header{Op: wsframe.Cont, Masked: true}
			if i == 0 {
				h.Op = wsframe.Binary
			}
			return wsframe.AppendFrame(nil, h, piece)
		})
		if sent > most {
			t.Errorf("%d bytes of an answer left although nobody reads them", sent)
		}
		if grown := int64(memory()) - int64(before); grown > 1<<20 {
			t.Errorf("the gateway keeps %d bytes of an answer that nobody reads", grown)
		}
		if a, err := p.tryHead(); err != nil || a.Status != 200 {
			t.Errorf("the head: %v", err)
		}
		if data, err := p.tryPiece(new(http1.Chunks)); err != nil || len(data) == 0 {
			t.Errorf("what was sent: %d bytes, %v", len(data), err)
		}
		at.reset()
		p.reset()
	})
}

// TestSenderGone is the field case, and the word for agents that asked for it.
func TestSenderGone(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "agents", AnonymousSenders: true})
		c := s.register("open", "")
		agent := s.dial(s.listenerNode, s.door)
		agent.write(agent.head(target("agents", "listen", ""), credential(s.sign("agents")), "Causeway-Agent: cancel, standby=3"))
		if a := agent.answer(); a.Status != 101 || a.Fields.Get("Causeway-Agent") != "cancel" {
			t.Fatalf("%d %v", a.Status, a.Fields)
		}
		for name, leave := range map[string]func(p *peer){"reset": (*peer).reset, "end": func(p *peer) { _ = p.conn.Close() }} {
			// In the middle of an answer: Close 1001 and the end of TCP.
			p := s.sender()
			p.write(p.request("GET", "/open"))
			q := c.asked()
			at := s.rendezvous(q)
			at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
			at.fragment(wsframe.Binary, false, []byte("some"))
			if _, err := p.tryHead(); err != nil {
				t.Fatal(err)
			}
			leave(p)
			at.leaves(1001)

			// While the listener works: SDKs are not told, what they say afterwards is dropped; agents are.
			tracking := map[string]string{"reset": guid(1), "end": guid(2)}[name]
			p = s.sender()
			p.write(p.request("GET", "/open?sb-hc-id="+tracking))
			q = c.asked()
			leave(p)
			s.await(map[string]string{"msg": "refused", "shape": "exchange", "reason": "SenderGone", "tracking": tracking})
			c.reply(q.ID, "too late")
			s.rendezvous(q).dismissed(1001)

			p = s.sender()
			p.write(p.request("GET", "/agents"))
			q = agent.asked()
			leave(p)
			agent.data(wsframe.Text, fmt.Appendf(nil, `{"cancel":{"id":%q}}`, q.ID))

			// In the middle of an upload: a loss, since a Close would be the end of the body.
			p = s.sender()
			p.write(p.request("POST", "/open", "Content-Length: 100000") + "begun")
			at = s.rendezvous(c.asked())
			if _, b, _, err := at.tryData(); err != nil || !bytes.Contains(b, []byte(`"body":true`)) {
				t.Fatalf("%s: %s, %v", name, b, err)
			}
			if f, err := at.tryFrame(); err != nil || string(f.payload) != "begun" {
				t.Fatalf("%s: %q, %v", name, f.payload, err)
			}
			leave(p)
			at.lost()
		}
		p := s.sender()
		p.write(p.request("GET", "/open/ping"))
		q := c.asked()
		if q.Target != "/open/ping" {
			t.Errorf("%s", q.Target)
		}
		c.reply(q.ID, "pong")
		if a := p.response("GET"); a.Body != "pong" {
			t.Errorf("%q", a.Body)
		}
	})
}

// leaves wants a Close with the code and then the end of TCP, although this side does not answer it.
func (p *peer) leaves(code int) {
	p.t.Helper()
	p.dismissed(code)
	for {
		if err := p.more(); err != nil {
			if isTimeout(err) {
				p.t.Errorf("TCP does not end behind the Close")
			}
			return
		}
	}
}

// TestTruncation: an answer that breaks off is never taken for a whole one.
func TestTruncation(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		for name, end := range map[string]func(at *peer){
			"loss":                   (*peer).reset,
			"end of TCP":             func(at *peer) { _ = at.conn.Close() },
			"Close with an error":    func(at *peer) { at.sendClose(1011, "broken") },
			"frame that is no frame": func(at *peer) { at.write("\xff\xff\xff\xff") },
		} {
			for _, old := range []bool{false, true} {
				p := s.sender()
				request := p.request("GET", "/open")
				if old {
					request = strings.Replace(request, "HTTP/1.1", "HTTP/1.0", 1)
				}
				p.write(request)
				q := c.asked()
				at := s.rendezvous(q)
				at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
				at.fragment(wsframe.Binary, false, []byte("half of it"))
				if _, err := p.tryHead(); err != nil {
					t.Fatal(err)
				}
				end(at)
				framing := http1.Framing{Kind: http1.Chunked}
				if old {
					framing.Kind = http1.UntilClose
				}
				body, err := p.tryBody(framing)
				if err == nil || old && errors.Is(err, io.EOF) {
					t.Errorf("%s, HTTP/1.0 %v: %q was taken for the whole body", name, old, body)
				}
			}
		}
	})
}
