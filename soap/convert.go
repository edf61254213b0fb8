package soap

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Convert makes m a message of version to, 1.1 or 1.2, as WCF does it. A body
// that holds a fault is read and becomes a fault of that version; every other
// body passes as it is, streaming if it streams.
//
// The way from 1.1 to 1.2 and back gives the same message but for these losses:
//   - attributes encodingStyle on Envelope, Header and Body, where 1.2 forbids them;
//   - spellings: an empty actor, an empty xml:lang of a fault's text;
//   - elements of a fault that are none of 1.1's four, and names of those four
//     that were qualified; prefixes of codes, and of codes without one.
//
// The way from 1.2 to 1.1 and back also loses: relay; the role ultimateReceiver,
// which becomes no role; true and false for 1 and 0; of a fault all subcodes but
// the first, all reasons but one, the node (which becomes the role's URI), and
// the class of a code whose class its namespace does not tell (it becomes
// Receiver); a code of a peer's own on top.
//
// A prefix of the envelope's namespace is bound to the new one, so a value in the
// body that names something of the old one by it changes its meaning. A converted
// message no longer fits signatures.
func (m *Message) Convert(to Version) error {
	from := m.Version
	if from == to {
		return nil
	}
	if from == None || to == None {
		return &infoset.Error{Reason: infoset.Misuse, Offset: -1, Detail: "conversion between " + from.String() + " and " + to.String()}
	}
	f, err := m.Fault()
	if err != nil {
		return err
	}
	if f != nil {
		m.SetFault(f.converted(to))
	}
	m.Version = to
	for _, part := range [...]*infoset.Token{&m.frame.envelope, &m.frame.header, &m.frame.body} {
		part.Decls = rebind(m, part.Decls, from, to)
		if len(part.Attrs) > 0 {
			part.Attrs = slices.DeleteFunc(slices.Clone(part.Attrs), func(a infoset.Attr) bool {
				return a.Name.Is(Namespace11, "encodingStyle") && to == V12
			})
		}
	}
	m.body.outer = rebind(m, m.body.outer, from, to)
	copies := m.blocks(len(m.Headers)) // a clone of the message may have the old ones
	for i, h := range m.Headers {
		copies[i] = *h
		copies[i].convert(m, from, to)
		m.Headers[i] = &copies[i]
	}
	return nil
}

// declares reports whether one of decls binds the envelope namespace of v.
func declares(decls []infoset.Decl, v Version) bool {
	return slices.ContainsFunc(decls, func(d infoset.Decl) bool { return d.Space == v.Namespace() })
}

// rebind gives decls with the envelope namespace of to in the place of from's, in the room of m if it has one. decls themselves stay as they
// are.
func rebind(m *Message, decls []infoset.Decl, from, to Version) []infoset.Decl {
	if !declares(decls, from) {
		return decls
	}
	bound := m.decls(len(decls))
	for i, d := range decls {
		if d.Space == from.Namespace() {
			d.Space = to.Namespace()
		}
		bound[i] = d
	}
	return bound
}
