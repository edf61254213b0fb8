package wsa

import (
	"slices"
	"strings"
	"sync"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Properties are the message addressing properties (1.0 core, 3; August 2004, 3).
type Properties struct {
	Version   Version
	To        string
	Action    string
	MessageID string
	// RelatesTo names the messages that this one answers or belongs to.
	RelatesTo []Relation
	From      *EndpointReference
	ReplyTo   *EndpointReference
	FaultTo   *EndpointReference
	// Parameters are header blocks that the sender took from the endpoint's
	// reference. Read finds them in 1.0 only, where they are marked.
	Parameters []*soap.Header
	// Session tells that the message goes through a session of its own (net.tcp,
	// WebSocket): the anonymous address is then written in To, and version None
	// has headers. WCF does it so.
	Session bool
}

// Relation is one value of RelatesTo.
type Relation struct {
	ID string
	// Type is empty for a reply; in 1.0 a URI, in August 2004 a name {space}local.
	Type string
}

// replyType are the ways to say that a relation is that of a reply.
func isReply(v Version, kind string) bool {
	return kind == "" || v == V10 && kind == V10.Namespace()+"/reply" ||
		v == August2004 && kind == xsd.QName{Space: August2004.Namespace(), Local: "Reply"}.String()
}

// Answers gives the identifier of the message that this one is a reply to, empty
// if it is none.
func (p *Properties) Answers() string {
	for _, r := range p.RelatesTo {
		if isReply(p.Version, r.Type) {
			return r.ID
		}
	}
	return ""
}

// header is one of the addressing headers.
type header uint8

const (
	noHeader header = iota
	headerTo
	headerAction
	headerMessageID
	headerFrom
	headerReplyTo
	headerFaultTo
	headerRelatesTo // the one that may be there more than once
	headers
)

// headerNames are their names.
var headerNames = [headers]string{"", "To", "Action", "MessageID", "From", "ReplyTo", "FaultTo", "RelatesTo"}

// headerOf finds a header by its name.
func headerOf(local string) header { return header(max(0, slices.Index(headerNames[:], local))) }

// isOurs reports whether n is the name of an addressing header of any version.
func isOurs(n *infoset.Name) bool {
	if headerOf(n.Local) == noHeader {
		return false
	}
	_, ours := VersionOf(n.Space)
	return ours
}

// Read reads the properties of m. The version is that of the headers found; a
// message without any has version None and no properties. Blocks for other nodes
// do not count, and the message keeps all its blocks. The error is an *soap.Error
// with the fault: a header twice, headers of two versions, a reference that is
// none. The properties are good for nothing then.
func Read(m *soap.Message) (*Properties, error) {
	p := &Properties{} // in its caller's frame, as long as this is small enough
	err := p.read(m)
	return p, err
}

func (p *Properties) read(m *soap.Message) error {
	var seen [headers]bool
	some := false
	node := soap.Node{}
	for _, h := range m.Headers {
		n := h.Name()
		if isParameter(h) {
			p.Parameters = append(p.Parameters, h)
		}
		which := headerOf(n.Local)
		if which == noHeader {
			continue
		}
		v, ok := VersionOf(n.Space)
		if !ok || !node.Targets(h.Role) {
			continue
		}
		if some && v != p.Version {
			return p.Version.invalid(m.Version, n, "", "headers of "+p.Version.String()+" and of "+v.String())
		}
		p.Version = v
		if seen[which] && which != headerRelatesTo {
			return v.invalid(m.Version, n, "InvalidCardinality", "header "+n.Local+" twice")
		}
		seen[which], some = true, true
		if err := p.take(h, which, m.Version); err != nil {
			return err
		}
	}
	return nil
}

// isParameter reports whether a block is marked as one that the sender took from the endpoint's reference.
func isParameter(h *soap.Header) bool {
	mark, ok := h.Attr(V10.Namespace(), "IsReferenceParameter")
	if !ok {
		return false
	}
	is, err := mark.AsBool()
	return err == nil && is
}

// take keeps one header.
func (p *Properties) take(h *soap.Header, which header, in soap.Version) (err error) {
	switch which {
	case headerTo:
		p.To = h.Text()
	case headerAction:
		p.Action = h.Text()
	case headerMessageID:
		p.MessageID = h.Text()
	case headerFrom:
		p.From, err = ReadReference(h.Element, p.Version, in)
	case headerReplyTo:
		p.ReplyTo, err = ReadReference(h.Element, p.Version, in)
	case headerFaultTo:
		p.FaultTo, err = ReadReference(h.Element, p.Version, in)
	case headerRelatesTo:
		p.RelatesTo = append(p.RelatesTo, p.relation(h))
	}
	return err
}

func (p *Properties) relation(h *soap.Header) Relation {
	r := Relation{ID: h.Text()}
	kind, ok := h.Attr("", "RelationshipType")
	if !ok {
		return r
	}
	r.Type = strings.TrimSpace(kind.String())
	if p.Version == August2004 {
		// A name: what its prefix means is known while the element is read.
		reader := h.Reader()
		if _, err := reader.Next(); err == nil {
			if q, err := xsd.ReadQName(kind, reader); err == nil {
				r.Type = q.String()
			}
		}
	}
	if isReply(p.Version, r.Type) {
		r.Type = ""
	}
	return r
}

// Require gives nil, or the error with the fault MessageAddressingHeaderRequired
// when a message of version in lacks what every message must have (Action), or
// what one that is answered must have (MessageID).
func (p *Properties) Require(in soap.Version, answered bool) error {
	switch {
	case p.Action == "":
		return p.Version.required(in, "Action")
	case answered && p.MessageID == "" && p.Version != None:
		return p.Version.required(in, "MessageID")
	}
	return nil
}

// CheckAction compares the Action header with the one that HTTP told: if both are
// there they must be the same, else the error has the fault ActionMismatch. It
// gives the action that counts: the header's, else HTTP's.
func (p *Properties) CheckAction(in soap.Version, http soap.HTTPAction) (string, error) {
	switch {
	case p.Action == "":
		return http.Value, nil
	case http.Value == "" || soap.SameAction(http.Value, p.Action):
		return p.Action, nil
	}
	return "", p.Version.mismatch(in)
}

// Write puts the properties into m in the order that WCF has: Action first, then
// what m has already, then the others, and security headers last. Addressing
// headers that m had are taken out.
func (p *Properties) Write(m *soap.Message) error {
	var few [usual]*soap.Header
	out, last := few[:0], []*soap.Header(nil)
	written := p.Version != None || p.Session
	if written && p.Action != "" {
		out = append(out, p.text(m, headerAction, infoset.DictString(p.Action, infoset.SessionOnly), true))
	}
	for _, h := range m.Headers {
		switch n := h.Name(); {
		case isOurs(n):
		case n.Local == "Security":
			last = append(last, h)
		default:
			out = append(out, h)
		}
	}
	if written {
		m.Declare("a", p.Version.Namespace())
		var err error
		if out, err = p.more(m, out); err != nil {
			return err
		}
	}
	m.Replace(append(out, last...))
	return nil
}

// usual is how many header blocks a message has at most, if it is a usual one.
const usual = 16

// Strip takes the addressing headers out of m, those of all versions and whomever they are for, as Write does before it writes others.
func Strip(m *soap.Message) {
	m.Headers = slices.DeleteFunc(m.Headers, func(h *soap.Header) bool { return isOurs(h.Name()) })
}

// more appends all headers but Action to out, which are for m.
func (p *Properties) more(m *soap.Message, out []*soap.Header) ([]*soap.Header, error) {
	for _, r := range p.RelatesTo {
		h, err := p.related(m, r)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	if p.MessageID != "" {
		out = append(out, p.text(m, headerMessageID, identifier(p.MessageID), false))
	}
	for _, ref := range [...]struct {
		which header
		to    *EndpointReference
	}{{headerFrom, p.From}, {headerReplyTo, p.ReplyTo}, {headerFaultTo, p.FaultTo}} {
		if ref.to == nil {
			continue
		}
		h, err := p.Version.reference(m, ref.which, ref.to)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	if p.To != "" && (p.Session || p.Version != V10 || !V10.IsAnonymous(p.To)) {
		value := infoset.DictString(p.To, infoset.SessionOnly)
		if p.Version.IsAnonymous(p.To) {
			value = infoset.DictString(p.To, infoset.Shared)
		}
		out = append(out, p.text(m, headerTo, value, true))
	}
	return append(out, p.Parameters...), nil
}

// reference makes a header of an endpoint reference. That of the way back is in every message that is answered: it is made once.
func (v Version) reference(m *soap.Message, which header, to *EndpointReference) (*soap.Header, error) {
	bare := len(to.Parameters)+len(to.Properties)+len(to.Metadata)+len(to.Extensions) == 0
	if bare && which == headerReplyTo && v.IsAnonymous(to.Address) {
		e, err := anonymous[v]()
		return m.Block(e), err
	}
	return soap.NewHeader(func(w infoset.Writer) error { return to.Write(w, v.header(which), v) })
}

// anonymous has the ReplyTo of the anonymous address of each version that has one. Elements may be shared.
var anonymous = func() (all [len(versions)]func() (soap.Element, error)) {
	for i := range versions {
		v := Version(i)
		all[v] = sync.OnceValues(func() (soap.Element, error) {
			to := EndpointReference{Address: v.Anonymous()}
			return soap.MakeElement(func(w infoset.Writer) error { return to.Write(w, v.header(headerReplyTo), v) })
		})
	}
	return all
}()

func (p *Properties) text(m *soap.Message, which header, v infoset.Value, must bool) *soap.Header {
	h := m.TextHeader(p.Version.header(which), v)
	h.MustUnderstand = must
	return h
}

func (p *Properties) related(m *soap.Message, r Relation) (*soap.Header, error) {
	if isReply(p.Version, r.Type) {
		return p.text(m, headerRelatesTo, identifier(r.ID), false), nil
	}
	v := p.Version
	return soap.NewHeader(func(w infoset.Writer) error {
		w.Start(v.header(headerRelatesTo))
		value := infoset.String(r.Type)
		if space, local, ok := splitName(r.Type); ok && v == August2004 {
			value = xsd.WriteQName(w, xsd.QName{Prefix: "q", Space: space, Local: local})
		}
		w.Attr(&infoset.Name{Local: "RelationshipType", Dict: infoset.Shared}, value)
		w.Text(identifier(r.ID))
		w.End()
		return w.Err()
	})
}

// splitName reads {space}local.
func splitName(s string) (space, local string, ok bool) {
	s, ok = strings.CutPrefix(s, "{")
	if !ok {
		return "", "", false
	}
	return strings.Cut(s, "}")
}

// identifier gives a message identifier as WCF sends it: urn:uuid: and a GUID of
// the usual form as a typed value, which takes 17 bytes of binary.
func identifier(id string) infoset.Value {
	const scheme, form = "urn:uuid:", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if len(id) != len(scheme)+len(form) || id[:len(scheme)] != scheme {
		return infoset.String(id)
	}
	var g [16]byte
	n := 0 // digits
	for i := range len(form) {
		c := id[len(scheme)+i]
		switch {
		case form[i] == '-' && c == '-':
			continue
		case form[i] == '-':
			return infoset.String(id)
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default: // capitals are not what it would come out as
			return infoset.String(id)
		}
		g[n/2] = g[n/2]<<4 | c
		n++
	}
	return infoset.UniqueID(g)
}
