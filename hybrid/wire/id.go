package wire

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// guidLen is the length of a GUID as 8-4-4-4-12 hexadecimal digits.
const guidLen = 36

// guidHyphens tells before which bytes of a GUID a hyphen stands.
const guidHyphens = 1<<4 | 1<<6 | 1<<8 | 1<<10

// AppendGUID appends 16 bytes as a lower-case GUID in byte order, without any swapping.
func AppendGUID(dst []byte, id [16]byte) []byte {
	var text [guidLen]byte
	at := 0
	for i, c := range id {
		if guidHyphens>>i&1 == 1 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = lowerHex[c>>4], lowerHex[c&0xF]
		at += 2
	}
	return append(dst, text[:]...)
}

// hexValues are those of hexadecimal digits, 0xFF of all other bytes.
var hexValues = func() (table [256]byte) {
	for c := range table {
		table[c] = 0xFF
		if v, ok := hexDigit(byte(c)); ok {
			table[c] = v
		}
	}
	return table
}()

// ParseGUID reads exactly one GUID of 36 characters, in either case, and nothing around it: braces or 32 digits without
// hyphens, which .NET's parser takes, come from no client.
func ParseGUID(s string) (id [16]byte, ok bool) {
	if len(s) != guidLen {
		return id, false
	}
	off := 0
	for i := range id {
		if guidHyphens>>i&1 == 1 {
			if s[off] != '-' {
				return [16]byte{}, false
			}
			off++
		}
		hi, lo := hexValues[s[off]], hexValues[s[off+1]]
		if hi|lo > 0xF {
			return [16]byte{}, false
		}
		id[i] = hi<<4 | lo
		off += 2
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
