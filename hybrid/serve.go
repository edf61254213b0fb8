package hybrid

import (
	"context"
	"net/http"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/handler"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Serve answers the HTTP requests of senders at the hybrid connection with the handler, as http.ListenAndServe does those at a
// port, until ctx ends: then it leaves the gateway, gives what runs the time of WithDrain, and returns nil. The first attempt to
// listen is final, as with Listen, and its *Error is returned; later losses are mended, see WithEvents.
//
// The handler sees a server's request: streaming both ways, Flush, http.ResponseController, a context that ends when nobody waits
// for the answer any more: the sender has left, the hybrid connection was deleted, the gateway is gone (see WithExchanger). The name of
// the hybrid connection is cut off the front of the path and put in front of a Location that is a path, so an application need not
// know it; WithFullPath leaves both alone. A sender's WebSocket, with or without /$hc, arrives as an upgrade request, which a handler
// may hijack, so the upgraders of the common packages work; any other answer than 101 turns the sender away with its status.
//
// What is different from a net/http server, because the protocol has no place for it: trailers and answers of 1xx are dropped, a
// request that is no upgrade cannot be hijacked, a 101 tells the sender nothing but the sub-protocol, the body of a refused upgrade
// is dropped. A panic before the first byte has left is answered with 500, and with 502 if it is http.ErrAbortHandler; each is
// told as a RequestFailed event, but for http.ErrAbortHandler. TLS of the request is nil: it ended at the gateway.
//
// A handler that goes on although its request's context has ended keeps Serve from returning. WithExchanger, WithSenders,
// WithAcceptHook, WithSubprotocols, WithBytes and WithStandby have no meaning here.
func Serve(ctx context.Context, connectionString string, h http.Handler, options ...ListenOption) error {
	l, err := newListener(connectionString, options)
	if err != nil {
		return err
	}
	prefix := l.endpoint.Path
	if l.s.fullPath {
		prefix = ""
	}
	x := &handler.Exchanger{Handler: h, Prefix: prefix, Panicked: l.unfinished, Reason: func(text, tracking string) string {
		return wire.ListenerReason(text, tracking, l.endpoint.Address(), time.Now())
	}}
	u := &upgrades{x: x}
	u.life, u.end = context.WithCancel(context.WithValue(context.WithoutCancel(ctx), http.LocalAddrContextKey, l.Addr()))
	defer u.end()
	l.s.bytes, l.s.standby = false, 0
	l.s.exchanger, l.s.senders = x, u.serve
	if err := l.start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	until, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.s.drain)
	defer cancel()
	_ = l.Close()
	u.drain(until)
	return nil
}
