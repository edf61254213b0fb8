package route

import (
	"encoding/hex"
	"strings"
)

// ParseGUID reads the GUID of a listener's id, 8-4-4-4-12 hex digits of either case, as the bytes in the order of the text.
// What follows behind a "_", each hop's mark, does not count (reference section 5). The zero GUID is none.
func ParseGUID(s string) (GUID, bool) {
	var g GUID
	s, _, _ = strings.Cut(s, "_")
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return GUID{}, false
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(g[:], []byte(digits)); err != nil {
		return GUID{}, false
	}
	return g, g != GUID{}
}
