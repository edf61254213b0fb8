package entry_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// What a peer sends on an open connection that it must not, and peers that want too much.

// masked makes a frame by hand: the first two bytes as given, the length's own bytes, the key, the payload.
func masked(b0 byte, payload string) string {
	h := []byte{b0, 0x80}
	switch n := len(payload); {
	case n <= 125:
		h[1] |= byte(n)
	case n <= 0xffff:
		h[1] |= 126
		h = binary.BigEndian.AppendUint16(h, uint16(n))
	default:
		h[1] |= 127
		h = binary.BigEndian.AppendUint64(h, uint64(n))
	}
	return string(h) + "\x00\x00\x00\x00" + payload
}

// breaches of RFC 6455 section 5 and the close code of each.
var breaches = map[string]struct {
	bytes string
	code  int
}{
	"unmasked":                    {"\x82\x02hi", 1002},
	"unmasked text":               {"\x81\x02{}", 1002},
	"unmasked ping":               {"\x89\x00", 1002},
	"reserved bit 1":              {masked(0xc2, "hi"), 1002},
	"reserved bit 2":              {masked(0xa1, "hi"), 1002},
	"reserved bit 3":              {masked(0x92, "hi"), 1002},
	"reserved bit of a ping":      {masked(0xc9, ""), 1002},
	"opcode 3":                    {masked(0x83, "hi"), 1002},
	"opcode 11":                   {masked(0x8b, ""), 1002},
	"long ping":                   {masked(0x89, strings.Repeat("p", 126)), 1002},
	"long close":                  {masked(0x88, "\x03\xe8"+strings.Repeat("c", 124)), 1002},
	"fragmented ping":             {masked(0x09, "p"), 1002},
	"continuation of nothing":     {masked(0x80, "hi"), 1002},
	"two messages in one":         {masked(0x01, "a") + masked(0x81, "b"), 1002},
	"length of 64 bits":           {"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1002},
	"close with one byte":         {masked(0x88, "\x03"), 1002},
	"close code 999":              {masked(0x88, "\x03\xe7"), 1002},
	"close code 1006":             {masked(0x88, "\x03\xee"), 1002},
	"close text that is no UTF-8": {masked(0x88, "\x03\xe8\xff"), 1007},
}

// TestBadFrames: a breach ends that connection with a Close that says what it was; the other side of a stream sees a loss,
// and nobody else anything.
func TestBadFrames(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		calm, calmer := s.pair(c, "hyco", "")
		n := 0
		for name, b := range breaches {
			for _, side := range []string{"sender", "listener"} {
				n++
				a, z := s.pair(c, "hyco", "sb-hc-id="+guid(n))
				if side == "listener" {
					a, z = z, a
				}
				a.write(b.bytes)
				a.breach(name+" of the "+side, b.code)
				_ = a.conn.Close() // else the gateway waits a moment for it
				z.broken()
				s.await(map[string]string{"msg": "closed", "shape": "stream", "tracking": guid(n), "reason": "BadFrame", "side": side})
			}
		}
		sent := s.Metric(s.index(s.senderNode), "causeway_closed_total", `reason="BadFrame",shape="stream"`)
		if sent != float64(n) {
			s.t.Errorf("%v of %d streams were closed for a bad frame", sent, n)
		}
		calm.send(wsframe.Text, []byte("undisturbed"))
		calmer.data(wsframe.Text, []byte("undisturbed"))
		c.undisturbed()
	})
}

// breach wants a Close with the code and the end.
func (p *peer) breach(name string, code int) {
	p.t.Helper()
	_, b, _, err := p.tryData()
	var c closed
	if !errors.As(err, &c) || c.code != code || c.text == "" {
		p.t.Errorf("%s: %v and %q, want Close %d", name, err, b, code)
		return
	}
	p.c.Saw("a Close", []byte(c.text))
}

// broken wants a loss behind whatever part of a message came.
func (p *peer) broken() {
	p.t.Helper()
	for {
		f, err := p.tryFrame()
		switch {
		case err == nil && !f.Op.Control() && !f.Fin:
		case err == nil || isTimeout(err) || err.Error() == "EOF":
			p.t.Errorf("%v %q and %v, want a loss", f.Op, f.payload, err)
			return
		default:
			return
		}
	}
}

