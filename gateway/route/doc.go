// Package route owns the table of who listens where, here and on other nodes, and the choice among them. Find is the hot
// lookup: no allocation, no wait for a writer longer than an insert. The table holds what was announced; whether a
// listener still answers is found out by asking it (relay).
//
// All methods may be called from any goroutine. Source: Hybrid Connections reference section 6.6.
package route
