package wire

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// guidLen is the length of a GUID as 8-4-4-4-12 hexadecimal digits.
const guidLen = 36

// guidGroups are the digits of each group in bytes.
var guidGroups = [...]int{4, 2, 2, 2, 6}

// AppendGUID appends 16 bytes as a lower-case GUID in byte order, without any swapping.
func AppendGUID(dst []byte, id [16]byte) []byte {
	b := id[:]
	for i, n := range guidGroups {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, b[:n])
		b = b[n:]
	}
	return dst
}

// ParseGUID reads exactly one GUID of 36 characters, in either case, and nothing around it: braces or 32 digits without
// hyphens, which .NET's parser takes, come from no client.
func ParseGUID(s string) (id [16]byte, ok bool) {
	if len(s) != guidLen {
		return id, false
	}
	at, off := 0, 0
	for i, n := range guidGroups {
		if i > 0 {
			if s[off] != '-' {
				return id, false
			}
			off++
		}
		for range n {
			hi, ok1 := hexDigit(s[off])
			lo, ok2 := hexDigit(s[off+1])
			if !ok1 || !ok2 {
				return id, false
			}
			id[at] = hi<<4 | lo
			at++
			off += 2
		}
	}
	return id, true
}

// AppendID appends a ticket as sb-hc-id shows it: GUID_G<n>, n being the ticket's node number, its first two bytes.
func AppendID(dst []byte, ticket [16]byte) []byte {
	dst = AppendGUID(dst, ticket)
	dst = append(dst, "_G"...)
	return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(ticket[:])), 10)
}

// ParseID reads the GUID of an sb-hc-id alone: whatever follows behind a "_", each node's mark or nothing, does not count.
func ParseID(s string) (ticket [16]byte, ok bool) {
	guid, _, _ := strings.Cut(s, "_")
	return ParseGUID(guid)
}

// TrackingID returns the tracking id that a client's sb-hc-id asks for: its GUID as the client spells it, cut at the first
// "_" as .NET does, or "" when it is no GUID and the gateway has to make one (section 5).
func TrackingID(id string) string {
	guid, _, _ := strings.Cut(id, "_")
	if _, ok := ParseGUID(guid); !ok {
		return ""
	}
	return guid
}
