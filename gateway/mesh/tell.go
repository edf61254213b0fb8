package mesh

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// Bounds of what may be on its way, received or waiting, but not handled yet, for each (from, to, kind). At the bound Tell
// waits: that is the back-pressure.
const (
	windowCount = 256
	windowBytes = 4 << 20
	maxLanes    = 64 // kinds of tell that one node keeps for another
)

// maxResend bounds how long the wait between two resends grows.
const maxResend = 2 * time.Second

// outLane is the tells of one kind to one node: numbered, kept until received, counted until handled. Guarded by Member.mu.
type outLane struct {
	sent    uint64 // number of the last one
	got     uint64 // the node has received up to here
	done    uint64 // and handled up to here
	waiting []unhandled
	bytes   int           // of waiting
	space   chan struct{} // closed and made anew when there is more room or the lane has ended
	ended   bool
	timer   *time.Timer
	resend  time.Duration
	watched uint64 // got and done when the timer was set: no change since means that something is missing
	probing bool   // something was sent again: the next answer shows what else is missing
}

// unhandled is one tell between done and sent; its body is dropped once it is received.
type unhandled struct {
	body []byte
	size int
}

// Tell implements Bus. While the node handles slower than it is told, Tell waits for ctx and gives Overloaded when it ends;
// the tell was not sent then. A node that is gone gives NodeLost; without an error, the tell arrives unless the node goes.
func (m *Member) Tell(ctx context.Context, to Num, kind string, b []byte) error {
	if err := checkBody("tell", kind, b); err != nil {
		return err
	}
	body := slices.Clone(b) // kept until received
	for {
		if ctx.Err() != nil {
			return fail.Wrap(fail.Overloaded, "tell", fmt.Errorf("node %d, %s: %w", to, kind, context.Cause(ctx)))
		}
		taken, space, err := m.tellOnce(to, kind, body)
		if taken || err != nil {
			return err
		}
		select {
		case <-space:
		case <-ctx.Done():
		}
	}
}

// tellOnce sends, or says what to wait for.
func (m *Member) tellOnce(to Num, kind string, body []byte) (taken bool, space <-chan struct{}, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false, nil, errLeft.At("tell", kind, "")
	}
	if to == m.node.Num {
		taken, space = m.tellSelfLocked(kind, body)
		return taken, space, nil
	}
	p := m.peers[to]
	if p == nil {
		return false, nil, lost(to).At("tell", kind, "")
	}
	l, err := m.laneLocked(p, kind)
	if err != nil {
		return false, nil, err
	}
	if l.sent-l.done >= windowCount || l.bytes > 0 && l.bytes+len(body) > windowBytes {
		return false, l.space, nil
	}
	l.sent++
	l.waiting = append(l.waiting, unhandled{body, len(body)})
	l.bytes += len(body)
	m.sendTellLocked(p, kind, l.sent, body)
	if l.timer == nil {
		l.resend = m.timing.Resend
		m.watchLaneLocked(p, kind, l)
	}
	return true, nil, nil
}

func (m *Member) laneLocked(p *peer, kind string) (*outLane, error) {
	l := p.out[kind]
	if l == nil {
		if len(p.out) >= maxLanes {
			return nil, fail.Newf(fail.Internal, "more than %d kinds of tell", maxLanes).At("tell", kind, "")
		}
		l = &outLane{space: make(chan struct{})}
		p.out[kind] = l
	}
	return l, nil
}

func (m *Member) sendTellLocked(p *peer, kind string, seq uint64, body []byte) {
	_ = m.sendLocked(p.node.Num, p.epoch, &message{
		class: classTell, session: p.session, seq: seq, kind: kind, body: body,
	}) // lost: it is sent again
}

// watchLaneLocked looks at the lane again when it should have moved.
func (m *Member) watchLaneLocked(p *peer, kind string, l *outLane) {
	l.watched = l.got + l.done
	l.timer = time.AfterFunc(l.resend, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if l.ended || m.closed {
			return
		}
		if l.timer = nil; len(l.waiting) == 0 {
			return
		}
		if l.watched == l.got+l.done {
			m.probeLocked(p, kind, l)
			l.resend = min(2*l.resend, maxResend)
		}
		m.watchLaneLocked(p, kind, l)
	})
}

// probeLocked sends the first tell that was not received again, or an empty one that was received already: either way the
// node answers with how far it is.
func (m *Member) probeLocked(p *peer, kind string, l *outLane) {
	l.probing = true
	if l.got < l.sent {
		m.sendTellLocked(p, kind, l.got+1, l.waiting[l.got-l.done].body)
		return
	}
	m.sendTellLocked(p, kind, l.got, nil)
}

// receiveTakenLocked: the node says how far it is.
func (m *Member) receiveTakenLocked(p *peer, msg *message) {
	l := p.out[msg.kind]
	if l == nil || msg.session != p.session || msg.seq > l.sent || msg.done > msg.seq {
		return
	}
	if msg.done > l.done {
		for _, u := range l.waiting[:msg.done-l.done] {
			l.bytes -= u.size
		}
		l.waiting = slices.Delete(l.waiting, 0, int(msg.done-l.done))
		l.done = msg.done
		l.spaceLocked()
	}
	if msg.seq > l.got {
		l.got = msg.seq
		l.resend = m.timing.Resend
	}
	for i := range l.waiting[:l.got-l.done] {
		l.waiting[i].body = nil
	}
	if (msg.gap || l.probing) && msg.seq == l.got {
		for seq := l.got + 1; seq <= l.sent; seq++ {
			m.sendTellLocked(p, msg.kind, seq, l.waiting[seq-l.done-1].body)
		}
	}
	l.probing = false
}

// spaceLocked wakes whoever waits for room.
func (l *outLane) spaceLocked() {
	close(l.space)
	l.space = make(chan struct{})
}

// endLocked is for a node that is gone.
func (l *outLane) endLocked() {
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.spaceLocked()
}
