package meet

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Rules of one meeting.
type Rules struct {
	Window time.Duration // 0: DefaultWindow
}

// Open begins a meeting; its window begins with it. Its owner calls Wait, or End if it never comes to that.
func (d *Desk) Open(r Rules) *Meeting {
	if r.Window <= 0 {
		r.Window = DefaultWindow
	}
	m := new(Meeting)
	m.Init(d, time.Now().Add(r.Window))
	return m
}

// Claim is Seat with Wake at once.
func (d *Desk) Claim(t shape.Ticket, p shape.Party, seated func(other shape.Party)) error {
	s, err := d.Seat(t, p, seated)
	s.Wake()
	return err
}

// Expect prepares a rendezvous for the exchange that began with h. It costs the desk nothing until Ticket.
func (d *Desk) Expect(h *shape.Hello) *Expected {
	e := new(Expected)
	e.Init(d, h)
	return e
}
