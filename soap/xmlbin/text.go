package xmlbin

import (
	"encoding/binary"
	"math"
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
	ends := rec&withEnd != 0
	rec &^= withEnd
	switch rec {
	case recChars8, recChars16, recChars32, recBytes8, recBytes16, recBytes32, recUnicode8, recUnicode16, recUnicode32:
		if rec == recChars8 {
			if ok, err := r.shortChars(ends); ok || err != nil {
				return err
			}
		}
		n, kind, err := r.length(rec)
		if err != nil {
			return err
		}
		r.long = longText{left: n, kind: kind, ends: ends}
		return r.piece()
	case recStartList, recEndList:
		if ends {
			return r.fail(infoset.Malformed, "list record with end of element")
		}
	}
	r.items = r.items[:0]
	r.scratch = r.scratch[:0]
	t := r.plain(infoset.Text)
	if err := r.value(rec, &t.Value); err != nil {
		return err
	}
	if why := r.m.Text(t.Value.IsEmpty()); why != 0 {
		return r.fail(why, r.m.Complaint())
	}
	r.ends = ends
	return nil
}

// shortChars is text for the most usual record, if all of it has been read and
// an element is open.
func (r *Reader) shortChars(ends bool) (bool, error) {
	w := &r.win
	if w.Pos == len(w.Buf) || r.m.Outside() {
		return false, nil
	}
	n := int(w.Buf[w.Pos])
	if n >= len(w.Buf)-w.Pos {
		return false, nil
	}
	b := w.Buf[w.Pos+1 : w.Pos+1+n]
	w.Pos += 1 + n
	if i := xmlchar.Invalid(b); i >= 0 {
		return false, r.badChar(b[i:])
	}
	if r.run += n; r.run > r.q.StringContent {
		return false, r.quota("string content", r.q.StringContent)
	}
	r.m.Text(false) // cannot fail: an element is open
	r.ends = ends
	r.plain(infoset.Text).Value.SetChars(b)
	return true, nil
}

// length reads the length of a record of characters or bytes, and gives the
// short record of its kind.
func (r *Reader) length(rec byte) (n int, kind byte, err error) {
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
		if n = int(le32(b)); n < 0 {
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
		if r.run += n; r.run > r.q.ArrayLength {
			return r.quota("array length", r.q.ArrayLength)
		}
	case recUnicode8:
		r.scratch = r.scratch[:0]
		if b, n, err = r.unicode(n, n < l.left); err != nil {
			return err
		}
	default:
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

// fixed are the bytes of records whose size does not vary.
var fixed = [256]uint8{
	recInt8: 1, recInt16: 2, recInt32: 4, recInt64: 8, recFloat: 4, recDouble: 8, recDecimal: 16,
	recDateTime: 8, recUniqueID: 16, recTimeSpan: 8, recGUID: 16, recUint64: 8, recBool: 1,
}

// value reads a whole text record of the plain form into v. It works in place
// because values are large and there is one for every attribute.
func (r *Reader) value(rec byte, v *infoset.Value) error {
	switch rec {
	case recZero:
		*v = infoset.Int(0)
	case recOne:
		*v = infoset.Int(1)
	case recFalse:
		*v = infoset.Bool(false)
	case recTrue:
		*v = infoset.Bool(true)
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
		n := fixed[rec]
		if n == 0 {
			return r.string(rec, v)
		}
		b, err := r.take(int(n))
		if err != nil {
			return err
		}
		got, why := number(rec, b)
		if why != 0 {
			return r.fail(why, "value of record "+recName(rec))
		}
		*v = got
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

// number makes the value of a record of fixed size.
func number(rec byte, b []byte) (infoset.Value, infoset.Reason) {
	switch rec {
	case recInt8:
		return infoset.Int(int64(int8(b[0]))), 0
	case recInt16:
		return infoset.Int(le16(b)), 0
	case recInt32:
		return infoset.Int(le32(b)), 0
	case recInt64:
		return infoset.Int(int64(binary.LittleEndian.Uint64(b))), 0
	case recUint64:
		return infoset.Uint(binary.LittleEndian.Uint64(b)), 0
	case recFloat:
		return infoset.Float32(math.Float32frombits(binary.LittleEndian.Uint32(b))), 0
	case recDouble:
		return infoset.Float64(math.Float64frombits(binary.LittleEndian.Uint64(b))), 0
	case recBool:
		return infoset.Bool(b[0] != 0), 0
	case recUniqueID:
		return infoset.UniqueID(infoset.SwapGUID([16]byte(b))), 0
	case recDecimal:
		return infoset.RawItem(infoset.TypeDecimal, b)
	case recDateTime:
		return infoset.RawItem(infoset.TypeDateTime, b)
	case recTimeSpan:
		return infoset.RawItem(infoset.TypeTimeSpan, b)
	}
	return infoset.RawItem(infoset.TypeGUID, b)
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
