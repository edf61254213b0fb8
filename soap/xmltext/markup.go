package xmltext

import (
	"bytes"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// comment reads "<!-- ... -->". It gives false when comments are left out.
func (r *Reader) comment() (bool, error) {
	if why := r.m.Comment(); why != 0 {
		return false, r.fail(why, r.win.Pos, r.m.Complaint())
	}
	raw, err := r.upTo("<!--", "-->")
	if err != nil {
		return false, err
	}
	if bytes.Contains(raw, []byte("--")) || bytes.HasSuffix(raw, []byte("-")) {
		return false, r.fail(infoset.Malformed, r.win.Start(), "-- in a comment")
	}
	if r.opts.SkipComments {
		return false, nil
	}
	r.plain(infoset.Comment, r.unix(raw), r.win.Offset(r.win.Start()))
	return true, nil
}

// instruction reads "<? ... ?>", which a message must not have.
func (r *Reader) instruction() error {
	if !r.opts.SkipPI {
		return r.fail(infoset.Refused, r.win.Pos, "processing instruction")
	}
	raw, err := r.upTo("<?", "?>")
	if err != nil {
		return err
	}
	n := 0
	for n < len(raw) && !xmlchar.IsSpace(raw[n]) {
		n++
	}
	// The target of an instruction is a name without a colon, and xml in any
	// case belongs to the XML declaration.
	switch target := raw[:n]; {
	case !xmlchar.IsName(target):
		return r.fail(infoset.Malformed, r.win.Start(), "processing instruction without target")
	case len(target) == 3 && bytes.EqualFold(target, []byte("xml")):
		return r.fail(infoset.Malformed, r.win.Start(), "XML declaration is not at the beginning")
	}
	return nil
}

// upTo reads what lies between the opening at Pos and the closing, checks its
// characters and moves behind it. The quota on strings bounds it.
func (r *Reader) upTo(opening, closing string) ([]byte, error) {
	w := &r.win
	w.Pos += len(opening)
	n := 0
	for {
		// Search only what was not searched, less what the closing may share with it.
		if i := bytes.Index(w.Buf[w.Pos+n:], []byte(closing)); i >= 0 {
			n += i
			break
		}
		n = max(n, len(w.Buf)-w.Pos-len(closing)+1)
		// The quota comes before the next read: memory grows with what is kept.
		if n > r.q.StringContent {
			return nil, r.quota("string content", r.q.StringContent)
		}
		if !w.More() {
			return nil, r.truncated()
		}
	}
	raw := w.Buf[w.Pos : w.Pos+n]
	if n > r.q.StringContent {
		return nil, r.quota("string content", r.q.StringContent)
	}
	// Comments and instructions may hold any characters, but only characters.
	if i := xmlchar.Invalid(raw); i >= 0 {
		if c, size := utf8.DecodeRune(raw[i:]); c == utf8.RuneError && size == 1 {
			return nil, r.fail(infoset.BadEncoding, w.Pos+i, "invalid UTF-8")
		}
		return nil, r.fail(infoset.BadCharacter, w.Pos+i, "character that XML does not allow")
	}
	w.Pos += n + len(closing)
	return raw, nil
}

// unix gives raw with every line end as LF.
func (r *Reader) unix(raw []byte) []byte {
	if bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	r.scratch = r.scratch[:0]
	for i, c := range raw {
		switch {
		case c == '\r':
			r.scratch = append(r.scratch, '\n')
		case c == '\n' && i > 0 && raw[i-1] == '\r':
		default:
			r.scratch = append(r.scratch, c)
		}
	}
	return r.scratch
}
