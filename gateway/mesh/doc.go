// Package mesh owns how nodes know each other and what passes between them: the Bus for small things (who listens where,
// questions, one-way words) and the Link for connections that are carried to another node.
//
// The announcing protocol (numbers in sequence, announcements gathered for 2 ms, acknowledgements, a snapshot after a gap)
// is here once; an engine only moves messages. mesh/memory joins nodes of one process; an engine on NATS is the other.
// Routing and tickets are not here: see route and meet.
package mesh
