package xmlbin

import (
	"bytes"
	"hash/maphash"
)

// WriterSession is the dictionary that a sender builds for one direction of a
// session. Strings get their ids while a message is written; the table that
// tells them goes before that message:
//
//	w.Reset(nil)
//	... write the document with w ...
//	message := append(session.AppendTable(nil), w.Bytes()...)
type WriterSession struct {
	// tables are all strings as they are told, length and bytes, one behind the other. That is all there is of a string: a session
	// allocates nothing for it, and the next table is a piece of this.
	tables []byte
	told   int // bytes of tables that were given out
	words  []word
	before int // words in them
	// slots is an open hash table: a place in words plus one, 0 for none. Its seed is secret, so a peer cannot choose words that collide.
	// It is empty while there are few words, which are looked at one by one.
	slots []uint32
	seed  maphash.Seed
	limit int
	full  bool // a string did not fit: none is added any more, as .NET does it
}

// word is a string of a session: where it lies in tables.
type word struct {
	hash     uint32 // set where there are slots
	from, to uint32
}

// few is how many words have no slots: most messages have no more.
const few = 12

// firstSlots is the size of a new hash table, keptSlots that of one that Reset keeps.
const firstSlots, keptSlots = 64, 1024

// NewWriterSession makes an empty session that fills limit bytes of tables, no
// more than the receiver takes; 0 is DefaultSessionSize, below 0 is none at all.
func NewWriterSession(limit int) *WriterSession {
	if limit == 0 {
		limit = DefaultSessionSize
	}
	return &WriterSession{limit: min(max(limit, 0), maxInt31), seed: maphash.MakeSeed()}
}

// Reset makes the session an empty one again, with the limit of before.
func (s *WriterSession) Reset() {
	if len(s.words) == 0 && !s.full {
		return // it is one
	}
	if len(s.slots) > keptSlots {
		s.slots = nil
	}
	if cap(s.tables) > DefaultSessionSize {
		s.tables, s.words = nil, nil
	}
	s.tables, s.words, s.told, s.before, s.full = s.tables[:0], s.words[:0], 0, 0, false
}

// hash is what a word is found by.
func (s *WriterSession) hash(b []byte) uint32 { return uint32(maphash.Bytes(s.seed, b)) }

// find gives the id of a word, false if it has none.
func (s *WriterSession) find(b []byte) (uint32, bool) {
	if len(s.words) <= few {
		for at := range s.words {
			if w := &s.words[at]; bytes.Equal(s.tables[w.from:w.to], b) {
				return uint32(2*at + 1), true
			}
		}
		return 0, false
	}
	hash := s.hash(b)
	mask := uint32(len(s.slots) - 1)
	for i := hash & mask; s.slots[i] != 0; i = (i + 1) & mask {
		at := s.slots[i] - 1
		if w := &s.words[at]; w.hash == hash && bytes.Equal(s.tables[w.from:w.to], b) {
			return 2*at + 1, true
		}
	}
	return 0, false
}

// id gives the id of b, a new one if there is room. It does not keep b.
func (s *WriterSession) id(b []byte) (uint32, bool) {
	if s.limit == 0 {
		return 0, false
	}
	if id, ok := s.find(b); ok {
		return id, true
	}
	// Once a string does not fit, .NET adds none any more, not even shorter ones;
	// the numbers given out stay good.
	if s.full || len(b) > s.limit || len(s.tables)+int31Size(len(b))+len(b) > s.limit {
		s.full = true
		return 0, false
	}
	s.tables = append(appendInt31(s.tables, len(b)), b...)
	to := uint32(len(s.tables))
	s.words = append(s.words, word{from: to - uint32(len(b)), to: to})
	switch {
	case len(s.words) <= few:
	case len(s.words) == few+1, 2*len(s.words) > len(s.slots):
		s.fill()
	default:
		s.put(len(s.words) - 1)
	}
	return uint32(2*len(s.words) - 1), true
}

// put makes the word at a place be found by its hash.
func (s *WriterSession) put(at int) {
	w := &s.words[at]
	w.hash = s.hash(s.tables[w.from:w.to])
	mask := uint32(len(s.slots) - 1)
	i := w.hash & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = uint32(at + 1)
}

// fill makes all words be found so, in slots that are enough.
func (s *WriterSession) fill() {
	if 2*len(s.words) > len(s.slots) {
		s.slots = make([]uint32, max(firstSlots, 2*len(s.slots)))
	} else {
		clear(s.slots)
	}
	for at := range s.words {
		s.put(at)
	}
}

// TableSize is how many bytes AppendTable appends.
func (s *WriterSession) TableSize() int {
	size := len(s.tables) - s.told
	return int31Size(size) + size
}

// AppendTable appends the table of all strings since the last one to dst. It is
// never nothing: a message without new strings begins with a table of size 0.
func (s *WriterSession) AppendTable(dst []byte) []byte {
	dst = append(appendInt31(dst, len(s.tables)-s.told), s.tables[s.told:]...)
	s.told, s.before = len(s.tables), len(s.words)
	return dst
}

// Discard takes back the strings since the last table: the message that uses
// them is not sent.
func (s *WriterSession) Discard() {
	s.tables, s.words, s.full = s.tables[:s.told], s.words[:s.before], false
	if len(s.words) > few {
		s.fill()
	}
}
