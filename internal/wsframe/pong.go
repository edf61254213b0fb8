package wsframe

import "sync"

// PongSlot keeps the newest pong that is owed to a peer until whoever may write sends it. RFC 6455 section 5.5.3 lets an endpoint
// answer only the newest of several pings, so the slot is one: a peer that pings faster than it reads makes nothing grow.
//
// The zero value owes nothing and keeps no memory; it keeps a body's length of it from the first ping with a body on. All methods may
// be called from any goroutine. It must not be copied after first use.
type PongSlot struct {
	mu   sync.Mutex
	owed bool
	body []byte // as long as the longest so far: most peers never ping, and with an empty body when they do
}

// Owe notes a ping's body, at most MaxControl bytes long, which is copied. A pong that was owed before is no more.
func (p *PongSlot) Owe(body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.body = append(p.body[:0], body...)
	p.owed = true
}

// Owed reports whether a pong is owed. Only Take decides who sends it.
func (p *PongSlot) Owed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.owed
}

// Take empties the slot: it appends the body of the pong that is owed to dst. owed is false if none is, or another goroutine has taken
// it; then body is dst.
func (p *PongSlot) Take(dst []byte) (body []byte, owed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.owed {
		return dst, false
	}
	p.owed = false
	return append(dst, p.body...), true
}
