package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/internal/suggest"
	"github.com/causeway-relay/causeway/internal/trust"
)

// checkName resolves the host, or the proxy on the way to it, which then resolves the host itself.
func (e *exam) checkName(ctx context.Context) {
	host := trust.Hostname(e.address)
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: e.address}}); err == nil && proxy != nil {
		e.via = trust.Address(proxy.Host, "80")
		host = trust.Hostname(e.via)
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		e.ips = []string{addr.String()}
		e.ok(DNS, host+" is an address")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		e.failed(DNS, why(err), e.nameAdvice(host, err))
		return
	}
	e.ips = ips
	detail := host + " is " + strings.Join(ips, ", ")
	if e.via != "" {
		detail += "; the way to " + e.host + " leads through this proxy (HTTPS_PROXY)"
	}
	e.ok(DNS, detail)
}

// nameAdvice says how a name gets known: another spelling, or a line in the hosts file.
func (e *exam) nameAdvice(host string, err error) string {
	if e.via != "" {
		return "correct HTTPS_PROXY, or unset it"
	}
	if e.Own != nil && e.Own.Host != "" && !strings.EqualFold(e.Own.Host, host) && suggest.Nearest(host, []string{e.Own.Host}) != "" {
		return "the node of this machine is named " + e.Own.Host + ": write " + endpoint(e.Own.Host, e.Own.Port) + " in the connection string"
	}
	address := "ADDRESS"
	if e.Own != nil && strings.EqualFold(e.Own.Host, host) {
		address = "127.0.0.1"
	}
	line := "echo '" + address + " " + host + "' >> /etc/hosts"
	if e.System == "windows" {
		line = `Add-Content $env:windir\System32\drivers\etc\hosts '` + address + " " + host + "'"
	}
	first := "correct the host of Endpoint in the connection string"
	if no, ok := errors.AsType[*net.DNSError](err); ok && !no.IsNotFound {
		first = "check that this machine has a DNS server that answers"
	}
	return first + ", or make the name known: in DNS, or on this machine, as administrator: " + line
}

// checkPort dials.
func (e *exam) checkPort(ctx context.Context) {
	target := e.address
	if e.via != "" {
		target = e.via
	}
	conn, err := dial(ctx, target, e.Timeout)
	if err != nil {
		e.failed(TCP, why(err), e.portAdvice(ctx, err))
		return
	}
	_ = conn.Close() // it was only to see
	e.ok(TCP, target+" takes connections")
}

// portAdvice looks for the gateway at the ports where it may be.
func (e *exam) portAdvice(ctx context.Context, err error) string {
	host, port, _ := net.SplitHostPort(e.address)
	if e.via != "" {
		return "correct HTTPS_PROXY, or unset it"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "a firewall on the way drops it: have outbound TCP to " + e.address + " allowed"
	}
	for _, other := range e.otherPorts(host) {
		if other != port && e.isGateway(ctx, host, other) {
			return "a gateway answers at port " + other + ": write " + endpoint(e.host, other) + " in the connection string"
		}
	}
	switch {
	case trust.Loopback(e.host):
		return "nothing listens there: run 'causeway serve --https " + net.JoinHostPort("127.0.0.1", port) + "'"
	default:
		return "check host and port of Endpoint in the connection string, and that 'causeway serve' runs there"
	}
}

// otherPorts are where a gateway may be on a host: where this machine's own node is, and the usual ones.
func (e *exam) otherPorts(host string) []string {
	var ports []string
	if e.Own != nil && e.Own.Port != "" && (trust.Loopback(host) || strings.EqualFold(host, e.Own.Host)) {
		ports = append(ports, e.Own.Port)
	}
	return append(ports, e.usual...)
}

// dial opens a connection within a time.
func dial(ctx context.Context, address string, limit time.Duration) (net.Conn, error) {
	dialer := net.Dialer{Timeout: limit}
	return dialer.DialContext(ctx, "tcp", address)
}

// why is what an error says, without the operation that everybody can see.
func why(err error) string {
	if no, ok := errors.AsType[*net.DNSError](err); ok {
		if no.IsNotFound {
			return "no such host: " + no.Name
		}
		return "cannot look up " + no.Name + ": " + no.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
		return fmt.Sprintf("%v: %v", op.Addr, op.Err)
	}
	return err.Error()
}
