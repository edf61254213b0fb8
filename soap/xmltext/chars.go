package xmltext

import (
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// charState is a run of character data while it is read.
type charState struct {
	n       int  // bytes behind Pos that stand for themselves and are not in scratch
	copying bool // the text is built in scratch
	ref     bool // it had a reference
}

// chars reads text up to markup, the end of a CDATA section, or pieceSize. It
// gives false when there is none, as in an empty section.
func (r *Reader) chars(section bool) (bool, error) {
	// Text that stands for itself is given as a view of the input. At the first
	// reference or carriage return it moves to scratch, up to there, and goes on
	// being built there. So "n bytes behind Pos are plain" holds all the time, and
	// Pos moves whenever they have been copied.
	w := &r.win
	at := w.Offset(w.Pos)
	// Most text stands for itself, and all of it and the markup behind it are there.
	if !section {
		rest := w.Buf[w.Pos:min(w.Pos+pieceSize, len(w.Buf))]
		if n := xmlchar.PlainText(rest); n < len(rest) && rest[n] == '<' {
			w.Pos += n
			return true, r.textToken(rest[:n], at, false)
		}
	}
	first := w.Pos - w.Start() // behind the opening of a section
	s := charState{}
	r.scratch = r.scratch[:0]
	brackets, ended := 0, false
	for {
		i := w.Pos + s.n
		limit := w.Start() + first + pieceSize
		if i >= limit {
			// The piece is full. Brackets at its end may belong to "]]>".
			brackets = r.brackets(w.Start()+first, i)
			break
		}
		// Never look beyond the limit: where a piece ends must not depend on how
		// much of the input happens to be in the window.
		s.n += xmlchar.PlainText(w.Buf[i:min(limit, len(w.Buf))])
		if i = w.Pos + s.n; i >= limit {
			continue
		}
		if i == len(w.Buf) {
			if w.More() {
				continue
			}
			// Text may end with the input as far as this function knows. If an
			// element is open the next call says that the document is cut off.
			if section {
				return false, r.truncated()
			}
			break
		}
		var err error
		if ended, err = r.special(&s, section, first); err != nil {
			return false, err
		}
		if ended {
			break
		}
	}
	// A section ends at the '>' of "]]>": the two brackets before it were taken
	// for text.
	if ended && section {
		r.section = false
		brackets = len("]]")
	}
	text := r.piece(&s, brackets)
	if ended && section {
		w.Pos += len("]]>")
		// An empty section, or one whose text ended exactly with a piece.
		if len(text) == 0 {
			return false, nil
		}
	}
	return true, r.textToken(text, at, s.ref)
}

// brackets counts the ']' right before i, at most two, not before start.
func (r *Reader) brackets(start, i int) (n int) {
	for n < 2 && i-n > start && r.win.Buf[i-n-1] == ']' {
		n++
	}
	return n
}

// piece ends the text, without the last cut bytes, and moves Pos behind it.
// Those bytes are brackets that stood for themselves, so they are the last ones
// in scratch too.
func (r *Reader) piece(s *charState, cut int) []byte {
	w := &r.win
	end := w.Pos + s.n
	text := w.Buf[w.Pos:end]
	if s.copying {
		r.scratch = append(r.scratch, text...)
		text = r.scratch
	}
	w.Pos = end - cut
	return text[:len(text)-cut]
}

// special handles the byte behind the plain bytes; the text began first bytes
// behind the start of the token. It gives true where the text
// ends; Pos plus s.n is then at the markup, or at the '>' of "]]>".
func (r *Reader) special(s *charState, section bool, first int) (bool, error) {
	w := &r.win
	i := w.Pos + s.n
	switch c := w.Buf[i]; {
	case c == '<' && !section:
		return true, nil
	// Inside a section only "]]>", carriage returns and characters beyond ASCII
	// are special.
	case c == '&' && !section:
		r.scratch = append(r.scratch, w.Buf[w.Pos:i]...)
		w.Pos, s.n, s.copying, s.ref = i, 0, true, true
		ch, err := r.reference()
		if err != nil {
			return false, err
		}
		r.scratch = utf8.AppendRune(r.scratch, ch)
	case c == '<', c == '&':
		s.n++
	case c == '>':
		if r.brackets(w.Start()+first, i) == 2 {
			if section {
				return true, nil
			}
			return false, r.fail(infoset.Malformed, i, "]]> in text")
		}
		s.n++
	case c == '\r':
		r.lineEnd(s)
	case c < 0x80:
		return false, r.fail(infoset.BadCharacter, i, "control character")
	default:
		// Go on as long as characters are beyond ASCII: text in many languages is
		// nearly nothing else, and the fast test would fail at each of them.
		for {
			m, err := r.charAt(w.Pos + s.n)
			if err != nil {
				return false, err
			}
			s.n += m
			if i := w.Pos + s.n; i >= len(w.Buf) || w.Buf[i] < 0x80 || i-w.Start()-first >= pieceSize {
				return false, nil
			}
		}
	}
	return false, nil
}

// lineEnd turns CR LF and CR into LF (XML 1.0, 2.11).
func (r *Reader) lineEnd(s *charState) {
	w := &r.win
	i := w.Pos + s.n
	r.scratch = append(append(r.scratch, w.Buf[w.Pos:i]...), '\n')
	// Both line ends give one line feed: CR has given it, LF behind it is skipped.
	w.Pos, s.n, s.copying = i+1, 0, true
	if w.Pos == len(w.Buf) && !w.More() {
		return
	}
	if w.Buf[w.Pos] == '\n' {
		w.Pos++
	}
}

// textToken makes the token, within grammar and quota.
func (r *Reader) textToken(text []byte, at int64, ref bool) error {
	// Outside of the root only white space may stand, and not by reference. Inside
	// nobody asks, so that text is not looked at twice.
	if r.m.Outside() {
		if why := r.m.Text(!ref && xmlchar.AllSpace(text)); why != 0 {
			return r.fail(why, r.win.Start(), r.m.Complaint())
		}
	} else if why := r.m.Text(false); why != 0 {
		return r.fail(why, r.win.Start(), r.m.Complaint())
	}
	// All pieces of a run count together: the quota is on what a program gets as
	// one string.
	if r.run += len(text); r.run > r.q.StringContent {
		return r.quota("string content", r.q.StringContent)
	}
	r.plain(infoset.Text, text, at)
	return nil
}

// charAt checks the character at Buf[i], which may be cut off by the end of the
// window, and gives its length.
func (r *Reader) charAt(i int) (int, error) {
	w := &r.win
	// At most three bytes are missing. The index moves with the token.
	for !utf8.FullRune(w.Buf[i:]) {
		i -= w.Start()
		if !w.More() {
			return 0, r.truncated()
		}
		i += w.Start()
	}
	c, n := utf8.DecodeRune(w.Buf[i:])
	switch {
	case n == 1 && c == utf8.RuneError:
		return 0, r.fail(infoset.BadEncoding, i, "invalid UTF-8")
	case !xmlchar.IsChar(c):
		return 0, r.fail(infoset.BadCharacter, i, "character that XML does not allow")
	}
	return n, nil
}

// maxReference bounds the bytes between & and ;.
const maxReference = 32

// reference reads &name; or &#number; at Pos, moves behind it and gives the
// character it stands for.
func (r *Reader) reference() (rune, error) {
	w := &r.win
	// The name is found by its semicolon. It is short, or it is wrong.
	n := 1
	for ; ; n++ {
		if !w.Need(n + 1) {
			return 0, r.truncated()
		}
		if w.Buf[w.Pos+n] == ';' {
			break
		}
		if n > maxReference {
			return 0, r.fail(infoset.Malformed, w.Pos, "reference without semicolon")
		}
	}
	word := w.Buf[w.Pos+1 : w.Pos+n]
	c, ok := entity(word)
	if len(word) > 1 && word[0] == '#' {
		c, ok = charReference(word[1:])
	}
	switch {
	// A name that would need a DTD is not malformed, but there is never a DTD.
	case !ok && len(word) > 0 && word[0] != '#' && xmlchar.IsName(word):
		return 0, r.fail(infoset.Refused, w.Pos, "entity "+infoset.Clip(word)+" needs a document type declaration")
	case !ok:
		return 0, r.fail(infoset.Malformed, w.Pos, "reference "+infoset.Clip(word))
	case !xmlchar.IsChar(c):
		return 0, r.fail(infoset.BadCharacter, w.Pos, "reference to a character that XML does not allow")
	}
	w.Pos += n + 1
	return c, nil
}

// entity gives the five entities that need no declaration (XML 1.0, 4.6).
func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	return 0, false
}

// charReference reads digits, or x and hexadecimal digits (XML 1.0, 4.1).
func charReference(digits []byte) (rune, bool) {
	base := rune(10)
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	c := rune(0)
	for _, d := range digits {
		v := rune(d - '0')
		if base == 16 && d|0x20 >= 'a' && d|0x20 <= 'f' {
			v = rune(d|0x20-'a') + 10
		} else if d < '0' || d > '9' {
			return 0, false
		}
		// Stop before the number leaves 32 bits; what it stands for is no
		// character any more.
		if c = c*base + v; c > utf8.MaxRune {
			return utf8.MaxRune + 1, true
		}
	}
	return c, len(digits) > 0
}
