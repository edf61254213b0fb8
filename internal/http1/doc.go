// Package http1 is a strict HTTP/1.1 codec for message heads and bodies. It takes and returns bytes and values; [BodyReader],
// [BodyWriter], [ReadRequest] and [ReadResponse] do the same over an [io.Reader] or [io.Writer] that the caller opened.
//
// It owns: request and response heads (RFC 9112 sections 2 to 5, field syntax of RFC 9110 section 5), what decides the length of a
// body (RFC 9112 section 6), the chunked coding (section 7.1), reading and writing bodies of every framing, and whether a connection
// stays open (section 9.3). It exists because
// the relay's clients read errors from the reason phrase only and compare field names with their case, and net/http keeps neither.
//
// It does not own: connections, time-outs, pools of buffers, routing, tokens, which fields a gateway adds, when to say 100-continue,
// upgrades. It never logs, and waits only in the Read or Write of what it was given. Percent escapes are checked in a path and never
// decoded.
//
// One rule stands behind every decision: a message that two honest parsers could read in two ways is refused, because the second
// parser is the one behind us. So nothing is repaired on the way in, and nothing ambiguous is written on the way out.
//
// Where it is stricter than the RFCs, on purpose:
//   - Content-Length and Transfer-Encoding exclude each other; a repeated Content-Length is refused even when both say the same.
//   - The only transfer coding is chunked, once, and not in HTTP/1.0.
//   - Every line ends in CRLF; a line folded onto the next one is refused.
//   - Host is a name, an IPv4 address or an IPv6 literal with an optional port of 1 to 5 digits; sub-delims and percent escapes,
//     which RFC 3986 would allow, occur in no DNS name. It must agree with an absolute-form target, as HAProxy asks too.
//   - HTTP/1.2 and later are refused with 505.
//   - No blank stands between a chunk size and what follows it (llhttp and net/http refuse it too).
//
// Where it is more lenient than the grammar, on purpose:
//   - One CRLF before a request line is skipped (RFC 9112 section 2.2 asks for it); a second one is an error.
//   - A target may hold printable ASCII outside the URI grammar (browsers send {, |, }, ^ and \ as they are; URL Standard, query
//     percent-encode set) and raw UTF-8 (http.sys and nginx take it); spaces, controls, '#' and broken UTF-8 are refused.
//   - A status line may end right after the code, as curl, llhttp and net/http allow.
//
// Every function may be called from any goroutine; a [Head], a [Chunks], a [BodyReader] and a [BodyWriter] belong to one goroutine at
// a time.
package http1
