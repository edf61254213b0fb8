package tcpdoor

import (
	"net"
	"testing"
)

// TestHost: the text of each address is its own, in whatever order connections come, and that of the same one is made once.
func TestHost(t *testing.T) {
	d := New(Params{})
	ip4, ip6 := net.IPv4(127, 0, 0, 1), net.ParseIP("fe80::1")
	for range 2 {
		for _, addr := range []net.Addr{
			&net.TCPAddr{IP: ip4, Port: 80}, &net.TCPAddr{IP: ip4, Port: 80}, &net.TCPAddr{IP: ip4, Port: 81}, &net.TCPAddr{IP: ip4.To4(), Port: 81},
			&net.TCPAddr{IP: ip6, Port: 81, Zone: "eth0"}, &net.TCPAddr{IP: ip6, Port: 81, Zone: "eth1"}, &net.UnixAddr{Name: "@"}, &net.TCPAddr{},
		} {
			if got := d.host(addr); got != addr.String() {
				t.Errorf("%q is called %q", addr, got)
			}
		}
	}
	addr := net.Addr(&net.TCPAddr{IP: ip4, Port: 80})
	if n := testing.AllocsPerRun(100, func() { _ = d.host(addr) }); n != 0 {
		t.Errorf("%v allocations for an address that was there before", n)
	}
}
