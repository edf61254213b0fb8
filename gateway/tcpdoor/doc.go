// Package tcpdoor owns the plain TCP doors: ports of the gateway whose every connection is a sender of one entity. The
// door is itself the grant; whoever can reach it may send.
//
// Serve runs one goroutine for the port and one for each connection. Source: architecture section 5 (--tcp ENTITY=ADDR).
package tcpdoor
