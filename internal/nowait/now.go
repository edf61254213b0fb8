package nowait

import "net"

// prompt is a Conn, or what embeds one.
type prompt interface {
	writeNow(p []byte) (int, error)
}

// WriteNow writes what there is room for, and waits for none: ErrNothing says that the rest is still to be written, by conn.Write. So it
// takes no deadline, and looks at none that was set. Nothing at all leaves where conn is no Conn, where p is longer than Most, and where
// this package does no better than package net. Nobody else writes meanwhile. Other errors are those of conn.Write.
func WriteNow(conn net.Conn, p []byte) (int, error) {
	if c, ok := conn.(prompt); ok {
		return c.writeNow(p)
	}
	return 0, ErrNothing
}
