package connect

import (
	"context"
	"errors"
	"net"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
)

// Broken is why a stream of Carry did not come to its end in order.
type Broken struct {
	Relay    string    // name of the relay, as configured
	Reason   fail.Code // as in events
	Text     string    // what is behind the reason; may be ""
	Do       string    // what to do next; may be ""
	Tracking string    // finds the stream in the gateway's log; "" when there was none
}

// Error gives everything but what to do and where to look.
func (b *Broken) Error() string {
	text := b.Relay + ": " + string(b.Reason)
	if b.Text != "" {
		text += ": " + b.Text
	}
	return text
}

// Carry is a forwarding connector for one sender, who is there already: it dials the relay, and carries what both say until both have
// ended, which is no error. Bind is not looked at, no event tells of the connection's refusal, and the sender is closed. The end of ctx
// cuts the stream: the other end sees a loss.
//
// A refusal is a *hybrid.Error, a wrong connector a *Flaw, all else *Broken.
func (b *Bridge) Carry(ctx context.Context, c Connector, sender net.Conn) error {
	defer sender.Close()
	c.Bind = "127.0.0.1:0" // for Check; nobody opens it
	plans, err := b.plan([]Connector{c})
	if err != nil {
		return err
	}
	r := plans[0].routes[0]
	defer r.cut(nil)
	defer context.AfterFunc(ctx, func() { r.cut(errStopped) })()
	e := Event{Entity: c.Forward, Remote: remoteOf(sender)}
	through, read, err := r.through(sender)
	if no, ok := errors.AsType[*preambleError](err); ok {
		return &Broken{Relay: c.Forward, Reason: PreambleFailed, Text: no.text, Do: no.do}
	} else if no, ok := errors.AsType[*fail.Error](err); ok {
		return &Broken{Relay: c.Forward, Reason: no.Code, Text: "the local client left before it was answered"}
	} else if err != nil {
		return err
	}
	e.tracking = through.TrackingID()
	closed := r.join(&e, sender, far{through}, read, "the local client", flow.Forth)
	if closed.Reason == fail.PeerClosed {
		return nil
	}
	return &Broken{Relay: c.Forward, Reason: closed.Reason, Text: closed.Text, Do: closed.Do, Tracking: logged(e.tracking)}
}
