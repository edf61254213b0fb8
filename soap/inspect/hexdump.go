package inspect

import (
	"bytes"
	"strings"
)

// unhex reads bytes that someone wrote down: plain hex in lines of any length
// with white space, colons, commas and 0x between; dumps of xxd and hexdump -C;
// lines that begin with # are comments, and there may be nothing but these. It
// gives false when text is none of all that.
func unhex(text []byte) ([]byte, bool) {
	// Raw bytes are told apart by their first few, without a walk over all.
	for _, c := range text[:min(len(text), 64)] {
		if c >= 0x80 || c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return nil, false
		}
	}
	var out []byte
	remarks := 0
	odd := false // plain lines may be cut between the digits of a byte
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		s := strings.TrimSpace(string(line))
		if s == "" {
			continue
		}
		if s[0] == '#' {
			remarks++
			continue
		}
		// A dump has the text beside the digits; plain lines have digits alone.
		if dumped, ok := dumpLine(s); ok && !odd {
			out = append(out, dumped...)
			continue
		}
		var ok bool
		if out, odd, ok = plainLine(out, s, odd); !ok {
			return nil, false
		}
	}
	return out, len(out)+remarks > 0 && !odd
}

// plainLine reads hex digits and what people put between them.
func plainLine(out []byte, s string, odd bool) ([]byte, bool, bool) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "0x", ""), `\x`, "")
	for i := range len(s) {
		v, ok := digit(s[i])
		switch {
		case !ok && strings.IndexByte(" \t:,;-{}", s[i]) < 0:
			return nil, false, false
		case !ok:
		case odd:
			out[len(out)-1] |= v
			odd = false
		default:
			out = append(out, v<<4)
			odd = true
		}
	}
	return out, odd, true
}

func digit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// dumpLine reads a line of xxd ("00000000: 5602 0b01  V...") or of hexdump -C
// ("00000000  56 02 0b 01  |V...|"): an offset of eight digits, groups, text.
func dumpLine(s string) ([]byte, bool) {
	const width = 8
	if len(s) < width {
		return nil, false
	}
	for i := range width {
		if _, ok := digit(s[i]); !ok {
			return nil, false
		}
	}
	rest := s[width:]
	switch {
	case rest == "":
		// The last line of hexdump is an offset alone. As plain hex it would
		// be four bytes, but then it would be the only line: see whole.
		return nil, false
	case strings.HasPrefix(rest, ": "):
		rest = rest[2:]
		if end := strings.Index(rest, "  "); end >= 0 {
			rest = rest[:end]
		}
	case strings.HasPrefix(rest, "  "):
		rest = rest[2:]
		bar := strings.IndexByte(rest, '|')
		if bar < 0 {
			return nil, false
		}
		rest = rest[:bar]
	default:
		return nil, false
	}
	out, odd, ok := plainLine(nil, rest, false)
	return out, ok && !odd && len(out) <= 64
}
