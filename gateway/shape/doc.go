// Package shape owns the vocabulary between entries and the core: the handshake (Hello, Answer, Party), the stream
// (Leg, Batch, End) and what a listener is offered (Offer, Ticket). Types and contracts only: no I/O, no policy and
// nothing of any protocol.
//
// An entry implements Party and Leg; the core calls them. A Leg is read by one goroutine and written by one other;
// Abort and Close may come from any.
package shape
