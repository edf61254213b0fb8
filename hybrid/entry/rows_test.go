package entry_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// The rows of reference section 16.6, which are the official .NET suite as cases. Rows 7, 10 and 15 test only the client.

const (
	authenticated   = "authenticated"
	unauthenticated = "unauthenticated"
)

// rows runs a story on one node and on two, on an entity that asks senders for tokens and on one that does not.
func rows(t *testing.T, story func(s *set, path string)) {
	t.Helper()
	both(t, func(s *set) {
		s.add(authenticated)
		s.Add(&entity.Entity{Name: unauthenticated, AnonymousSenders: true})
		for _, path := range []string{authenticated, unauthenticated} {
			s.t.Run(path, func(t *testing.T) { story(s.in(t), path) })
		}
	})
}

// in is the set for a test below.
func (s *set) in(t *testing.T) *set {
	return &set{Cluster: s.Cluster, t: t, listenerNode: s.listenerNode, senderNode: s.senderNode, door: s.door, host: s.host}
}

// call opens a sender's connection on either entity of the rows; a token goes along where one is asked for.
func (s *set) call(path string, lines ...string) *peer {
	s.t.Helper()
	p := s.dial(s.senderNode, s.door)
	if path != unauthenticated {
		lines = append(lines, credential(s.sign(path)))
	}
	return p.write(p.head(target(path, "connect", ""), lines...))
}

// together is a stream between a new sender and the channel's listener.
func (s *set) together(c *channel, path string, lines ...string) (sender, listener *peer) {
	s.t.Helper()
	sender = s.call(path, lines...)
	listener = s.visit(c.offer().Accept.Address).upgraded("")
	return sender.upgraded(""), listener
}

// shutdown ends a control channel as the SDKs do: answered with the same code and text, and TCP ends at once.
func (c *channel) shutdown() {
	c.t.Helper()
	c.sendClose(1000, "Normal Closure").closes(1000, "Normal Closure")
	c.ended()
}

// TestRow1 covers rows 1 and 2, which differ in the client's socket only.
func TestRow1(t *testing.T) {
	rows(t, func(s *set, path string) {
		c := s.register(path, "")
		sender, listener := s.together(c, path)
		sender.send(wsframe.Binary, pattern(1024)).sendClose(1000, "CloseAsync")
		listener.data(wsframe.Binary, pattern(1024))
		listener.closes(1000, "CloseAsync")
		listener.sendClose(1000, "CloseAsync").ended()
		sender.closes(1000, "CloseAsync")
		sender.ended()
		c.shutdown()
	})
}

func TestRow3(t *testing.T) {
	rows(t, func(s *set, path string) {
		sender, listener := s.together(s.register(path, ""), path)
		sender.send(wsframe.Binary, pattern(1024)).sendClose(1000, "Shutdown")
		listener.data(wsframe.Binary, pattern(1024))
		listener.closes(1000, "Shutdown")
		listener.sendClose(1000, "Shutdown").ended()
		sender.closes(1000, "Shutdown")
		sender.ended()
	})
}

func TestRow4(t *testing.T) {
	rows(t, func(s *set, path string) {
		sender, listener := s.together(s.register(path, ""), path)
		reply := pattern(2048)
		for i := range reply {
			reply[i] = 9 - reply[i]
		}
		listener.send(wsframe.Binary, reply).sendClose(1000, "Shutdown")
		sender.data(wsframe.Binary, reply)
		sender.closes(1000, "Shutdown")
		sender.sendClose(1000, "Shutdown").ended()
		listener.closes(1000, "Shutdown")
		listener.ended()
	})
}

