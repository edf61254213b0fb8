// Package names owns the table of names of a decoder: each distinct name of a
// document becomes one Go string, however often it occurs, so that a stream of
// elements allocates nothing once its vocabulary is known.
//
// It does not know namespaces. One goroutine uses a Table.
package names

import (
	"hash/maphash"
	"strings"

	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Kind says what a name can be used for.
type Kind uint8

// Kinds of words.
const (
	// Bad is no qualified name at all: only good as a value, such as a URI.
	Bad Kind = iota
	// Plain is a name without prefix.
	Plain
	// Prefixed is prefix:local.
	Prefixed
	// XMLNS is the word xmlns: a declaration of the default namespace.
	XMLNS
	// XMLNSPrefix is xmlns:prefix, Local being the prefix.
	XMLNSPrefix
)

// Entry is one distinct word.
type Entry struct {
	// Raw is the word as it was written.
	Raw string
	// Prefix and Local are its parts; Prefix is empty unless Kind has one.
	Prefix, Local string
	// Kind is the use the word can be put to.
	Kind Kind

	hash uint64
}

// Table is an open hash table of words with a bound on their bytes. The zero
// value is ready. Entries stay valid until Reset gives them up.
type Table struct {
	slots []*Entry
	count int
	bytes int
	limit int // 0: none
	seed  maphash.Seed
	// recent are words of slots, by their length, first and last letter: most words of a document are one of a few, and are found here without
	// a hash. Who chooses words to have none found here pays with the hash.
	recent [recents]*Entry
}

// recents is a power of two.
const recents = 32

// Reset prepares the table for another document of at most limit bytes of
// names. The words stay while they take less than half of the limit: the next
// document most likely uses them again.
func (t *Table) Reset(limit int) {
	t.limit = limit
	if t.bytes > limit/2 {
		clear(t.slots)
		t.count, t.bytes, t.recent = 0, 0, [recents]*Entry{}
	}
}

// Release forgets all words of more than most bytes together; fewer stay for the next document, as in Reset.
func (t *Table) Release(most int) {
	const slot = 8 + 96 // bytes of a place and of what it points to
	if t.bytes+len(t.slots)*slot > most {
		*t = Table{}
	}
}

// Bytes gives the number of bytes of all distinct words.
func (t *Table) Bytes() int { return t.bytes }

// Intern finds the entry of word or makes one; nil if the word does not fit into
// the limit. The seed of the hash is secret, so a peer cannot choose words that
// collide.
func (t *Table) Intern(word []byte) *Entry {
	if len(word) == 0 {
		return t.find(word)
	}
	last := &t.recent[(len(word)^int(word[len(word)-1])^int(word[0])<<1)%recents]
	if e := *last; e != nil && e.Raw == string(word) {
		return e
	}
	e := t.find(word)
	*last = e
	return e
}

// find is Intern without a look at the recent words.
func (t *Table) find(word []byte) *Entry {
	if len(t.slots) == 0 {
		t.slots = make([]*Entry, 128)
		t.seed = maphash.MakeSeed()
	}
	h := maphash.Bytes(t.seed, word)
	mask := uint64(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		e := t.slots[i]
		if e == nil {
			return t.add(word, h)
		}
		if e.hash == h && e.Raw == string(word) {
			return e
		}
	}
}

func (t *Table) add(word []byte, h uint64) *Entry {
	if t.limit > 0 && len(word) > t.limit-t.bytes {
		return nil
	}
	if t.count >= len(t.slots)/2 {
		t.grow()
	}
	e := newEntry(string(word))
	e.hash = h
	t.put(e)
	t.count++
	t.bytes += len(word)
	return e
}

func (t *Table) put(e *Entry) {
	mask := uint64(len(t.slots) - 1)
	i := e.hash & mask
	for t.slots[i] != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = e
}

func (t *Table) grow() {
	old := t.slots
	t.slots = make([]*Entry, 2*len(old))
	for _, e := range old {
		if e != nil {
			t.put(e)
		}
	}
}

func newEntry(raw string) *Entry {
	e := &Entry{Raw: raw, Local: raw}
	colon := strings.IndexByte(raw, ':')
	switch {
	case raw == "xmlns":
		e.Kind = XMLNS
	case colon < 0:
		if xmlchar.IsName(raw) {
			e.Kind = Plain
		}
	case xmlchar.IsName(raw[:colon]) && xmlchar.IsName(raw[colon+1:]):
		e.Prefix, e.Local, e.Kind = raw[:colon], raw[colon+1:], Prefixed
		if e.Prefix == "xmlns" {
			e.Kind = XMLNSPrefix
		}
	}
	return e
}
