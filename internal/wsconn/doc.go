// Package wsconn owns the client's side of a WebSocket connection whose handshake is through, as a net.Conn: a stream of bytes
// and, at the same time, of messages. It masks, answers pings, sends its own and notices a dead peer, ends one direction
// alone, and keeps what a deadline has cut.
//
// It does not own the handshake, nor what errors are called: its maker says how a loss and a Close are told. For the pump of a
// gateway, which has other rules, see internal/leg.
//
// Every method may be called from any goroutine. One reads and one writes at a time; more wait for each other. Nothing is
// allocated a message.
//
// Sources: RFC 6455 sections 5 to 7; Hybrid Connections reference sections 6.4 (keep-alive) and 7 (half-close and close).
package wsconn
