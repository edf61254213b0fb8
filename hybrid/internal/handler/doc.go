// Package handler lets an http.Handler answer exchanges, with what a net/http server gives its handlers: streaming, Flush, the
// content type by its first bytes, panics that end one request, a request context that ends with the sender.
//
// It does not own how requests and answers travel (hybrid/internal/exchange) or WebSockets (hybrid/internal/upgrade).
//
// What a net/http server does and this does not: there are no trailers in either direction and no answers of 1xx, because the
// protocol has no place for them; a request cannot be hijacked; a panic before the first byte has left is answered with 500, where
// a server drops the connection.
//
// An Exchanger may be called from any goroutine. Each exchange runs its handler on a goroutine of its own, for which the body's
// Close waits.
//
// Source: RFC 9110; the documentation of net/http (Handler, ResponseWriter, ResponseController); Hybrid Connections reference
// section 8.
package handler
