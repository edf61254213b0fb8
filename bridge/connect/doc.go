// Package connect owns connectors: what reaches a service behind a firewall without a line of code. A listening connector
// registers with a hybrid connection and bridges each of its senders to one configured target; a forwarding connector opens a
// local port whose every connection becomes a sender. Half-close, back-pressure and losses pass through in both.
//
// It does not own files and flags (cmd/causeway, gateway/config, bridge/azbridge), nor how a relay is spoken to (package
// hybrid). A sender reaches nothing but the target: nothing that it says chooses an address.
//
// A Bridge runs any number of connectors. Its methods may be called from any goroutine; Apply calls do not overlap.
//
// Sources: contracts sections 3 and 4; Hybrid Connections reference sections 7 (half-close) and 16.7 (azbridge peers).
package connect
