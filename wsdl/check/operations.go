package check

import (
	"github.com/causeway-relay/causeway/wsdl/model"
)

// operations: what stands in messages, and which operations nobody can call.
func (c *checker) operations() {
	callable := map[*model.Operation]bool{}
	for _, b := range c.d.Bindings {
		for _, op := range b.Operations {
			if whyNot(b, op) == "" {
				callable[op.Operation] = true
			}
		}
	}
	lost := map[*model.Operation]bool{}
	for _, b := range c.d.Bindings {
		c.encoded(b)
		for _, op := range b.Operations {
			why := whyNot(b, op)
			if why != "" && !callable[op.Operation] && !lost[op.Operation] {
				lost[op.Operation] = true
				c.lost = append(c.lost, model.Lost{Binding: b.Name.Local, Operation: op.Operation.Name, Why: why, Place: op.Place})
			}
			if b.Kind == model.SOAP11 || b.Kind == model.SOAP12 {
				c.soap(b, op)
			}
		}
	}
	for _, pt := range c.d.PortTypes {
		for _, op := range pt.Operations {
			if op.Exchange == model.Notification || op.Exchange == model.SolicitResponse {
				c.warn(op.Place, "Backwards", "turn input and output round, or describe the client's service", "operation %s calls the client; nobody does that over HTTP (R2303)", op.Name)
			}
			for _, f := range op.Faults {
				c.faultParts(f)
			}
		}
	}
}

// encoded tells of SOAP encoding, once for a binding.
func (c *checker) encoded(b *model.Binding) {
	n := 0
	for _, op := range b.Operations {
		if op.Input != nil && op.Input.Encoded || op.Output != nil && op.Output.Encoded {
			n++
		}
	}
	if n > 0 {
		c.warn(b.Place, "Encoded", "ask the service for a literal binding", "%d of %d operations of binding %s use SOAP encoding, which peers read differently or not at all (R2706)",
			n, len(b.Operations), b.Name.Local)
	}
}

// whyNot says why nobody can call an operation at a binding, "" if somebody can.
func whyNot(b *model.Binding, op *model.BindingOperation) string {
	switch {
	case b.Kind == model.OtherBinding:
		return "its binding is neither SOAP nor HTTP"
	case op.Operation.Input == nil, op.Operation.Exchange == model.SolicitResponse:
		return "the service would have to call its client"
	}
	return ""
}

// faultParts: the detail of a fault is one element, and somebody must say which (R2205).
func (c *checker) faultParts(f *model.Fault) {
	switch {
	case len(f.Message.Parts) != 1:
		c.warn(f.Place, "FaultParts", "give the message one part", "the message of fault %s has %d parts; a detail has one (R2205)", f.Name, len(f.Message.Parts))
	case f.Message.Parts[0].Element == nil:
		c.warn(f.Message.Parts[0].Place, "PartByType", "name an element", "fault %s has a part by type: what element it is nobody says (R2205)", f.Name)
	}
}

// soap looks at how a SOAP binding sends an operation.
func (c *checker) soap(b *model.Binding, op *model.BindingOperation) {
	if !op.HasAction && b.Kind == model.SOAP11 {
		c.note(op.Place, "NoAction", `write soapAction="" if none is meant`, "operation %s has no soapAction; it is taken as empty (R2745)", op.Operation.Name)
	}
	for _, m := range []*model.BindingMessage{op.Input, op.Output} {
		if m == nil {
			continue
		}
		c.message(op, m)
	}
}

// message looks at what a binding puts into one message.
func (c *checker) message(op *model.BindingOperation, m *model.BindingMessage) {
	name := op.Operation.Name
	switch {
	case op.Style == model.RPC && !m.Encoded && m.Namespace == "":
		c.warn(op.Place, "NoWrapperNamespace", "write namespace on soap:body", "operation %s is rpc/literal and its soap:body has no namespace: peers guess it (R2717)", name)
	case op.Style == model.Document && len(m.Body) > 1:
		c.warn(op.Place, "ManyParts", "send one element, or name it with parts on soap:body", "operation %s sends %d elements side by side; a body has at most one (R2201)", name, len(m.Body))
	}
	for _, p := range m.Body {
		switch {
		case op.Style == model.Document && p.Element == nil:
			c.warn(p.Place, "PartByType", "name an element", "part %s of operation %s is by type in document style: what element it is nobody says (R2204)", p.Name, name)
		case op.Style == model.RPC && p.Element != nil:
			c.warn(p.Place, "PartByElement", "name a type", "part %s of operation %s is by element in rpc style (R2203)", p.Name, name)
		}
	}
	for _, h := range m.Headers {
		if h.Part.Element == nil {
			c.warn(h.Place, "PartByType", "name an element", "header part %s of operation %s is by type (R2205)", h.Part.Name, name)
		}
	}
	for _, a := range m.MIME {
		c.note(a.Part.Place, "Attachment", "", "part %s of operation %s travels beside the envelope (SOAP with attachments)", a.Part.Name, name)
	}
}
