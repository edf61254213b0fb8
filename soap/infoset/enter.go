package infoset

// mapFrom is the number of attributes from which duplicates are found with a
// map; for fewer a look at each other pair is faster.
const mapFrom = 12

type attrKey struct{ space, local string }

// Enter opens the element of the token t, whose Name is the Slot and whose names
// have prefixes and local parts but no namespaces yet: it makes its declarations,
// resolves the names and fills in Space, and finds attributes of one name. Kind
// does not matter. On failure detail says more about the reason.
//
// The default namespace is not for attributes (Namespaces in XML 1.0, 6.2).
func (m *Machine) Enter(t *Token) (why Reason, detail string) {
	if why := m.push(); why != 0 {
		if why == Quota {
			return Quota, "depth"
		}
		return why, m.Complaint()
	}
	for i := range t.Decls {
		d := &t.Decls[i]
		if why := m.Declare(d.Prefix, d.Space); why != 0 {
			return why, "declaration of prefix " + Clip(d.Prefix)
		}
	}
	space, ok := m.Lookup(t.Name.Prefix)
	if !ok {
		return BadNamespace, undeclared(t.Name.Prefix)
	}
	t.Name.Space = space
	if len(t.Attrs) > 0 {
		return m.resolve(t.Attrs)
	}
	return 0, ""
}

func undeclared(prefix string) string { return "prefix " + Clip(prefix) + " is not declared" }

func (m *Machine) resolve(attrs []Attr) (why Reason, detail string) {
	large := len(attrs) >= mapFrom
	if large {
		if m.seen == nil {
			m.seen = make(map[attrKey]struct{}, len(attrs))
		}
		clear(m.seen)
	}
	for i := range attrs {
		n := &attrs[i].Name
		if n.Prefix != "" {
			space, ok := m.Lookup(n.Prefix)
			if !ok {
				return BadNamespace, undeclared(n.Prefix)
			}
			n.Space = space
		}
		if m.twice(attrs, i, large) {
			return Duplicate, "attribute " + Clip(n.Local)
		}
	}
	return 0, ""
}

// twice reports whether the name of attrs[i] is that of one before.
func (m *Machine) twice(attrs []Attr, i int, large bool) bool {
	n := &attrs[i].Name
	if large {
		key := attrKey{n.Space, n.Local}
		if _, ok := m.seen[key]; ok {
			return true
		}
		m.seen[key] = struct{}{}
		return false
	}
	for j := range i {
		if attrs[j].Name.Same(n) {
			return true
		}
	}
	return false
}
