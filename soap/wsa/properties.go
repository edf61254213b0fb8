package wsa

import (
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

// isHeader lists the addressing headers by name, each with a bit of its own, which
// is set once it was seen.
var isHeader = map[string]uint8{
	"To": 1 << 0, "Action": 1 << 1, "MessageID": 1 << 2, "From": 1 << 3, "ReplyTo": 1 << 4, "FaultTo": 1 << 5, "RelatesTo": relates,
}

// relates is the bit of the one header that may be there more than once.
const relates = 1 << 6

// Read reads the properties of m. The version is that of the headers found; a
// message without any has version None and no properties. Blocks for other nodes
// do not count, and the message keeps all its blocks. The error is an *soap.Error
// with the fault: a header twice, headers of two versions, a reference that is
// none.
func Read(m *soap.Message) (*Properties, error) {
	p := &Properties{}
	seen := uint8(0)
	node := soap.Node{}
	for _, h := range m.Headers {
		n := h.Name()
		if mark, ok := h.Attr(V10.Namespace(), "IsReferenceParameter"); ok {
			if is, err := mark.AsBool(); err == nil && is {
				p.Parameters = append(p.Parameters, h)
			}
		}
		v, ok := VersionOf(n.Space)
		bit := isHeader[n.Local]
		if !ok || bit == 0 || !node.Targets(h.Role) {
			continue
		}
		if seen != 0 && v != p.Version {
			return nil, p.Version.invalid(m.Version, n, "", "headers of "+p.Version.String()+" and of "+v.String())
		}
		p.Version = v
		if seen&bit&^relates != 0 {
			return nil, v.invalid(m.Version, n, "InvalidCardinality", "header "+n.Local+" twice")
		}
		seen |= bit
		if err := p.take(h, m.Version); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// take keeps one header.
func (p *Properties) take(h *soap.Header, in soap.Version) (err error) {
	switch h.Name().Local {
	case "To":
		p.To = h.Text()
	case "Action":
		p.Action = h.Text()
	case "MessageID":
		p.MessageID = h.Text()
	case "From":
		p.From, err = ReadReference(h.Element, p.Version, in)
	case "ReplyTo":
		p.ReplyTo, err = ReadReference(h.Element, p.Version, in)
	case "FaultTo":
		p.FaultTo, err = ReadReference(h.Element, p.Version, in)
	case "RelatesTo":
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
	// All that may come, in one slice: what m has, and the properties.
	out := make([]*soap.Header, 0, len(m.Headers)+len(p.RelatesTo)+len(p.Parameters)+len(isHeader))
	written := p.Version != None || p.Session
	if written && p.Action != "" {
		out = append(out, p.text("Action", infoset.DictString(p.Action, infoset.SessionOnly), true))
	}
	var last []*soap.Header
	for _, h := range m.Headers {
		_, ours := VersionOf(h.Name().Space)
		switch {
		case ours && isHeader[h.Name().Local] != 0:
		case h.Name().Local == "Security":
			last = append(last, h)
		default:
			out = append(out, h)
		}
	}
	if written {
		m.Declare("a", p.Version.Namespace())
		var err error
		if out, err = p.more(out); err != nil {
			return err
		}
	}
	m.Headers = append(out, last...)
	return nil
}

// more appends all headers but Action to out.
func (p *Properties) more(out []*soap.Header) ([]*soap.Header, error) {
	for _, r := range p.RelatesTo {
		h, err := p.related(r)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	if p.MessageID != "" {
		out = append(out, p.text("MessageID", identifier(p.MessageID), false))
	}
	for _, ref := range [...]struct {
		name string
		to   *EndpointReference
	}{{"From", p.From}, {"ReplyTo", p.ReplyTo}, {"FaultTo", p.FaultTo}} {
		if ref.to == nil {
			continue
		}
		h, err := p.reference(ref.name, ref.to)
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
		out = append(out, p.text("To", value, true))
	}
	return append(out, p.Parameters...), nil
}

// reference makes a header of an endpoint reference. That of the way back is in every message that is answered: it is made once.
func (p *Properties) reference(local string, to *EndpointReference) (*soap.Header, error) {
	bare := len(to.Parameters)+len(to.Properties)+len(to.Metadata)+len(to.Extensions) == 0
	if bare && local == "ReplyTo" && p.Version.IsAnonymous(to.Address) {
		e, err := anonymous[p.Version]()
		return &soap.Header{Element: e}, err
	}
	return soap.NewHeader(func(w infoset.Writer) error { return to.Write(w, p.Version.name(local), p.Version) })
}

// anonymous has the ReplyTo of the anonymous address of each version that has one. Elements may be shared.
var anonymous = func() (all [len(versions)]func() (soap.Element, error)) {
	for i := range versions {
		v := Version(i)
		all[v] = sync.OnceValues(func() (soap.Element, error) {
			to := EndpointReference{Address: v.Anonymous()}
			return soap.MakeElement(func(w infoset.Writer) error { return to.Write(w, v.name("ReplyTo"), v) })
		})
	}
	return all
}()

func (p *Properties) text(local string, v infoset.Value, must bool) *soap.Header {
	h := soap.TextHeader(*p.Version.name(local), v)
	h.MustUnderstand = must
	return h
}

func (p *Properties) related(r Relation) (*soap.Header, error) {
	if isReply(p.Version, r.Type) {
		return p.text("RelatesTo", identifier(r.ID), false), nil
	}
	return soap.NewHeader(func(w infoset.Writer) error {
		w.Start(p.Version.name("RelatesTo"))
		value := infoset.String(r.Type)
		if space, local, ok := splitName(r.Type); ok && p.Version == August2004 {
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
	v := infoset.String(id)
	if !strings.HasPrefix(id, "urn:uuid:") {
		return v
	}
	g, err := v.AsGUID()
	if err != nil {
		return v
	}
	if u := infoset.UniqueID(g); u.String() == id {
		return u
	}
	return v
}
