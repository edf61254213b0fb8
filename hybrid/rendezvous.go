package hybrid

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire"
)

const (
	// acceptTime is how long a listener has to answer a sender: hook and dial together. The SDKs' (reference section 9).
	acceptTime = 20 * time.Second
	// maxTurning is how many senders are turned away at a time; more are left to the gateway's own timeout.
	maxTurning = 16
)

// What the SDKs' listeners say (reference section 7); applications look for it.
const hookFailed = "The Listener's custom AcceptHandler threw an exception. See Listener logs for details. TrackingId: "

// errFull is why a sender was turned away.
var errFull = errors.New("the backlog is full: accept faster, or use WithBacklog")

// offered takes a sender in, if there is room, and never waits. raw: its rendezvous may be dialled without frames.
func (l *Listener) offered(o *wire.Offer, raw bool) {
	select {
	case l.slots <- struct{}{}:
		l.runs.Go(func() { l.receive(o, &dialled{l, raw && l.s.bytes}) })
	default:
		select {
		case l.turning <- struct{}{}:
			l.runs.Go(func() {
				l.turnAway(o, &dialled{l, false})
				<-l.turning
			})
		default:
			l.missed(o.ID, errFull)
		}
	}
}

// receive brings a sender to Accept, or to whom WithSenders names. It has one of the slots.
func (l *Listener) receive(o *wire.Offer, w way) {
	s, err := l.newSender(o, w)
	if err != nil {
		<-l.slots
		l.missed(o.ID, err)
		return
	}
	if l.s.senders != nil {
		s.freeSoon()
		l.s.senders(s.ctx, s)
		return
	}
	defer s.cancel()
	if !l.meet(s) {
		<-l.slots
	}
}

// meet asks the hook and accepts the sender. It reports whether the sender stands in the queue now.
func (l *Listener) meet(s *Sender) bool {
	protocol, err := l.choose(s.ctx, s.request)
	if err != nil {
		l.reject(s, err)
		return false
	}
	conn, err := s.accept(protocol)
	if err != nil {
		l.missed(s.request.TrackingID, err)
		return false
	}
	l.queue <- conn // as long as there are slots
	return true
}

// choose decides about a sender: the sub-protocol, or why not.
func (l *Listener) choose(ctx context.Context, r *Request) (string, error) {
	switch {
	case l.s.accept != nil:
		return l.s.accept(ctx, r)
	case len(r.Subprotocols) == 0:
		return "", nil
	case l.s.protocols == nil:
		return r.Subprotocols[0], nil
	}
	for _, p := range l.s.protocols {
		if slices.Contains(r.Subprotocols, p) {
			return p, nil
		}
	}
	return "", nil
}

// turnAway tells a sender that there is no room.
func (l *Listener) turnAway(o *wire.Offer, w way) {
	s, err := l.newSender(o, w)
	if err == nil {
		l.reject(s, Reject(http.StatusServiceUnavailable, "The listener's backlog is full."))
		s.cancel()
	}
	l.missed(o.ID, errFull)
}

// reject tells a sender no. The hook's own error stays here.
func (l *Listener) reject(s *Sender, why error) {
	no := &rejection{http.StatusBadGateway, hookFailed + s.offer.ID + "."}
	if !errors.As(why, &no) {
		l.missed(s.offer.ID, why)
	}
	if err := s.way.reject(s.ctx, s.offer, no); err != nil {
		l.missed(s.offer.ID, err)
	}
}

// missed tells of a sender that did not come to Accept.
func (l *Listener) missed(id string, err error) {
	if !l.isClosing() {
		l.tell(Event{Kind: SenderLost, Err: complete(err, "accept", l.endpoint.Name(), id)})
	}
}
