package gateway

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// listen opens a door whose connections have the keep-alive of net.Listen. On Linux an accepted connection has the options of the socket
// that it came by, so they are set there, once; package net alone would set each of them again for each connection.
func listen(network, addr string) (net.Listener, error) {
	inherited := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = keepAlive(int(fd)) })
		return errors.Join(err, failed)
	}}
	return inherited.Listen(context.Background(), network, addr)
}

// The defaults of package net.
const (
	keepAliveSeconds = 15 // of quiet, and between two probes
	keepAliveProbes  = 9
)

func keepAlive(fd int) error {
	return errors.Join(
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, keepAliveSeconds),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, keepAliveSeconds),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, keepAliveProbes),
	)
}
