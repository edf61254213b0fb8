package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"

	"github.com/causeway-relay/causeway/gateway/front/certs"
)

// Protocol is what a door offers in ALPN so that the authority can check it by TLS-ALPN-01 (RFC 8737 section 6.2).
const Protocol = "acme-tls/1"

// ChallengePath is where the authority looks for the answer to HTTP-01, by plain HTTP at port 80 (RFC 8555 section 8.3).
const ChallengePath = "/.well-known/acme-challenge/"

// Params is what a source is made of. Hosts, Dir, Fallback and one of the doors are needed.
type Params struct {
	Hosts     []string // DNS names; the first is for clients that send no name
	Email     string   // of the account; ""
	Directory string   // URL of the authority; "": Let's Encrypt
	CAFile    string   // PEM file that the authority's own certificate is checked by; "": the system's roots
	Dir       string   // storage
	HTTP      net.Addr // the bound http door, nil when it is closed: no HTTP-01
	HTTPS     net.Addr // the bound https door, nil when it is closed: no TLS-ALPN-01
	Fallback  certs.Source
	Log       *slog.Logger
	// Every is how often ends are looked at; 0: every 10 minutes.
	Every time.Duration
}

// Source serves certificates that it gets by itself. It is a certs.Source. Use New, then Start, at last Close.
type Source struct {
	p      Params
	cache  *certmagic.Cache
	config *certmagic.Config
	issuer *certmagic.ACMEIssuer
}

// New checks the parameters and reads the CA file. Nothing is asked before Start.
func New(p Params) (*Source, error) {
	switch {
	case len(p.Hosts) == 0:
		return nil, errors.New("acme: no host names: name them in tls.acme.hosts")
	case p.HTTP == nil && p.HTTPS == nil:
		return nil, errors.New("acme: the authority must reach the http or the https door: open one")
	}
	roots, err := roots(p.CAFile)
	if err != nil {
		return nil, err
	}
	s := &Source{p: p}
	log := logger(p.Log)
	s.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return s.config, nil },
		RenewCheckInterval: p.Every, Logger: log,
	})
	s.config = certmagic.New(s.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: p.Dir}, DefaultServerName: p.Hosts[0], OnEvent: s.event, Logger: log,
	})
	s.issuer = certmagic.NewACMEIssuer(s.config, certmagic.ACMEIssuer{
		CA: p.Directory, TestCA: p.Directory, Email: p.Email, Agreed: true, TrustedRoots: roots, Logger: log,
		DisableHTTPChallenge: p.HTTP == nil, DisableTLSALPNChallenge: p.HTTPS == nil,
		// certmagic opens the challenge's port itself unless somebody listens there: these are our doors, so it does not.
		ListenHost: hostOf(p.HTTP, p.HTTPS), AltHTTPPort: portOf(p.HTTP), AltTLSALPNPort: portOf(p.HTTPS),
	})
	s.config.Issuers = []certmagic.Issuer{s.issuer}
	return s, nil
}

// Start asks for what is missing or near its end, in the background, and goes on renewing. The doors must be served by now,
// since the authority calls them. Failures are told to the log and tried again with growing pauses, for 30 days. ctx ends the
// attempts that run.
func (s *Source) Start(ctx context.Context) error {
	if err := s.config.ManageAsync(ctx, s.p.Hosts); err != nil {
		return fmt.Errorf("acme: %w: check that %s can be written", err, s.p.Dir)
	}
	return nil
}

// Close ends the renewals. It is called once.
func (s *Source) Close() { s.cache.Stop() }

// GetCertificate gives the authority's certificate for a name that is ours, the challenge's to the authority, and the
// fallback's for every other name and as long as there is none.
func (s *Source) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	asked := len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == Protocol
	if name != "" && !slices.Contains(s.p.Hosts, name) && !asked {
		return s.p.Fallback.GetCertificate(hello)
	}
	cert, err := s.config.GetCertificate(hello)
	if err == nil && len(cert.Certificate) > 0 || asked {
		return cert, err
	}
	return s.p.Fallback.GetCertificate(hello)
}

// NotAfter is the nearest end of the certificates that are there; the fallback's while there is none.
func (s *Source) NotAfter() time.Time {
	var nearest time.Time
	for _, one := range s.Served() {
		if nearest.IsZero() || one.NotAfter.Before(nearest) {
			nearest = one.NotAfter
		}
	}
	if nearest.IsZero() {
		return s.p.Fallback.NotAfter()
	}
	return nearest
}

// Served lists the certificates that are there. A host that the authority has not confirmed yet is not among them.
func (s *Source) Served() []certs.Served {
	var list []certs.Served
	for _, host := range s.p.Hosts {
		var last time.Time
		for _, cert := range s.cache.AllMatchingCertificates(host) {
			if cert.Leaf.NotAfter.After(last) {
				last = cert.Leaf.NotAfter
			}
		}
		if !last.IsZero() {
			list = append(list, certs.Served{Name: host, NotAfter: last})
		}
	}
	return list
}

// Challenge answers the authority's HTTP-01 requests and gives all others to next.
func (s *Source) Challenge(next http.Handler) http.Handler {
	return s.issuer.HTTPChallengeHandler(next)
}

// event tells the log what became of a host.
func (s *Source) event(ctx context.Context, name string, data map[string]any) error {
	host, _ := data["identifier"].(string)
	switch name {
	case "cert_obtained":
		renewal, _ := data["renewal"].(bool)
		s.p.Log.InfoContext(ctx, "certificate obtained", "host", host, "renewal", renewal)
	case "cert_failed":
		s.p.Log.WarnContext(ctx, "certificate not obtained", "host", host, "cause", data["error"],
			"do", "the authority must reach "+host+" at port 80 (http door) or 443 (https door)")
	}
	return nil
}

// roots reads the CA file; nil: the system's.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // crypto/tls reads nil as the system's
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("acme: CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("acme: CA file: %s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// hostOf is the host part of the first door that is open, "" when it is all interfaces.
func hostOf(doors ...net.Addr) string {
	for _, d := range doors {
		if tcp, ok := d.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
			return tcp.IP.String()
		}
	}
	return ""
}

func portOf(door net.Addr) int {
	if tcp, ok := door.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}
