package infoset

// indexFrom is the number of declarations in scope from which Lookup uses a map.
// Below it a look at each, innermost first, is faster.
const indexFrom = 24

// Scope is the set of namespace declarations that hold at a place of a document.
// The zero Scope holds only what always holds: xml, and no default namespace.
type Scope struct {
	last  binding // found by Lookup last; valid while known
	known bool
	decls []binding
	marks []mark
	depth int
	index map[string]int // prefix to its place in decls plus one; nil while few
}

// mark is an element that has declarations, and where they begin. Most elements
// have none, and cost no more than a count.
type mark struct{ depth, from int }

type binding struct {
	prefix, space string
	before        int // same prefix further out, plus one; 0: none
}

// Reset forgets everything. Memory stays.
func (s *Scope) Reset() {
	clear(s.decls)
	s.decls, s.marks, s.index, s.known, s.depth = s.decls[:0], s.marks[:0], nil, false, 0
}

// Push opens an element: declarations from now on end with it.
func (s *Scope) Push() { s.depth++ }

// Pop closes the element opened last and ends its declarations.
func (s *Scope) Pop() {
	if n := len(s.marks); n > 0 && s.marks[n-1].depth == s.depth {
		s.end()
	}
	s.depth--
}

// end takes back the declarations of the element opened last.
func (s *Scope) end() {
	n := len(s.marks) - 1
	from := s.marks[n].from
	s.marks = s.marks[:n]
	if s.index != nil {
		s.forget(from)
	}
	s.decls, s.known = s.decls[:from], false
}

func (s *Scope) forget(from int) {
	for i := len(s.decls) - 1; i >= from; i-- {
		b := &s.decls[i]
		if b.before == 0 {
			delete(s.index, b.prefix)
		} else {
			s.index[b.prefix] = b.before
		}
	}
	if from < indexFrom/2 {
		s.index = nil
	}
}

// Declare binds prefix to space in the element opened last. It gives 0, or the
// reason why that cannot be: Duplicate for a second declaration of the prefix on
// one element, BadNamespace for a misuse of xml or xmlns or a prefix without
// namespace (Namespaces in XML 1.0, 3 and 5).
func (s *Scope) Declare(prefix, space string) Reason {
	switch {
	case prefix == "xml":
		if space != XMLNamespace {
			return BadNamespace
		}
	case prefix == "xmlns", space == XMLNamespace, space == XMLNSNamespace, prefix != "" && space == "":
		return BadNamespace
	}
	if s.here(prefix) {
		return Duplicate
	}
	if n := len(s.marks); n == 0 || s.marks[n-1].depth != s.depth {
		s.marks = append(s.marks, mark{s.depth, len(s.decls)})
	}
	b := binding{prefix: prefix, space: space}
	if s.index != nil {
		b.before = s.index[prefix]
	}
	s.decls, s.known = append(s.decls, b), false
	switch {
	case s.index != nil:
		s.index[prefix] = len(s.decls)
	case len(s.decls) >= indexFrom:
		s.build()
	}
	return 0
}

// here reports whether the innermost element declares prefix itself.
func (s *Scope) here(prefix string) bool {
	n := len(s.marks)
	if n == 0 || s.marks[n-1].depth != s.depth {
		return false
	}
	from := s.marks[n-1].from
	if s.index != nil {
		return s.index[prefix] > from
	}
	for i := from; i < len(s.decls); i++ {
		if same(s.decls[i].prefix, prefix) {
			return true
		}
	}
	return false
}

func (s *Scope) build() {
	s.index = make(map[string]int, 2*len(s.decls))
	for i := range s.decls {
		b := &s.decls[i]
		b.before = s.index[b.prefix]
		s.index[b.prefix] = i + 1
	}
}

// same is == for short strings, most of which differ in length or first letter.
func same(a, b string) bool {
	return len(a) == len(b) && (len(a) == 0 || a[0] == b[0] && (len(a) == 1 || a == b))
}

// Lookup gives the namespace of prefix. The empty prefix is always bound, to no
// namespace unless declared.
func (s *Scope) Lookup(prefix string) (space string, ok bool) {
	if s.known && same(s.last.prefix, prefix) {
		return s.last.space, true
	}
	return s.find(prefix)
}

func (s *Scope) find(prefix string) (space string, ok bool) {
	if space, ok = s.search(prefix); ok {
		s.last.prefix, s.last.space, s.known = prefix, space, true
	}
	return space, ok
}

func (s *Scope) search(prefix string) (space string, ok bool) {
	if s.index != nil {
		if i := s.index[prefix]; i > 0 {
			return s.decls[i-1].space, true
		}
	} else {
		for i := len(s.decls) - 1; i >= 0; i-- { //nolint:modernize // an iterator copies each binding, which shows in scans
			if same(s.decls[i].prefix, prefix) {
				return s.decls[i].space, true
			}
		}
	}
	switch prefix {
	case "":
		return "", true
	case "xml":
		return XMLNamespace, true
	}
	return "", false
}

// Prefix gives a prefix, never empty, that is bound to space here.
func (s *Scope) Prefix(space string) (prefix string, ok bool) {
	if space == XMLNamespace {
		return "xml", true
	}
	for i := len(s.decls) - 1; i >= 0; i-- {
		b := &s.decls[i]
		if b.space != space || b.prefix == "" {
			continue
		}
		if now, _ := s.Lookup(b.prefix); now == space {
			return b.prefix, true
		}
	}
	return "", false
}

// All gives every declaration in scope, each prefix once, outermost first.
func (s *Scope) All(dst []Decl) []Decl {
	for i := range s.decls {
		b := &s.decls[i]
		hidden := false
		for j := i + 1; j < len(s.decls) && !hidden; j++ {
			hidden = s.decls[j].prefix == b.prefix
		}
		if !hidden && (b.prefix != "" || b.space != "") {
			dst = append(dst, Decl{Prefix: b.prefix, Space: b.space})
		}
	}
	return dst
}
