package meet_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/meet"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// visitor is a party that is answered.
type visitor struct {
	guest
	hello    shape.Hello
	accepted func() // nil: nothing
	err      error

	yes []shape.Answer
	leg *thing
}

func (v *visitor) Hello() *shape.Hello { return &v.hello }

func (v *visitor) Accept(a shape.Answer) (shape.Leg, error) {
	v.yes = append(v.yes, a)
	if v.accepted != nil {
		v.accepted()
	}
	if v.err != nil {
		return nil, v.err
	}
	v.leg = new(thing)
	return v.leg, nil
}

// thing is a leg that notes how it was cut off.
type thing struct {
	shape.Leg
	ends []*shape.End
}

func (l *thing) Abort(end *shape.End) { l.ends = append(l.ends, end) }

// meeting is one whose sender waits.
func meeting(t *testing.T, d *meet.Desk, window time.Duration) (ticket shape.Ticket, done <-chan result) {
	t.Helper()
	m := d.Open(meet.Rules{Window: window})
	m.Sit(meet.Sender, &visitor{hello: shape.Hello{Offers: []string{"a", "b"}}})
	ticket, err := m.Ticket(meet.Listener)
	if err != nil {
		t.Fatal(err)
	}
	done = wait(t.Context(), m, nil)
	synctest.Wait()
	return ticket, done
}

// TestGreet: a listener is told yes while its sender still sleeps, once, and the sender hears what came of it.
func TestGreet(t *testing.T) {
	gone := errors.New("gone")
	for _, err := range []error{nil, gone} {
		synctest.Test(t, func(t *testing.T) {
			d := meet.NewDesk(7, 10)
			ticket, done := meeting(t, d, time.Minute)
			l := &visitor{hello: shape.Hello{Offers: []string{"x", "b"}}, err: err}
			l.accepted = func() {
				synctest.Wait()
				select {
				case r := <-done:
					t.Errorf("the sender woke before: %+v", r)
				default:
				}
			}
			at, serr := d.Seat(ticket, l, nobody)
			if serr != nil {
				t.Fatal(serr)
			}
			at.Greet()
			r := <-done
			if r.err != nil {
				t.Fatal(r.err)
			}
			leg, lerr := r.listener.Accept(shape.Answer{Choice: "another"})
			if !errors.Is(lerr, err) || err == nil && leg != shape.Leg(l.leg) {
				t.Errorf("the sender's goroutine got %v, %v", leg, lerr)
			}
			if len(l.yes) != 1 || l.yes[0].Choice != "b" || l.refused.Load() != 0 {
				t.Errorf("the listener was told %v, and no %d times", l.yes, l.refused.Load())
			}
		})
	}
}

// TestGreetTheAbandoned: a sender that leaves while its listener is told yes costs that one its connection; one that has left before, or
// a listener that is not the meeting's to answer any more, is not told yes.
func TestGreetTheAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := meet.NewDesk(7, 10)
		open := func() (*meet.Meeting, shape.Ticket) {
			m := d.Open(meet.Rules{})
			m.Sit(meet.Sender, &visitor{})
			ticket, err := m.Ticket(meet.Listener)
			if err != nil {
				t.Fatal(err)
			}
			return m, ticket
		}
		left := func(m *meet.Meeting) {
			ctx, leave := context.WithCancelCause(t.Context())
			leave(fail.New(fail.SenderGone, ""))
			if _, _, err := m.End(ctx, nil); !fail.Is(err, fail.SenderGone) {
				t.Errorf("ended with %v", err)
			}
		}
		m, ticket := open()
		l := new(visitor)
		at, err := d.Seat(ticket, l, nobody)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		l.accepted = func() {
			go func() { left(m); close(ended) }() // it refuses, behind the yes
		}
		at.Greet()
		<-ended
		if len(l.yes) != 1 || len(l.leg.ends) != 1 || l.leg.ends[0].Why != fail.SenderGone || l.refused.Load() != 0 {
			t.Errorf("told %v, cut off by %v, refused %d times", l.yes, l.leg.ends, l.refused.Load())
		}

		m, ticket = open()
		l = new(visitor)
		if at, err = d.Seat(ticket, l, nobody); err != nil {
			t.Fatal(err)
		}
		left(m)
		at.Greet()
		if len(l.yes) != 0 || l.refused.Load() != 1 {
			t.Errorf("told %v behind %d refusals", l.yes, l.refused.Load())
		}
	})
}

// TestWake: who waits learns of the party with Wake, and not before, unless the wait ends otherwise. Nobody but a listener is greeted.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := meet.NewDesk(7, 10)
		ticket, done := meeting(t, d, time.Minute)
		l := new(visitor)
		at, err := d.Seat(ticket, l, nobody)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case r := <-done:
			t.Errorf("met %+v before Wake", r)
		default:
		}
		at.Wake()
		at.Wake() // does nothing
		if r := <-done; r.listener != shape.Party(l) || r.err != nil {
			t.Errorf("met %+v", r)
		}

		ticket, done = meeting(t, d, time.Second)
		if at, err = d.Seat(ticket, l, nobody); err != nil {
			t.Fatal(err)
		}
		if r := <-done; r.listener != shape.Party(l) || r.err != nil { // the window ends
			t.Errorf("met %+v without Wake", r)
		}
		at.Wake()

		m, s := d.Open(meet.Rules{}), new(visitor)
		m.Sit(meet.Listener, l)
		ticket, _ = m.Ticket(meet.Sender)
		if at, err = d.Seat(ticket, s, nobody); err != nil {
			t.Fatal(err)
		}
		at.Greet()
		if _, _, err := m.Wait(t.Context(), nil); err != nil || len(s.yes)+len(l.yes) != 0 {
			t.Errorf("met with %v, told %v and %v", err, s.yes, l.yes)
		}

		e := d.Expect(&shape.Hello{})
		ticket, _ = e.Ticket()
		if at, err = d.Seat(ticket, l, nobody); err != nil {
			t.Fatal(err)
		}
		at.Greet()
		if p, err := e.Wait(t.Context()); p != shape.Party(l) || err != nil || len(l.yes) != 0 {
			t.Errorf("%v came, %v, told %v", p, err, l.yes)
		}
		if at, err = d.Seat(ticket, l, nobody); !fail.Is(err, fail.UnknownTicket) {
			t.Errorf("seated again with %v", err)
		}
		at.Greet()
	})
}
