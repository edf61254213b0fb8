package casts

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// What a listener's queue holds, by docs/casts.md, and how many of short messages leave with one stroke on a connection.
const (
	depth  = 256
	stroke = 32
)

// post sends n messages by curl, one behind the other on one connection.
func (b *books) post(n int) {
	b.t.Helper()
	var list strings.Builder
	for i := range n {
		if i > 0 {
			list.WriteString("next\n")
		}
		body := strings.ReplaceAll(soap12(fmt.Sprint("post ", b.last["post"]+i+1)), `"`, `\"`)
		fmt.Fprintf(&list, "url = %s\ndata-binary = \"%s\"\nheader = \"Content-Type: %s\"\noutput = /dev/null\nwrite-out = \"%%{http_code}\\n\"\nsilent\nmax-time = 20\n", b.url(), body, soap12Type)
	}
	file := filepath.Join(b.t.TempDir(), "messages")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.last["post"] += n
	p := interop.Start(b.t, b.t.TempDir(), nil, "curl", "--config", file)
	p.Finish(interop.Patience)
	if took := strings.Count(p.Text(), fmt.Sprintln(http.StatusAccepted)); took != n {
		b.t.Fatalf("%d of %d messages were taken: %q", took, n, p.Text())
	}
}

// steady waits until the listeners have all that was sent.
func (b *books) steady(those ...*booked) {
	b.t.Helper()
	b.until("listeners whom nothing disturbs", func() string { return b.has(those...) })
}

// TestEventCounts: numbered events, of a Mono client over net.tcp and of curl, come to listeners of four kinds at the pace of those that live,
// while two of them are killed by kill -9 and two are stopped, until the queue of one of these has run over; then as fast as they can be
// sent. Whoever is not disturbed has all of what came at its pace. For each that lives what it wrote down is what counts as
// delivered, and with what counts as missed that is all that was sent; nobody has anything twice, or out of a sender's order.
//
// Of those that were killed what was in flight is in doubt. One that acknowledges is given one message at a time, which it may have written
// down and not have said so. What was written to a connection counts as delivered, though nobody may have read it: at most
// what was sent since then. The sums of senders and listeners are equal all the same, to the message.
func TestEventCounts(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono", "node", "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		const round = 100
		b := newBooks(t, s, "alarms", entity.Event)
		host := mono.Start(t)
		well := []*booked{
			b.receiver("receiver", s.Send), b.web("web", s.Listen), b.sdk("requests", s.Listen, "https"), b.sdk("connection", s.Send, "ws"),
		}
		slow, idle := b.sdk("stopped, of requests", s.Listen, "https"), b.sdk("stopped, of a connection", s.Listen, "ws")
		killed := []*booked{b.sdk("killed, of requests", s.Listen, "https"), b.sdk("killed, of a connection", s.Send, "ws"), b.web("killed connector", s.Listen)}
		live := append([]*booked{slow, idle}, well...)

		b.mono(host, round)()
		b.settled(b.all, nil) // nobody is at a message: what they wrote down they have acknowledged
		slow.p.Signal(syscall.SIGSTOP)
		idle.p.Signal(syscall.SIGSTOP)
		end := b.mono(host, round)
		b.until("the first of those to be killed amid a round", func() string {
			for _, l := range killed {
				if len(l.notes()) >= round+round/4 {
					return ""
				}
			}
			return "none has come there"
		})
		for _, l := range killed {
			l.p.Kill()
		}
		end()
		b.steady(well...)
		sum, early := int64(0), int64(b.sent())
		for _, l := range killed {
			c, wrote := b.account(l), int64(len(l.notes()))
			b.once(l)
			t.Logf("%s: %+v, wrote down %d", l.name, c, wrote)
			most := c.Delivered + 1
			if !l.acks {
				most = c.Delivered + min(stroke, c.Missed)
			}
			if wrote < round || wrote > most || l.acks && wrote < c.Delivered || c.Delivered+c.Missed > early || c.Delivered+c.Missed < wrote {
				t.Errorf("%s wrote down %d; %+v, %d were sent", l.name, wrote, c, early)
			}
			sum += c.Delivered + c.Missed
		}
		b.post(round)
		b.steady(well...)
		b.mono(host, round)()
		b.steady(well...)

		// One message is at the stopped one, and a queue full of them waits; the newest are missed.
		stopped := int64(b.sent() - round - 1 - depth)
		b.settled(well, func(now map[string]wire.Casts) string {
			if c := now[slow.id]; c.Delivered != round || c.Waiting != depth+1 || c.Missed != stopped {
				return fmt.Sprintf("the stopped one: %+v of %d", c, b.sent())
			}
			return ""
		})
		now := b.settled(well, nil)
		for _, l := range well {
			if c := now[l.id]; c.Missed != 0 {
				t.Errorf("%s misses messages for others: %+v", l.name, c)
			}
		}
		slow.p.Signal(syscall.SIGCONT)
		idle.p.Signal(syscall.SIGCONT)
		if c := b.settled(live, nil)[slow.id]; c.Missed != stopped {
			t.Errorf("it misses %+v", c)
		}

		end = b.mono(host, 3*round)
		b.post(3 * round)
		end()
		now = b.settled(live, nil)
		var delivered, missed int64
		for _, l := range live {
			delivered, missed = delivered+now[l.id].Delivered, missed+now[l.id].Missed
			t.Logf("%s: %+v", l.name, now[l.id])
		}
		if sum += delivered + missed; b.logged() != sum {
			t.Errorf("senders were told of %d outcomes, listeners have %d", b.logged(), sum)
		}
		outcomes := b.metric("delivered", "SlowClient", "ListenerLost", "ListenerSilent", "AcceptTimeout", "Rejected")
		if outcomes != sum {
			t.Errorf("the metric counts %d outcomes, listeners have %d", outcomes, sum)
		}
	})
}

