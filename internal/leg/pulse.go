package leg

import (
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// maxMissed pings without any byte from the peer end the stream (reference section 6.4: two or three).
const maxMissed = 3

// owe notes a ping and answers it now, or leaves it to the write that is under way.
func (w *WS) owe(body []byte) {
	w.pong.Owe(body)
	w.payPong(nil)
}

// payPong sends the pong owed unless a write is under way: whoever writes calls it again behind the write. waits is WritePatient's, or nil.
func (w *WS) payPong(waits func()) {
	for w.pong.Owed() && w.wmu.TryLock() {
		var room [wsframe.MaxControl]byte
		if body, owed := w.pong.Take(room[:0]); owed && !w.wclosed {
			_ = w.sendLocked(w.controlFrame(wsframe.Pong, body), waits) // a loss shows itself to the next Read
		}
		w.wmu.Unlock()
		w.part()
	}
}

// pulse pings the peer and notices when it is silent.
type pulse struct {
	mu     sync.Mutex
	timer  *time.Timer
	every  time.Duration
	sent   bool // a ping has left at all
	missed int  // pings in a row that stayed without any byte
}

func (p *pulse) start(w *WS, every time.Duration) {
	if every <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.every = every
	p.timer = time.AfterFunc(every, func() { p.beat(w) })
}

func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.every = 0
	}
}

// beat counts silence only while a read waits for the peer: one that is held back by the other side's slowness proves nothing.
func (p *pulse) beat(w *WS) {
	p.mu.Lock()
	switch {
	case w.src.alive.Swap(false) || !w.src.waiting.Load():
		p.missed = 0
	case p.sent:
		p.missed++
	}
	over := p.missed >= maxMissed
	p.sent = true
	p.mu.Unlock()
	if over {
		w.Abort(&shape.End{Why: fail.Idle, Text: "the peer does not answer pings"})
		return
	}
	w.ping()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.every > 0 {
		p.timer.Reset(p.every)
	}
}

// ping sends an empty ping unless a write is under way, which is a sign of life itself.
func (w *WS) ping() {
	if !w.wmu.TryLock() {
		return
	}
	if !w.wclosed {
		_ = w.sendLocked(w.controlFrame(wsframe.Ping, nil), nil) // a loss shows itself to the next Read
	}
	w.wmu.Unlock()
	w.payPong(nil)
	w.part()
}
