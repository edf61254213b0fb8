package gateway

import (
	"crypto/tls"
	"slices"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front"
)

// noSource has no certificate.
type noSource struct{}

func (noSource) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return nil, tls.AlertError(80)
}
func (noSource) NotAfter() time.Time { return time.Time{} }

// TestKeyExchange: the post-quantum part is left out where the settings say so, and nowhere else.
func TestKeyExchange(t *testing.T) {
	for setting, classic := range map[string]bool{"hybrid": false, "curves": true} {
		g := &Gateway{cfg: &config.Config{TLS: config.TLS{KeyExchange: setting}}, certs: noSource{}}
		c := g.tlsOf(front.HTTPS)
		if got := c.CurvePreferences != nil; got != classic || slices.Contains(c.CurvePreferences, tls.X25519MLKEM768) {
			t.Errorf("%s: curves %v", setting, c.CurvePreferences)
		}
		if g.tlsOf(front.HTTP) != nil {
			t.Errorf("%s: the plain door got TLS", setting)
		}
	}
}
