package xmlbin

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// pieceSize is the longest Text token of characters or bytes, and the longest
// Array token, in bytes of input. Longer records come as several tokens. It is a
// multiple of three, so that base64 groups stay whole.
const pieceSize = 3 * 10 << 10

// maxList bounds the items of a list, whatever the quota on arrays: an item of
// one byte takes over seventy bytes of memory.
const maxList = 1 << 16

// longText is a text record of which a part was given.
type longText struct {
	left int  // bytes to come
	kind byte // recChars8, recBytes8 or recUnicode8
	ends bool
}

// text reads a text record in element content.
func (r *Reader) text(rec byte) error {
	// Odd records are the even ones with the end of the element.
	ends := rec&withEnd != 0
	rec &^= withEnd
	switch rec {
	case recChars8, recChars16, recChars32, recBytes8, recBytes16, recBytes32, recUnicode8, recUnicode16, recUnicode32:
		n, kind, err := r.length(rec)
		if err != nil {
			return err
		}
		r.long = longText{left: n, kind: kind, ends: ends}
		return r.piece()
	// A list that also ends its element would end it before its items.
	case recStartList, recEndList:
		if ends {
			return r.fail(infoset.Malformed, "list record with end of element")
		}
	}
	// What these held belonged to the token before.
	r.items = r.items[:0]
	r.scratch = r.scratch[:0]
	t := r.plain(infoset.Text)
	if err := r.value(rec, &t.Value); err != nil {
		return err
	}
	// The method of a Value copies it, so it is called only where it matters.
	if why := r.m.Text(r.m.Outside() && t.Value.IsEmpty()); why != 0 {
		return r.fail(why, r.m.Complaint())
	}
	r.ends = ends
	return nil
}

// shortChars is text for the most usual record in the most usual place: all of it
// has been read, an element is open, nothing is wrong. It gives false, and has
// done nothing, where one of these does not hold.
func (r *Reader) shortChars(rec byte) bool {
	w := &r.win
	at := w.Pos
	if at == len(w.Buf) || r.m.Outside() {
		return false
	}
	n := int(w.Buf[at])
	run := r.run + n
	if n >= len(w.Buf)-at || run > r.q.StringContent {
		return false
	}
	b := w.Buf[at+1 : at+1+n]
	if xmlchar.Invalid(b) >= 0 {
		return false
	}
	r.run = run
	w.Pos = at + 1 + n
	r.ends = rec&withEnd != 0
	r.plain(infoset.Text).Value.SetChars(b)
	return true
}

// length reads the length of a record of characters or bytes, and gives the
// short record of its kind.
func (r *Reader) length(rec byte) (n int, kind byte, err error) {
	// Records with 8, 16 and 32 bits of length follow each other, two numbers
	// apart.
	kind = rec
	width := 1
	switch rec {
	case recChars16, recBytes16, recUnicode16:
		kind, width = rec-2, 2
	case recChars32, recBytes32, recUnicode32:
		kind, width = rec-4, 4
	}
	b, err := r.take(width)
	if err != nil {
		return 0, 0, err
	}
	switch width {
	case 1:
		n = int(b[0])
	case 2:
		n = int(binary.LittleEndian.Uint16(b))
	default:
		if n = int(int32(binary.LittleEndian.Uint32(b))); n < 0 {
			return 0, 0, r.fail(infoset.Malformed, "negative length")
		}
	}
	if kind == recUnicode8 && n%2 != 0 {
		return 0, 0, r.fail(infoset.Malformed, "odd number of bytes in UTF-16")
	}
	return n, kind, nil
}

// piece gives the next part of a record of characters or bytes.
func (r *Reader) piece() error {
	l := &r.long
	n := min(l.left, pieceSize)
	var b []byte
	var err error
	switch l.kind {
	case recBytes8:
		if b, err = r.take(n); err != nil {
			return err
		}
		// Pieces and records side by side are one value, and count together.
		if r.run += n; r.run > r.q.ArrayLength {
			return r.quota("array length", r.q.ArrayLength)
		}
	case recUnicode8:
		r.scratch = r.scratch[:0]
		if b, n, err = r.unicode(n, n < l.left); err != nil {
			return err
		}
	default:
		// A piece must not end inside a character, wherever the bytes end that
		// have arrived so far.
		if n < l.left {
			if !r.win.Need(n) {
				return r.truncated()
			}
			n = xmlchar.Cut(r.win.Buf[r.win.Pos:], n)
		}
		if b, err = r.chars(n); err != nil {
			return err
		}
	}
	if l.kind != recBytes8 {
		if r.run += len(b); r.run > r.q.StringContent {
			return r.quota("string content", r.q.StringContent)
		}
	}
	// The end of the element comes behind the last piece.
	l.left -= n
	r.ends = l.ends && l.left == 0
	if why := r.m.Text(r.m.Outside() && l.kind != recBytes8 && xmlchar.AllSpace(b)); why != 0 {
		return r.fail(why, r.m.Complaint())
	}
	t := r.plain(infoset.Text)
	if l.kind == recBytes8 {
		t.Value = infoset.Bytes(b)
	} else {
		t.Value.SetChars(b)
	}
	return nil
}

