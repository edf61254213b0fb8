// Package utf8doc owns the encodings of XML documents: whatever one came in, it gives UTF-8, without changing where anything stands.
// It reads no markup beyond the declaration and the document type.
//
// Sources: XML 1.0, 2.8, 4.3.3 and appendix F.
//
// Only package load uses it. Decode is a function of its argument; any goroutine may call it.
package utf8doc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Decode gives a document as UTF-8, whatever encoding it came in: the byte-order mark is gone, and so is a document type. What is taken
// out is replaced by white space or a comment of the same length, so that lines and columns stay those of the file; a column counts
// bytes of UTF-8. A document type that declares an entity is an error: that is how a few bytes become gigabytes.
func Decode(content []byte) ([]byte, error) {
	text, err := transcode(content)
	if err != nil {
		return nil, err
	}
	return dropDoctype(text)
}

// transcode turns a document into UTF-8. A byte-order mark decides, then the bytes of the first "<", then the declaration, which is
// ASCII and can be found before anything else is understood.
func transcode(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return hideDeclaration(b[3:]), nil
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return wide(b[2:], false)
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return wide(b[2:], true)
	case bytes.HasPrefix(b, []byte{'<', 0}):
		return wide(b, false)
	case bytes.HasPrefix(b, []byte{0, '<'}):
		return wide(b, true)
	}
	name, end := declared(b)
	switch name {
	case "", "utf-8", "us-ascii":
		return hideDeclaration(b), nil
	case "utf-16": // declared, and yet eight bits wide: what gateways make of files that they convert
		return hideDeclaration(b), nil
	}
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		return nil, fmt.Errorf("encoding %s is not known: write the file in UTF-8", infoset.Clip(name))
	}
	body, err := enc.NewDecoder().Bytes(b[end:])
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", infoset.Clip(name), err)
	}
	return append(hideDeclaration(b[:end:end]), body...), nil
}

// wide reads UTF-16. Half of a pair of surrogates is an error, and so is half of a unit: nobody can say what was meant.
func wide(b []byte, big bool) ([]byte, error) {
	if len(b)%2 != 0 {
		return nil, errors.New("the document is UTF-16 and ends within a character")
	}
	out := make([]byte, 0, len(b)/2+len(b)/8)
	unit := func(i int) rune {
		if big {
			return rune(b[i])<<8 | rune(b[i+1])
		}
		return rune(b[i+1])<<8 | rune(b[i])
	}
	for i := 0; i < len(b); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if i+3 < len(b) {
				low = unit(i + 2)
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return nil, fmt.Errorf("the document is UTF-16 and has half of a character at byte %d", i)
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return hideDeclaration(out), nil
}

// declared gives the encoding that an XML declaration names, in lower case, and where the declaration ends; "" and 0 for none.
func declared(b []byte) (name string, end int) {
	head := b[:min(len(b), 200)]
	end = bytes.Index(head, []byte("?>"))
	at := bytes.Index(head, []byte("encoding"))
	if !bytes.HasPrefix(head, []byte("<?xml")) || end < 0 || at < 0 || at > end {
		return "", 0
	}
	rest := bytes.TrimLeft(head[at+len("encoding"):end], " \t\r\n=")
	if len(rest) < 2 {
		return "", 0
	}
	stop := bytes.IndexByte(rest[1:], rest[0])
	if stop < 0 {
		return "", 0
	}
	return strings.ToLower(string(rest[1 : 1+stop])), end + len("?>")
}

// hideDeclaration makes a comment of a declaration that names an encoding, since the document is UTF-8 now. Documents without one are
// given back as they are.
func hideDeclaration(b []byte) []byte {
	name, end := declared(b)
	if name == "" || name == "utf-8" {
		return b
	}
	out := bytes.Clone(b)
	blank(out[:end])
	copy(out, "<!--")
	copy(out[end-len("-->"):], "-->")
	return out
}

// blank makes spaces of bytes; line breaks stay.
func blank(b []byte) {
	for i, c := range b {
		if c != '\n' && c != '\r' {
			b[i] = ' '
		}
	}
}

// dropDoctype blanks out a document type that declares no entity, as schemas published by W3C have.
func dropDoctype(b []byte) ([]byte, error) {
	at := bytes.Index(b[:min(len(b), 8<<10)], []byte("<!DOCTYPE"))
	if at < 0 || !onlyProlog(b[:at]) {
		return b, nil
	}
	end := doctypeEnd(b, at)
	if end < 0 {
		return nil, errors.New("the document type does not end")
	}
	if bytes.Contains(b[at:end], []byte("<!ENTITY")) {
		return nil, errors.New("the document type declares entities, which are never expanded: remove the DOCTYPE from the file")
	}
	out := bytes.Clone(b)
	blank(out[at : end+1])
	return out, nil
}

// doctypeEnd finds the ">" of a document type that begins at an offset; -1 if there is none. Those inside of quotes and of the internal
// subset do not count.
func doctypeEnd(b []byte, at int) int {
	depth, quote := 0, byte(0)
	for i := at; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '>' && depth <= 0:
			return i
		}
	}
	return -1
}

// onlyProlog reports whether bytes are declarations, comments and white space.
func onlyProlog(b []byte) bool {
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		var closing string
		switch {
		case len(b) == 0:
			return true
		case bytes.HasPrefix(b, []byte("<?")):
			closing = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			closing = "-->"
		default:
			return false
		}
		end := bytes.Index(b, []byte(closing))
		if end < 0 {
			return false
		}
		b = b[end+len(closing):]
	}
}
