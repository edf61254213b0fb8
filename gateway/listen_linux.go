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

// awaitFirst has the kernel keep connections of a door back until their first bytes are there: who reads them finds them, and needs not
// go to sleep and be woken once more. Only for doors whose peers speak first. Who says nothing comes a second later (tcp(7)).
func awaitFirst(l net.Listener) {
	t, ok := l.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return // it is closed, and Accept says so
	}
	_ = raw.Control(func(fd uintptr) { // a system that cannot has connections come at once
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, silenceSeconds)
	})
}

// silenceSeconds is how long a connection may be silent before it comes all the same.
const silenceSeconds = 1