// unicode reads n bytes of UTF-16, or two less where more follow and the last
// unit is the first half of a pair, into scratch.
func (r *Reader) unicode(n int, more bool) ([]byte, int, error) {
	b, err := r.take(n)
	if err != nil {
		return nil, 0, err
	}
	from := len(r.scratch)
	for i := 0; i < n; i += 2 {
		c := rune(binary.LittleEndian.Uint16(b[i:]))
		if utf16.IsSurrogate(c) {
			if i+2 == n && more && c < 0xDC00 {
				r.win.Pos -= 2
				n -= 2
				break
			}
			// A pair needs both halves inside this record.
			next := rune(0)
			if i+4 <= n {
				next = rune(binary.LittleEndian.Uint16(b[i+2:]))
			}
			if c = utf16.DecodeRune(c, next); c == utf8.RuneError {
				return nil, 0, r.fail(infoset.BadEncoding, "lone surrogate in UTF-16")
			}
			i += 2
		}
		if !xmlchar.IsChar(c) {
			return nil, 0, r.fail(infoset.BadCharacter, "character that XML does not allow")
		}
		r.scratch = utf8.AppendRune(r.scratch, c)
	}
	return r.scratch[from:len(r.scratch):len(r.scratch)], n, nil
}

// fixed are the records of a value of fixed size: its bytes and its type. Int8 has
// a type of its own only here.
var fixed = [256]struct {
	size uint8
	typ  infoset.Type
}{
	recInt8: {1, infoset.TypeText}, recInt16: {2, infoset.TypeInt16}, recInt32: {4, infoset.TypeInt32}, recInt64: {8, infoset.TypeInt64},
	recFloat: {4, infoset.TypeFloat32}, recDouble: {8, infoset.TypeFloat64}, recDecimal: {16, infoset.TypeDecimal},
	recDateTime: {8, infoset.TypeDateTime}, recTimeSpan: {8, infoset.TypeTimeSpan}, recBool: {1, infoset.TypeBool},
	recUniqueID: {16, infoset.TypeUniqueID}, recGUID: {16, infoset.TypeGUID}, recUint64: {8, infoset.TypeUint64},
}

// value reads a whole text record of the plain form into v. It works in place
// because values are large and there is one for every attribute.
func (r *Reader) value(rec byte, v *infoset.Value) error {
	switch rec {
	case recZero:
		v.SetInt(0)
	case recOne:
		v.SetInt(1)
	case recFalse:
		v.SetBool(false)
	case recTrue:
		v.SetBool(true)
	case recEmpty:
		v.SetChars(nil)
	case recDictText:
		s, mark, _, err := r.dict()
		if err != nil {
			return err
		}
		*v = infoset.DictString(s, mark)
	case recQName:
		return r.qname(v)
	case recStartList:
		return r.list(v)
	case recEndList:
		return r.fail(infoset.Malformed, "end of a list that did not begin")
	default:
		f := fixed[rec]
		if f.size == 0 {
			return r.string(rec, v)
		}
		b, err := r.take(int(f.size))
		if err != nil {
			return err
		}
		switch f.typ {
		case infoset.TypeText:
			v.SetInt(int64(int8(b[0])))
		case infoset.TypeUint64:
			*v = infoset.Uint(binary.LittleEndian.Uint64(b))
		default:
			if why := v.SetRaw(f.typ, b); why != 0 {
				return r.fail(why, "value of record "+recName(rec))
			}
		}
	}
	return nil
}

// string reads a record of characters or bytes whole.
func (r *Reader) string(rec byte, v *infoset.Value) error {
	n, kind, err := r.length(rec)
	if err != nil {
		return err
	}
	if kind == recBytes8 {
		if n > r.q.ArrayLength {
			return r.quota("array length", r.q.ArrayLength)
		}
		b, err := r.take(n)
		*v = infoset.Bytes(b)
		return err
	}
	if n > r.q.StringContent {
		return r.quota("string content", r.q.StringContent)
	}
	var b []byte
	if kind == recUnicode8 {
		b, _, err = r.unicode(n, false)
	} else {
		b, err = r.chars(n)
	}
	v.SetChars(b)
	return err
}

// qname reads a prefix letter and the id of a local name. What the prefix means
// is for those who use the value.
func (r *Reader) qname(v *infoset.Value) error {
	b, err := r.take(1)
	if err != nil {
		return err
	}
	if int(b[0]) >= len(letters) {
		return r.fail(infoset.Malformed, "prefix number "+itoa(int(b[0])))
	}
	prefix := letters[b[0]:][:1]
	s, mark, name, err := r.dict()
	if err != nil {
		return err
	}
	if !name {
		return r.fail(infoset.BadName, infoset.Clip(s))
	}
	*v = infoset.QName(prefix, s, mark)
	return nil
}

// list reads text records up to the end of the list. Its items lie in a slice
// that all lists of a token share; where it grows, lists before keep the old one.
func (r *Reader) list(v *infoset.Value) error {
	// Attributes of one tag may each have a list, so this one begins where the
	// last one ended.
	from := len(r.items)
	for {
		b, err := r.take(1)
		if err != nil {
			return err
		}
		rec := b[0]
		if rec == recEndList {
			n := len(r.items)
			*v = infoset.List(r.items[from:n:n])
			return nil
		}
		if rec < recZero || rec > recLast || rec&withEnd != 0 || rec == recStartList {
			return r.fail(infoset.Malformed, "record "+recName(rec)+" in a list")
		}
		if n := min(r.q.ArrayLength, maxList); len(r.items)-from >= n {
			return r.quota("array length", n)
		}
		r.items = append(r.items, infoset.Value{})
		if err := r.value(rec, &r.items[len(r.items)-1]); err != nil {
			return err
		}
	}
}
