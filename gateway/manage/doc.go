// Package manage owns the management API: entities, rules, keys, listeners and status as JSON, at /$api/ on the relay
// doors and at /api/ on the admin door. It holds no state of its own; who may manage is the relay's word.
//
// Handlers run concurrently. Sources: contracts section 4.
package manage
