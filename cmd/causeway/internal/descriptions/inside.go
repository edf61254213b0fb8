package descriptions

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// special are the ranges that lead into a network or nowhere, beside those that net/netip knows (IANA's registries of special-purpose
// addresses, RFC 6890). What carries an IPv4 address inside is judged by that address as well.
var special = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
)

// nat64 and sixToFour have an IPv4 address in them: the last four bytes, and the third to sixth.
var nat64, sixToFour = netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("2002::/16")

// prefixes reads ranges that are written down here; a mistake stops the program at once.
func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// inside reports whether an address is of this machine, a private network, or of no host at all.
func inside(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return true
	}
	for _, p := range special {
		if p.Contains(ip) {
			return true
		}
	}
	if b := ip.As16(); ip.Is6() {
		switch {
		case nat64.Contains(ip):
			return inside(netip.AddrFrom4([4]byte(b[12:16])))
		case sixToFour.Contains(ip):
			return inside(netip.AddrFrom4([4]byte(b[2:6])))
		}
	}
	return false
}

// insideError says that an address was refused, and what lets it pass.
func insideError(what string) error {
	return fmt.Errorf("%s is an internal address: give --fetch-internal if that is meant", what)
}

// dial connects, but not to addresses inside: a description must not make this machine ask its own network. The host that the user
// named is meant, and so is a proxy of the environment.
func (s *source) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: fetchTimeout}
	if !s.internal && !s.named(address) && !s.proxies[address] {
		d.Control = outsideOnly
	}
	return d.DialContext(ctx, network, address)
}

// named reports whether an address is that of the main document's URL.
func (s *source) named(address string) bool {
	return s.host != "" && (address == withPort(s.host, "80") || address == withPort(s.host, "443"))
}

// withPort gives host:port of a URL's host.
func withPort(host, port string) string {
	u := &url.URL{Host: host}
	if u.Port() != "" {
		port = u.Port()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// outsideOnly looks at the address that is being dialled, which no answer of a name server can change any more.
func outsideOnly(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if inside(a.Addr()) {
		return insideError(a.Addr().String())
	}
	return nil
}

// through chooses the proxy of a request. The proxy will connect, so the target is looked at here: its address, or those that its name
// has from here. A name that only the proxy can find is the proxy's to judge, but not one that is this machine's or has no dot.
func (s *source) through(r *http.Request) (*url.URL, error) {
	proxy, err := s.proxy(r)
	if err != nil || proxy == nil {
		return nil, err
	}
	s.proxies[withPort(proxy.Host, map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme])] = true
	if proxy.Scheme == "http" {
		s.proxies[withPort(proxy.Host, "80")] = true
	}
	if s.internal || r.URL.Host == s.host {
		return proxy, nil
	}
	host := strings.TrimSuffix(strings.ToLower(r.URL.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		if inside(ip) {
			return nil, insideError(host)
		}
		return proxy, nil
	}
	if !strings.Contains(host, ".") || host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local") {
		return nil, insideError(host)
	}
	found, err := s.resolver.LookupNetIP(r.Context(), "ip", host)
	if err != nil {
		return proxy, nil //nolint:nilerr // behind a proxy there may be no name service for the outside
	}
	for _, ip := range found {
		if inside(ip) {
			return nil, insideError(host + " (" + ip.String() + ")")
		}
	}
	return proxy, nil
}
