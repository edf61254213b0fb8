// Package soap owns the SOAP message: its versions (1.1, 1.2 and none), header
// blocks with mustUnderstand, role and relay, the fault model, how a message is
// converted between versions, what is refused and with which fault, and which
// encoding a content type names.
//
// A [Message] is read from and written to any encoding through the Reader and
// Writer of package infoset, and nothing of its infoset is lost on the way. Its
// head (everything before the content of the body) is held in memory within
// [Limits]; the body streams, unless [Message.Buffer] keeps it.
//
// The package does not own addressing (wsa), security headers (wssec), MIME
// (mtom), changes of header blocks at wire speed (rewrite: use that on the relay
// path, where a message is never decoded), HTTP or sockets.
//
// Sources: SOAP 1.1; SOAP 1.2 part 1 second edition; RFC 3902 for
// application/soap+xml; for conversion and the choice of faults what WCF does.
//
// Plain values may be read from any goroutine. A Message and what is read from it
// belong to one goroutine at a time.
package soap
