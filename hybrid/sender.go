package hybrid

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/hybrid/internal/upgrade"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
)

// errDecided is the error of a second decision about a sender.
var errDecided = errors.New("the sender was accepted or rejected before, or given up")

// errFrames is the error of an upgrade in a listener whose streams have no frames.
var errFrames = errors.New("streams of a listener with WithBytes have no frames, as WebSockets need: leave the option out")

// Sender is one that waits for its answer; see WithSenders. Exactly one of Accept, Reject and Upgrade answers it.
type Sender struct {
	l       *Listener
	offer   *wire.Offer
	at      *wire.Address
	request *Request
	way     way
	ctx     context.Context // ends when the sender would be given up
	cancel  context.CancelFunc
	decided atomic.Bool
}

// way is how a sender is answered: by a dial to its rendezvous, or on a connection that stood by.
type way interface {
	// accept takes the sender. ctx bounds it.
	accept(ctx context.Context, at *wire.Address, fields http1.Fields) (*handshake.Upgraded, error)
	reject(ctx context.Context, o *wire.Offer, no *rejection) error
}

// newSender reads an offer. Whoever is given a sender calls cancel when it is answered.
func (l *Listener) newSender(o *wire.Offer, w way) (*Sender, error) {
	request, at, err := requestOf(o)
	if err != nil {
		return nil, err
	}
	s := &Sender{l: l, offer: o, at: at, request: request, way: w}
	s.ctx, s.cancel = context.WithTimeout(l.life, acceptTime)
	return s, nil
}

// freeSoon gives the sender's slot back when it has been decided about, or given up.
func (s *Sender) freeSoon() {
	context.AfterFunc(s.ctx, func() { <-s.l.slots })
}

// Request is what the sender asks for.
func (s *Sender) Request() *Request { return s.request }

// Accept takes the sender, with one of the sub-protocols that it offers, or none. The error is an *Error.
func (s *Sender) Accept(subprotocol string) (*Conn, error) {
	if s.decided.Swap(true) {
		return nil, complete(errDecided, "accept", s.l.endpoint.Name(), s.request.TrackingID)
	}
	defer s.cancel()
	c, err := s.accept(subprotocol)
	if err != nil {
		return nil, complete(err, "accept", s.l.endpoint.Name(), s.request.TrackingID)
	}
	return c, nil
}

func (s *Sender) accept(protocol string) (*Conn, error) {
	u, err := s.way.accept(s.ctx, s.at, choiceOf(protocol))
	if err != nil {
		return nil, err
	}
	u.Tracking = s.request.TrackingID
	c := newConn(u, &s.l.s.settings, s.l.endpoint.Name(), s.l.Addr(), net.TCPAddrFromAddrPort(s.request.Remote))
	c.request = s.request
	return c, nil
}

// choiceOf are the fields by which a listener says what sub-protocol it speaks.
func choiceOf(protocol string) (fields http1.Fields) {
	if protocol != "" {
		fields.Add("Sec-WebSocket-Protocol", protocol)
	}
	return fields
}

// Reject turns the sender away; see the function Reject for status and reason. The error is an *Error.
func (s *Sender) Reject(status int, reason string) error {
	if s.decided.Swap(true) {
		return complete(errDecided, "reject", s.l.endpoint.Name(), s.request.TrackingID)
	}
	defer s.cancel()
	no, _ := Reject(status, reason).(*rejection) //nolint:errorlint // made here
	if err := s.way.reject(s.ctx, s.offer, no); err != nil {
		return complete(err, "reject", s.l.endpoint.Name(), s.request.TrackingID)
	}
	return nil
}

// Upgrade gives a connection for whatever speaks as a web server does, such as a server that the sender's WebSocket is passed on
// to: what is written to it is the head of an answer and, behind a 101, a server's frames; what is read are the sender's frames.
// The sender is accepted by a 101, with the sub-protocol that it names, and rejected by any other answer, of which it sees status
// and reason. A Close before the answer is 502. It is not for listeners with WithBytes, whose streams have no frames.
//
// The connection has a method Abort, which ends it as a loss.
func (s *Sender) Upgrade() net.Conn {
	return upgrade.New(upgrade.Params{
		Local: s.l.Addr(), Remote: net.TCPAddrFromAddrPort(s.request.Remote),
		Accept: func(head *http1.Head) (net.Conn, []byte, error) {
			if s.l.s.bytes {
				return nil, nil, errors.Join(errFrames, s.Reject(http.StatusNotImplemented, "The listener speaks in bytes."))
			}
			if s.decided.Swap(true) {
				return nil, nil, errDecided
			}
			defer s.cancel()
			u, err := (&dialled{s.l, false}).accept(s.ctx, s.at, choiceOf(head.Fields.Get("Sec-WebSocket-Protocol")))
			if err != nil {
				return nil, nil, complete(err, "accept", s.l.endpoint.Name(), s.request.TrackingID)
			}
			return u.Conn, u.Read, nil
		},
		Reject: func(head *http1.Head) error { return s.Reject(head.Status, head.Reason) },
	})
}

// dialled is the way of a sender whose rendezvous has to be dialled.
type dialled struct {
	l   *Listener
	raw bool
}

func (d *dialled) accept(ctx context.Context, at *wire.Address, fields http1.Fields) (*handshake.Upgraded, error) {
	secure := *at
	secure.Plain = false // it is dialled as the control channel was; what is behind a door that ends TLS says ws
	return d.l.dialer.upgrade(ctx, &secure, d.raw, fields)
}

// reject dials the address with the no in it.
func (d *dialled) reject(ctx context.Context, o *wire.Offer, no *rejection) error {
	at, err := wire.ParseAddress(wire.RejectAddress(o.Address, no.status, no.reason))
	if err != nil {
		return err
	}
	at.Plain = false
	u, err := d.l.dialer.upgrade(ctx, &at, false, nil)
	if err == nil { // a gateway that takes a no for a yes
		u.Conn.Close()
		return nil
	}
	if answer, ok := errors.AsType[*Error](err); ok && answer.Status == http.StatusGone {
		return nil
	}
	return err
}
