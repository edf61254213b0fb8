package wsa

import (
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Convert makes the addressing of m one of version to: 1.0 or August 2004. A
// message without addressing headers stays as it is. The addressing codes of a
// fault in the body go along; for that a fault is read to its end, every other
// body streams on.
//
// Lost on the way: to August 2004 the address none (the reference is left out),
// metadata, and marks on reference parameters; to 1.0 the difference between
// reference properties and parameters, and PortType, ServiceName and policies of
// a reference. A relation of a kind that is no reply is kept if it is a URI or
// name of a namespace: {space}local stands for space/local.
func Convert(m *soap.Message, to Version) error {
	p, err := Read(m)
	if err != nil {
		return err
	}
	from := p.Version
	if from == to || from == None || to == None {
		return nil
	}
	p.Version, p.Session = to, true // To stays written if it was
	if from.IsAnonymous(p.To) {
		p.To = to.Anonymous()
	}
	switch p.Action {
	case from.rules().fault:
		p.Action = to.rules().fault
	case from.rules().defaultFault:
		p.Action = to.rules().defaultFault
	}
	for _, ref := range [...]**EndpointReference{&p.From, &p.ReplyTo, &p.FaultTo} {
		if *ref != nil {
			*ref = (*ref).converted(from, to)
		}
	}
	for i := range p.RelatesTo {
		p.RelatesTo[i].Type = relationType(p.RelatesTo[i].Type, to)
	}
	p.Parameters = nil // they are among the other blocks
	if err := convertBlocks(m, from, to); err != nil {
		return err
	}
	if err := p.Write(m); err != nil {
		return err
	}
	return convertFault(m, from, to)
}

// relationType turns a URI into a name and back.
func relationType(kind string, to Version) string {
	if kind == "" {
		return ""
	}
	if space, local, ok := splitName(kind); ok && to == V10 {
		return space + "/" + local
	}
	if to == August2004 {
		for i := len(kind) - 1; i > 0; i-- {
			if kind[i] == '/' {
				return "{" + kind[:i] + "}" + kind[i+1:]
			}
		}
	}
	return kind
}

// convertBlocks takes the marks off reference parameters, which August 2004 does
// not have.
func convertBlocks(m *soap.Message, from, to Version) error {
	if from != V10 || to != August2004 {
		return nil
	}
	for i, h := range m.Headers {
		if _, marked := h.Attr(V10.Namespace(), "IsReferenceParameter"); !marked {
			continue
		}
		e, err := h.WithoutAttr(V10.Namespace(), "IsReferenceParameter")
		if err != nil {
			return err
		}
		c := *h
		c.Element = e
		m.Headers[i] = &c
	}
	return nil
}

// convertFault renames the codes in a fault.
func convertFault(m *soap.Message, from, to Version) error {
	f, err := m.Fault()
	if err != nil || f == nil {
		return err
	}
	c := *f
	rename := func(q xsd.QName) xsd.QName {
		if q.Space == from.Namespace() {
			q.Space = to.Namespace()
		}
		return q
	}
	c.Code = rename(c.Code)
	c.Subcodes = nil
	for _, q := range f.Subcodes {
		c.Subcodes = append(c.Subcodes, rename(q))
	}
	m.SetFault(&c)
	return nil
}
