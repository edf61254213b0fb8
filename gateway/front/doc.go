// Package front owns the doors: it takes connections, does TLS, reads the head of each request with the strict codec
// (internal/http1) and gives the connection away: to the entry that Params.Route names, which then owns it, or, request by
// request, to an ordinary http.Handler through an adapter that behaves as net/http's server does.
//
// It answers by itself only what no entry can: a head that is malformed, too long or too slow, a bound that is reached, a
// handler that panicked. It does not own routes, tokens, WebSocket handshakes, certificates (front/certs, front/localca) or the
// admin door, which is plain net/http.
//
// Differences from net/http, on purpose: heads are held to internal/http1's rules; every answer says HTTP/1.1; trailer fields are
// neither read nor sent, and a Transfer-Encoding that a handler sets is ignored; http.MaxBytesReader limits the reading but
// does not by itself end the connection; a 1xx is not sent to an HTTP/1.0 client; a body and a write must make progress within
// Params.IdleTimeout and WriteTimeout unless the handler sets a deadline; a handler that panics before anything was sent is
// answered 500; a status that cannot be is sent as 500.
//
// One goroutine serves a connection. Besides it there is one more while a handler runs whose request has been read to its end:
// it notices a peer that leaves. New, Run, Shutdown and Close may be called from any goroutine; hooks are called from the
// goroutines of connections and must not wait.
//
// Sources: RFC 9110, RFC 9112; Hybrid Connections reference sections 1 (rule 1), 3 and 5; architecture section 4 'Front door',
// 'Host roles', 'Drain'; contracts section 2.
package front
