package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// leafLife is what browsers and Apple accept of any authority (398 days) less a day.
	leafLife = 397 * 24 * time.Hour
	// leafRenew is how long before its end a leaf is made anew, while the gateway runs.
	leafRenew = 30 * 24 * time.Hour
	// maxNamed bounds the certificates made for single names.
	maxNamed = 64
)

// Hosts are the names and addresses of every leaf (architecture section 5).
func Hosts() []string {
	return []string{"localhost", "*.localhost", "relay.localhost", "127.0.0.1", "::1"}
}

// Leaf is the certificate of the doors: for Hosts and the names given to Authority.Leaf. It renews itself. A client that asks by
// SNI for another name below localhost gets one with that name too: OpenSSL and Node do not let *.localhost stand for it,
// because a wildcard over a whole top-level domain is not honoured. It is a certs.Source.
type Leaf struct {
	authority *Authority
	names     []string
	addrs     []netip.Addr

	mu    sync.Mutex
	key   *ecdsa.PrivateKey
	main  *tls.Certificate
	named map[string]*tls.Certificate
}

// Leaf issues the certificate for Hosts and the extra hosts: names, wildcards or IP addresses, without port.
func (a *Authority) Leaf(extra []string) (*Leaf, error) {
	l := &Leaf{authority: a}
	for _, host := range append(Hosts(), extra...) {
		if err := l.add(host); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.renewLocked(time.Now()); err != nil {
		return nil, err
	}
	return l, nil
}

// GetCertificate gives the certificate for a handshake. See tls.Config.
func (l *Leaf) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err := l.freshLocked(now); err != nil {
		return nil, err
	}
	if name := strings.ToLower(hello.ServerName); l.wantsOwn(name) {
		return l.namedLocked(name, now)
	}
	return l.main, nil
}

// freshLocked renews a leaf near its end. An error counts only once the old one has ended.
func (l *Leaf) freshLocked(now time.Time) error {
	end := l.main.Leaf.NotAfter
	if now.Before(end.Add(-leafRenew)) || !end.Before(l.authority.cert.NotAfter) {
		return nil
	}
	if err := l.renewLocked(now); err != nil && now.After(end) {
		return err
	}
	return nil
}

// NotAfter is when the certificate ends that the next handshake gets. It renews as a handshake does, so that a gateway where
// nobody calls does not warn of a certificate that nobody will see.
func (l *Leaf) NotAfter() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.freshLocked(time.Now()) // the end that stays says it
	return l.main.Leaf.NotAfter
}

// add sorts a host in. What is no address must look like a DNS name: a mistake is found here, not by the first client.
func (l *Leaf) add(host string) error {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		if addr = addr.Unmap(); !slices.Contains(l.addrs, addr) {
			l.addrs = append(l.addrs, addr)
		}
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if !dnsName(strings.TrimPrefix(name, "*.")) {
		return fmt.Errorf("local CA: host %q is neither a DNS name nor an IP address: give it without scheme and port", host)
	}
	if !slices.Contains(l.names, name) {
		l.names = append(l.names, name)
	}
	return nil
}

// wantsOwn reports whether only the wildcard over localhost would fit.
func (l *Leaf) wantsOwn(name string) bool {
	return strings.HasSuffix(name, ".localhost") && dnsName(name) && !slices.Contains(l.names, name)
}

// namedLocked gives the certificate with one more name. Beyond maxNamed names the main one has to do.
func (l *Leaf) namedLocked(name string, now time.Time) (*tls.Certificate, error) {
	if cert := l.named[name]; cert != nil {
		return cert, nil
	}
	if len(l.named) >= maxNamed {
		return l.main, nil
	}
	cert, err := l.issueLocked(append(slices.Clone(l.names), name), now)
	if err != nil {
		return nil, err
	}
	l.named[name] = cert
	return cert, nil
}

// renewLocked starts over with a new key.
func (l *Leaf) renewLocked(now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("local CA: make a leaf's key: %w", err)
	}
	before := l.key
	l.key = key
	main, err := l.issueLocked(l.names, now)
	if err != nil {
		l.key = before
		return err
	}
	l.main, l.named = main, make(map[string]*tls.Certificate)
	return nil
}

// issueLocked signs a certificate. It never outlives the authority's.
func (l *Leaf) issueLocked(names []string, now time.Time) (*tls.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, fmt.Errorf("local CA: %w", err)
	}
	ca := l.authority
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "localhost", Organization: []string{"Causeway"}},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(-backdate).Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     names,
	}
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	for _, addr := range l.addrs {
		template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &l.key.PublicKey, ca.key)
	if err != nil {
		return nil, fmt.Errorf("local CA: sign a leaf: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("local CA: read a leaf back: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: l.key, Leaf: leaf}, nil
}

// dnsName takes letters, digits, hyphens and underscores in labels of 1 to 63, 253 in all (RFC 1035 section 2.3.4).
func dnsName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}
