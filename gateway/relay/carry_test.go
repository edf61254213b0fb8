package relay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
)

// traveller is a party that can be carried; its connection is ours.
type traveller struct {
	*party

	ours net.Conn
}

// Detach implements shape.Carrier.
func (t *traveller) Detach() (net.Conn, shape.Preface) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken {
		t.w.Error("carried twice")
	}
	t.taken = true
	return t.ours, shape.Preface{Door: "https", Host: t.hello.Host, Remote: t.hello.Remote, Replay: []byte("head")}
}

// travel sends a listener's rendezvous to a node; peer is the listener's end of it.
func (n *node) travel(ctx context.Context, t shape.Ticket) (guest *party, peer *netx.Conn, done chan error) {
	peer, ours := netx.Pipe()
	p := n.w.party("traveller", "rendezvous")
	done = make(chan error, 1)
	go func() { done <- n.relay.Join(ctx, t, &traveller{p, ours}) }()
	synctest.Wait()
	return p, peer, done
}

// carried is a connection that arrived at a node by the link.
type carried struct {
	conn    net.Conn
	preface shape.Preface
	guest   *party
	err     error
}

// door has the node serve the link: what arrives is a guest with the ticket, and cannot be carried any further.
func (n *node) door(ticket shape.Ticket) <-chan carried {
	arrived := make(chan carried, 4)
	n.serve = func(conn net.Conn, p shape.Preface) {
		guest := n.w.party("carried", "rendezvous")
		arrived <- carried{conn, p, guest, n.relay.Join(context.Background(), ticket, guest)}
	}
	return arrived
}

// carry is a rendezvous of node 1's sender that a listener brings to node 2.
func carry(t *testing.T, ctx func(*world) context.Context, story func(w *world, sender *party, peer *netx.Conn, far carried, done chan error)) {
	t.Helper()
	play(t, 2, nil, func(w *world) {
		a, b := w.nodes[0], w.nodes[1]
		e := b.listen("hyco")
		sender := a.sender("hyco")
		ticket := e.next().Ticket
		arrived := a.door(ticket)
		w.story()
		_, peer, done := b.travel(ctx(w), ticket)
		far := <-arrived
		if far.err != nil || far.guest.answer() != "accept" || sender.answer() != "accept" {
			t.Fatalf("%v: the guest was told %q, the sender %q", far.err, far.guest.answer(), sender.answer())
		}
		if got := w.story(); got != "7@1 accept-carried accept-sender" {
			t.Errorf("told %s", got)
		}
		if p := far.preface; p.Door != "https" || p.Remote != remote || string(p.Replay) != "head" {
			t.Errorf("preface %+v", p)
		}
		story(w, sender, peer, far, done)
	})
}

func exchange(t *testing.T, from io.Writer, to io.Reader, text string) {
	t.Helper()
	go func() {
		if _, err := io.WriteString(from, text); err != nil {
			t.Error(err)
		}
	}()
	b := make([]byte, len(text))
	if _, err := io.ReadFull(to, b); err != nil || string(b) != text {
		t.Errorf("got %q, %v", b, err)
	}
}

func expectEnd(t *testing.T, what string, c io.Reader, want error) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, want) {
		t.Errorf("%s sees %v, want %v", what, err, want)
	}
}

// TestCarry: bytes both ways, each direction ends on its own, and Join returns when all is over.
func TestCarry(t *testing.T) {
	carry(t, (*world).Context, func(_ *world, sender *party, peer *netx.Conn, far carried, done chan error) {
		exchange(t, peer, far.conn, "hello")
		exchange(t, far.conn, peer, "and back")
		if err := peer.CloseWrite(); err != nil {
			t.Error(err)
		}
		expectEnd(t, "the far node", far.conn, io.EOF)
		exchange(t, far.conn, peer, "still")
		if err := far.conn.(*netx.Conn).CloseWrite(); err != nil {
			t.Error(err)
		}
		expectEnd(t, "the listener", peer, io.EOF)
		if err := <-done; err != nil {
			t.Error(err)
		}
		sender.leg.Close()
	})
}