// TestRow5: a hundred senders at once, each gets its own bytes back in one message. Those without a token come to the plain door.
func TestRow5(t *testing.T) {
	rows(t, func(s *set, path string) {
		const senders = 100
		if path == unauthenticated {
			s.door = "http"
		}
		c := s.register(path, "")
		var token []string
		if path == authenticated {
			token = []string{credential(s.sign(path))}
		}
		var crowd sync.WaitGroup
		problems := make(chan error, 2*senders)
		crowd.Go(func() {
			for range senders {
				m, err := c.tryOffer()
				if err != nil {
					problems <- err
					return
				}
				crowd.Go(func() { problems <- s.echo(m.Accept.Address) })
			}
		})
		for i := range senders {
			crowd.Go(func() {
				if err := s.ownBytes(path, i+1, token); err != nil {
					problems <- fmt.Errorf("sender %d: %w", i+1, err)
				}
			})
		}
		crowd.Wait()
		close(problems)
		for err := range problems {
			if err != nil {
				s.t.Error(err)
			}
		}
	})
}

// echo is a listener that sends back what it gets, message by message, and closes after the end.
func (s *set) echo(address string) error {
	p, err := s.tryVisit(address)
	if err != nil {
		return err
	}
	if a, err := p.tryAnswer(); err != nil || a.Status != 101 {
		return fmt.Errorf("rendezvous: %v %w", a, err)
	}
	for {
		op, b, _, err := p.tryData()
		var end closed
		switch {
		case errors.As(err, &end):
			return p.trySend(wsframe.Close, wsframe.AppendClose(nil, end.code, end.text))
		case err != nil:
			return err
		}
		if err := p.trySend(op, b); err != nil {
			return err
		}
	}
}

// ownBytes sends n bytes of value n in one message and wants them back in one.
func (s *set) ownBytes(path string, n int, lines []string) error {
	p, err := s.tryDial(s.senderNode.Door(s.door), s.senderNode.Host(s.door), s.door == "http")
	if err != nil {
		return err
	}
	if err := p.tryWrite([]byte(p.head(target(path, "connect", ""), lines...))); err != nil {
		return err
	}
	if a, err := p.tryAnswer(); err != nil || a.Status != 101 {
		return fmt.Errorf("connect: %v %w", a, err)
	}
	want := bytes.Repeat([]byte{byte(n % 255)}, n)
	if err := p.trySend(wsframe.Binary, want); err != nil {
		return err
	}
	if op, got, _, err := p.tryData(); err != nil || op != wsframe.Binary || !bytes.Equal(got, want) {
		return fmt.Errorf("%v of %d bytes came back in the first message: %w", op, len(got), err)
	}
	if err := p.trySend(wsframe.Close, wsframe.AppendClose(nil, 1000, "Shutdown")); err != nil {
		return err
	}
	var end closed
	if _, _, _, err := p.tryData(); !errors.As(err, &end) || end.code != 1000 || end.text != "Shutdown" {
		return fmt.Errorf("the end: %w", err)
	}
	return p.tryEnded()
}

func TestRow6(t *testing.T) {
	rows(t, func(s *set, path string) {
		c := s.register(path, "")
		sender := s.call(path, "CustomHeader1: Some value here; other-value/here.")
		m := c.offer()
		if got := m.Accept.ConnectHeaders["CustomHeader1"]; got != "Some value here; other-value/here." {
			s.t.Errorf("CustomHeader1 is %q", got)
		}
		listener := s.visit(m.Accept.Address).upgraded("")
		sender.upgraded("").send(wsframe.Binary, pattern(1025))
		listener.data(wsframe.Binary, pattern(1025))
	})
}

// TestRow8: 1 MiB in one message each way; towards the listener it comes in fragments of at most 32 KiB.
func TestRow8(t *testing.T) {
	rows(t, func(s *set, path string) {
		sender, listener := s.together(s.register(path, ""), path)
		want := pattern(1 << 20)
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() { sender.failed(sender.trySend(wsframe.Binary, want)) })
		if longest := listener.data(wsframe.Binary, want); longest > 32<<10 {
			s.t.Errorf("a fragment of %d bytes went to a listener", longest)
		}
		sending.Wait()
		sending.Go(func() { listener.failed(listener.trySend(wsframe.Binary, want)) })
		sender.data(wsframe.Binary, want)
		sending.Wait()
		sender.sendClose(1000, "Shutdown")
		listener.closes(1000, "Shutdown")
	})
}

// failed notes the error of a write that ran beside the test.
func (p *peer) failed(err error) {
	if err != nil {
		p.t.Errorf("write: %v", err)
	}
}

