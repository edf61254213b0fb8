package ir

import (
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// ports lowers what services offer, and bindings that no service has.
func (l *lowerer) ports() {
	d := l.p.Description
	used := map[*model.Binding]bool{}
	for _, s := range d.Services {
		for _, p := range s.Ports {
			used[p.Binding] = true
			l.port(s, p, p.Binding)
		}
	}
	for _, b := range d.Bindings {
		if !used[b] {
			l.port(nil, nil, b)
		}
	}
	known := map[*model.PortType]bool{}
	for _, b := range d.Bindings {
		known[b.PortType] = known[b.PortType] || b.Kind != model.OtherBinding
	}
	for _, pt := range d.PortTypes {
		if !known[pt] && len(pt.Operations) > 0 {
			l.problem(pt.Place, "AssumedBinding", "port type %s has no binding of SOAP or HTTP; SOAP 1.1 over HTTP is assumed for it", pt.Name.Local)
			l.port(nil, nil, assumed(pt))
			l.p.Ports[len(l.p.Ports)-1].Assumed = true
		}
	}
}

// assumed is the binding of a port type that no SOAP and no HTTP binding has: SOAP 1.1, literal, rpc style where parts have types and
// document style where they are elements, without a SOAPAction. It is what tools of other makers do with such descriptions.
func assumed(pt *model.PortType) *model.Binding {
	b := &model.Binding{Name: pt.Name, Place: pt.Place, Kind: model.SOAP11, PortType: pt}
	for _, op := range pt.Operations {
		b.Operations = append(b.Operations, assumedOperation(op))
	}
	return b
}

func assumedOperation(op *model.Operation) *model.BindingOperation {
	o := &model.BindingOperation{Place: op.Place, Operation: op}
	for _, p := range []*model.Param{op.Input, op.Output} {
		if p == nil {
			continue
		}
		m := &model.BindingMessage{Namespace: op.PortType.Name.Space, Body: p.Message.Parts}
		for _, part := range p.Message.Parts {
			if part.Element == nil {
				o.Style = model.RPC
			}
		}
		if p == op.Input {
			o.Input = m
		} else {
			o.Output = m
		}
	}
	for _, f := range op.Faults {
		o.Faults = append(o.Faults, &model.BindingFault{Fault: f})
	}
	return o
}

// bound lists the operations of a binding. A SOAP binding has those too that its port type has and no binding at all names: they are
// taken as assumed does.
func (l *lowerer) bound(b *model.Binding) []*model.BindingOperation {
	all := slices.Clip(b.Operations)
	if b.Kind != model.SOAP11 && b.Kind != model.SOAP12 {
		return all
	}
	named := map[*model.Operation]bool{}
	for _, other := range append([]*model.Binding{b}, l.p.Description.Bindings...) {
		for _, o := range other.Operations {
			named[o.Operation] = true
		}
	}
	for _, op := range b.PortType.Operations {
		if !named[op] && op.PortType != nil {
			if !l.assumed[op] {
				l.problem(op.Place, "AssumedBinding", "no binding has operation %s; binding %s is assumed to send it as %s does", op.Name, b.Name.Local, b.Kind)
			}
			l.assumed[op] = true
			all = append(all, assumedOperation(op))
		}
	}
	return all
}

func (l *lowerer) port(s *model.Service, p *model.Port, b *model.Binding) {
	port := &Port{Service: s, Port: p, Binding: b}
	l.p.Ports = append(l.p.Ports, port)
	names := map[string]int{}
	operations := l.bound(b)
	for _, o := range operations {
		names[o.Operation.Name]++
	}
	for _, o := range operations {
		op := l.operation(b, o)
		if names[op.Name] > 1 {
			op.Overload = overloadName(o.Operation)
		}
		port.Operations = append(port.Operations, op)
	}
}

// overloadName tells operations of one name apart: by the name of the input, which WSDL 1.1 demands to differ.
func overloadName(op *model.Operation) string {
	if op.Input != nil {
		return op.Input.Name
	}
	return op.Output.Name
}

func (l *lowerer) operation(b *model.Binding, o *model.BindingOperation) *Operation {
	m := o.Operation
	op := &Operation{
		Binding: o, Name: m.Name, Doc: m.Doc, Exchange: m.Exchange, Style: o.Style, Action: o.Action,
	}
	plain := b.Kind == model.HTTPGet || b.Kind == model.HTTPPost
	if m.Input != nil {
		op.WSAction = m.Input.Action
		if plain && !isXML(o.Input.URLForm) {
			op.Input = l.parameters(m.Input.Message, o.Input, m.Name)
		} else {
			op.Input = l.message(op, m.Input.Message, o.Input, m.Name)
		}
	}
	if m.Output != nil {
		op.OutAction = m.Output.Action
		op.Output = l.message(op, m.Output.Message, o.Output, m.Name+"Response")
	}
	for _, f := range o.Faults {
		if lowered := l.fault(f); lowered != nil {
			op.Faults = append(op.Faults, lowered)
		}
	}
	op.Lost = lost(b, op)
	return op
}

// lost says why a runtime cannot send an operation.
func lost(b *model.Binding, op *Operation) string {
	switch {
	case b.Kind == model.OtherBinding:
		return "its binding is neither SOAP nor HTTP"
	case op.Input == nil || op.Exchange == model.SolicitResponse:
		return "the service would have to call its client"
	}
	return ""
}

// isXML reports whether an HTTP binding sends a message as an XML document.
func isXML(form string) bool {
	return form == "mimeXml" || form == "text/xml" || form == "application/xml"
}

// parameters lowers the request of an HTTP binding: its parts are names and values of a URL or a form (WSDL 1.1, 4.5 and 4.6).
func (l *lowerer) parameters(m *model.Message, b *model.BindingMessage, name string) *Message {
	return &Message{Source: m, Wrapper: true, Element: model.Name{Local: name}, Type: l.wrapper(b.Body, name, m)}
}

// message lowers a message as a binding sends it.
func (l *lowerer) message(op *Operation, m *model.Message, b *model.BindingMessage, wrapper string) *Message {
	out := &Message{Source: m, Attached: b.MIME, Encoded: b.Encoded}
	for _, h := range b.Headers {
		out.Headers = append(out.Headers, l.header(h))
		for _, f := range h.Faults {
			out.HeaderFaults = append(out.HeaderFaults, l.header(f))
		}
	}
	switch {
	case op.Style == model.RPC:
		out.Wrapper, out.Element = true, model.Name{Space: b.Namespace, Local: wrapper}
		out.Type = l.wrapper(b.Body, wrapper, m)
	case len(b.Body) == 1:
		l.single(out, b.Body[0])
	case len(b.Body) == 0 && !b.Parts && len(b.MIME) == 1 && b.MIME[0].Part.Element != nil:
		// The body names no parts and the only part is an element: it stands in the body and refers to what is attached.
		l.single(out, b.MIME[0].Part)
	case len(b.Body) > 1:
		out.Type = l.sideBySide(b.Body, wrapper+"Parts", m)
	}
	return out
}

// single is a body of one part: its element, or its type as the body's own content.
func (l *lowerer) single(out *Message, p *model.Part) {
	if p.Element != nil {
		out.Element, out.Nillable = p.Element.Name, p.Element.Nillable
		out.Type = l.typeOf(p.Element.Type, []string{p.Element.Name.Local})
		return
	}
	// WSDL 1.1, 3.5: the type is that of the body itself. Nobody sends that; what is sent is an element named as the part.
	out.Element = model.Name{Local: p.Name}
	out.Type = l.typeOf(p.Type, []string{p.Name})
}

// part is a field for a part: an element without namespace (rpc, WS-I Basic Profile R2735), or the element it names.
func (l *lowerer) part(p *model.Part) *Field {
	f := &Field{Kind: Element, Name: model.Name{Local: p.Name}, Place: p.Place, Doc: p.Doc, Min: 1, Max: 1}
	if p.Element != nil {
		f.Name, f.Nillable, f.Type = p.Element.Name, p.Element.Nillable, l.typeOf(p.Element.Type, []string{p.Element.Name.Local})
		return f
	}
	f.Type = l.typeOf(p.Type, []string{p.Name})
	return f
}

// wrapper is the struct of an rpc body: its parts in order.
func (l *lowerer) wrapper(parts []*model.Part, name string, m *model.Message) *Type {
	return l.gathered(Struct, parts, name, m)
}

// sideBySide is the struct of several document-style parts: they stand in the body without an element around them.
func (l *lowerer) sideBySide(parts []*model.Part, name string, m *model.Message) *Type {
	return l.gathered(Item, parts, name, m)
}

func (l *lowerer) gathered(kind Kind, parts []*model.Part, name string, m *model.Message) *Type {
	t := &Type{Kind: kind, Hint: []string{name}, Place: m.Place, Doc: m.Doc}
	for _, w := range l.wrappers {
		if slices.Equal(w.parts, parts) && w.name == name && w.t.Kind == kind {
			return w.t
		}
	}
	l.wrappers = append(l.wrappers, wrapped{parts, name, t})
	l.p.Types = append(l.p.Types, t)
	b := &builder{l: l, t: t, hint: t.Hint}
	whole := &Group{Place: m.Place, Min: 1, Max: 1}
	for _, p := range parts {
		f := b.add(l.part(p))
		whole.Nodes = append(whole.Nodes, &Group{Place: p.Place, Min: 1, Max: 1, Field: f})
	}
	if len(whole.Nodes) > 0 {
		t.Content = whole
	}
	return t
}

// wrapped is a struct made for an rpc body. Bindings of one port type share it.
type wrapped struct {
	parts []*model.Part
	name  string
	t     *Type
}

func (l *lowerer) header(h *model.Header) *Header {
	out := &Header{Part: h.Part.Name, Place: h.Place, Doc: h.Part.Doc}
	if e := h.Part.Element; e != nil {
		out.Name, out.Type = e.Name, l.typeOf(e.Type, []string{e.Name.Local})
		return out
	}
	out.Name, out.Type = model.Name{Space: h.Namespace, Local: h.Part.Name}, l.typeOf(h.Part.Type, []string{h.Part.Name})
	return out
}

// fault lowers a declared fault: its message's only part is the detail.
func (l *lowerer) fault(f *model.BindingFault) *Fault {
	if len(f.Fault.Message.Parts) == 0 {
		return nil
	}
	p := f.Fault.Message.Parts[0]
	out := &Fault{Encoded: f.Encoded, Name: f.Fault.Name, Doc: f.Fault.Doc, Action: f.Fault.Action, Place: f.Fault.Place}
	if p.Element != nil {
		out.Element, out.Type = p.Element.Name, l.typeOf(p.Element.Type, []string{p.Element.Name.Local})
		return out
	}
	out.Element, out.Type = model.Name{Space: f.Namespace, Local: p.Name}, l.typeOf(p.Type, []string{p.Name})
	return out
}
