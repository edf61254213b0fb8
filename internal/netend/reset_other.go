//go:build !unix

package netend

import "net"

func reset(net.Conn) bool { return false }
