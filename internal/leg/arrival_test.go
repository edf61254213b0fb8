package leg_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/causeway-relay/causeway/internal/leg"
)

func TestAddrPort(t *testing.T) {
	v4 := netip.MustParseAddrPort("192.0.2.1:80")
	for _, c := range []struct {
		addr net.Addr
		want netip.AddrPort
	}{
		{&net.TCPAddr{IP: net.ParseIP("192.0.2.1"), Port: 80}, v4}, // 16 bytes, mapped
		{textAddr("[::ffff:192.0.2.1]:80"), v4},
		{textAddr("pipe"), netip.AddrPort{}},
		{nil, netip.AddrPort{}},
	} {
		if got := leg.AddrPort(c.addr); got != c.want {
			t.Errorf("%v: %v, want %v", c.addr, got, c.want)
		}
	}
}

type textAddr string

func (textAddr) Network() string  { return "text" }
func (a textAddr) String() string { return string(a) }
