package meet_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// guest is a party that counts its answers.
type guest struct {
	refused atomic.Int64
	last    atomic.Pointer[fail.Error]
}

func (*guest) Hello() *shape.Hello                    { return &shape.Hello{} }
func (*guest) Accept(shape.Answer) (shape.Leg, error) { panic("a desk accepts nobody") }
func (g *guest) Refuse(err *fail.Error)               { g.refused.Add(1); g.last.Store(err) }

func (g *guest) told() fail.Code {
	if e := g.last.Load(); e != nil {
		return e.Code
	}
	return ""
}

func nobody(shape.Party) {}

// open begins a meeting whose sender sits, and gives the listener's ticket.
func open(t testing.TB, d *meet.Desk, r meet.Rules) (*meet.Meeting, *guest, shape.Ticket) {
	t.Helper()
	m := d.Open(r)
	sender := &guest{}
	m.Sit(meet.Sender, sender)
	ticket, err := m.Ticket(meet.Listener)
	if err != nil {
		t.Fatal(err)
	}
	return m, sender, ticket
}

// result is what Wait or End returned.
type result struct {
	sender, listener shape.Party
	err              error
}

func wait(ctx context.Context, m *meet.Meeting, lost <-chan struct{}) <-chan result {
	done := make(chan result, 1)
	go func() {
		s, l, err := m.Wait(ctx, lost)
		done <- result{s, l, err}
	}()
	return done
}

// TestMeeting: the two find each other, the ticket is good once, and nothing is left.
func TestMeeting(t *testing.T) {
	d := meet.NewDesk(7, 10)
	m, sender, ticket := open(t, d, meet.Rules{})
	if again, err := m.Ticket(meet.Listener); again != ticket || err != nil || ticket.Node() != 7 || d.Pending() != 1 {
		t.Errorf("ticket %s of node %d, then %s, %v; %d pending", ticket.Hex(), ticket.Node(), again.Hex(), err, d.Pending())
	}
	listener, second := &guest{}, &guest{}
	var waiting shape.Party
	if err := d.Claim(ticket, listener, func(p shape.Party) { waiting = p }); err != nil || waiting != shape.Party(sender) {
		t.Errorf("claimed with %v, %v waited", err, waiting)
	}
	for _, wrong := range []shape.Ticket{ticket, {}, shape.NewTicket(7)} {
		if err := d.Claim(wrong, second, func(shape.Party) { t.Error("seated") }); !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("claimed again with %v", err)
		}
		if err := d.Decline(wrong, fail.New(fail.Rejected, "")); !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("declined with %v", err)
		}
	}
	s, l, err := m.Wait(t.Context(), nil)
	if s != shape.Party(sender) || l != shape.Party(listener) || err != nil {
		t.Errorf("met %v, %v, %v", s, l, err)
	}
	if n := sender.refused.Load() + listener.refused.Load() + second.refused.Load(); n != 0 || d.Pending() != 0 {
		t.Errorf("%d refused, %d pending", n, d.Pending())
	}
}

