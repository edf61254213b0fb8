package xmltext

import (
	"strconv"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/names"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// itoa is for the texts of errors.
func itoa(n int) string { return strconv.Itoa(n) }

// A start tag is read in two steps. First its text: the name of the element, and
// each attribute with its value, in document order, while the window keeps all of
// the tag. Then its meaning: declarations come into scope, and prefixes, which may
// have been used before they were declared, are resolved. The second step belongs
// to infoset.Machine, because the binary encoding has the same one.

// startTag reads "<name attributes>" or "<name attributes/>".
func (r *Reader) startTag() error {
	w := &r.win
	w.Pos++
	entry, err := r.name(false)
	if err != nil {
		return r.within(err)
	}
	t := &r.tok
	t.Kind = infoset.StartElement
	t.Offset = w.Offset(w.Start())
	// The name is written where the machine keeps it, so that it is copied once.
	t.Name = r.m.Slot()
	t.Name.Prefix = entry.Prefix
	t.Name.Local = entry.Local
	t.Name.Space = ""
	r.clear()
	r.run = 0
	// Values with references collect in scratch; those of the tag before are no
	// longer valid.
	r.scratch = r.scratch[:0]
	if w.Pos < len(w.Buf) && w.Buf[w.Pos] == '>' { // most elements have no attributes
		w.Pos++
	} else if err := r.attributes(); err != nil {
		return r.within(err)
	}
	// More checks the quota before it reads on; a tag that lay in the window
	// already is measured here.
	if w.Size() > r.q.BytesPerRead {
		return r.quota("bytes per read", r.q.BytesPerRead)
	}
	switch why, detail := r.m.Enter(t); why {
	case 0:
	case infoset.Quota:
		return r.quota(detail, r.q.Depth)
	default:
		return r.fail(why, w.Start(), detail)
	}
	// The end tag must be spelled like this one, prefix included.
	r.open = append(r.open, entry)
	return nil
}

// within gives err, which ends a tag, or that the tag is too large, if what is wrong lies beyond its quota: a tag that comes in pieces is
// given up there, and what one is told must not depend on how it came.
func (r *Reader) within(err error) error {
	if r.win.Size() > r.q.BytesPerRead {
		return r.quota("bytes per read", r.q.BytesPerRead)
	}
	return err
}

// name reads the name of an element or attribute.
func (r *Reader) name(attr bool) (*names.Entry, error) {
	// Relative to the token, because reading on may move it.
	at := r.win.Pos - r.win.Start()
	word, err := r.word()
	if err != nil {
		return nil, err
	}
	entry := r.names.Intern(word)
	if entry == nil {
		return nil, r.quota("name table", r.q.NameTable)
	}
	// Kinds behind Prefixed are declarations, which only attributes can be.
	if entry.Kind == names.Bad || !attr && entry.Kind > names.Prefixed {
		at += r.win.Start()
		if len(word) == 0 {
			return nil, r.fail(infoset.Malformed, at, "name expected")
		}
		return nil, r.fail(infoset.BadName, at, infoset.Clip(word))
	}
	return entry, nil
}

// attributes reads up to and with the end of the tag.
func (r *Reader) attributes() error {
	w := &r.win
	for {
		// White space must stand before an attribute, and may stand before the
		// end of the tag.
		before := w.Size()
		if err := r.space(); err != nil {
			return err
		}
		switch w.Buf[w.Pos] {
		case '>':
			w.Pos++
			return nil
		case '/':
			if w.Pos+1 == len(w.Buf) {
				if err := r.more(); err != nil {
					return err
				}
			}
			w.Pos++
			if w.Buf[w.Pos] != '>' {
				return r.fail(infoset.Malformed, w.Pos-1, "slash inside a tag")
			}
			w.Pos++
			// The EndElement is given by the next call of Next.
			r.empty = true
			return nil
		}
		if w.Size() == before {
			return r.fail(infoset.Malformed, w.Pos, "white space expected in a tag")
		}
		// Before the attribute is read: a million of them must not be kept.
		if len(r.tok.Attrs)+len(r.tok.Decls) >= r.q.Attributes {
			return r.quota("attributes", r.q.Attributes)
		}
		if err := r.attribute(); err != nil {
			return err
		}
	}
}

// attribute reads name="value".
func (r *Reader) attribute() error {
	w := &r.win
	entry, err := r.name(true)
	if err != nil {
		return err
	}
	if err := r.space(); err != nil {
		return err
	}
	if w.Buf[w.Pos] != '=' {
		return r.fail(infoset.Malformed, w.Pos, "attribute "+infoset.Clip(entry.Raw)+" has no value")
	}
	w.Pos++
	if err := r.space(); err != nil {
		return err
	}
	value, err := r.attrValue()
	if err != nil {
		return err
	}
	t := &r.tok
	if entry.Kind <= names.Prefixed {
		t.Attrs = append(t.Attrs, infoset.Attr{
			Name:  infoset.Name{Prefix: entry.Prefix, Local: entry.Local},
			Value: infoset.Chars(value),
		})
		return nil
	}
	// Namespaces live as long as their element, so they cannot be views. They
	// repeat like names do, and go into the same table.
	space := r.names.Intern(value)
	if space == nil {
		return r.quota("name table", r.q.NameTable)
	}
	d := infoset.Decl{Space: space.Raw}
	if entry.Kind == names.XMLNSPrefix {
		d.Prefix = entry.Local
	}
	t.Decls = append(t.Decls, d)
	return nil
}

// attrValue reads a value with its quotes and gives it normalised (XML 1.0,
// 3.3.3: all our attributes are CDATA): white space as such becomes a space,
// white space by reference stays. Values with references are built in scratch.
func (r *Reader) attrValue() ([]byte, error) {
	w := &r.win
	quote := w.Buf[w.Pos]
	if quote != '"' && quote != '\'' {
		return nil, r.fail(infoset.Malformed, w.Pos, "quote expected before an attribute's value")
	}
	// n counts what stands for itself behind Pos, so that a value without any
	// reference is a view of the input.
	w.Pos++
	n := 0                  // bytes of the value seen so far, plain
	built := len(r.scratch) // where the built value begins
	copying := false
	for {
		n += xmlchar.PlainAttr(w.Buf[w.Pos+n:])
		i := w.Pos + n
		if i == len(w.Buf) {
			if err := r.more(); err != nil {
				return nil, err
			}
			continue
		}
		// A value of nothing but references or wide characters reads on inside
		// those, where more is not asked.
		if i-w.Start() > r.q.BytesPerRead {
			return nil, r.quota("bytes per read", r.q.BytesPerRead)
		}
		// A byte that is not plain: the end, the other quote, a character beyond
		// ASCII that must be checked, or something that becomes another character.
		c := w.Buf[i]
		if c == quote {
			break
		}
		if c >= 0x80 || c == '"' || c == '\'' {
			m, err := r.charAt(i)
			if err != nil {
				return nil, err
			}
			n += m
			continue
		}
		r.scratch = append(r.scratch, w.Buf[w.Pos:i]...)
		copying, n, w.Pos = true, 0, i
		if err := r.attrSpecial(c); err != nil {
			return nil, err
		}
	}
	value := w.Buf[w.Pos : w.Pos+n]
	if copying {
		r.scratch = append(r.scratch, value...)
		value = r.scratch[built:len(r.scratch):len(r.scratch)]
	}
	w.Pos += n + 1
	if len(value) > r.q.StringContent {
		return nil, r.quota("string content", r.q.StringContent)
	}
	return value, nil
}

// attrSpecial handles one character of a value that does not stand for itself.
func (r *Reader) attrSpecial(c byte) error {
	w := &r.win
	switch c {
	case '&':
		ch, err := r.reference()
		if err != nil {
			return err
		}
		r.scratch = utf8.AppendRune(r.scratch, ch)
		return nil
	case '\r':
		// Line ends are normalised before values are (XML 1.0, 2.11), and then
		// become spaces.
		// CR LF is one line end, so one space.
		if w.Pos+1 == len(w.Buf) {
			if err := r.more(); err != nil {
				return err
			}
		}
		if w.Buf[w.Pos+1] == '\n' {
			w.Pos++
		}
	case '\t', '\n':
	case '<':
		return r.fail(infoset.Malformed, w.Pos, "< in an attribute's value")
	default:
		return r.fail(infoset.BadCharacter, w.Pos, "control character")
	}
	w.Pos++
	r.scratch = append(r.scratch, ' ')
	return nil
}
