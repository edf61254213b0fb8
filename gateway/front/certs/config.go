package certs

import (
	"crypto/tls"
	"time"
)

// Source gives the certificate of a handshake and says when it ends.
type Source interface {
	// GetCertificate is tls.Config's: it is called for each full handshake, from many goroutines, and must not wait long.
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// NotAfter is the end of the certificate that is served now; the expiry metric and 'causeway status' show it.
	NotAfter() time.Time
}

// Exchange says which key exchanges a door takes. The order among them is Go's own and cannot be chosen.
type Exchange uint8

const (
	// Hybrid is Go's default: X25519MLKEM768 for clients that have it, then the curves. Traffic recorded today stays closed to
	// a quantum computer of tomorrow. It is the default here too, because what a relay carries is not ours to value.
	Hybrid Exchange = iota
	// Curves leaves the post-quantum part out. It is a third of a handshake's work (0.41k -> 0.58k rendezvous a second,
	// performance reference, point 11), and its longer hello does not fit one packet. For closed networks and benchmarks.
	Curves
)

// Config is the configuration of a door that serves HTTP/1.1. TLS 1.2 is the least: .NET Framework 4.7 and Java 8 speak it.
// Of ALPN only http/1.1 is offered, and what a source needs besides (ACME's challenge); a client without ALPN (.NET sends none)
// is served, one that insists on h2 is refused.
// Session tickets stay on, with keys that Go makes and replaces daily: resumption halves a rendezvous' work. Nothing here
// looks at SNI: which certificate fits is the source's matter. Give each door its own Config.
func Config(from Source, exchange Exchange, protocols ...string) *tls.Config {
	c := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     append([]string{"http/1.1"}, protocols...),
		GetCertificate: from.GetCertificate,
	}
	if exchange == Curves {
		c.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384}
	}
	return c
}
