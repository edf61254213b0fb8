// Package acme gets the https door's certificates from a certificate authority by ACME (RFC 8555), and renews them while the
// gateway runs. It owns which names are asked for, where account, keys and certificates lie (a folder in the data folder, mode
// 0700), the answers to the authority's challenges on the gateway's own doors (HTTP-01: RFC 8555 section 8.3; TLS-ALPN-01:
// RFC 8737), and what clients get until there is a certificate: the fallback's. It opens no port. It does not own the TLS
// settings of a door (package certs) nor the local CA.
//
// The protocol itself is certmagic's. The composition root makes one Source; GetCertificate is called from the goroutine of
// every handshake, Challenge's handler from that of every request.
package acme