// TestBadFramesOfListeners: the same on control channels.
func TestBadFramesOfListeners(t *testing.T) {
	both(t, func(s *set) {
		calm := s.register("hyco", "")
		for name, b := range breaches {
			c := s.register("hyco/below", "")
			c.write(b.bytes)
			c.breachOf(name, b.code)
			c.gone()
		}
		s.await(map[string]string{"msg": "closed", "shape": "listener", "reason": "BadFrame", "side": "listener"})
		s.pair(calm, "hyco", "")
	})
}

// breachOf is breach on a control channel.
func (c *channel) breachOf(name string, code int) {
	c.t.Helper()
	_, b, _, err := c.tryData()
	var end closed
	if !errors.As(err, &end) || end.code != code {
		c.t.Errorf("%s: %v and %q, want Close %d", name, err, b, code)
	}
}

// TestBadMessages: text that is no message, messages that nobody knows, answers that nobody asked for: all of it is ignored,
// and logged without what it says.
func TestBadMessages(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		token := s.sign("somewhere")
		for _, text := range []string{
			"", "{", "}", "[]", "null", "true", "12", `"text"`, "\xff\xfe", "{}", `{"unknown":{}}`, `{"accept":{}}`, `{"request":{}}`,
			`{"response":{"requestId":"1","statusCode":200,"responseHeaders":{},"body":false}}`, `{"response":null}`, `{"response":7}`,
			`{"injectFault":{"delay":"00:00:10"}}`, `{"renewToken":"` + token + `"}`, `{"renewToken":{"token":"` + token, `{"renewToken":{"token":7}}`,
			strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 50_000), `{"a":"` + strings.Repeat("x", 200_000) + `"}`,
			token, "sb-hc-token=" + formEncoded(token),
		} {
			c.send(wsframe.Text, []byte(text))
		}
		c.send(wsframe.Binary, nil).send(wsframe.Binary, []byte("stray")).send(wsframe.Binary, pattern(200_000))
		// An answer with a body takes the next message with it.
		c.send(wsframe.Text, []byte(`{"response":{"requestId":"1","statusCode":200,"body":true}}`)).send(wsframe.Binary, pattern(65536))
		c.pingPong()
		c.undisturbed()
		s.pair(c, "hyco", "")
	})
}

// TestLongMessages: a control message of more than 1 MiB ends the channel with 1009, in one frame or in many; one of less
// is ignored.
func TestLongMessages(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		c.send(wsframe.Text, pattern(1<<20))
		c.undisturbed()
		for _, send := range []func(c *channel){
			func(c *channel) { _ = c.trySend(wsframe.Text, pattern(2<<20)) },
			func(c *channel) { _ = c.tryWrite([]byte("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00")) },
			func(c *channel) {
				_ = c.tryWrite([]byte(masked(0x01, string(pattern(600_000)))))
				_ = c.tryWrite([]byte(masked(0x80, string(pattern(600_000)))))
			},
		} {
			c := s.register("hyco/below", "")
			send(c)
			c.breachOf("a long message", 1009)
			c.gone()
		}
		s.await(map[string]string{"msg": "closed", "shape": "listener", "reason": "TooLarge", "side": "listener"})
		s.pair(c, "hyco", "")
	})
}

