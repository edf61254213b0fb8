package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

// trusted makes the roots by the rules of the commands: the file that was named and nothing else, or the system's roots
// with the local CA beside them when the host is this machine.
func trusted(p Params, host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CAFile != "" {
		c.RootCAs = x509.NewCertPool()
		return c, addRoots(c.RootCAs, p.CAFile)
	}
	if !isLoopback(host) || p.LocalCA == "" {
		return c, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without roots still has the local CA
	}
	if err := addRoots(roots, p.LocalCA); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c.RootCAs = roots
	return c, nil
}

func addRoots(pool *x509.CertPool, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("CA file: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("CA file: %s holds no certificate in PEM form", file)
	}
	return nil
}

// isLoopback reports whether a host name is this machine by its name alone (RFC 6761 section 6.3).
func isLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// hostOnly cuts port and brackets off.
func hostOnly(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

// newHTTP makes an HTTP client. Names below localhost are dialled without asking a resolver, which few machines have for
// them. Redirects are not followed: they would take the token elsewhere.
func newHTTP(trust *tls.Config, timeout time.Duration) *http.Client {
	var dialer net.Dialer
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: trust,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
					address = net.JoinHostPort("localhost", port)
				}
				return dialer.DialContext(ctx, network, address)
			},
		},
	}
}
