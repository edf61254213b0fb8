package wsframe

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Close codes that the relay sends or must know, RFC 6455 section 7.4.1.
const (
	CloseNormal      = 1000
	CloseGoingAway   = 1001
	CloseProtocol    = 1002
	CloseUnsupported = 1003
	CloseNoCode      = 1005 // never to be sent, yet .NET sends it for "empty" (hybrid reference, section 7)
	CloseBadData     = 1007
	ClosePolicy      = 1008
	CloseTooBig      = 1009
	CloseInternal    = 1011
)

// maxCloseText is what a control frame leaves for the text behind the code.
const maxCloseText = MaxControl - 2

// DecodeClose reads the unmasked payload of a Close frame. code is 0 and text empty when the peer gave no code, which
// includes the code 1005 that .NET puts on the wire for it. One byte alone, codes that may not be sent (RFC 6455 sections
// 7.4.1 and 7.4.2: below 1000, 1004, 1006, 1015 to 2999, above 4999) and text that is not UTF-8 are errors of type *Error.
func DecodeClose(b []byte) (code int, text string, err error) {
	switch {
	case len(b) == 0:
		return 0, "", nil
	case len(b) == 1:
		return 0, "", errCloseShort
	case len(b) > MaxControl:
		return 0, "", errCloseLong
	}
	code = int(binary.BigEndian.Uint16(b))
	if code == CloseNoCode {
		return 0, "", nil
	}
	if !sendable(code) {
		return 0, "", errCloseCode
	}
	if !utf8.Valid(b[2:]) {
		return 0, "", errCloseText
	}
	return code, string(b[2:]), nil
}

// AppendClose appends the payload of a Close frame: the code and as much of text as fits in 123 bytes, cut between two
// characters. A code of 0, or one that may not be sent, gives the empty payload: the peer then sees a Close without a code.
func AppendClose(dst []byte, code int, text string) []byte {
	if !sendable(code) {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?")
	}
	if len(text) > maxCloseText {
		end := maxCloseText
		for !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return append(dst, text...)
}

// sendable tells whether a code may stand in a Close frame: those of RFC 6455 and of the IANA registry (up to 1014), and
// the ranges for libraries and applications.
func sendable(code int) bool {
	switch {
	case code < 1000 || code > 4999:
		return false
	case code >= 3000:
		return true
	default:
		return code <= 1014 && code != 1004 && code != CloseNoCode && code != 1006
	}
}

// acceptGUID is the constant of RFC 6455 section 1.3.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// AcceptKey returns the Sec-WebSocket-Accept value for a Sec-WebSocket-Key, RFC 6455 section 4.2.2 (SHA-1 protects nothing
// here: it shows that the peer speaks WebSocket). The key is taken as it
// came; nothing is said about its length, since one SDK sends keys that are 16 bytes only by chance (hybrid reference,
// section 3).
func AcceptKey(key string) string {
	var room [28]byte // base64 of 20 bytes
	return string(AppendAccept(room[:0], key))
}

// AppendAccept appends what AcceptKey returns.
func AppendAccept(dst []byte, key string) []byte {
	var room [24 + len(acceptGUID)]byte // a key has 24 characters; a longer one moves to the heap
	sum := sha1.Sum(append(append(room[:0], key...), acceptGUID...))
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}
