//go:build !linux

package gateway

import "net"

// listen opens a door whose connections have the keep-alive of package net.
func listen(network, addr string) (net.Listener, error) { return net.Listen(network, addr) }
