package xmlbin

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// modelSession is a WriterSession as a program would have it that does not care what it costs.
type modelSession struct {
	words []string
	told  int
	bytes int // of all words as tables
	limit int
	full  bool
}

// id gives the id of a word, 0 for none.
func (s *modelSession) id(word string) uint32 {
	for i, w := range s.words {
		if w == word {
			return uint32(2*i + 1)
		}
	}
	size := int31Size(len(word)) + len(word)
	if s.full || s.bytes+size > s.limit {
		s.full = true
		return 0
	}
	s.words, s.bytes = append(s.words, word), s.bytes+size
	return uint32(2*len(s.words) - 1)
}

// table gives the words that were not told yet.
func (s *modelSession) table() []byte {
	var words []byte
	for _, w := range s.words[s.told:] {
		words = append(appendInt31(words, len(w)), w...)
	}
	s.told = len(s.words)
	return append(appendInt31(nil, len(words)), words...)
}

// discard takes the words back that were not told.
func (s *modelSession) discard() {
	for _, w := range s.words[s.told:] {
		s.bytes -= int31Size(len(w)) + len(w)
	}
	s.words, s.full = s.words[:s.told], false
}

// TestWriterSession: a session gives the same numbers and tables as the model, through messages that are sent, taken back, and sessions
// that are used again.
func TestWriterSession(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.SampledFrom([]int{-1, 0, 20, 300, 5000}).Draw(rt, "limit")
		s := NewWriterSession(limit)
		bound := limit
		if limit == 0 {
			bound = DefaultSessionSize
		}
		model := &modelSession{limit: max(bound, 0)}
		for range rapid.IntRange(1, 300).Draw(rt, "steps") {
			switch rapid.IntRange(0, 30).Draw(rt, "step") {
			case 0:
				size := s.TableSize()
				if got, want := s.AppendTable([]byte{7})[1:], model.table(); !bytes.Equal(got, want) || size != len(want) {
					rt.Fatalf("table %q of %d bytes, want %q", got, size, want)
				}
			case 1:
				s.Discard()
				model.discard()
			case 2:
				s.Reset()
				*model = modelSession{limit: model.limit}
			default:
				word := rapid.StringMatching(`[ab]{0,5}|[a-z]{1,9}|x{130}`).Draw(rt, "word")
				id, ok := s.id([]byte(word))
				if want := model.id(word); id != want || ok != (want != 0) {
					rt.Fatalf("%q has number %d, %v; want %d", word, id, ok, want)
				}
			}
		}
	})
}

// TestWriterSessionAllocates: a session that is used again allocates nothing for the same words.
func TestWriterSessionAllocates(t *testing.T) {
	s := NewWriterSession(0)
	dst := make([]byte, 0, DefaultSessionSize)
	words := [][]byte{[]byte("one"), []byte("two"), []byte("urn:three")}
	if n := testing.AllocsPerRun(100, func() {
		for range 2 {
			for _, w := range words {
				s.id(w)
			}
		}
		s.AppendTable(dst)
		s.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
