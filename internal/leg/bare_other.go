//go:build !unix

package leg

import "net"

// bare is for systems that wait for bytes without a buffer; here a leg keeps a small one.
type bare struct{}

func (*bare) init(net.Conn, *inbox) {}

func (*bare) able() bool { return false }

func (*bare) read() (n, room int, err error) { return 0, 0, net.ErrClosed }
