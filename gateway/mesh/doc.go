// Package mesh owns how nodes know each other and what passes between them: the Bus for small things (who listens where,
// questions, one-way words) and the Link for connections that are carried to another node.
//
// The announcing protocol (numbers in sequence, announcements gathered for 2 ms, acknowledgements, a snapshot after a gap)
// is here once, in Member; an engine only moves messages (Transport). mesh/memory joins nodes of one process; an engine on
// NATS is the other. docs/mesh.md tells the protocol from end to end. Routing and tickets are not here: see route and meet.
//
// A Bus may be called from any goroutine, but not from a watcher, and Close not from a handler either: it waits for both.
package mesh
