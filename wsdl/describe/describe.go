package describe

import (
	"cmp"
	"slices"

	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Describe outlines a description. Components of well-known namespaces (load.WellKnown) are left out, wherever they came from.
func Describe(d *model.Description) *Outline {
	o := &Outline{Name: d.Name, Namespace: d.Target, Doc: d.Doc, Services: []Service{}, Files: []File{}}
	for _, f := range d.Files {
		kind := "wsdl"
		if f.Schema {
			kind = "schema"
		}
		o.Files = append(o.Files, File{f.Name, f.Space, kind})
	}
	used := map[*model.Binding]bool{}
	for _, s := range d.Services {
		out := Service{Name: s.Name.String(), Doc: s.Doc, Ports: []Port{}}
		for _, p := range s.Ports {
			used[p.Binding] = true
			port := binding(p.Binding)
			port.Name, port.Doc, port.Address = p.Name, p.Doc, p.Address
			port.Policies = Words(append(slices.Clone(p.Policies), p.Binding.Policies...))
			out.Ports = append(out.Ports, port)
		}
		o.Services = append(o.Services, out)
	}
	for _, b := range d.Bindings {
		if !used[b] {
			o.Bindings = append(o.Bindings, binding(b))
		}
	}
	o.schema(d.Schema)
	return o
}

// schema outlines the global components, sorted by name.
func (o *Outline) schema(s *model.Schema) {
	for _, e := range s.Elements {
		if !load.WellKnown(e.Name.Space) {
			o.Elements = append(o.Elements, element(e))
		}
	}
	for _, t := range s.Types {
		if !load.WellKnown(t.Name.Space) {
			o.Types = append(o.Types, *typ(t))
		}
	}
	for _, g := range s.Groups {
		if !load.WellKnown(g.Name.Space) {
			o.Groups = append(o.Groups, Group{g.Name.String(), particle(g.Particle)})
		}
	}
	for _, a := range s.Attributes {
		if !load.WellKnown(a.Name.Space) {
			o.Attributes = append(o.Attributes, attribute(a))
		}
	}
	slices.SortFunc(o.Elements, func(a, b Element) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Types, func(a, b Type) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Attributes, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
}

// binding outlines a binding; a port at an address replaces name, documentation and policies.
func binding(b *model.Binding) Port {
	p := Port{
		Name: b.Name.Local, Doc: b.Doc, Binding: b.Name.String(), PortType: b.PortType.Name.String(), Protocol: b.Kind.String(),
		Transport: b.Transport, Addressing: b.Addressing, Policies: Words(b.Policies), Operations: []Operation{},
	}
	for _, op := range b.Operations {
		p.Operations = append(p.Operations, operation(op))
	}
	return p
}

// operation outlines an operation as a binding sends it.
func operation(b *model.BindingOperation) Operation {
	m := b.Operation
	o := Operation{
		Name: m.Name, Doc: m.Doc, Exchange: exchangeWords[m.Exchange], Style: b.Style.String(), Use: "literal",
		Action: b.Action, Location: b.Location, Policies: Words(b.Policies), Parameter: m.Order,
	}
	if b.Input != nil && b.Input.Encoded || b.Output != nil && b.Output.Encoded {
		o.Use = "encoded"
	}
	if m.Input != nil {
		o.Input = message(m.Input, b.Input, b.Style, m.Name)
	}
	if m.Output != nil {
		o.Output = message(m.Output, b.Output, b.Style, m.Name+"Response")
	}
	for _, f := range b.Faults {
		out := Message{Name: f.Fault.Name, Message: f.Fault.Message.Name.String(), Action: f.Fault.Action, Parts: parts(f.Fault.Message.Parts)}
		o.Faults = append(o.Faults, out)
	}
	return o
}

var exchangeWords = [...]string{"request-response", "one-way", "solicit-response", "notification"}

// message outlines what goes one way. wrapper is the name of the element around the parts in rpc style (WSDL 1.1, 3.5).
func message(p *model.Param, b *model.BindingMessage, style model.Style, wrapper string) *Message {
	m := &Message{Name: p.Name, Message: p.Message.Name.String(), Action: p.Action, Parts: []Part{}}
	if b == nil {
		return m
	}
	if style == model.RPC {
		m.Wrapper = model.Name{Space: b.Namespace, Local: wrapper}.String()
	}
	m.Parts, m.Form, m.Policies = parts(b.Body), b.URLForm, Words(b.Policies)
	for _, h := range b.Headers {
		m.Headers = append(m.Headers, part(h.Part))
	}
	for _, a := range b.MIME {
		attached := part(a.Part)
		attached.Media = a.Types
		m.Attached = append(m.Attached, attached)
	}
	return m
}

func parts(all []*model.Part) []Part {
	out := make([]Part, 0, len(all))
	for _, p := range all {
		out = append(out, part(p))
	}
	return out
}

// part outlines a part: its element or its type, never both.
func part(p *model.Part) Part {
	if p.Element != nil {
		return Part{Name: p.Name, Element: p.Element.Name.String()}
	}
	return Part{Name: p.Name, Type: typeName(p.Type)}
}

// typeName writes the name of a type, "" for one that has none.
func typeName(t *model.Type) string {
	if t == nil {
		return ""
	}
	if t.Builtin && t.Name.Space == model.NSSchema {
		return "xs:" + t.Name.Local
	}
	return t.Name.String()
}
