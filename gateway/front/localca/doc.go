// Package localca owns the certificate authority of a gateway that has no public name: its key and certificate in the data
// directory (ca.key, ca.pem), the certificates it issues for the doors (Leaf), and how a machine is made to trust it
// (TrustPlan). It does not own certificates of others (package certs) or the command line.
//
// The certificate of the doors is never written: its key lives in memory only and it is made anew at every start, which takes
// a millisecond. Only the authority has to last, because clients are told to trust it.
//
// Sources: architecture section 5 (names, data directory); RFC 5280; CA/Browser Forum baseline requirements 6.3.2 (398 days);
// Apple HT211025.
//
// Open and trust functions are called from one goroutine at start or by a command; a Leaf serves every connection's goroutine.
package localca
