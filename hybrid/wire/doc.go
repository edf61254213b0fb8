// Package wire is the Hybrid Connections protocol as bytes and values: request targets and rendezvous addresses, the JSON
// messages of the control channel, ids, reason phrases, tokens and connection strings, and the reading order of a control
// channel. It speaks for both ends: what a gateway writes, a listener reads, and the reverse.
//
// It does not own connections, frames (internal/wsframe), HTTP heads (internal/http1), the choice of an entity or of a
// listener, or the check of a token (gateway/auth). Nothing here waits, logs or looks at a clock.
//
// Specification: the protocol guide for Azure Relay Hybrid Connections and what real clients do, as gathered in the
// project's Hybrid Connections reference; "section" in this package means a section of that reference.
//
// All functions may be called from any goroutine. A Session belongs to the one goroutine that reads its connection.
package wire
