package trust

import (
	"net"
	"net/netip"
	"strings"
)

// Loopback reports whether a host is this machine by its name alone.
func Loopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Hostname cuts port and brackets off an authority.
func Hostname(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

// Address is what to dial for an authority: host:port, with the given port where it has none. Names below localhost become
// localhost: few resolvers know them.
func Address(authority, port string) string {
	host := Hostname(authority)
	if _, p, err := net.SplitHostPort(authority); err == nil {
		port = p
	}
	if strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".localhost") {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Gateway is Address of a gateway, with the port of its scheme where none is named: 443, or 80 for one that is spoken to without TLS.
func Gateway(authority string, plain bool) string {
	if plain {
		return Address(authority, "80")
	}
	return Address(authority, "443")
}
