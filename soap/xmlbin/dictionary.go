package xmlbin

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Dictionary is a table of strings that both ends know from the start. Its ids
// on the wire are even: twice the place in the table ([MC-NBFS] 2.2).
type Dictionary struct {
	strings []string
	names   []bool // which strings can be names
	// slots is an open hash table: a place in strings plus one, 0 for none. Three of four are empty. Which words are in it nobody can
	// choose who asks for one, so the hash need not be secret.
	slots []uint32
	shift int // from a hash to its slot
}

// NewDictionary makes a dictionary of words, which is not changed any more. A
// word that occurs twice is written by its first id.
func NewDictionary(words []string) *Dictionary {
	size := bits.Len(uint(2 * len(words)))
	d := &Dictionary{strings: words, names: make([]bool, len(words)), slots: make([]uint32, 2<<size), shift: 64 - 1 - size}
	for i, s := range words {
		d.names[i] = isLocal(s)
		if at, ok := d.slot(infoset.String(s).Raw()); !ok {
			d.slots[at] = uint32(i + 1)
		}
	}
	return d
}

// slot finds the slot of a word, or where it would be.
func (d *Dictionary) slot(word []byte) (at int, ok bool) {
	for at = int(wordHash(word) >> d.shift); d.slots[at] != 0; at = (at + 1) % len(d.slots) {
		if d.strings[d.slots[at]-1] == string(word) {
			return at, true
		}
	}
	return at, false
}

// id gives the id of a word.
func (d *Dictionary) id(word []byte) (uint32, bool) {
	if at, ok := d.slot(word); ok {
		return 2 * (d.slots[at] - 1), true
	}
	return 0, false
}

// wordHash looks at the length and at eight bytes of the middle and of the end: words of a dictionary begin alike where they are URIs.
func wordHash(word []byte) uint64 {
	const spread = 0x9E3779B97F4A7C15 // odd, and no pattern
	n := len(word)
	if n < 8 {
		h := uint64(n)
		for _, c := range word {
			h = h<<8 | uint64(c)
		}
		return h * spread
	}
	le := binary.LittleEndian
	return (le.Uint64(word[n-8:]) ^ bits.RotateLeft64(le.Uint64(word[(n-8)/2:])*spread, 29) ^ uint64(n)) * spread
}

// Static gives the dictionary of SOAP, WS-Addressing, WS-Security and the rest:
// [MC-NBFS]. It is the one all WCF messages use.
func Static() *Dictionary { return static() }

var static = sync.OnceValue(func() *Dictionary { return NewDictionary(staticStrings[:]) })

// String gives the string of an even id.
func (d *Dictionary) String(id uint32) (string, bool) {
	if id%2 != 0 || int(id/2) >= len(d.strings) {
		return "", false
	}
	return d.strings[id/2], true
}

// ID gives the id of a string.
func (d *Dictionary) ID(s string) (uint32, bool) {
	return d.id(infoset.String(s).Raw())
}

// isLocal reports whether s can be the name of an element or attribute. xmlns
// cannot: as text it would be a declaration.
func isLocal(s string) bool { return s != "xmlns" && xmlchar.IsName(s) }

// DefaultSessionSize is WCF's MaxSessionSize: the bytes of all string tables of
// one direction of a session, length prefixes included. It is never given back.
const DefaultSessionSize = 2048

// ReaderSession is the dictionary that the messages of one direction of a
// session build at their receiver. It lives as long as the framing session; a
// connection that is used again begins with an empty one.
type ReaderSession struct {
	strings []string
	names   []bool
	used    int
	limit   int
	err     error
}

// NewReaderSession makes an empty session that takes limit bytes of tables;
// 0 is DefaultSessionSize.
func NewReaderSession(limit int) *ReaderSession {
	if limit <= 0 {
		limit = DefaultSessionSize
	}
	return &ReaderSession{limit: limit}
}

// Reset makes the session an empty one again, with the limit of before.
func (s *ReaderSession) Reset() {
	if s.used == 0 && s.err == nil {
		return // it is one
	}
	clear(s.strings)
	s.strings, s.names, s.used, s.err = s.strings[:0], s.names[:0], 0, nil
}

// Table reads the string table at the front of a message ([MC-NBFSE] 2.1) and
// gives the document behind it. After an error the session is unusable, as the
// two ends no longer agree on what ids mean. Malformed, Truncated, BadEncoding,
// BadCharacter, and Quota for a session that has grown too large.
func (s *ReaderSession) Table(message []byte) (document []byte, err error) {
	if s.err != nil {
		return nil, s.err
	}
	document, e := s.table(message)
	if e != nil {
		e.Detail = "session dictionary: " + e.Detail
		s.err = e
		return nil, e
	}
	return document, nil
}

func (s *ReaderSession) table(message []byte) ([]byte, *infoset.Error) {
	size, n, why := int31(message)
	if why != 0 {
		return nil, &infoset.Error{Reason: why, Detail: "size of the table"}
	}
	if size > len(message)-n {
		return nil, &infoset.Error{Reason: infoset.Truncated, Offset: int64(len(message)), Detail: "table is longer than the message"}
	}
	// The budget is for the whole session and counts the length prefixes too. It
	// is taken by the size that is announced, before any string is kept.
	if s.used += size; s.used > s.limit {
		return nil, &infoset.Error{Reason: infoset.Quota, Detail: "session size"}
	}
	// An empty string costs one byte, so the budget also bounds their number. One copy holds all strings of the table, since they live
	// as long as the session anyway.
	end := n + size
	all := string(message[:end])
	for n < end {
		length, m, why := int31(message[n:end])
		if why == 0 && length > end-n-m {
			why = infoset.Malformed
		}
		if why != 0 {
			return nil, &infoset.Error{Reason: infoset.Malformed, Offset: int64(n), Detail: "string reaches past the table"}
		}
		// Checked once here, so that documents can use it unchecked. A string may
		// come again; it gets another number.
		word := message[n+m : n+m+length]
		if i := xmlchar.Invalid(word); i >= 0 {
			return nil, &infoset.Error{Reason: charReason(word[i:]), Offset: int64(n + m + i), Detail: "string"}
		}
		s.strings = append(s.strings, all[n+m:n+m+length])
		s.names = append(s.names, isLocal(all[n+m:n+m+length]))
		n += m + length
	}
	return message[end:], nil
}

// Len is the number of strings so far; their ids are 1, 3, 5 and so on.
func (s *ReaderSession) Len() int { return len(s.strings) }

// String gives the string of an odd id.
func (s *ReaderSession) String(id uint32) (string, bool) {
	if id%2 == 0 || int(id/2) >= len(s.strings) {
		return "", false
	}
	return s.strings[id/2], true
}

// int31 reads a multi-byte integer: n is its length. Non-minimal forms are
// accepted, as .NET does; more than 31 bits are not.
func int31(b []byte) (v, n int, why infoset.Reason) {
	// Seven bits a byte, the lowest first; five bytes hold 31 bits if the last one
	// has three ([MC-NBFX] 2.1.2).
	for shift := 0; shift <= 28; shift += 7 {
		if n == len(b) {
			return 0, 0, infoset.Truncated
		}
		c := b[n]
		n++
		if shift == 28 && c > 7 {
			return 0, 0, infoset.Malformed
		}
		v |= int(c&0x7F) << shift
		if c < 0x80 {
			return v, n, 0
		}
	}
	return 0, 0, infoset.Malformed
}

func appendInt31(dst []byte, v int) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func int31Size(v int) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}
