// Package entity owns the words for what can be addressed: addresses, entities with their settings, authorization
// rules and rights. It owns no storage, no lookup and no check of a token.
//
// Values are plain data: a caller that changes one that others can see clones it first. Sources: Hybrid Connections
// reference sections 2 (URL grammar), 4.4 (rights) and 9 (limits).
package entity
