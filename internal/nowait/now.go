package nowait

import "net"

// prompt is a Conn, or what embeds one.
type prompt interface {
	readNow(p []byte) (int, error)
	writeNow(p []byte) (int, error)
}

// ReadNow reads what is there, and waits for nothing: ErrNothing says that conn.Read is to be asked, which may find something all the same
// where conn is no Conn, where p is empty or longer than Most, and where this package does no better than package net. It takes no deadline,
// and looks at none that was set. Nobody else reads meanwhile. Other errors are those of conn.Read.
func ReadNow(conn net.Conn, p []byte) (int, error) {
	if c, ok := conn.(prompt); ok {
		return c.readNow(p)
	}
	return 0, ErrNothing
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

// WriteReady writes all of p: at once what there is room for, which cannot be late, and the rest behind ready, which is called before a write
// that may wait, to set the deadline. n is how much has left.
func WriteReady(conn net.Conn, p []byte, ready func() error) (n int, err error) {
	n, err = WriteNow(conn, p)
	if err != ErrNothing { //nolint:errorlint // it comes bare
		return n, err
	}
	if err := ready(); err != nil {
		return n, err
	}
	more, err := conn.Write(p[n:])
	return n + more, err
}
