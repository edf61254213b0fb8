package hybrid

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
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

// offered takes a sender in, if there is room, and never waits.
func (l *Listener) offered(o *wire.Offer) {
	select {
	case l.slots <- struct{}{}:
		l.runs.Go(func() {
			if !l.meet(o) {
				<-l.slots
			}
		})
	default:
		select {
		case l.turning <- struct{}{}:
			l.runs.Go(func() {
				l.turnAway(o)
				<-l.turning
			})
		default:
			l.missed(o.ID, errFull)
		}
	}
}

// meet asks the hook and dials the rendezvous. It reports whether the sender stands in the queue now.
func (l *Listener) meet(o *wire.Offer) bool {
	ctx, cancel := context.WithTimeout(l.life, acceptTime)
	defer cancel()
	request, at, err := requestOf(o)
	if err != nil {
		l.missed(o.ID, err)
		return false
	}
	protocol, err := l.choose(ctx, request)
	if err != nil {
		l.reject(ctx, o, err)
		return false
	}
	conn, err := l.rendezvous(ctx, at, request, protocol)
	if err != nil {
		l.missed(request.TrackingID, err)
		return false
	}
	l.queue <- conn // as long as there are slots
	return true
}

// rendezvous dials where a sender waits, and takes it.
func (l *Listener) rendezvous(ctx context.Context, at *wire.Address, r *Request, protocol string) (*Conn, error) {
	var fields http1.Fields
	if protocol != "" {
		fields.Add("Sec-WebSocket-Protocol", protocol)
	}
	secure := *at
	secure.Plain = false // the control channel was secure; what is behind a door that ends TLS says ws
	u, err := l.dialer.upgrade(ctx, &secure, fields)
	if err != nil {
		return nil, err
	}
	u.tracking = r.TrackingID
	c := newConn(u, &l.s.settings, l.endpoint.name(), l.Addr(), net.TCPAddrFromAddrPort(r.Remote))
	c.request = r
	return c, nil
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
func (l *Listener) turnAway(o *wire.Offer) {
	ctx, cancel := context.WithTimeout(l.life, acceptTime)
	defer cancel()
	l.reject(ctx, o, Reject(http.StatusServiceUnavailable, "The listener's backlog is full."))
	l.missed(o.ID, errFull)
}

// reject tells a sender no. The hook's own error stays here.
func (l *Listener) reject(ctx context.Context, o *wire.Offer, why error) {
	no := &rejection{http.StatusBadGateway, hookFailed + o.ID + "."}
	if !errors.As(why, &no) {
		l.missed(o.ID, why)
	}
	at, err := wire.ParseAddress(wire.RejectAddress(o.Address, no.status, no.reason))
	if err != nil {
		l.missed(o.ID, err)
		return
	}
	at.Plain = false
	u, err := l.dialer.upgrade(ctx, &at, nil)
	if err == nil { // a gateway that takes a no for a yes
		u.conn.Close()
		return
	}
	var answer *Error
	if !errors.As(err, &answer) || answer.Status != http.StatusGone {
		l.missed(o.ID, err)
	}
}

// missed tells of a sender that did not come to Accept.
func (l *Listener) missed(id string, err error) {
	if !l.isClosing() {
		l.tell(Event{Kind: SenderLost, Err: complete(err, "accept", l.endpoint.name(), id)})
	}
}
