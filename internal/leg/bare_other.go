//go:build !unix

package leg

import (
	"errors"
	"net"
)

// bare is for systems that wait for bytes without a buffer; here a leg keeps a small one.
type bare struct{}

func newBare(net.Conn, *inbox) *bare { return nil }

func (*bare) read() (n, room int, err error) { return 0, 0, net.ErrClosed }

// canWaitBare says that readNow and peekNow do not work here.
const canWaitBare = false

var errNothing = errors.New("leg: nothing to read")

func readNow(uintptr, []byte) (int, error) { return 0, errNothing }

func peekNow(uintptr, []byte) error { return errNothing }
