package xmltext

import (
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Both functions copy runs of plain characters and look closer only where one
// stops. A character that XML has no room for makes the Writer fail: it cannot be
// escaped, not even as a reference.

// escapeText appends text as element content.
func (w *Writer) escapeText(dst, text []byte) []byte {
	for {
		n := xmlchar.PlainText(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return dst
		}
		text = text[n:]
		switch text[0] {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '\r':
			dst = append(dst, "&#xD;"...)
		default:
			n := w.wideRun(text)
			if n == 0 {
				return dst
			}
			dst = append(dst, text[:n]...)
			text = text[n:]
			continue
		}
		text = text[1:]
	}
}

// escapeAttr appends text as an attribute's value between double quotes.
func (w *Writer) escapeAttr(dst, text []byte) []byte {
	for {
		n := xmlchar.PlainAttr(text)
		dst = append(dst, text[:n]...)
		if n == len(text) {
			return dst
		}
		text = text[n:]
		switch text[0] {
		case '<':
			dst = append(dst, "&lt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\'':
			dst = append(dst, '\'')
		case '\t':
			dst = append(dst, "&#x9;"...)
		case '\n':
			dst = append(dst, "&#xA;"...)
		case '\r':
			dst = append(dst, "&#xD;"...)
		default:
			n := w.wideRun(text)
			if n == 0 {
				return dst
			}
			dst = append(dst, text[:n]...)
			text = text[n:]
			continue
		}
		text = text[1:]
	}
}

// wideRun gives the length of the characters outside ASCII at the front of text.
// 0 means that the first byte belongs to no character of XML; the Writer has
// failed then.
func (w *Writer) wideRun(text []byte) int {
	n := 0
	for n < len(text) && text[n] >= utf8.RuneSelf {
		c, size := utf8.DecodeRune(text[n:])
		if size == 1 {
			w.fail(infoset.BadEncoding, "text is no valid UTF-8")
			return 0
		}
		if !xmlchar.IsChar(c) {
			break
		}
		n += size
	}
	if n == 0 {
		w.fail(infoset.BadCharacter, "text has a character that XML does not allow")
	}
	return n
}
