// Package entry owns the endpoints of the Hybrid Connections protocol at a gateway: over WebSocket listen (control channels),
// connect (senders), accept (rendezvous and rejects) and request (the rendezvous of an exchange), and plain HTTP senders with
// the management read of .NET clients. It translates handshakes, heads, control messages and ends; whether, where and how long
// is the relay's.
//
// A control channel is the Exchanger of its listener. A request that fits goes there as one unit of message and body, complete
// before the channel is asked for its turn; any other goes by a pointer and a rendezvous, on which both bodies flow as fast as
// the slower side. An answer may come on any channel of the listener that was asked, or at the rendezvous, once.
//
// The front door calls Entry.Take with each connection, on a goroutine of the connection's own; a plain request gives the
// connection back. Control channels are read message by message (internal/line); senders and rendezvous become legs
// (internal/leg), which see no whole messages; the server's side of HTTP is internal/httpserve.
// Source: Hybrid Connections reference sections 1-9, 11 and 13-16.
package entry
