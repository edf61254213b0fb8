// Package exchange owns what a listener does with the requests of HTTP senders: from the message of the control channel, or
// the pointer to a rendezvous, to the answer on either of them. It hands each request to a shape.Exchanger and sends back what
// comes, streamed both ways.
//
// It does not own the control channel, how a rendezvous is dialled, or the messages themselves (hybrid/wire). What answers a
// request is the Exchanger: that of package hybrid's users, or an http.Handler by hybrid/internal/handler.
//
// Where an answer travels: on the rendezvous if the request came by one; on the control channel if it is whole within 10 ms (250 ms where it
// tells its length) and not longer than 64 KiB; else on a rendezvous that is dialled for it, as it is also when the channel has gone. Nothing is kept
// in memory but those 64 KiB: a rendezvous that takes nothing stops the reading of the body.
//
// Server.Take, Cancel and Lost are called by whoever reads control channels, and never wait. Each request has a goroutine of its
// own, for which Drain waits.
//
// Sources: Hybrid Connections reference sections 6.1 to 6.3 (messages, order, limits) and 8 (HTTP requests); docs/agent.md
// (cancel).
package exchange
