// Package certs owns the TLS side of the doors: the configuration that every door shares (Config), certificates in files that
// their owner replaces while the gateway runs (Files), the change from one source to another (Swap), and the warning before
// a certificate ends (Watch). It does not own the local CA (package localca), ACME (package acme), client certificates or
// what is said after the handshake.
//
// Sources: architecture section 4 'Front door' (ALPN http/1.1), RFC 8446, RFC 7301; performance reference, points 11 and 12.
//
// The composition root builds these once; GetCertificate is called from the goroutine of every connection at once.
package certs
