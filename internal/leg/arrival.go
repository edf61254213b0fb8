package leg

import (
	"net"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
)

// Arrival is a connection at a door with the head of its first request read. Whoever is given it owns the connection.
type Arrival struct {
	Conn    net.Conn
	Head    *http1.Head
	Read    []byte // bytes read behind the head; valid until who was given the arrival returns, or behind an upgrade while it is
	Door    string // https, http, ...
	Remote  netip.AddrPort
	TLS     bool
	Cert    []byte // the peer's certificate, DER; nil none
	Carried bool   // came from another node: it is not carried again
	// WriteBy is the write deadline that the answer before has left on the connection; zero: none. Whoever answers and sets Again leaves
	// his own here, so that a busy connection's is not moved with each request. An upgrade finds none.
	WriteBy time.Time

	// Rest may be set by whoever was given the connection, before he returns: what is still to be done for it. The door runs
	// it on a goroutine of its own, because a goroutine keeps the stack that a handshake needed and an idle connection pays
	// for it.
	Rest func()

	// Stay may be set in place of Rest, for a connection that needs no goroutine while nothing is said on it: it is run as Rest is, or on
	// the goroutine of who set it where the connection Parks, and may return before it is over. It calls over once when it is.
	Stay func(over func())

	// Again may be set by whoever has answered the request and leaves the connection good for another, before he returns: the
	// door owns it again and reads on, beginning with Read. Rest and Stay are nil then.
	Again bool
}

// AddrPort reads an address, IPv4 in IPv6 as IPv4; one that is no IP address gives the zero value, as none does.
func AddrPort(addr net.Addr) netip.AddrPort {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		a := tcp.AddrPort()
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	if addr == nil {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
