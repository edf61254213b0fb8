package infoset

import "strings"

// state is a place in the grammar of a token stream.
type state uint8

const (
	prolog  state = iota // before the root element
	tag                  // a start tag is open: attributes may follow
	content              // inside an element
	epilog               // behind the root element
	done                 // behind the document
	bad                  // no such transition
)

// event is what a token means to the grammar.
type event uint8

const (
	evStart event = iota
	evAttr
	evText
	evSpace
	evComment
	evEnd
	evEOF
	events
)

// transitions is the whole grammar. An evEnd that closes the root goes to epilog
// in place of content. Readers, whose start tags come whole, use it too: they
// just never send evAttr.
var transitions = [...][events]state{
	//        start   attr  text     space    comment  end      eof
	prolog:  {tag, bad, bad, prolog, prolog, bad, bad},
	tag:     {tag, tag, content, content, content, content, bad},
	content: {tag, bad, content, content, content, content, bad},
	epilog:  {bad, bad, bad, epilog, epilog, bad, done},
	done:    {bad, bad, bad, bad, bad, bad, done},
}

// complaints say what an impossible event means, by state.
var complaints = [...]string{
	prolog:  "before the root element",
	tag:     "inside a start tag",
	content: "inside an element",
	epilog:  "behind the root element",
	done:    "behind the document",
}

var eventNames = [...]string{"element", "attribute", "text", "white space", "comment", "end of element", "end of input"}

// Machine checks that a stream of tokens is a document, and knows where in it
// the stream is: open elements and the declarations in scope. Readers and writers
// of both encodings run on it. Reset makes it ready; it is embedded, not shared.
type Machine struct {
	Scope
	at     state
	failed event
	open   []Name
	depth  int // quota
	seen   map[attrKey]struct{}
}

// Reset goes to the beginning of a document. depth is the quota on open elements.
func (m *Machine) Reset(depth int) {
	m.Scope.Reset()
	clear(m.open)
	m.at, m.open, m.depth = prolog, m.open[:0], depth
}

// Release goes to the beginning of a document, with no memory but what is good for an ordinary one: a machine that waits for its next
// document keeps at most most bytes, in rough numbers, and no word of the last one.
func (m *Machine) Release(most int) {
	const name, declaration = 56, 64 // bytes of an open element and of a declaration
	if cap(m.open)*name+cap(m.decls)*declaration > most {
		*m = Machine{}
		return
	}
	clear(m.open[:cap(m.open)]) // names of closed elements stay behind the end
	clear(m.decls[:cap(m.decls)])
	m.Reset(0)
	m.seen, m.last = nil, binding{}
}

func (m *Machine) step(e event) Reason {
	next := transitions[m.at][e]
	if next == bad {
		m.failed = e
		return Malformed
	}
	m.at = next
	return 0
}

// Start opens an element, without a look at its name: writers have made sure of
// it. Readers use Enter.
func (m *Machine) Start(n *Name) Reason {
	*m.Slot() = *n
	return m.push()
}

// Again opens an element by the name that is in the slot, where Start has put it before.
func (m *Machine) Again() Reason { return m.push() }

// Slot gives room for the name of the element that is opened next, so that it is
// written once and in place. Enter opens the element; the slot is a Token's Name
// until the next call of Slot.
func (m *Machine) Slot() *Name {
	n := len(m.open)
	if n == cap(m.open) {
		m.open = append(m.open, Name{})
	}
	m.open = m.open[:n]
	return &m.open[:n+1][n]
}

// push opens the element whose name is in the slot.
func (m *Machine) push() Reason {
	if why := m.step(evStart); why != 0 {
		return why
	}
	if len(m.open) >= m.depth {
		return Quota
	}
	m.open = m.open[:len(m.open)+1]
	m.Scope.Push()
	return 0
}

// Leaf is an element that begins and ends here, whose name is in the slot, and its text. An element has to be open. It gives false, and has
// done nothing, where that is beyond the quota on depth.
func (m *Machine) Leaf() bool {
	if len(m.open) >= m.depth {
		return false
	}
	m.at = content
	return true
}

// Attr allows an attribute or declaration here, or not.
func (m *Machine) Attr() Reason { return m.step(evAttr) }

// Text allows text here, or not. space tells that it is white space only, which
// may stand outside of the root; it matters only there.
func (m *Machine) Text(space bool) Reason {
	if space {
		return m.step(evSpace)
	}
	return m.step(evText)
}

// Comment allows a comment here, or not.
func (m *Machine) Comment() Reason { return m.step(evComment) }

// End closes the innermost element. Its name stays in Last until the next Start.
func (m *Machine) End() Reason {
	if why := m.step(evEnd); why != 0 {
		return why
	}
	m.open = m.open[:len(m.open)-1]
	m.Scope.Pop()
	if len(m.open) == 0 {
		m.at = epilog
	}
	return 0
}

// Last gives the name of the element that End closed last.
func (m *Machine) Last() *Name { return &m.open[:len(m.open)+1][len(m.open)] }

// Top gives the name of the innermost open element; Depth must not be 0.
func (m *Machine) Top() *Name { return &m.open[len(m.open)-1] }

// EOF allows the document to end here, or not: Truncated.
func (m *Machine) EOF() Reason {
	if why := m.step(evEOF); why != 0 {
		return Truncated
	}
	return 0
}

// Open reports whether a start tag is open, so that Attr is allowed.
func (m *Machine) Open() bool { return m.at == tag }

// Outside reports whether no element is open.
func (m *Machine) Outside() bool { return len(m.open) == 0 }

// Depth is the number of open elements.
func (m *Machine) Depth() int { return len(m.open) }

// Complaint says in words why the last event was not allowed.
func (m *Machine) Complaint() string {
	return eventNames[m.failed] + " " + complaints[m.at]
}

// pathEnds is how many elements Path shows at each end of a long path, and
// pathName how many bytes of one name.
const (
	pathEnds = 16
	pathName = 64
)

// Path names the open elements from the root: /s:Envelope/s:Body. Its length has
// a bound: a long path is cut in the middle, a long name at its end.
func (m *Machine) Path() string {
	var b strings.Builder
	for i := range m.open {
		if i == pathEnds && len(m.open) > 2*pathEnds {
			b.WriteString("/...")
		}
		if i >= pathEnds && i < len(m.open)-pathEnds {
			continue
		}
		name := m.open[i].String()
		b.WriteByte('/')
		if len(name) > pathName {
			name = name[:pathName] + "..."
		}
		b.WriteString(name)
	}
	return b.String()
}
