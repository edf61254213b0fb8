package wsconn

import (
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// maxMissed is how many pings may stay without any byte from the gateway (reference section 6.4: two or three).
const maxMissed = 3

// pulse pings the gateway while nothing is written, so that it and every NAT on the way knows of us also when nobody reads
// here, and notices when it is silent although somebody does.
type pulse struct {
	mu     sync.Mutex
	timer  *time.Timer
	every  time.Duration // 0: stopped
	pinged bool          // a ping has left since the last beat
	missed int
	silent bool
}

func (p *pulse) start(c *Conn, every time.Duration) {
	if every <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every = every
	p.timer = time.AfterFunc(every, func() { p.beat(c) })
}

func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.every = 0
}

// verdict is the reason behind the error of a carrier: ErrSilent once the pulse has ended the connection.
func (p *pulse) verdict(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		return ErrSilent
	}
	return err
}

// beat counts a silence only behind a ping, and only while a read waits: bytes that nobody fetches prove nothing.
func (p *pulse) beat(c *Conn) {
	alive, reading, wrote := c.in.alive.Swap(false), c.flags.reading.Load(), c.flags.wrote.Swap(false)
	p.mu.Lock()
	if p.every == 0 {
		p.mu.Unlock()
		return
	}
	switch {
	case alive || !reading:
		p.missed = 0
	case p.pinged:
		p.missed++
	}
	p.silent = p.missed >= maxMissed
	silent := p.silent
	p.mu.Unlock()
	if silent {
		c.down(true)
		return
	}
	pinged := !wrote && c.ping()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pinged = pinged; p.every > 0 {
		p.timer.Reset(p.every)
	}
}

// ping sends an empty ping, unless somebody writes.
func (c *Conn) ping() bool {
	if !c.wmu.TryLock() {
		return false
	}
	sent := c.signal(wsframe.Ping, nil)
	c.wmu.Unlock()
	c.payPong()
	return sent
}

// owe notes a ping and answers it now, or leaves it to the write that is under way.
func (c *Conn) owe(body []byte) {
	c.pong.Owe(body)
	c.payPong()
}

// payPong sends the pong that is owed, unless somebody writes: whoever does calls it again.
func (c *Conn) payPong() {
	for c.pong.Owed() && c.wmu.TryLock() {
		var room [wsframe.MaxControl]byte
		if body, owed := c.pong.Take(room[:0]); owed {
			c.signal(wsframe.Pong, body)
		}
		c.wmu.Unlock()
	}
}
