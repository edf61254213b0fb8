package meet_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// expect prepares a rendezvous and gives its ticket.
func expect(t *testing.T, d *meet.Desk) (*meet.Expected, shape.Ticket) {
	t.Helper()
	e := d.Expect(&shape.Hello{Tracking: "it"})
	ticket, err := e.Ticket()
	if err != nil {
		t.Fatal(err)
	}
	return e, ticket
}

// TestExpected: the party that comes belongs to whoever expected it, the ticket is good once, and pending meetings are counted apart.
func TestExpected(t *testing.T) {
	d := meet.NewDesk(7, 1)
	if d.Expect(&shape.Hello{}).Close(); d.Pending() != 0 {
		t.Error("one without a ticket counts")
	}
	e, ticket := expect(t, d)
	if again, err := e.Ticket(); again != ticket || err != nil || ticket.Node() != 7 || d.Pending() != 0 {
		t.Errorf("ticket %s of node %d, then %s, %v; %d pending", ticket.Hex(), ticket.Node(), again.Hex(), err, d.Pending())
	}
	if _, err := d.Expect(&shape.Hello{}).Ticket(); !fail.Is(err, fail.Overloaded) {
		t.Errorf("a full desk: %v", err)
	}
	listener := &guest{}
	tracking := ""
	if err := d.Claim(ticket, listener, func(p shape.Party) { tracking = p.Hello().Tracking }); err != nil || tracking != "it" {
		t.Errorf("claimed with %v, for %q", err, tracking)
	}
	if err := d.Claim(ticket, &guest{}, nobody); !fail.Is(err, fail.UnknownTicket) {
		t.Errorf("claimed again with %v", err)
	}
	<-e.Arrived()
	if p, err := e.Wait(t.Context()); p != shape.Party(listener) || err != nil {
		t.Errorf("%v, %v came", p, err)
	}
	if p, err := e.Wait(t.Context()); p != nil || !fail.Is(err, fail.UnknownTicket) {
		t.Errorf("then %v, %v came", p, err)
	}
	e.Close()
	if n := listener.refused.Load(); n != 0 {
		t.Errorf("the party that was taken was refused %d times", n)
	}
	if _, err := e.Ticket(); !fail.Is(err, fail.UnknownTicket) {
		t.Errorf("a ticket after Close: %v", err)
	}
	if other, _ := expect(t, d); other == nil {
		t.Error("the place at the desk is not free")
	}
}

// TestExpectedDeclines: the words in which the listener says no are heard.
func TestExpectedDeclines(t *testing.T) {
	d := meet.NewDesk(1, 10)
	e, ticket := expect(t, d)
	if err := d.Decline(ticket, fail.New(fail.Rejected, "busy")); err != nil {
		t.Fatal(err)
	}
	if p, err := e.Wait(t.Context()); p != nil || !fail.Is(err, fail.Rejected) {
		t.Errorf("%v, %v", p, err)
	}
	e.Close()
}

// TestExpectedGivenUp: nobody comes, or too late; whoever came and was not taken is refused, once.
func TestExpectedGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := meet.NewDesk(1, 10)
		e, ticket := expect(t, d)
		cause := errors.New("the sender left")
		ctx, leave := context.WithCancelCause(context.Background())
		leave(cause)
		if p, err := e.Wait(ctx); p != nil || !errors.Is(err, cause) {
			t.Errorf("%v, %v", p, err)
		}
		late := &guest{}
		if err := d.Claim(ticket, late, nobody); err != nil {
			t.Fatal(err)
		}
		if p, err := e.Wait(ctx); p != shape.Party(late) || err != nil {
			t.Errorf("one who came before it was looked: %v, %v", p, err)
		}

		e, ticket = expect(t, d)
		untaken := &guest{}
		if err := d.Claim(ticket, untaken, nobody); err != nil {
			t.Fatal(err)
		}
		e.Close()
		e.Close()
		if untaken.refused.Load() != 1 || untaken.told() != fail.UnknownTicket {
			t.Errorf("refused %d times with %s", untaken.refused.Load(), untaken.told())
		}

		e, ticket = expect(t, d)
		over := make(chan error, 1)
		go func() {
			_, err := e.Wait(context.Background())
			over <- err
		}()
		synctest.Wait()
		e.Close()
		if err := <-over; !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("who waited: %v", err)
		}
		if err := d.Claim(ticket, &guest{}, nobody); !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("a ticket after Close: %v", err)
		}
	})
}

