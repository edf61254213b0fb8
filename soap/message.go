package soap

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Message is a SOAP message. Make one with New, or get one from Read; the zero
// Message is none.
//
// Besides Version, Headers and body it keeps what else a peer wrote: prefixes and
// declarations of the envelope, attributes of its parts, white space and comments
// between them. Write gives all of that again.
type Message struct {
	// Version is the version; Convert changes it.
	Version Version
	// Headers are the blocks in their order. A program may add, replace and
	// remove.
	Headers []*Header

	frame frame
	body  body
	name  infoset.Name // room for one that a writer gets, which reads it during the call and does not keep it: of the goroutine that writes
	room  *Room        // nil: there is none
}

// frame is the envelope around headers and body.
type frame struct {
	envelope, header, body infoset.Token // start tags; Name is nil where a message has none
	// White space and comments by place.
	prolog, envelopeLead, headerTail, bodyLead, envelopeTail, epilog []infoset.Token
}

// New makes a message of this version without headers and with an empty body.
func New(v Version) *Message { return &Message{Version: v} }

// Declare binds a prefix on the envelope, as WCF does it for namespaces that
// several headers use. A prefix that is bound there already stays as it is.
func (m *Message) Declare(prefix, space string) {
	decls := m.frame.envelope.Decls
	if !slices.ContainsFunc(decls, func(d infoset.Decl) bool { return d.Prefix == prefix }) {
		all := m.decls(len(decls) + 1)
		copy(all, decls)
		all[len(decls)] = infoset.Decl{Prefix: prefix, Space: space, Dict: infoset.Shared}
		m.frame.envelope.Decls = all
	}
}

// Find gives the first header block of this name, nil if there is none. Whom the
// block is for is not looked at: see Node.
func (m *Message) Find(space, local string) *Header {
	for _, h := range m.Headers {
		if h.Name().Is(space, local) {
			return h
		}
	}
	return nil
}

// Remove takes out all header blocks of this name and gives their number.
func (m *Message) Remove(space, local string) int {
	before := len(m.Headers)
	m.Headers = slices.DeleteFunc(m.Headers, func(h *Header) bool { return h.Name().Is(space, local) })
	return before - len(m.Headers)
}

// SetBody makes write the body: it is called by each Write and writes any number
// of elements.
func (m *Message) SetBody(write func(infoset.Writer) error) { m.replace(body{write: write}) }

// SetFault makes a fault the body.
func (m *Message) SetFault(f *Fault) { m.replace(body{fault: f}) }

// replace takes another body; what a reader found behind the old one stays.
func (m *Message) replace(b body) {
	if live := m.body.live; live != nil {
		m.frame.envelopeTail, m.frame.epilog = live.tail, live.epilog
	}
	m.body = b
}

// prefix gives the prefix of the envelope's namespace; attributes need one, so it
// is never empty.
func (m *Message) prefix() string {
	if n := m.frame.envelope.Name; n != nil && n.Prefix != "" {
		return n.Prefix
	}
	return "s"
}

// outer appends the declarations that hold inside of the header or body, whose
// start tag is t, to dst.
func (m *Message) outer(dst []infoset.Decl, t *infoset.Token) []infoset.Decl {
	dst = append(dst, m.frame.envelope.Decls...)
	for _, d := range t.Decls {
		dst = bindDecl(dst, d)
	}
	return dst
}
