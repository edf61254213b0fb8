// Package entry owns the endpoints of the Hybrid Connections protocol over WebSocket at a gateway: listen (control
// channels), connect (senders), accept (rendezvous and rejects) and request (which it turns away as each SDK needs it). It
// translates handshakes, control messages and ends; whether, where and how long is the relay's.
//
// The front door calls Entry.Take with each connection, on a goroutine of the connection's own. Control channels are read
// with gorilla/websocket, which sees whole messages; senders and rendezvous become legs (internal/leg), which do not.
// Source: Hybrid Connections reference sections 1-7 and 14-16.
package entry