// TestVoid: a ticket that is voided is used up and tells whoever waits; a party that came before it stays.
func TestVoid(t *testing.T) {
	d := meet.NewDesk(1, 10)
	e, ticket := expect(t, d)
	e.Void()
	e.Void()
	<-e.Arrived()
	if err := d.Claim(ticket, &guest{}, nobody); !fail.Is(err, fail.UnknownTicket) || d.Pending() != 0 {
		t.Errorf("claimed with %v, %d pending", err, d.Pending())
	}
	if p, err := e.Wait(t.Context()); p != nil || !fail.Is(err, fail.UnknownTicket) {
		t.Errorf("%v, %v came", p, err)
	}
	e.Close()

	e, ticket = expect(t, d)
	early := &guest{}
	if err := d.Claim(ticket, early, nobody); err != nil {
		t.Fatal(err)
	}
	e.Void()
	if early.refused.Load() != 0 {
		t.Error("who came before was refused")
	}
	if p, err := e.Wait(t.Context()); p != shape.Party(early) || err != nil {
		t.Errorf("%v, %v came", p, err)
	}
	e.Close()

	e, ticket = expect(t, d)
	if err := d.Claim(ticket, early, nobody); err != nil {
		t.Fatal(err)
	}
	e.Void()
	e.Close()
	if early.refused.Load() != 1 || early.told() != fail.UnknownTicket {
		t.Errorf("refused %d times with %s", early.refused.Load(), early.told())
	}
	d.Expect(&shape.Hello{}).Void() // has no ticket
}

// TestThen: whoever expects a party by Then is told once: of one that came, with its goroutine, of one that declined, and of nobody within the
// window; and not when he has taken it back.
func TestThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := meet.NewDesk(7, 9)
		var told atomic.Int64
		expects := func() (*meet.Expected, shape.Ticket) {
			e := d.Expect(&shape.Hello{})
			ticket, err := e.Then(time.Now().Add(time.Minute), func() { told.Add(1) })
			if err != nil {
				t.Fatal(err)
			}
			return e, ticket
		}
		e, ticket := expects()
		p := new(guest)
		seated, err := d.Seat(ticket, p, func(shape.Party) {})
		if err != nil || told.Load() != 0 {
			t.Errorf("%v, told %d times before it is greeted", err, told.Load())
		}
		seated.Greet()
		if got, err := e.Take(); got != shape.Party(p) || err != nil || told.Load() != 1 || e.Cancel() {
			t.Errorf("%v, %v, told %d times", got, err, told.Load())
		}

		e, ticket = expects()
		no := fail.New(fail.Rejected, "no")
		if err := d.Decline(ticket, no); err != nil {
			t.Error(err)
		}
		if _, err := e.Take(); !errors.Is(err, no) || told.Load() != 2 || e.Cancel() {
			t.Errorf("declined: %v, told %d times", err, told.Load())
		}

		e, _ = expects()
		<-time.After(time.Minute - 1)
		if told.Load() != 2 {
			t.Error("told before the end of the window")
		}
		<-time.After(time.Hour)
		if _, err := e.Take(); !fail.Is(err, fail.AcceptTimeout) || told.Load() != 3 || e.Cancel() {
			t.Errorf("nobody came: %v, told %d times", err, told.Load())
		}

		e, ticket = expects()
		if !e.Cancel() || e.Cancel() {
			t.Error("not taken back, or twice")
		}
		if _, err := d.Seat(ticket, p, nil); !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("behind that one comes: %v", err)
		}
		<-time.After(time.Hour)
		if told.Load() != 3 {
			t.Errorf("told %d times", told.Load())
		}
	})
}