func TestRow9(t *testing.T) {
	rows(t, func(s *set, path string) {
		sender, listener := s.together(s.register(path, ""), path)
		listener.reset()
		sender.lost()
		s.await(map[string]string{"msg": "closed", "entity": path, "shape": "stream", "reason": "Aborted", "side": "listener"})
	})
}

// TestRow11 covers rows 11 and 12: a good token of the namespace for an entity that does not exist.
func TestRow11(t *testing.T) {
	both(t, func(s *set) {
		for _, action := range []string{"connect", "listen"} {
			path := guid(len(action))
			p := s.dial(s.senderNode, s.door)
			p.write(p.head(target(path, action, ""), credential(s.sign(""))))
			p.refused(404, "UnknownEntity", "/"+path, "Endpoint does not exist")
		}
	})
}

// TestRow13 covers rows 13 and 14: a key with BAD behind it.
func TestRow13(t *testing.T) {
	both(t, func(s *set) {
		s.add(authenticated)
		r := s.Root()
		bad := s.Sign("http://localhost/"+authenticated+"/", r.Name, string(r.Primary)+"BAD", inAnHour())
		for _, action := range []string{"listen", "connect"} {
			p := s.dial(s.senderNode, s.door)
			p.write(p.head(target(authenticated, action, ""), credential(bad)))
			a := p.refused(401, "InvalidSignature", "/"+authenticated, "token has an invalid signature")
			if !strings.Contains(a.Reason, authenticated) || !strings.Contains(a.Reason, "token") {
				s.t.Errorf("reason %q", a.Reason)
			}
		}
	})
}

// TestRow16: no action, the token of the namespace in the query.
func TestRow16(t *testing.T) {
	rows(t, func(s *set, path string) {
		c := s.register(path, "")
		query := ""
		if path == authenticated {
			query = "?sb-hc-token=" + formEncoded(s.sign(""))
		}
		sender := s.dial(s.senderNode, s.door)
		sender.write(sender.head("/$hc/" + path + query))
		m := c.offer()
		if strings.Contains(m.Accept.Address, "token") {
			s.t.Errorf("the listener is shown the token: %s", m.Accept.Address)
		}
		listener := s.visit(m.Accept.Address).upgraded("")
		sender.upgraded("").send(wsframe.Binary, pattern(1024))
		listener.data(wsframe.Binary, pattern(1024))
		sender.sendClose(1001, "From Test Code")
		listener.closes(1001, "From Test Code")
		listener.sendClose(1001, "From Test Code")
		sender.closes(1001, "From Test Code")
	})
}

func TestRow17(t *testing.T) {
	rows(t, func(s *set, path string) {
		c := s.register(path, "")
		lines := []string{"X-TestAcceptHandlerResult: True"}
		for range 2 {
			sender, listener := s.together(c, path, lines...)
			sender.sendClose(1000, "Test closing web socket")
			listener.closes(1000, "Test closing web socket")
			listener.sendClose(1000, "Test closing web socket")
			sender.closes(1000, "Test closing web socket")
			lines = append(lines, "X-TestAcceptHandlerSetResponseHeader: X-CustomHeader: Test value")
		}
	})
}

// TestRow18 covers rows 18 and 19: rejects as the .NET listener sends them.
func TestRow18(t *testing.T) {
	const thrown = "The Listener's custom AcceptHandler threw an exception. See Listener logs for details. TrackingId: 1."
	rejects := []struct {
		status int
		text   string
	}{
		{400, "Rejected by user code"}, {401, "Unauthorized"}, {401, "Status Description from test"}, {502, thrown},
	}
	rows(t, func(s *set, path string) {
		c := s.register(path, "")
		for _, r := range rejects {
			sender := s.call(path)
			s.reject(c.offer().Accept.Address, r.status, r.text)
			sender.rejected(r.status, r.text)
		}
	})
}

// reject dials the address with the listener's no, and wants 410 Gone.
func (s *set) reject(address string, status int, text string) {
	s.t.Helper()
	p := s.visit(wire.RejectAddress(address, status, text))
	if a := p.answer(); a.Status != 410 || a.Reason != "Gone" {
		s.t.Errorf("the rejecter got %d %q", a.Status, a.Reason)
	}
	p.ended()
}

