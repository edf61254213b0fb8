package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/causeway-relay/causeway/internal/trust"
)

// newHTTP makes an HTTP client. Redirects are not followed: they would take the token elsewhere.
func newHTTP(roots *tls.Config, timeout time.Duration) *http.Client {
	var dialer net.Dialer
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: roots,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, trust.Address(address, "443"))
			},
		},
	}
}
