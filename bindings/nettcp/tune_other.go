//go:build !linux

package nettcp

import "net"

// tune does nothing: elsewhere the loopback device has no segments of 64 KiB.
func tune(net.Listener) {}