// rejected wants the listener's words as they are, without a body and without a suffix.
func (p *peer) rejected(status int, text string) {
	p.t.Helper()
	a := p.answer()
	if a.Status != status || a.Reason != text || a.Fields.Get("Content-Length") != "0" || a.Body != "" {
		p.t.Errorf("the sender got %d %q with %v", a.Status, a.Reason, a.Fields)
	}
	if got := a.Fields.Get("Causeway-Error"); got != "Rejected" {
		p.t.Errorf("code %q", got)
	}
	p.ended()
}

// counted is a set of listeners of one entity, each with an id of its own.
type counted struct {
	s      *set
	took   chan int // index of the listener that was offered a sender
	number []int
}

// crowd registers n listeners that accept whatever comes.
func (s *set) crowd(path string, n int) *counted {
	s.t.Helper()
	l := &counted{s: s, took: make(chan int, 64), number: make([]int, n)}
	for i := range n {
		node := s.listenerNode
		if i%2 == 1 {
			node = s.senderNode
		}
		c := s.registerAt(node, path, "sb-hc-id="+guid(i))
		done := make(chan struct{})
		s.t.Cleanup(func() { _ = c.conn.Close(); <-done })
		go func() {
			defer close(done)
			for {
				m, err := c.tryOffer()
				if err != nil {
					return
				}
				l.took <- i
				if err := s.echo(m.Accept.Address); err != nil {
					s.t.Errorf("listener %d: %v", i, err)
				}
			}
		}()
	}
	return l
}

// one connects a sender and counts who served it.
func (l *counted) one(path string, lines ...string) int {
	l.s.t.Helper()
	p := l.s.call(path, lines...).upgraded("")
	i := <-l.took
	l.number[i]++
	p.sendClose(1000, "").closes(1000, "")
	return i
}

// TestRow32 covers rows 32 and 33 with connects: senders say which listeners may serve them.
func TestRow32(t *testing.T) {
	const none = "None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria"
	const foreign = "11111111-2222-3333-4444-555555555555"
	ids := []string{guid(0), guid(1), guid(2)}
	others := func(i int) string { return strings.Join(slices.Delete(slices.Clone(ids), i, i+1), ",") }
	variants := map[string]struct {
		only  func(i int) string // a header that leaves listener i
		never string             // one that leaves nobody
		two   string             // one that leaves two
		left  []int
	}{
		"Allowed":    {func(i int) string { return ids[i] }, foreign, ids[0] + "," + ids[1], []int{0, 1}},
		"Disallowed": {others, strings.Join(ids, ","), strings.ToUpper(ids[0]), []int{1, 2}},
	}
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			header := "Microsoft-Relay-" + name + "Listeners: "
			rows(t, func(s *set, path string) {
				l := s.crowd(path, len(ids))
				for i := range ids {
					for range i + 1 {
						l.one(path, header+v.only(i))
					}
				}
				if !slices.Equal(l.number, []int{1, 2, 3}) {
					s.t.Errorf("served %v", l.number)
				}
				s.call(path, header+v.never).refused(404, "NoMatchingListener", "/"+path, none)
				if i := l.one(path, header+v.two); !slices.Contains(v.left, i) {
					s.t.Errorf("listener %s served what only %v may", strconv.Itoa(i), v.left)
				}
			})
		})
	}
}

// TestPieces: a frame to a listener has at most 32 KiB, whatever the gateway reads at once; without TLS that is much more.
func TestPieces(t *testing.T) {
	both(t, func(s *set) {
		s.door = "http"
		sender, listener := s.pair(s.register("hyco", ""), "hyco", "")
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() { sender.failed(sender.trySend(wsframe.Binary, pattern(4<<20))) })
		if longest := listener.data(wsframe.Binary, pattern(4<<20)); longest > 32<<10 {
			s.t.Errorf("a fragment of %d bytes went to a listener", longest)
		}
	})
}
