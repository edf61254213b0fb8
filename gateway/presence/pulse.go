package presence

import (
	"sync"
	"time"
)

// Change says that a listener's state, or its place in the order of asking, is another one.
type Change struct {
	From, To State
	Last     bool // to be asked after all others
	Why      Why
	Reason   string // why for people
	Time     time.Time
}

// Pulse is the machine of one listener with the clock. Make one with NewPulse, or Start the zero value; Stop ends it.
type Pulse struct {
	tell  func(Change)
	beats bool

	mu    sync.Mutex
	m     Machine
	timer *time.Timer
	over  bool
}

// NewPulse makes a Pulse and starts it.
func NewPulse(r Rules, beats bool, tell func(Change)) *Pulse {
	p := new(Pulse)
	p.Start(r, beats, tell)
	return p
}

// Start begins to judge a listener, once. beats says that it is pinged, so that silence means something. tell is called for each
// change, one at a time and under a lock: it must not block nor call the Pulse.
func (p *Pulse) Start(r Rules, beats bool, tell func(Change)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell, p.beats, p.m = tell, beats, NewMachine(r, time.Now())
	if beats {
		p.timer = time.AfterFunc(p.m.rules.Silence, p.tick)
	}
}

// Stop ends the judging: nothing is told afterwards. It may be called twice, and on nil.
func (p *Pulse) Stop() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// Heard notes a frame. It is called for every frame of a control channel and costs no more than a lock and the time of day.
func (p *Pulse) Heard() { p.do(func(m *Machine, now time.Time) { m.Heard(now) }) }

// Accepted notes an answer to an offer, and how long it took.
func (p *Pulse) Accepted(took time.Duration) {
	p.do(func(m *Machine, now time.Time) { m.Accepted(now.Add(-took), now) })
}

// Left notes an offer that was made that long ago and got no answer.
func (p *Pulse) Left(ago time.Duration) {
	p.do(func(m *Machine, now time.Time) { m.Left(now.Add(-ago)) })
}

// Unanswered notes a request that was made that long ago and got no answer.
func (p *Pulse) Unanswered(ago time.Duration) {
	p.do(func(m *Machine, now time.Time) { m.Unanswered(now.Add(-ago), now) })
}

// Late notes an answer that came when the offer was over.
func (p *Pulse) Late() { p.do(func(m *Machine, now time.Time) { m.Late(now) }) }

// Doubt notes that the listener's id came again on another channel.
func (p *Pulse) Doubt() { p.do(func(m *Machine, _ time.Time) { m.Doubt() }) }

// tick is the timer's. It is not set anew by frames: it looks how old the last one is and waits for the rest.
func (p *Pulse) tick() {
	p.do(func(m *Machine, now time.Time) {
		m.Tick(now)
		if s, _ := m.State(); s != Deaf {
			p.timer.Reset(m.Due().Sub(now))
		}
	})
}

// do changes the machine and tells what came of it. A nil Pulse judges nobody.
func (p *Pulse) do(f func(*Machine, time.Time)) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	now := time.Now()
	from, _ := p.m.State()
	last := p.m.Last()
	f(&p.m, now)
	to, why := p.m.State()
	if p.beats && from == Deaf && to != Deaf {
		p.timer.Reset(p.m.Due().Sub(now))
	}
	if to != from || p.m.Last() != last {
		p.tell(Change{From: from, To: to, Last: p.m.Last(), Why: why, Reason: p.m.Reason(), Time: now})
	}
}
