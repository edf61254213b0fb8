// Package mtom owns MTOM: a SOAP message whose binary content travels in parts
// of its own, multipart/related around XOP. Reading, it gives the tokens of the
// envelope with the bytes of the parts in their place; writing, it moves binary
// content out into parts as WCF does it. It has a MIME reader of its own, because
// the header lines of parts may be folded, which heads of HTTP must not.
//
// Parts stream: the one that is wanted next is never held, so a message may be
// larger than memory. What must be held (parts that come too early, the rest of
// the envelope behind the first reference) is bounded by [Limits]. A part is
// taken out once; parts inside of parts are data. So no message grows by being
// read, and none costs more memory than Memory allows.
//
// The package does not own envelopes (soap), content types (soap.MediaType), HTTP
// or sockets. Its errors are *infoset.Error, of which soap.Explain makes faults:
// Offset is then the place in the multipart body and Path names the part where
// the MIME is wrong, and they are those of the envelope where a reference is.
//
// Sources: XOP 1.0; MTOM; RFC 2387 (multipart/related), RFC 2046, 5.1 (boundaries),
// RFC 2045 (header lines, transfer encodings), RFC 2392 (cid URLs); for defaults,
// names and what is optimised, what WCF does.
//
// A reader or Writer belongs to one goroutine at a time; an [Opener] may be
// shared.
package mtom
