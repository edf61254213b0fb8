package rewrite

import (
	"bytes"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// scanText goes on at pos as far as b reaches.
func (s *Scanner) scanText(b []byte) error {
	if s.pos == 0 {
		if err := s.prolog(b); err != nil {
			return err
		}
	}
	for s.state != done {
		// Up to the next markup there is character data. Inside of a block it is
		// of no interest, which is what makes this fast: one search for '<', and
		// what was searched is never searched again.
		at := bytes.IndexByte(b[s.pos:], '<')
		text := b[s.pos:]
		if at >= 0 {
			text = text[:at]
		}
		if s.state != inBlock && !xmlchar.AllSpace(text) {
			return s.fail(infoset.Malformed, s.pos, "character data between the parts of the envelope")
		}
		// Without '<' all of it is understood; the markup itself is only once its
		// kind can be told.
		s.pos += len(text)
		if at < 0 || len(b)-s.pos < 2 {
			return ErrMore
		}
		var err error
		switch b[s.pos+1] {
		case '/':
			err = s.endTag(b)
		case '!':
			err = s.bang(b)
		case '?':
			err = s.fail(infoset.Refused, s.pos, "processing instruction")
		default:
			err = s.startTag(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prolog reads a byte-order mark and the XML declaration.
func (s *Scanner) prolog(b []byte) error {
	const mark, decl = "\xEF\xBB\xBF", "<?xml"
	if len(b) < len(mark)+len(decl)+1 {
		return ErrMore // no message is that short, so waiting loses nothing
	}
	from := 0
	if string(b[:len(mark)]) == mark {
		from = len(mark)
	}
	if !bytes.HasPrefix(b[from:], []byte(decl)) || !xmlchar.IsSpace(b[from+len(decl)]) {
		s.pos = from
		return nil
	}
	n := bytes.Index(b[from:], []byte("?>"))
	if n < 0 {
		if len(b) > maxTag {
			return s.fail(infoset.Malformed, from, "XML declaration without end")
		}
		return ErrMore
	}
	// Only whether bytes beyond ASCII are UTF-8 matters here. All encodings that a
	// decoder takes have markup and names of SOAP as the same bytes.
	inside := strings.ToLower(string(b[from : from+n]))
	if _, after, ok := strings.Cut(inside, "encoding"); ok {
		name := strings.Trim(after, " \t\r\n='\"")
		s.refs = !strings.HasPrefix(name, "utf-8") && !strings.HasPrefix(name, "utf-16")
	}
	s.pos = from + n + len("?>")
	return nil
}

// bang skips a comment or a CDATA section: what looks like a tag inside is none.
// A document type declaration ends it all, since entities could then hide markup
// (and because SOAP forbids it: SOAP 1.1, 3; SOAP 1.2 part 1, 5).
func (s *Scanner) bang(b []byte) error {
	const comment, cdata = "<!--", "<![CDATA["
	rest := b[s.pos:]
	closing, skip := "-->", len(comment)
	switch {
	case bytes.HasPrefix(rest, []byte(comment)):
	case bytes.HasPrefix(rest, []byte(cdata)):
		if s.state != inBlock {
			return s.fail(infoset.Malformed, s.pos, "character data between the parts of the envelope")
		}
		closing, skip = "]]>", len(cdata)
	case len(rest) < len(cdata) && (strings.HasPrefix(cdata, string(rest)) || strings.HasPrefix(comment, string(rest))):
		return ErrMore
	case bytes.HasPrefix(rest, []byte("<!D")):
		return s.fail(infoset.Refused, s.pos, "document type declaration")
	case len(rest) < 3:
		return ErrMore
	default:
		return s.fail(infoset.Malformed, s.pos, "unknown markup")
	}
	if len(rest) < skip {
		return ErrMore
	}
	n := bytes.Index(rest[skip:], []byte(closing))
	if n < 0 {
		return s.tooLong(b, "comment or section")
	}
	s.pos += skip + n + len(closing)
	return nil
}

// tooLong asks for more of a piece that is not whole yet, within bounds: such a
// piece is looked at from its beginning again.
func (s *Scanner) tooLong(b []byte, what string) error {
	if len(b)-s.pos > maxTag {
		return s.fail(infoset.Quota, s.pos, what+" of more than 16 KiB")
	}
	return ErrMore
}

// nameEnd gives the index behind the name at i. It takes every byte beyond ASCII
// for part of a name: a decoder is stricter, but where a name ends is the same.
func nameEnd(b []byte, i int) int {
	for i < len(b) {
		if c := b[i]; xmlchar.Class[c]&xmlchar.NameChar == 0 && c != ':' && c < 0x80 {
			break
		}
		i++
	}
	return i
}

func spaceEnd(b []byte, i int) int {
	for i < len(b) && xmlchar.IsSpace(b[i]) {
		i++
	}
	return i
}

// startTag reads a start tag at pos.
func (s *Scanner) startTag(b []byte) error {
	from := s.pos
	end := nameEnd(b, from+1)
	if end == len(b) {
		return s.tooLong(b, "tag")
	}
	if end == from+1 {
		return s.fail(infoset.Malformed, from, "name expected")
	}
	// Of elements inside of a block only their nesting counts. All others decide
	// what the message is made of, so their declarations are kept.
	if s.state == inBlock {
		return s.innerTag(b, from, end)
	}
	e := element{start: from, decl0: len(s.decls)}
	e.prefix, e.local = splitName(b, from+1, end)
	next, err := s.attributes(b, end)
	if err != nil {
		// The tag is read from its beginning when there is more of it.
		s.decls = s.decls[:e.decl0]
		return err
	}
	e.decl1, e.open = len(s.decls), next
	s.pos = next
	// A slash right before '>' can only be that of an empty-element tag: values
	// end with a quote.
	if e.empty = b[next-2] == '/'; e.empty {
		e.inner, e.end = next-2, next
	} else {
		s.open = append(s.open, word{off: from + 1, n: end - from - 1})
	}
	return s.enter(b, e, false)
}

// innerTag passes over a start tag inside of a block: to the '>' that is not
// between quotes (XML 1.0, 2.3: an attribute's value may hold one).
func (s *Scanner) innerTag(b []byte, from, i int) error {
	for i < len(b) {
		switch c := b[i]; c {
		case '>':
			s.pos = i + 1
			if b[i-1] == '/' {
				return nil
			}
			if len(s.open) >= maxDepth {
				return s.fail(infoset.Quota, from, "depth")
			}
			s.open = append(s.open, word{off: from + 1, n: nameEnd(b, from+1) - from - 1})
			return nil
		case '"', '\'':
			n := bytes.IndexByte(b[i+1:], c)
			if n < 0 {
				return s.tooLong(b, "tag")
			}
			i += n + 2
			continue
		case '<':
			return s.fail(infoset.Malformed, i, "< inside a tag")
		}
		i++
	}
	return s.tooLong(b, "tag")
}

// splitName divides a name at its colon, if it has a prefix. A colon in front makes
// a local part that fits nothing.
func splitName(b []byte, from, end int) (prefix, local word) {
	if n := bytes.IndexByte(b[from:end], ':'); n > 0 {
		return word{off: from, n: n}, word{off: from + n + 1, n: end - from - n - 1}
	}
	return word{off: from}, word{off: from, n: end - from}
}

// attributes reads from behind the name of a tag to behind its end, and keeps the
// declarations.
func (s *Scanner) attributes(b []byte, i int) (next int, err error) {
	from := len(s.decls)
	for {
		at := spaceEnd(b, i)
		if at == len(b) || b[at] == '/' && at+1 == len(b) {
			return 0, s.tooLong(b, "tag")
		}
		switch {
		case b[at] == '>':
			return at + 1, nil
		case b[at] == '/':
			if b[at+1] != '>' {
				return 0, s.fail(infoset.Malformed, at, "slash inside a tag")
			}
			return at + 2, nil
		case at == i:
			return 0, s.fail(infoset.Malformed, at, "white space expected in a tag")
		}
		end := nameEnd(b, at)
		if end == at {
			return 0, s.fail(infoset.Malformed, at, "attribute expected")
		}
		off, n, err := s.value(b, end)
		if err != nil {
			return 0, err
		}
		if err := s.attribute(b, from, b[at:end], at, off, n); err != nil {
			return 0, err
		}
		i = off + n + 1
	}
}

// value finds what lies between the quotes of an attribute whose name ends at i.
func (s *Scanner) value(b []byte, i int) (off, n int, err error) {
	equals := spaceEnd(b, i)
	if equals < len(b) && b[equals] != '=' {
		return 0, 0, s.fail(infoset.Malformed, equals, "attribute without value")
	}
	quote := spaceEnd(b, min(equals+1, len(b)))
	if quote == len(b) {
		return 0, 0, s.tooLong(b, "tag")
	}
	if b[quote] != '"' && b[quote] != '\'' {
		return 0, 0, s.fail(infoset.Malformed, quote, "quote expected")
	}
	if n = bytes.IndexByte(b[quote+1:], b[quote]); n < 0 {
		return 0, 0, s.tooLong(b, "tag")
	}
	return quote + 1, n, nil
}

// attribute keeps name="value" if it is a declaration (Namespaces in XML 1.0, 3).
// Others are left: mustUnderstand and its like go with their block as they are.
func (s *Scanner) attribute(b []byte, from int, name []byte, at, off, n int) error {
	const xmlns = "xmlns"
	value := b[off : off+n]
	if bytes.IndexByte(value, '<') >= 0 {
		return s.fail(infoset.Malformed, off, "< in an attribute's value")
	}
	if len(name) < len(xmlns) || string(name[:len(xmlns)]) != xmlns || len(name) > len(xmlns) && name[len(xmlns)] != ':' {
		return nil
	}
	d := decl{prefix: word{off: at}, space: word{off: off, n: n}}
	if len(name) > len(xmlns) {
		d.prefix = word{off: at + len(xmlns) + 1, n: len(name) - len(xmlns) - 1}
		if d.prefix.n == 0 || n == 0 {
			return s.fail(infoset.BadNamespace, at, "declaration of a prefix")
		}
	}
	// Nearly always; else is compares what a decoder would make of it.
	d.plain = bytes.IndexByte(value, '&') < 0 && bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\t') < 0 && bytes.IndexByte(value, '\r') < 0
	return s.declare(b, from, d)
}

// endTag reads an end tag at pos.
func (s *Scanner) endTag(b []byte) error {
	from := s.pos
	if len(s.open) == 0 {
		return s.fail(infoset.Malformed, from, "end tag without element")
	}
	end := nameEnd(b, from+2)
	last := spaceEnd(b, end)
	if last == len(b) {
		return s.tooLong(b, "tag")
	}
	// The name must be that of the start tag. Where a decoder would refuse the
	// message, this scanner must not see a block end.
	name := s.open[len(s.open)-1]
	if b[last] != '>' || !bytes.Equal(b[from+2:end], b[name.off:name.off+name.n]) {
		return s.fail(infoset.Malformed, from, "end tag "+infoset.Clip(b[from+2:end])+" for element "+infoset.Clip(b[name.off:name.off+name.n]))
	}
	s.open = s.open[:len(s.open)-1]
	s.pos = last + 1
	switch {
	case s.state == inBlock && len(s.open) > 2: // below Envelope, Header and the block
	case s.state == inBlock, s.state == header:
		s.leave(from, s.pos)
	default:
		return s.fail(infoset.Malformed, from, "the envelope has no Body")
	}
	return nil
}

// decodeAttr gives an attribute's value as a parser would (XML 1.0, 3.3.3).
func decodeAttr(raw []byte) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case '\r':
			if i+1 < len(raw) && raw[i+1] == '\n' {
				continue
			}
			b.WriteByte(' ')
		case '\n', '\t':
			b.WriteByte(' ')
		case '&':
			n := bytes.IndexByte(raw[i:], ';')
			if n < 0 {
				return ""
			}
			r, ok := reference(string(raw[i+1 : i+n]))
			if !ok {
				return ""
			}
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
