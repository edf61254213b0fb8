// Package doctor finds out why a gateway cannot be reached or used from this machine, one row for each thing that must be right:
// name, port, trust, clock, token, entity, listener. It owns the checks and the advice of each row, which is a command or a setting
// that repairs it. It does not print and does not read the configuration of a node; cmd/causeway does.
//
// No check disturbs what runs: the last three rows come from the handshake of a sender that allows only a listener that
// does not exist, or of that listener, so that the gateway says how far it would have come (hybrid reference section 6.6), and of what kind the
// relay is (docs/agent.md). At an event relay it comes through, says nothing and leaves. No token goes to a
// gateway whose certificate is not trusted. Every check is bounded in time.
//
// Run may be called from any goroutine.
package doctor
