// Package leg owns the sides of a stream on real connections: the WebSocket leg (a pump of frames, never of
// messages), the leg of plain bytes, and Arrival, the connection as the front door gives it to an entry. A leg implements
// shape.Leg and owns its framing rules: what it cuts, what it pings, how it ends. It decides nothing: limits and ends are the
// caller's (gateway/flow).
//
// One goroutine reads a leg and one other writes it; Abort, Close and the leg's own ping timer come from any.
// Sources: RFC 6455; Hybrid Connections reference sections 1 (rules 8, 9), 6.4 and 7.
package leg
