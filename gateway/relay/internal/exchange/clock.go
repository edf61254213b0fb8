package exchange

import (
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// clock ends an exchange whose listener sends no head in time. It runs from the first offer, and anew whenever the body of the request
// moves on: an upload may take as long as it likes.
type clock struct {
	mu    sync.Mutex
	timer *time.Timer
	begun time.Duration // since the begin of the exchange
	limit time.Duration
	extra time.Duration // another node's
	node  uint16
	over  bool
}

// Start begins the time that a listener may take for the head of its response; the first call counts.
func (x *Life) Start(limit time.Duration) {
	k := &x.clock
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil || k.over {
		return
	}
	k.begun, k.limit = x.since(), limit
	k.timer = time.AfterFunc(limit, x.strike)
}

// Lend gives more time while another node has the request, whose own time is to run out first: only a node that is silent itself lets
// it pass. 0 takes it back.
func (x *Life) Lend(node uint16, extra time.Duration) {
	x.clock.mu.Lock()
	defer x.clock.mu.Unlock()
	x.clock.node, x.clock.extra = node, extra
}

// Limit is the time that the listener had.
func (x *Life) Limit() time.Duration {
	x.clock.mu.Lock()
	defer x.clock.mu.Unlock()
	return x.clock.limit
}

// stop ends the time: the head is there, or nobody waits for it any more.
func (k *clock) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	if k.timer != nil {
		k.timer.Stop()
	}
}

// strike ends the exchange, unless there was progress meanwhile.
func (x *Life) strike() {
	k := &x.clock
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return
	}
	last := max(k.begun, time.Duration(x.up.moved.Load()))
	if rest := last + k.limit + k.extra - x.since(); rest > 0 {
		k.timer.Reset(rest)
		return
	}
	k.over = true
	x.Cancel(x.silence())
}

// silence is whose it is. The clock's lock is held.
func (x *Life) silence() *fail.Error {
	k := &x.clock
	switch {
	case x.up.waiting.Load():
		return fail.Newf(fail.SlowBody, "Nothing of the request's body came for %s.", k.limit)
	case k.extra > 0:
		return fail.Newf(fail.NodeLost, "Node %d, which holds the listener, does not answer.", k.node)
	default:
		return fail.New(fail.ListenerSilent, "The request was routed to the listener but the listener did not respond in the required time.")
	}
}

// allotted is a time as the service writes it in its texts (reference section 5.1).
func allotted(d time.Duration) string {
	s := int64(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
