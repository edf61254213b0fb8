package hybrid

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/internal/exchange"
	"github.com/causeway-relay/causeway/hybrid/internal/receiver"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsconn"
)

// answers makes what answers requests, if the listener was given an exchanger.
func (l *Listener) answers() {
	answerer := l.s.exchanger
	if l.s.receiver != nil {
		answerer = &receiver.Receiver{Take: l.s.receiver, Rest: l.s.exchanger, No: noHandler}
	}
	if answerer == nil {
		return
	}
	ctx := context.WithValue(context.WithoutCancel(l.life), http.LocalAddrContextKey, l.Addr())
	l.requests = exchange.New(ctx, exchange.Params{
		Exchanger: answerer, Dial: l.dialRequest, Most: l.s.requests,
		Address: l.endpoint.Address(), Failed: l.unfinished,
	})
}

// unfinished tells of a request that did not come to its end.
func (l *Listener) unfinished(id string, err error) {
	e := &Error{Op: "answer", Target: l.endpoint.Name(), TrackingID: id, Cause: err}
	if known, ok := errors.AsType[*fail.Error](err); ok {
		e.Code = known.Code
	}
	l.tell(Event{Kind: RequestFailed, Err: e})
}

// dialRequest opens the rendezvous of a request. It has no pings: while a slow sender is waited for, the gateway reads nothing,
// and so answers none; TCP notices a gateway that is gone.
func (l *Listener) dialRequest(ctx context.Context, at *wire.Address) (*wsconn.Conn, error) {
	u, err := (&dialled{l, false}).accept(ctx, at, nil)
	if err != nil {
		return nil, err
	}
	lost := &Conn{target: l.endpoint.Name(), tracking: u.Tracking}
	return wsconn.New(u.Conn, u.Read, wsconn.Params{
		Local: l.Addr(), Remote: u.Conn.RemoteAddr(), Network: network, Lost: lost.lost,
		Closed: func(code int, text string) error { return &CloseError{code, text} },
	}), nil
}

// requested takes a request of an HTTP sender.
func (l *Listener) requested(c *control, o *wire.Offer, body []byte) {
	if l.requests == nil {
		c.decline(o, l.endpoint.Address())
		return
	}
	l.requests.Take(c, o, body)
}

// cancelled ends the exchange of a sender that has left.
func (l *Listener) cancelled(id string) {
	if l.requests != nil {
		l.requests.Cancel(id)
	}
}

// channelEnded tells those that answer requests of the end of the channel that they came by. A listener that leaves has a time for them
// anyway, see drain.
func (l *Listener) channelEnded(c *control, err error) {
	if l.requests == nil || c.isLeaving() {
		return
	}
	closed, ok := errors.AsType[*CloseError](err)
	l.requests.Lost(c, ok && closed.Code != websocket.CloseAbnormalClosure, err)
}

// refusedBack ends the requests of a hybrid connection that was deleted, by the error of an attempt to come back: what was asked there
// has nobody who waits any more, whichever way its answer would go.
func (l *Listener) refusedBack(err error) {
	if no, ok := errors.AsType[*Error](err); ok && no.Code == fail.UnknownEntity && l.requests != nil {
		l.requests.Deleted(err)
	}
}

// drain waits for requests that are being answered.
func (l *Listener) drain() {
	if l.requests == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.s.drain)
	defer cancel()
	l.requests.Drain(ctx)
}
