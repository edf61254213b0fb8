package rewrite

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Count gives the number of header blocks of this name in the message whose first
// bytes b are; a binary array of blocks counts as one.
func (s *Scanner) Count(b []byte, space, local string) (n int) {
	b = s.seen(b)
	for i := range s.blocks {
		if e := &s.blocks[i].element; e.local.is(b, local) && s.space(b, e, space) {
			n++
		}
	}
	return n
}

// seen gives what the offsets count in.
func (s *Scanner) seen(b []byte) []byte {
	if s.wide.on {
		return s.wide.utf8
	}
	return b
}

// Text gives the content of the first block of this name without white space
// around it, and whether there is one. Text that needs no decoding allocates
// nothing: the result is then a view of b.
func (s *Scanner) Text(b []byte, space, local string) (text []byte, ok bool, err error) {
	bl := s.find(b, space, local)
	if bl == nil {
		return nil, false, nil
	}
	if s.Form == soap.Text && !s.refs && !s.ASCII {
		raw := s.seen(b)[bl.open:max(bl.inner, bl.open)]
		if plain(raw) {
			return xmlchar.Trim(raw), true, nil
		}
	}
	h, err := s.Header(b, space, local)
	if err != nil {
		return nil, true, err
	}
	return []byte(h.Text()), true, nil
}

// plain reports whether raw content of text stands for itself and is valid.
func plain(raw []byte) bool {
	n := xmlchar.PlainText(raw)
	return n == len(raw)
}

func (s *Scanner) find(b []byte, space, local string) *block {
	b = s.seen(b)
	for i := range s.blocks {
		if e := &s.blocks[i].element; e.local.is(b, local) && s.space(b, e, space) {
			return &s.blocks[i]
		}
	}
	return nil
}

// ErrNoBlock says that a message has no header block of a name.
var ErrNoBlock = errors.New("rewrite: no such header block")

// Header decodes the first block of this name: for blocks that must be understood
// here, such as a token. It is checked like any message. Where there is none the
// error is ErrNoBlock.
func (s *Scanner) Header(b []byte, space, local string) (*soap.Header, error) {
	bl := s.find(b, space, local)
	if bl == nil {
		return nil, ErrNoBlock
	}
	v := s.seen(b)
	// A message with this block alone, in the scope that it has: the beginning of
	// the real one up to its first block, the block, and the ends.
	doc := append([]byte(nil), v[:s.head.open]...)
	doc = append(doc, v[bl.start:bl.end]...)
	var r infoset.Reader
	if s.Form != soap.Text {
		doc = append(append(doc, recEnd), bodyRecord(v, &s.env)...)
		doc = append(doc, recEnd, recEnd)
		r = xmlbin.NewBytes(doc, xmlbin.Options{Quotas: infoset.Buffered(), Session: s.Session})
	} else {
		doc = append(appendName(append(doc, "</"...), s.head.prefix.bytes(v), "Header"), '>')
		doc = append(appendName(append(doc, '<'), s.env.prefix.bytes(v), "Body"), "/></"...)
		doc = append(appendName(doc, s.env.prefix.bytes(v), "Envelope"), '>')
		if s.wide.on {
			doc = withoutDeclaration(doc)
		}
		r = xmltext.NewBytes(s.declareLatin(doc), xmltext.Options{Quotas: infoset.Buffered()})
	}
	m, err := soap.Read(r, s.version, soap.Limits{HeadBytes: int64(len(doc)) + 64})
	if err != nil {
		return nil, err
	}
	if len(m.Headers) == 0 {
		return nil, errors.New("rewrite: header: the block is lost")
	}
	return m.Headers[0], nil
}

// bodyRecord gives the record of an element Body with the prefix of env.
func bodyRecord(b []byte, env *element) []byte {
	prefix := env.prefix.bytes(b)
	rec := append(appendInt31([]byte{recElement}, len(prefix)), prefix...)
	if len(prefix) == 0 {
		rec = []byte{recShortElement}
	}
	return append(appendInt31(rec, len("Body")), "Body"...)
}

// withoutDeclaration takes the XML declaration away, which names an encoding that
// the view is not in.
func withoutDeclaration(doc []byte) []byte {
	if bytes.HasPrefix(doc, []byte("<?xml")) {
		if _, rest, ok := bytes.Cut(doc, []byte("?>")); ok {
			return rest
		}
	}
	return doc
}

// declareLatin tells the reader of an encoding that the message does not.
func (s *Scanner) declareLatin(doc []byte) []byte {
	if !s.ASCII || s.wide.on || len(doc) > 5 && string(doc[:5]) == "<?xml" {
		return doc
	}
	return append([]byte(`<?xml version="1.0" encoding="iso-8859-1"?>`), doc...)
}

// reference gives the character that stands between & and ; in text.
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !xmlchar.IsChar(rune(n)) {
		return 0, false
	}
	return rune(n), true
}
