package exchange

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// watch sees to it that an exchange hears of its end although nothing can be told on its control channel any more: the sender leaves, its
// time is up, the gateway is gone, or has never meant to wait. The rendezvous, which an answer needs now anyway, is dialled before there
// is an answer, and the end of the one is that of the other.
func (c *call) watch() {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
		return
	}
	m, err := c.dial()
	if err != nil {
		c.cancel(fail.Wrap(fail.ListenerLost, "answer", err))
		return
	}
	m.attend()
}