// TestEventsAtServices: Mono's services of net.tcp are listeners by `causeway listen`. A connector is killed by kill -9 amid the events, and so is
// the service behind another one, which goes on to count what it misses.
func TestEventsAtServices(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		const round = 6
		b := newBooks(t, s, "bells", entity.Event)
		client, alone, victim := mono.Start(t), mono.Start(t), mono.Start(t)
		well := b.service("well", s.Listen, client)
		dead := b.service("connector that is killed", s.Send, alone)
		bereft := b.service("connector whose service is killed", s.Listen, victim)
		b.mono(client, round)()
		b.steady(b.all...)
		end := b.mono(client, round)
		b.until("amid the second round", func() string {
			if n := len(well.notes()); n <= round {
				return fmt.Sprintf("%d of %d", n, round)
			}
			return ""
		})
		dead.p.Kill()
		victim.Kill()
		end()
		now := b.settled([]*booked{well}, func(now map[string]wire.Casts) string {
			if c := now[bereft.id]; c.Waiting != 0 || c.Delivered+c.Missed != 2*round || now[well.id].Missed != 0 || now[well.id].Delivered != 2*round {
				return fmt.Sprintf("%+v", now)
			}
			return ""
		})
		// A service says that it has closed the session, and may not have come to the message when it is killed; or the reverse.
		b.once(bereft)
		if c, wrote := now[bereft.id], int64(len(bereft.notes())); wrote < round || wrote < c.Delivered-1 || wrote > c.Delivered+1 || c.Missed == 0 && c.Delivered != 2*round {
			t.Errorf("%s wrote down %d: %+v", bereft.name, wrote, c)
		}
		c := b.account(dead)
		b.until(dead.name, func() string { // Mono runs an operation behind the end of its session
			if n := int64(len(dead.notes())); n < c.Delivered {
				return fmt.Sprintf("wrote down %d: %+v", n, c)
			}
			return ""
		})
		b.once(dead)
		if wrote := int64(len(dead.notes())); wrote < round || wrote > c.Delivered+1 || c.Delivered+c.Missed > 2*round {
			t.Errorf("%s wrote down %d: %+v", dead.name, wrote, c)
		}
		if sum := c.Delivered + c.Missed + 4*round; b.logged() != sum {
			t.Errorf("senders were told of %d outcomes, listeners have %d", b.logged(), sum)
		}
	})
}

// TestConnectionThatIsNotRead: a listener of hyco-ws takes nothing of its connection, until the buffers on the way are full and its queue has
// run over. It misses the newest, as the gateway counts, and has all others when it goes on; its neighbour at the other node has all.
func TestConnectionThatIsNotRead(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		const most, step, enough = 1600, 16, 20
		b := newBooks(t, s, "bulk", entity.Event)
		well, idle := b.receiver("receiver", s.Send), b.sdk("not read", s.Listen, "ws")
		sender, err := hybrid.Dial(interop.Context(t), b.key(s.Send), hybrid.WithEntity("bulk"), hybrid.WithCAFile(s.CA))
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
		padding := strings.Repeat(" ", 60<<10)
		send := func(n int) {
			t.Helper()
			for range n {
				b.last["post"]++
				if err := sender.WriteMessage(hybrid.Text, fmt.Append(nil, "post ", b.last["post"], padding)); err != nil {
					t.Fatal(err)
				}
			}
			b.steady(well)
		}
		send(1)
		b.settled(b.all, nil)
		idle.p.Signal(syscall.SIGSTOP)
		var c wire.Casts
		for c.Missed < enough && b.sent() < most {
			send(step)
			now, err := b.counts()
			if err != nil {
				t.Fatal(err)
			}
			c = now[idle.id]
		}
		if c.Missed < enough || c.Waiting == 0 {
			t.Errorf("of %d messages it misses %+v, though it takes none", b.sent(), c)
		}
		idle.p.Signal(syscall.SIGCONT)
		now := b.settled(b.all, nil)
		t.Logf("not read: %+v", now[idle.id])
		if now[well.id].Missed != 0 || now[idle.id].Missed < c.Missed {
			t.Errorf("in the end: %+v", now)
		}
	})
}
