package relay

import (
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// remoteGrace is how much longer the sender's node waits for a head than the listener's, which is to say first that the listener is
// silent. Only a node that is silent itself lets it pass.
const remoteGrace = askTimeout

// clock ends an exchange whose listener sends no head in time. It runs from the first offer, and anew whenever the body of the request
// moves on: an upload may take as long as it likes.
type clock struct {
	mu    sync.Mutex
	timer *time.Timer
	begun time.Duration // since the arrival
	limit time.Duration
	extra time.Duration // another node's
	over  bool
}

// start begins the time; the first call counts.
func (k *clock) start(x *exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil || k.over {
		return
	}
	if k.limit = x.entity.Settings.ResponseTimeout; k.limit <= 0 {
		k.limit = x.relay.p.Timeouts.Response
	}
	k.begun = x.record.since()
	k.timer = time.AfterFunc(k.limit, func() { k.strike(x) })
}

// lend gives more time while another node has the request.
func (k *clock) lend(extra time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.extra = extra
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
func (k *clock) strike(x *exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return
	}
	last := max(k.begun, time.Duration(x.up.moved.Load()))
	if rest := last + k.limit + k.extra - x.record.since(); rest > 0 {
		k.timer.Reset(rest)
		return
	}
	k.over = true
	x.cancel(k.why(x))
}

// why is whose silence it is.
func (k *clock) why(x *exchange) *fail.Error {
	switch {
	case x.up.waiting.Load():
		return fail.Newf(fail.Idle, "Nothing of the request's body came for %s.", k.limit)
	case k.extra > 0:
		return fail.Newf(fail.NodeLost, "Node %d, which holds the listener, does not answer.", x.record.PeerNode)
	default:
		return fail.New(fail.ListenerSilent, "The request was routed to the listener but the listener did not respond in the required time.")
	}
}

// allotted is the time as the service writes it in its texts (reference section 5.1).
func (k *clock) allotted() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := int64(k.limit / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