// dialFrom opens a connection to the sender's node from another address of this machine.
func (s *set) dialFrom(address string) *peer {
	s.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: patience}
	conn, err := d.Dial("tcp", s.senderNode.Door("http"))
	if err != nil {
		s.t.Skipf("no second loopback address here: %v", err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &peer{t: s.t, c: s.Cluster, host: s.senderNode.Host("http"), conn: conn}
}

// TestGuessing: whoever dials wrong addresses is not even looked at after a while, right address or not; others are.
func TestGuessing(t *testing.T) {
	echoing(t, func(s *set, c *channel) {
		wrong := func(id string) string {
			p := s.dialFrom("127.0.0.9")
			return p.write(p.head("/$hc/echo?sb-hc-action=accept&sb-hc-id="+id)).refused(400, "UnknownTicket", "/echo").Reason
		}
		tooMany := false
		for i := 0; i < 200 && !tooMany; i++ {
			tooMany = strings.HasPrefix(wrong("0001"+guid(i)[4:]), "Too many wrong rendezvous addresses")
		}
		if !tooMany {
			s.t.Fatal("200 wrong addresses were all looked at")
		}
		sender := s.arrive("echo", "")
		m := c.offer()
		if got := wrong(m.Accept.ID); !strings.HasPrefix(got, "Too many wrong") {
			s.t.Skipf("the machine is so slow that guesses were forgiven: %s", got)
		}
		s.visit(m.Accept.Address).upgraded("") // from 127.0.0.1, which made no wrong guess
		sender.upgraded("")
	})
}

// TestManyPending: senders that wait are bounded, for one source and in all; the next is told 503 with the limit's name, the
// account and the metric name the reason, and there is room again when one has left.
func TestManyPending(t *testing.T) {
	const perSource, all = 20, 30
	echoing(t, func(s *set, c *channel) {
		wait := func(from string) (*peer, *acceptMessage) {
			p := s.dialFrom(from)
			p.write(p.head("/$hc/echo?sb-hc-action=connect"))
			return p, c.offer()
		}
		full := func(from, limit string) {
			s.t.Helper()
			p := s.dialFrom(from)
			p.write(p.head("/$hc/echo?sb-hc-action=connect"))
			p.refused(503, "Overloaded", "/echo", limit)
		}
		var waiting []*peer
		for range perSource {
			p, _ := wait("127.0.0.1")
			waiting = append(waiting, p)
		}
		full("127.0.0.1", "limits.pendingPerSource")
		var last *acceptMessage
		for range all - perSource {
			_, last = wait("127.0.0.2")
		}
		full("127.0.0.3", "limits.pending allows")
		if got := s.Metric(0, "causeway_pending", ""); got != all {
			s.t.Errorf("%v are pending", got)
		}
		if got := s.Metric(0, "causeway_refused_total", `door="http",reason="Overloaded"`); got != 2 {
			s.t.Errorf("the metric counts %v", got)
		}
		s.await(map[string]string{"msg": "refused", "shape": "stream", "reason": "Overloaded", "side": "gateway"})
		waiting[0].reset()
		s.await(map[string]string{"msg": "refused", "reason": "SenderGone"})
		wait("127.0.0.1")
		full("127.0.0.1", "limits.pending")
		s.visit(last.Accept.Address).upgraded("") // a stream that came to be does not wait
		wait("127.0.0.2")
	}, testcluster.WithConfig(func(_ int, c *config.Config) {
		c.Limits.Pending, c.Limits.PendingPerSource = all, perSource
	}))
}

// TestConnectionLimit: listeners and senders together are bounded; who leaves makes room.
func TestConnectionLimit(t *testing.T) {
	const limit = 4
	both(t, func(s *set) {
		if s.listenerNode != s.senderNode {
			return // the limit is a node's: the first set-up has both on one
		}
		c := s.register("hyco", "")
		sender, listener := s.pair(c, "hyco", "")
		for i := range limit - 2 {
			s.register("hyco", "sb-hc-id="+guid(i))
		}
		s.tryRegister("hyco/a", "", s.sign("")).refused(403, "ConnectionLimit", "/hyco/a", fmt.Sprintf("The quota of %d concurrent connections", limit))
		s.arrive("hyco", "").refused(403, "ConnectionLimit", "/hyco", "quota")
		sender.sendClose(1000, "")
		listener.closes(1000, "")
		listener.sendClose(1000, "")
		s.await(map[string]string{"msg": "closed", "shape": "stream"})
		for deadline := time.Now().Add(patience); ; { // the account is written before the slot is given back
			p := s.arrive("open/b", "")
			if a := p.answer(); a.Status == 404 {
				return
			} else if a.Status != 403 || time.Now().After(deadline) {
				s.t.Fatalf("status %d %q with room", a.Status, a.Reason)
			}
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.Connections = limit }))
}

// TestHalfOpen: connections that never say anything, handshakes that stop half-way and rendezvous dialled but never finished
// hold nothing for longer than timeouts.head, and nobody who does better waits for them.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	const many = 50
	echoing(t, func(s *set, c *channel) {
		var silent []*peer
		for i := range many {
			sender := s.arrive("echo", "")
			m := c.offer()
			_, target, _ := strings.Cut(strings.TrimPrefix(m.Accept.Address, "ws://"), "/")
			half := s.dial(s.senderNode, "http")
			head := half.head("/" + target)
			half.write(head[:len(head)-2-i%20])
			silent = append(silent, half, s.dial(s.senderNode, "http"))
			_ = sender
		}
		s.pair(c, "echo", "") // with all of them about
		for _, p := range silent {
			if a := p.answer(); a.Status != 408 {
				s.t.Errorf("status %d %q", a.Status, a.Reason)
			}
			p.ended()
		}
		if got := s.Metric(0, "causeway_pending", ""); got != many {
			s.t.Errorf("%v senders wait, %d came", got, many)
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Head = time.Second }))
}
