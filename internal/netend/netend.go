// Package netend tells the end of a connection from its loss where a read shows io.EOF for both. The system tells of a reset once: a
// write that was under way in the other direction hears of it, and a read then finds a plain end. Who passes that on as an end in order
// has cut a stream short without anybody seeing it.
//
// It does not own TLS, whose goodbye tells the two apart (leg.Secured, Truncated). It keeps nothing; any goroutine may ask.
package netend

import "net"

// wrapper is a connection around another whose bytes are its own.
type wrapper interface {
	Below() net.Conn
}

// Reset reports, behind io.EOF, that a connection of the system's is no more, as behind a reset, and did not end one direction alone.
// It looks through wrappers with a method Below.
//
// A connection whose two directions have both ended in order is no more either: who has ended its own direction by now cannot tell,
// and must not ask. Where the system keeps telling of a reset (Windows), and for connections that are none of the system's, it is
// false.
func Reset(conn net.Conn) bool {
	for {
		w, ok := conn.(wrapper)
		if !ok {
			return reset(conn)
		}
		conn = w.Below()
	}
}
