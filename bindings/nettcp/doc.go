// Package nettcp owns the net.tcp door: plain WCF clients of NetTcpBinding arrive there as senders. The door reads the preamble,
// finds the listener by the Via, and replays the preamble byte for byte; from then on bytes pass. Upgrades (TLS, Windows
// security) pass from end to end, except at entities that end TLS at the gateway (tls: terminate).
//
// WCF's clients use one connection for many sessions, one after the other, to whatever service has the same host and port. So
// the door follows the records of a session to its end: a next one with the same Via stays with its listener, any other goes
// its own way, with its own admission.
//
// It does not own records and their rules (bindings/framing), the road (gateway/relay) or what is in an envelope. Serve runs
// one goroutine for the door and one for each connection, and a second one while a session runs. Sources: [MC-NMF];
// WCF wire reference sections 1, 5, 15 and 16.3.
package nettcp
