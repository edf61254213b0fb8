package soap

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Node is a SOAP node that a message has come to: which header blocks are for it,
// and which of those it understands.
type Node struct {
	// Intermediary: another node is behind this one, so blocks for the ultimate
	// receiver are not for it.
	Intermediary bool
	// Roles are role URIs it plays besides those that every node does.
	Roles []string
	// Understands reports whether it understands blocks of a name. Nil: none.
	Understands func(n *infoset.Name) bool
}

// Targets reports whether a block with this role is for the node (SOAP 1.1,
// 4.2.2; SOAP 1.2 part 1, 2.2). Next is every node, none is no node; no role, or
// an empty one, is the ultimate receiver.
func (n *Node) Targets(role string) bool {
	if role == "" {
		return !n.Intermediary
	}
	switch role {
	case roleNone:
		return false
	case versions[V11].next, versions[V12].next:
		return true
	case versions[V12].ultimate:
		return !n.Intermediary
	}
	return slices.Contains(n.Roles, role)
}

func (n *Node) understands(h *Header) bool {
	return n.Understands != nil && n.Understands(h.Name())
}

// Check gives nil, or the error with the MustUnderstand fault when blocks of m
// that are for the node must be understood and are not (SOAP 1.1, 4.2.3; SOAP 1.2
// part 1, 2.4 and 5.4.8). It is for a whole message: nothing may be processed
// before.
func (n *Node) Check(m *Message) error {
	var not []*Header
	for _, h := range m.Headers {
		if h.MustUnderstand && n.Targets(h.Role) && !n.understands(h) {
			not = append(not, h)
		}
	}
	if len(not) == 0 {
		return nil
	}
	return notUnderstood(m.Version, not)
}

// Forward takes the blocks out of m that do not go on to the next node (SOAP 1.1,
// 4.2.2; SOAP 1.2 part 1, 2.7.2): those for the node, but of these a block stays
// that the node did not process and that wants to be relayed. Whatever the node
// understands counts as processed; a node that sends such a block on adds it anew.
func (n *Node) Forward(m *Message) {
	kept := m.Headers[:0]
	for _, h := range m.Headers {
		if !n.Targets(h.Role) || h.Relay && !n.understands(h) {
			kept = append(kept, h)
		}
	}
	clear(m.Headers[len(kept):])
	m.Headers = kept
}

// notUnderstood makes the fault and, in 1.2, a NotUnderstood block for each header
// block.
func notUnderstood(v Version, not []*Header) *Error {
	e := refuse(v, MustUnderstand, "header block "+clipName(not[0].Name())+" must be understood and is not")
	e.Path = "/Envelope/Header/" + not[0].Name().Local
	if v != V12 {
		return e
	}
	for _, h := range not {
		name := h.Name()
		block, err := NewHeader(func(w infoset.Writer) error {
			w.Start(&infoset.Name{Prefix: "s", Space: Namespace12, Local: "NotUnderstood", Dict: infoset.Shared})
			prefix := "q"
			if name.Space == "" {
				prefix = ""
			}
			if prefix != "" {
				w.Declare(infoset.Decl{Prefix: prefix, Space: name.Space})
			}
			w.Attr(&infoset.Name{Local: "qname", Dict: infoset.Shared}, infoset.QName(prefix, name.Local, infoset.InFull))
			w.End()
			return w.Err()
		})
		if err == nil { // the name was read, so it can be written
			e.Headers = append(e.Headers, block)
		}
	}
	return e
}

// clipName shortens {space}local for a message.
func clipName(n *infoset.Name) string {
	return infoset.Clip("{" + n.Space + "}" + n.Local)
}
