package rewrite

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// wide is the view of a UTF-16 message as UTF-8: places are found there and told
// in bytes of the message. Only the head is turned.
type wide struct {
	known bool // the first bytes were looked at
	on    bool
	big   bool
	mark  int // bytes of the byte-order mark
	taken int // bytes of the message behind the mark that are in utf8
	utf8  []byte
}

func (w *wide) reset() { *w = wide{utf8: w.utf8[:0]} }

// view gives the text to look at: b, or its UTF-8 form.
func (s *Scanner) view(b []byte) ([]byte, error) {
	w := &s.wide
	if !w.known {
		if len(b) < 4 {
			return nil, ErrMore
		}
		w.known = true
		switch {
		case b[0] == 0xFF && b[1] == 0xFE:
			w.on, w.mark = true, 2
		case b[0] == 0xFE && b[1] == 0xFF:
			w.on, w.big, w.mark = true, true, 2
		case b[0] == '<' && b[1] == 0:
			w.on = true
		case b[0] == 0 && b[1] == '<':
			w.on, w.big = true, true
		}
	}
	if !w.on {
		return b, nil
	}
	// Never more than the bound on the head, whatever lies behind it: ASCII takes
	// half the bytes in the view, and what takes more fills the bound earlier.
	most := s.maxHead() * 2
	b = b[w.mark:]
	for w.taken+2 <= len(b) && w.taken <= most {
		c := w.unit(b[w.taken:])
		n := 2
		if utf16.IsSurrogate(c) {
			if w.taken+4 > len(b) {
				break
			}
			if c, n = utf16.DecodeRune(c, w.unit(b[w.taken+2:])), 4; c == utf8.RuneError {
				return nil, s.fail(infoset.BadEncoding, len(w.utf8), "lone surrogate in UTF-16")
			}
		}
		w.utf8 = utf8.AppendRune(w.utf8, c)
		w.taken += n
	}
	return w.utf8, nil
}

// unit reads a UTF-16 code unit.
func (w *wide) unit(b []byte) rune {
	if w.big {
		return rune(b[0])<<8 | rune(b[1])
	}
	return rune(b[1])<<8 | rune(b[0])
}

// offset tells a place of the view in bytes of the message.
func (s *Scanner) offset(at int) int {
	if !s.wide.on {
		return at
	}
	at = min(max(at, 0), len(s.wide.utf8))
	return s.wide.mark + 2*xmlchar.Units(s.wide.utf8[:at])
}

// widen gives text, which is UTF-8, in the encoding of the message.
func (w *wide) widen(dst, text []byte) []byte {
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		text = text[n:]
		hi, lo := c, rune(-1)
		if c > 0xFFFF {
			hi, lo = utf16.EncodeRune(c)
		}
		dst = w.appendUnit(dst, hi)
		if lo >= 0 {
			dst = w.appendUnit(dst, lo)
		}
	}
	return dst
}

func (w *wide) appendUnit(dst []byte, u rune) []byte {
	if w.big {
		return append(dst, byte(u>>8), byte(u))
	}
	return append(dst, byte(u), byte(u>>8))
}