// TestTwoTickets: neither side is there yet; each comes by its own ticket, in either order.
func TestTwoTickets(t *testing.T) {
	for _, order := range [][2]meet.Side{{meet.Sender, meet.Listener}, {meet.Listener, meet.Sender}} {
		d := meet.NewDesk(1, 2)
		m := d.Open(meet.Rules{})
		guests := map[meet.Side]*guest{meet.Sender: {}, meet.Listener: {}}
		done := wait(t.Context(), m, nil)
		for i, side := range order {
			ticket, err := m.Ticket(side)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Claim(ticket, guests[side], func(other shape.Party) {
				if i == 0 && other != nil || i == 1 && other != shape.Party(guests[order[0]]) {
					t.Errorf("the other one is %v", other)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if r := <-done; r.sender != shape.Party(guests[meet.Sender]) || r.listener != shape.Party(guests[meet.Listener]) || r.err != nil {
			t.Errorf("met %+v", r)
		}
	}
}

// TestDecline: whoever waits gets the other side's words, and who had come by a ticket is told them.
func TestDecline(t *testing.T) {
	d := meet.NewDesk(1, 10)
	m, _, ticket := open(t, d, meet.Rules{})
	no := &fail.Error{Code: fail.Rejected, Status: 403, Text: "no"}
	if err := d.Decline(ticket, no); err != nil {
		t.Fatal(err)
	}
	if err := d.Claim(ticket, &guest{}, nobody); !fail.Is(err, fail.UnknownTicket) {
		t.Errorf("claimed after the no: %v", err)
	}
	if s, l, err := m.Wait(t.Context(), nil); s != nil || l != nil || !errors.Is(err, error(no)) {
		t.Errorf("met %v, %v, %v", s, l, err)
	}

	m = d.Open(meet.Rules{})
	device, _ := m.Ticket(meet.Listener)
	service, _ := m.Ticket(meet.Sender)
	sender := &guest{}
	if err := d.Claim(service, sender, nobody); err != nil {
		t.Fatal(err)
	}
	if err := d.Decline(device, no); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Wait(t.Context(), nil); !fail.Is(err, fail.Rejected) || sender.told() != fail.Rejected {
		t.Errorf("%v; the sender was told %q", err, sender.told())
	}
	if d.Pending() != 0 {
		t.Errorf("%d pending", d.Pending())
	}
}

// TestWindow: a ticket is good as long as its meeting's window, counted from Open, and not longer.
func TestWindow(t *testing.T) {
	for _, window := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			want := window
			if want == 0 {
				want = meet.DefaultWindow
			}
			d := meet.NewDesk(1, 10)
			m, sender, ticket := open(t, d, meet.Rules{Window: window})
			begin := time.Now()
			<-time.After(want / 2) // the offer takes its time
			done := wait(t.Context(), m, nil)
			r := <-done
			if !fail.Is(r.err, fail.AcceptTimeout) || time.Since(begin) != want {
				t.Errorf("%v after %v", r.err, time.Since(begin))
			}
			if err := d.Claim(ticket, &guest{}, nobody); !fail.Is(err, fail.UnknownTicket) {
				t.Errorf("a late claim: %v", err)
			}
			if sender.refused.Load() != 0 || d.Pending() != 0 {
				t.Error("the sender is refused by its own station, not by the desk")
			}
		})
	}
}

// TestLost: a listener that is lost ends the wait at once; one that had sat down in time has not been lost.
func TestLost(t *testing.T) {
	d := meet.NewDesk(1, 10)
	lost := make(chan struct{})
	close(lost)
	m, _, _ := open(t, d, meet.Rules{})
	if r := <-wait(t.Context(), m, lost); !fail.Is(r.err, fail.ListenerLost) {
		t.Errorf("%v", r.err)
	}
	for range 50 { // whichever of the two the wait sees first
		m, _, ticket := open(t, d, meet.Rules{})
		listener := &guest{}
		if err := d.Claim(ticket, listener, nobody); err != nil {
			t.Fatal(err)
		}
		if r := <-wait(t.Context(), m, lost); r.err != nil || r.listener != shape.Party(listener) {
			t.Fatalf("%+v", r)
		}
	}
	if d.Pending() != 0 {
		t.Errorf("%d pending", d.Pending())
	}
}

// TestSenderLeaves: the cause comes back, and a listener that sits is turned away.
func TestSenderLeaves(t *testing.T) {
	d := meet.NewDesk(1, 10)
	cause := fail.New(fail.SenderGone, "")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	m, _, _ := open(t, d, meet.Rules{})
	if r := <-wait(ctx, m, nil); !errors.Is(r.err, error(cause)) {
		t.Errorf("%v", r.err)
	}
	m, _, ticket := open(t, d, meet.Rules{})
	listener := &guest{}
	if err := d.Claim(ticket, listener, nobody); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.End(ctx, errors.New("something else")); !errors.Is(err, error(cause)) || listener.told() != fail.UnknownTicket {
		t.Errorf("%v; the listener was told %q", err, listener.told())
	}
}

// TestEnd: an owner that could tell nobody gives up, unless somebody came or said no after all.
func TestEnd(t *testing.T) {
	d := meet.NewDesk(1, 10)
	why := fail.New(fail.NodeLost, "")
	m, _, ticket := open(t, d, meet.Rules{})
	if _, _, err := m.End(t.Context(), why); !errors.Is(err, error(why)) {
		t.Errorf("%v", err)
	}
	if err := d.Claim(ticket, &guest{}, nobody); !fail.Is(err, fail.UnknownTicket) {
		t.Errorf("a late claim: %v", err)
	}

	m, sender, ticket := open(t, d, meet.Rules{})
	listener := &guest{}
	if err := d.Claim(ticket, listener, nobody); err != nil {
		t.Fatal(err)
	}
	if s, l, err := m.End(t.Context(), why); err != nil || s != shape.Party(sender) || l != shape.Party(listener) {
		t.Errorf("met %v, %v, %v", s, l, err)
	}

	m, _, ticket = open(t, d, meet.Rules{})
	if err := d.Decline(ticket, fail.New(fail.Rejected, "")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.End(t.Context(), why); !fail.Is(err, fail.Rejected) {
		t.Errorf("%v", err)
	}
	if d.Pending() != 0 {
		t.Errorf("%d pending", d.Pending())
	}
}

// TestFull: a full desk gives no ticket, and is free again when one is used.
func TestFull(t *testing.T) {
	d := meet.NewDesk(1, 2)
	_, _, first := open(t, d, meet.Rules{})
	open(t, d, meet.Rules{})
	m := d.Open(meet.Rules{})
	if _, err := m.Ticket(meet.Listener); !fail.Is(err, fail.Overloaded) {
		t.Errorf("a ticket of a full desk: %v", err)
	}
	if err := d.Claim(first, &guest{}, nobody); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Ticket(meet.Listener); err != nil {
		t.Errorf("after one was used: %v", err)
	}
}

// TestRace: a claim, a no and the end of the wait at the same moment. The listener is seated or refused, once, and the
// sender's side hears the same.
func TestRace(t *testing.T) {
	const rounds = 1000
	ends := []struct {
		name  string
		race  func(m *meet.Meeting, ctx context.Context, lost <-chan struct{}) <-chan result
		serve bool // an end that gives way to a listener that sits
	}{
		{"lost", func(m *meet.Meeting, ctx context.Context, lost <-chan struct{}) <-chan result {
			return wait(context.WithoutCancel(ctx), m, lost)
		}, true},
		{"left", func(m *meet.Meeting, ctx context.Context, _ <-chan struct{}) <-chan result { return wait(ctx, m, nil) }, false},
		{"end", func(m *meet.Meeting, ctx context.Context, lost <-chan struct{}) <-chan result {
			done := make(chan result, 1)
			go func() {
				<-lost
				s, l, err := m.End(context.WithoutCancel(ctx), fail.New(fail.NodeLost, ""))
				done <- result{s, l, err}
			}()
			return done
		}, true},
	}
	for _, end := range ends {
		t.Run(end.name, func(t *testing.T) {
			d := meet.NewDesk(1, 10)
			seated, turned, declined, late := 0, 0, 0, 0
			for round := range rounds {
				m, _, ticket := open(t, d, meet.Rules{})
				ctx, cancel := context.WithCancel(t.Context())
				lost, start := make(chan struct{}), make(chan struct{})
				done := end.race(m, ctx, lost)
				listener := &guest{}
				var claim, no error
				var all sync.WaitGroup
				actions := []func(){
					func() { cancel(); close(lost) },
					func() { claim = d.Claim(ticket, listener, nobody) },
					func() { no = d.Decline(ticket, fail.New(fail.Rejected, "")) },
				}
				for i := range actions { // each is the last one, whom the scheduler prefers, in a third of the rounds
					all.Go(func() {
						<-start
						for range rand.IntN(4) {
							runtime.Gosched()
						}
						actions[(i+round)%len(actions)]()
					})
				}
				close(start)
				all.Wait()
				r := <-done
				switch {
				case claim == nil && no == nil:
					t.Fatal("one ticket was used twice")
				case claim == nil && r.err == nil && r.listener == shape.Party(listener) && listener.refused.Load() == 0:
					seated++
				case claim == nil && r.err != nil && listener.refused.Load() == 1 && !end.serve:
					turned++
				case no == nil && fail.Is(r.err, fail.Rejected) && listener.refused.Load() == 0:
					declined++
				case claim != nil && no != nil && r.err != nil && r.listener == nil && listener.refused.Load() == 0:
					late++
				default:
					t.Fatalf("claim %v, no %v, wait %+v, refused %d times", claim, no, r, listener.refused.Load())
				}
			}
			if d.Pending() != 0 {
				t.Errorf("%d pending", d.Pending())
			}
			if seated == 0 || declined == 0 {
				t.Errorf("no race: %d seated, %d turned away, %d declined, %d late", seated, turned, declined, late)
			}
		})
	}
}
