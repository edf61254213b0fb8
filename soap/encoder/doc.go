// Package encoder owns how a SOAP message becomes bytes and which content type says
// so: text in its charsets, .NET binary XML alone and in a session, compression.
// These are the message encoders of WCF.
//
// It does not own the message (package soap), the syntax of the encodings
// (xmltext, xmlbin), MIME (mtom, which is hooked in), sessions of framing, or
// HTTP.
//
// Sources: RFC 7303 for charsets, RFC 3902 for application/soap+xml, [MC-NBFS] and
// [MC-NBFSE] for the binary types; for the rest what WCF does.
//
// An Encoding is plain data. A call of Decode or Encode belongs to one goroutine;
// so do the sessions that it is given.
package encoder