// TestCarryQuiet: who keeps its side open for ever after the other has ended is cut off when nothing flows for a minute.
func TestCarryQuiet(t *testing.T) {
	carry(t, (*world).Context, func(_ *world, sender *party, peer *netx.Conn, far carried, done chan error) {
		begin := time.Now()
		if err := peer.CloseWrite(); err != nil {
			t.Error(err)
		}
		for range 3 {
			<-time.After(50 * time.Second)
			exchange(t, far.conn, peer, "still")
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(begin) - 150*time.Second; took < time.Minute || took > 2*time.Minute {
			t.Errorf("cut off after %v of quiet", took)
		}
		expectEnd(t, "the listener", peer, syscall.ECONNRESET)
		sender.leg.Close()
	})
}

// TestCarryLoss: a loss on one side is a loss on the other.
func TestCarryLoss(t *testing.T) {
	reset := func(c *netx.Conn) { _ = c.Abort() }
	carry(t, (*world).Context, func(_ *world, sender *party, peer *netx.Conn, far carried, done chan error) {
		reset(peer)
		expectEnd(t, "the far node", far.conn, syscall.ECONNRESET)
		<-done
		sender.leg.Close()
	})
	carry(t, (*world).Context, func(_ *world, sender *party, peer *netx.Conn, far carried, done chan error) {
		reset(far.conn.(*netx.Conn))
		expectEnd(t, "the listener", peer, syscall.ECONNRESET)
		<-done
		sender.leg.Close()
	})
}

// TestCarryEnds: the door that closes breaks what it carries.
func TestCarryEnds(t *testing.T) {
	var cancel context.CancelFunc
	ctx := func(w *world) (ctx context.Context) { ctx, cancel = context.WithCancel(w.Context()); return ctx }
	carry(t, ctx, func(_ *world, sender *party, peer *netx.Conn, far carried, done chan error) {
		cancel()
		<-done
		expectEnd(t, "the listener", peer, syscall.ECONNRESET)
		expectEnd(t, "the far node", far.conn, syscall.ECONNRESET)
		sender.leg.Close()
	})
}

// TestCarryOnce: what was carried is at home or nowhere.
func TestCarryOnce(t *testing.T) {
	play(t, 3, nil, func(w *world) {
		e := w.nodes[2].listen("hyco")
		w.nodes[0].sender("hyco")
		ticket := e.next().Ticket
		guest := w.party("carried", "rendezvous") // no carrier
		if err := w.nodes[1].relay.Join(w.Context(), ticket, guest); !fail.Is(err, fail.UnknownTicket) || guest.answer() != "UnknownTicket" {
			t.Errorf("joined with %v", err)
		}
		if w.nodes[1].dials != 0 {
			t.Error("it was carried again")
		}
		// At the ticket's own node a wrong ticket is not carried anywhere either.
		p, _, done := w.nodes[0].travel(w.Context(), shape.NewTicket(1))
		if err := <-done; !fail.Is(err, fail.UnknownTicket) || p.taken {
			t.Errorf("a wrong ticket: %v, carried %v", err, p.taken)
		}
	})
}

// TestCarryFails: a listener that cannot be carried is told so, once; the sender goes on waiting for another try.
func TestCarryFails(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		e := w.nodes[1].listen("hyco")
		sender := w.nodes[0].sender("hyco")
		ticket := e.next().Ticket
		p, _, done := w.nodes[1].travel(w.Context(), ticket) // node 1 serves no link
		if err := <-done; !fail.Is(err, fail.NodeLost) || p.answer() != "NodeLost" {
			t.Errorf("joined with %v, told %q", err, p.answer())
		}
		if c := w.only(&w.nodes[1].refused, "rendezvous"); c.Reason != fail.NodeLost || c.Ticket != ticket || c.Side != "gateway" {
			t.Errorf("account %+v", c)
		}
		if _, err := w.nodes[0].join(ticket); err != nil || sender.answer() != "accept" {
			t.Errorf("the second try: %v", err)
		}
	})
}

// TestNoLink: a node without links refuses what is not its own.
func TestNoLink(t *testing.T) {
	play(t, 2, func(p *relay.Params) { p.Link = nil }, func(w *world) {
		p, _, done := w.nodes[1].travel(w.Context(), shape.NewTicket(1))
		if err := <-done; !fail.Is(err, fail.UnknownTicket) || p.taken {
			t.Errorf("joined with %v", err)
		}
	})
}

// TestDeclineSilentNode: a node that does not answer costs the listener that says no five seconds, not for ever.
func TestDeclineSilentNode(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		e := w.nodes[1].listen("hyco")
		sender := w.nodes[0].sender("hyco")
		ticket := e.next().Ticket
		w.net.Lose(1, 2, "answer", -1)
		begin := time.Now()
		err := w.nodes[1].relay.Decline(w.Context(), ticket, hello("reject"), &fail.Error{Code: fail.Rejected, Status: 403, Text: "no"})
		if !fail.Is(err, fail.NodeLost) || time.Since(begin) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if code := sender.refusal(); code != fail.Rejected {
			t.Errorf("the sender was told %s", code)
		}
	})
}

// TestOrphanMessages: what other nodes say of channels and tickets that are not there, or cannot be read, does no harm.
func TestOrphanMessages(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		e := w.nodes[1].listen("hyco")
		bus := w.nodes[0].bus
		rows := []struct {
			kind, body string
			want       fail.Code
		}{
			{"relay.offer", `{"channel":77,"ticket":"AAAAAAAAAAAAAAAAAAAAAA=="}`, fail.NoListener},
			{"relay.offer", `{"channel":1,"ticket":"AAAA"}`, fail.BadRequest},
			{"relay.offer", `nonsense`, fail.BadRequest},
			{"relay.decline", `{"ticket":"AAIAAAAAAAAAAAAAAAAAAA=="}`, fail.UnknownTicket},
			{"relay.decline", `{"ticket":"AAI="}`, fail.BadRequest},
			{"relay.decline", `nonsense`, fail.BadRequest},
			{"relay.listeners", `nonsense`, fail.BadRequest},
			{"relay.drop", `nonsense`, fail.BadRequest},
			{"relay.unheard", `{}`, fail.Starting},
		}
		for _, row := range rows {
			if _, err := bus.Ask(w.Context(), 2, row.kind, []byte(row.body)); !fail.Is(err, row.want) {
				t.Errorf("%s %s: %v, want %s", row.kind, row.body, err, row.want)
			}
		}
		for _, kind := range []string{"relay.replace", "relay.check", "relay.tally"} {
			for _, body := range []string{`nonsense`, `{"channel":77}`} {
				if err := bus.Tell(w.Context(), mesh.Num(2), kind, []byte(body)); err != nil {
					t.Error(err)
				}
			}
		}
		if end := e.ended(); end != nil || len(e.checks) != 0 {
			t.Errorf("the listener was told %+v", end)
		}
		w.meet(w.nodes[0], e, "hyco")
	})
}
