package presence

import (
	"fmt"
	"time"
)

// State is what a listener seems to be. The text is a contract: JSON, labels and log lines have it.
type State uint8

// The states. A listener that has left is Gone for good; the same program that comes back is another listener.
const (
	Online State = iota // it takes what it is offered
	Slow                // it takes offers, but late, or not each
	Deaf                // it takes none, or nothing is heard of it, although its channel is open
	Gone                // its channel has ended
)

// States lists all states in the order in which they are shown.
func States() []State { return []State{Online, Slow, Deaf, Gone} }

// String is the state's text.
func (s State) String() string {
	switch s {
	case Slow:
		return "slow"
	case Deaf:
		return "deaf"
	case Gone:
		return "gone"
	default:
		return "online"
	}
}

// Rules say when a listener counts as slow or deaf. Zero values become the defaults beside them.
type Rules struct {
	Offers  int           // 2: so many offers in a row without an answer make it deaf
	Silence time.Duration // 90 s: so long without any frame makes it deaf: three pings (reference section 6.4)
	Slow    time.Duration // 5 s: taking an offer later than that makes it slow
}

// WithDefaults gives the rules with every zero value replaced.
func (r Rules) WithDefaults() Rules {
	if r.Offers <= 0 {
		r.Offers = 2
	}
	if r.Silence <= 0 {
		r.Silence = 90 * time.Second
	}
	if r.Slow <= 0 {
		r.Slow = 5 * time.Second
	}
	return r
}

// Why says what a state was concluded from.
type Why uint8

// The reasons.
const (
	Answered Why = iota // it took an offer, or a frame came
	Delayed             // it took an offer late, or left a single one
	Ignoring            // it left offers in a row
	Silent              // nothing was heard
)

// Machine concludes a listener's state. The zero Machine is of no use: NewMachine.
//
//	state        accepted in time | accepted late | left an offer      | silence | a frame
//	online       online           | slow          | slow, deaf at last | deaf    | -
//	slow         online           | slow          | deaf at last       | deaf    | -
//	deaf         online           | slow          | -                  | -       | online, unless it answers pings and leaves offers
//
// "At last" is with the Rules.Offers-th offer in a row. An offer that was left is no evidence when one was taken since it was
// made: the listener was busy. A deaf listener that was silent all the time since the first offer it left is back with its
// first frame: it was stopped or cut off. One whose frames kept coming is deaf by choice or by a fault of its program, and
// only taking an offer shows the contrary.
type Machine struct {
	rules   Rules
	state   State
	why     Why
	doubted bool      // its id came again and it has said nothing since
	heard   time.Time // the last sign of life
	taken   time.Time // the last offer taken
	left    int       // offers in a row
	since   time.Time // when the first of them was made
	over    time.Time // when the last unanswered request was given up
}

// NewMachine makes a machine for a listener that has just come.
func NewMachine(r Rules, now time.Time) Machine {
	return Machine{rules: r.WithDefaults(), heard: now}
}

// State is what the listener seems to be, and why.
func (m *Machine) State() (State, Why) { return m.state, m.why }

// Last reports whether the listener is to be asked after all others: it is deaf, or its id came again and it has not shown
// that it is still there.
func (m *Machine) Last() bool { return m.state == Deaf || m.doubted }

// Reason is why for people.
func (m *Machine) Reason() string {
	switch m.why {
	case Ignoring:
		return fmt.Sprintf("it did not answer %d offers in a row", m.left)
	case Silent:
		return fmt.Sprintf("nothing was heard of it for %s", m.rules.Silence)
	case Delayed:
		return "it takes offers late, or not each"
	default:
		return "it answers"
	}
}

// Heard notes a frame of any kind.
func (m *Machine) Heard(now time.Time) {
	before := m.heard
	m.heard, m.doubted = now, false
	if m.state == Deaf && (m.why == Silent || !before.After(m.since)) {
		m.left = 0
		m.become(Online, Answered)
	}
}

// Accepted notes an offer that was taken or declined: both are answers.
func (m *Machine) Accepted(made, now time.Time) {
	m.heard, m.taken, m.left, m.doubted = now, now, 0, false
	if now.Sub(made) > m.rules.Slow {
		m.become(Slow, Delayed)
		return
	}
	m.become(Online, Answered)
}

// Late notes that an offer was taken, or a request answered, when its sender could not be served any more. Who owes nothing
// is no slower for it.
func (m *Machine) Late(now time.Time) {
	if m.left == 0 {
		m.Heard(now)
		return
	}
	m.heard, m.taken, m.left, m.doubted = now, now, 0, false
	m.become(Slow, Delayed)
}

// Left notes an offer that nobody answered in its time.
func (m *Machine) Left(made time.Time) {
	if m.taken.After(made) {
		if m.state == Online {
			m.become(Slow, Delayed)
		}
		return
	}
	if m.left++; m.left == 1 {
		m.since = made
	}
	switch {
	case m.state == Deaf:
	case m.left >= m.rules.Offers:
		m.become(Deaf, Ignoring)
	default:
		m.become(Slow, Delayed)
	}
}

// Unanswered notes a request that the listener did not answer in its time. The service behind it may be slow, so requests
// that ran beside each other are one piece of evidence: the second counts if it was made when the first was over.
func (m *Machine) Unanswered(made, now time.Time) {
	if m.left > 0 && m.over.After(made) {
		return
	}
	m.over = now
	m.Left(made)
}

// Doubt notes that another channel came with the same id.
func (m *Machine) Doubt() { m.doubted = true }

// Tick looks at the clock.
func (m *Machine) Tick(now time.Time) {
	if m.state != Deaf && !now.Before(m.Due()) {
		m.become(Deaf, Silent)
	}
}

// Due is when silence makes the listener deaf if it goes on.
func (m *Machine) Due() time.Time { return m.heard.Add(m.rules.Silence) }

func (m *Machine) become(s State, why Why) { m.state, m.why = s, why }
