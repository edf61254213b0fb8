// Package manage owns the management API: entities, rules, keys, listeners and status as JSON, at /$api/ on the relay
// doors and at /api/ on the admin door. It holds no state of its own: the store keeps, the relay says who may and who is
// there. The JSON is that of manage/wire; docs/api.md describes all of it.
//
// A request goes route -> authorize -> read the body -> act -> answer. Actions know no HTTP: they take a call and give an
// answer or an error. Every change is one log line with who made it; keys stand in answers of .../keys and in the answer
// that makes an entity, nowhere else.
//
// Handlers run concurrently. Sources: contracts section 4; Hybrid Connections reference sections 4.2, 4.4, 5 and 9.
package manage
