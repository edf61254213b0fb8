// Package casts owns how messages that are cast look in the Hybrid Connections protocol: as WebSocket messages on a connection that is
// kept for them, as requests whose 2xx means taken, and as the messages of a WebSocket sender.
//
// It does not own handshakes, control channels or how a listener is told (hybrid/entry), nor queues and counts (gateway/relay). A Line is
// used by the goroutine of its listener's queue and closed by that of the control channel; a Sender by one goroutine. Source: docs/casts.md.
package casts
