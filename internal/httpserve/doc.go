// Package httpserve owns the server's side of one HTTP/1.1 request that a door gave away with its head read: the body as a
// shape.Body, 100-continue, the watch for a sender that leaves, the answer's head, framing and flushes, and what of the
// connection is left for the next request. It serves every entry that takes plain HTTP senders.
//
// It does not own: reading heads, the wait between two requests and the limit of connections (gateway/front), what an answer
// says, errors included (the entry), and which fields go from hop to hop.
//
// One goroutine serves a request. The body is pulled by whoever sends it on, from any goroutine, one at a time. Nothing is
// collected: a slow reader of the answer is what slows its writer down, and the other way round.
//
// Sources: RFC 9110 sections 6, 8.6 and 10.1.1; RFC 9112 sections 6, 7 and 9; Hybrid Connections reference sections 1 (rule 1),
// 8.4, 8.5 and 8.6.
package httpserve
