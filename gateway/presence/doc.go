// Package presence owns the question whether a listener is alive: what its offers and its silence say about it (Machine), when
// silence has lasted long enough (Pulse), which offers are still open although their sender has left (Late), and what is
// remembered of each listener's coming and going (History). It knows no protocol, no connection and no other node: the relay
// tells it what happened and is told what follows.
//
// Machine is a value for one goroutine, with time as a parameter. Pulse, Late and History may be used from any goroutine;
// Pulse calls its function one change at a time.
//
// Sources: contracts sections 1 (same listener id), 2 (states) and 4 (events); Hybrid Connections reference sections 6.4 and 7.
package presence
