package exchange

import (
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/alarm"
)

// clock ends an exchange whose listener sends no head in time. It runs from the first offer, and anew whenever the body of the request
// moves on: an upload may take as long as it likes.
type clock struct {
	mu      sync.Mutex
	node    *alarm.Clock // rings for all exchanges of the node; nil: the time has not begun
	alarm   alarm.Alarm
	begun   time.Duration // since the begin of the exchange
	limit   time.Duration
	extra   time.Duration // another node's
	extraOf uint16
	over    bool
}

// Start begins the time that a listener may take for the head of its response, at a moment that is now, counted from the begin of the
// exchange; the first call counts. node is the clock that all exchanges share.
func (x *Life) Start(node *alarm.Clock, begun, limit time.Duration) {
	k := &x.clock
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.node != nil || k.over {
		return
	}
	k.node, k.begun, k.limit = node, begun, limit
	node.Set(&k.alarm, x.began.Add(begun+limit), x)
}

// Lend gives more time while another node has the request, whose own time is to run out first: only a node that is silent itself lets
// it pass. 0 takes it back.
func (x *Life) Lend(node uint16, extra time.Duration) {
	x.clock.mu.Lock()
	defer x.clock.mu.Unlock()
	x.clock.extraOf, x.clock.extra = node, extra
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
	k.alarm.Stop()
}

// Ring implements alarm.Ringer: it ends the exchange, unless there was progress meanwhile.
func (x *Life) Ring() {
	k := &x.clock
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return
	}
	last := max(k.begun, time.Duration(x.up.moved.Load()))
	if until := last + k.limit + k.extra; x.since() < until {
		k.node.Set(&k.alarm, x.began.Add(until), x)
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
		return fail.Newf(fail.NodeLost, "Node %d, which holds the listener, does not answer.", k.extraOf)
	default:
		return fail.New(fail.ListenerSilent, "The request was routed to the listener but the listener did not respond in the required time.")
	}
}

// allotted is a time as the service writes it in its texts (reference section 5.1).
func allotted(d time.Duration) string {
	s := int64(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
