package http1

import (
	"strconv"
	"unicode/utf8"
)

// LastChunk ends a chunked body without trailer fields.
const LastChunk = "0\r\n\r\n"

// maxReason bounds a reason phrase on the wire, in bytes (hybrid reference, section 5).
const maxReason = 1024

// AppendRequest appends a request head, empty line included. Order, case and repeats of the fields are kept. The version is always
// HTTP/1.1: a gateway sends its own (RFC 9112 section 2.3).
//
// What it writes is one head whatever the strings hold, because some come from a listener's JSON: a byte of the target that cannot
// stand there is percent-encoded and an empty target is "/", a byte of the method that is no token becomes '-' and an empty method is '-', a field without a
// good name is left out, a control byte in a value becomes a blank. Framing is not touched, see [Framing.Apply].
func AppendRequest(dst []byte, h *Head) []byte {
	if h.Method == "" {
		dst = append(dst, '-')
	}
	dst = appendMasked(dst, h.Method, inToken, '-')
	dst = append(dst, ' ')
	dst = appendTarget(dst, h.Target)
	dst = append(dst, " HTTP/1.1\r\n"...)
	return appendFields(dst, h.Fields)
}

// AppendResponse appends a response head, empty line included, by the rules of [AppendRequest]. The reason goes through
// [CleanReason]; the blank after the code is there also before an empty one. A status outside 100 to 999 is the caller's mistake and
// is written as 500.
func AppendResponse(dst []byte, h *Head) []byte {
	status := h.Status
	if status < 100 || status > 999 {
		status = 500
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = append(dst, CleanReason(h.Reason)...)
	dst = append(dst, "\r\n"...)
	return appendFields(dst, h.Fields)
}

// CleanReason makes any text a reason phrase: one line, printable ASCII as it is, a control byte a blank, any other character one
// '?', at most 1024 bytes. Node refuses odd bytes there, and .NET shows the phrase to its user (hybrid reference, section 5). Text
// that is clean already is returned as it is, without allocation.
func CleanReason(s string) string {
	if len(s) <= maxReason && printable(s) {
		return s
	}
	out := make([]byte, 0, min(len(s), maxReason))
	for _, r := range s { // a broken sequence counts as one character a byte
		if len(out) == maxReason {
			break
		}
		switch {
		case r < ' ' || r == 0x7f:
			out = append(out, ' ')
		case r >= utf8.RuneSelf:
			out = append(out, '?')
		default:
			out = append(out, byte(r))
		}
	}
	return string(out)
}

// AppendChunk appends data as one chunk. Without data it appends nothing: an empty chunk would be the last one.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkHeader(dst, int64(len(data)))
	dst = append(dst, data...)
	return append(dst, "\r\n"...)
}

// AppendChunkHeader appends the line before size bytes of data, size > 0, for callers that send the data from where it lies. They
// send CRLF after it.
func AppendChunkHeader(dst []byte, size int64) []byte {
	dst = strconv.AppendInt(dst, size, 16)
	return append(dst, "\r\n"...)
}

// appendFields appends field lines and the empty line. A name that is no token is left out rather than mended: mended, it would be another
// field.
func appendFields(dst []byte, fields Fields) []byte {
	for i := range fields {
		if !isToken(fields[i].Name) {
			continue
		}
		dst = append(dst, fields[i].Name...)
		dst = append(dst, ": "...)
		dst = appendMasked(dst, fields[i].Value, inValue, ' ')
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// appendMasked appends s with a substitute for each byte outside the class.
func appendMasked(dst []byte, s string, bits uint8, substitute byte) []byte {
	if all(s, bits) {
		return append(dst, s...)
	}
	for i := range len(s) {
		if class[s[i]]&bits != 0 {
			dst = append(dst, s[i])
		} else {
			dst = append(dst, substitute)
		}
	}
	return dst
}

// appendTarget appends a target whose bytes may come percent-decoded, as the relay's own request message has them: blanks, controls and '#'
// go back to escapes. What is escaped already stays.
func appendTarget(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	if s == "" {
		return append(dst, '/')
	}
	if all(s, inTarget) {
		return append(dst, s...)
	}
	for i := range len(s) {
		if class[s[i]]&inTarget != 0 {
			dst = append(dst, s[i])
		} else {
			dst = append(dst, '%', digits[s[i]>>4], digits[s[i]&15])
		}
	}
	return dst
}

// printable reports whether all bytes are SP or VCHAR.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
