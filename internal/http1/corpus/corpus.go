// Package corpus makes broken HTTP/1.1 requests from the grammar of RFC 9110 and RFC 9112: every rule, broken at every place where
// it can be broken, in many base requests. Each item has exactly one fault and comes with the same message without it, so that a
// test proves both: the broken one is refused, and refused for that fault alone.
//
// It owns the messages only. Who reads them (the codec in memory, a gateway over a socket) is the test's business. It is imported
// by tests alone, has no state, and gives the same items in the same order every time.
package corpus

import (
	"bytes"
	"strconv"
)

// Item is one fault.
type Item struct {
	Name     string // unique; base/fault/place, words and signs a test name can have
	Rule     string // the rule that is broken, with its section
	Broken   []byte // a whole message, head and body
	Repaired []byte // the same message without the fault
	Body     []byte // what the repaired message carries, decoded
	// Plain marks repaired messages that any server of Place must serve: an ordinary method, HTTP/1.1, origin-form or
	// absolute-form. The others are right too, but ask for something else (CONNECT, OPTIONS *, HTTP/1.0).
	Plain bool
}

// Place is where the repaired requests lead. Host is what stands in the Host field, name and port. Path starts with '/' and has no
// percent escape.
type Place struct{ Host, Path string }

// field is one line of a head in pieces, so that each piece can be broken alone.
type field struct{ name, colon, value, end string }

// message is a request in pieces.
type message struct {
	label                   string
	method, sp1, target     string
	sp2, version, end       string
	fields                  []field
	last                    string // the empty line
	body                    string // as on the wire
	plain                   bool
	before                  string // bytes before the request line
	carried                 string // the body, decoded
	length, chunked, noHost bool
}

// bytes writes the message as it is, right or wrong.
func (m message) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(m.before + m.method + m.sp1 + m.target + m.sp2 + m.version + m.end)
	for _, f := range m.fields {
		b.WriteString(f.name + f.colon + f.value + f.end)
	}
	b.WriteString(m.last + m.body)
	return b.Bytes()
}

// with returns a copy that edit has changed; the fields are copied too.
func (m message) with(edit func(*message)) message {
	m.fields = append([]field(nil), m.fields...)
	edit(&m)
	return m
}

// insert returns a copy with a field in front of the one at i (len: at the end).
func (m message) insert(i int, f field) message {
	return m.with(func(m *message) {
		m.fields = append(m.fields[:i:i], append([]field{f}, m.fields[i:]...)...)
	})
}

// find returns the index of the field of that name, -1 when there is none. Bases spell names one way.
func (m message) find(name string) int {
	for i, f := range m.fields {
		if f.name == name {
			return i
		}
	}
	return -1
}

// line is a good field line.
func line(name, value string) field { return field{name, ": ", value, "\r\n"} }

// set gathers items and leaves out messages it has already.
type set struct {
	items []Item
	seen  map[string]bool
	names map[string]int
}

// newSet returns an empty set.
func newSet() *set { return &set{seen: map[string]bool{}, names: map[string]int{}} }

// add notes a fault. The repaired message is the base it was made from unless the fault needed a good twin.
func (s *set) add(rule, fault string, broken, repaired message) {
	b := broken.bytes()
	if s.seen[string(b)] {
		return
	}
	s.seen[string(b)] = true
	name := repaired.label + "/" + fault
	s.names[name]++
	if n := s.names[name]; n > 1 {
		name += "#" + strconv.Itoa(n)
	}
	s.items = append(s.items, Item{
		Name: name, Rule: rule, Broken: b, Repaired: repaired.bytes(), Body: []byte(repaired.carried), Plain: repaired.plain,
	})
}

// Heads returns faults of the head: request line, line ends, field lines, lengths, codings, Host. The body is complete and good.
func Heads(p Place) []Item {
	s := newSet()
	for _, m := range bases(p) {
		s.requestLine(m, p)
		s.lineEnds(m)
		s.fieldLines(m)
		s.lengths(m)
		s.codings(m)
		s.hosts(m, p)
	}
	return s.items
}

// Bodies returns faults of chunked bodies: sizes, extensions, line ends, data, trailer fields. The head is good.
func Bodies(p Place) []Item {
	s := newSet()
	for _, b := range chunkedBases(p) {
		s.sizes(b)
		s.extensions(b)
		s.chunkEnds(b)
		s.data(b)
		s.trailers(b)
	}
	return s.items
}

// Pick returns about n of the items, spread evenly, and at least one of each rule: for tests that need a connection an item.
func Pick(items []Item, n int) []Item {
	step := max(1, len(items)/max(1, n))
	var picked []Item
	rules := map[string]bool{}
	for i, it := range items {
		if i%step == 0 || !rules[it.Rule] {
			rules[it.Rule] = true
			picked = append(picked, it)
		}
	}
	return picked
}
