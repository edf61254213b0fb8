package load

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// services reads messages, port types, bindings and services of all WSDL documents, in that order, since each names the ones before.
func (r *resolver) services() {
	each := func(local string, f func(k *node, name model.Name)) {
		for _, root := range r.wsdl {
			for _, k := range root.all(model.NSWSDL, local) {
				f(k, model.Name{Space: root.attr("targetNamespace"), Local: k.attr("name")})
			}
		}
	}
	for _, root := range r.wsdl {
		r.findPolicies(root)
	}
	for _, root := range r.wsdl {
		r.policiesOf(root)
	}
	each("message", r.message)
	each("portType", r.portType)
	each("binding", r.binding)
	each("service", r.service)
}

func (r *resolver) message(k *node, name model.Name) {
	m := &model.Message{Name: name, Place: k.place, Doc: k.doc()}
	if old := r.messages[name]; old != nil {
		r.twice(k, old.Place, "message", name)
		return
	}
	r.messages[name] = m
	r.d.Messages = append(r.d.Messages, m)
	for _, p := range k.all(model.NSWSDL, "part") {
		part := r.part(p)
		m.Parts = append(m.Parts, part)
		if part.Element != nil && part.Element.Name.IsZero() {
			r.unknown[m] = p
		}
	}
}

func (r *resolver) part(k *node) *model.Part {
	p := &model.Part{Name: k.attr("name"), Place: k.place, Doc: k.doc()}
	if text := k.attr("element"); text != "" {
		p.Element = r.elementOf(k, text)
		if p.Element != nil {
			return p
		}
		// Some documents name a type where an element belongs.
		if t := r.quietType(k, text); t != nil {
			p.Type = t
			return p
		}
		p.Element = &model.Element{Place: k.place, Global: true, Type: r.any()}
		if name, _, ok := k.qname(text); ok {
			p.Element.Name = name // its content is not known, but it is
		}
		return p
	}
	if text := k.attr("type"); text != "" {
		p.Type = r.typeOf(k, text, tnsDoc(k))
		return p
	}
	r.l.problem(model.Warning, k.place, "NoType", "give it an element or a type", "part %s has neither element nor type; taken as xs:anyType", p.Name)
	p.Type = r.any()
	return p
}

func (r *resolver) quietType(k *node, text string) *model.Type {
	name, _, _ := k.qname(text)
	return r.s.Type(name)
}

// tnsDoc lets careless names fall back to the target namespace of the WSDL that they stand in.
func tnsDoc(k *node) *schemaDoc {
	root := k
	for root.parent != nil {
		root = root.parent
	}
	return &schemaDoc{root: root, space: root.attr("targetNamespace")}
}

func (r *resolver) portType(k *node, name model.Name) {
	if old := r.portTypes[name]; old != nil {
		r.twice(k, old.Place, "port type", name)
		return
	}
	pt := &model.PortType{Name: name, Place: k.place, Doc: k.doc()}
	r.portTypes[name] = pt
	r.d.PortTypes = append(r.d.PortTypes, pt)
	for _, o := range k.all(model.NSWSDL, "operation") {
		if op, why := r.operation(o, pt); op != nil {
			pt.Operations = append(pt.Operations, op)
		} else {
			if r.undone[pt] == nil {
				r.undone[pt] = map[string]string{}
			}
			r.undone[pt][o.attr("name")] = why
		}
	}
}

// operation reads an operation of a port type. Which of input and output comes first says what it is (2.4).
// An operation that nobody could send is nil, with the reason.
func (r *resolver) operation(k *node, pt *model.PortType) (op *model.Operation, why string) {
	op = &model.Operation{
		Name: k.attr("name"), Place: k.place, Doc: k.doc(), PortType: pt,
		Order: strings.Fields(k.attr("parameterOrder")),
	}
	for _, c := range k.kids {
		switch {
		case c.is(model.NSWSDL, "input"):
			op.Input = r.param(c)
			if op.Output != nil {
				op.Exchange = model.SolicitResponse
			}
		case c.is(model.NSWSDL, "output"):
			op.Output = r.param(c)
		case c.is(model.NSWSDL, "fault"):
			if m := r.messageOf(c); m != nil && r.unknown[m] == nil {
				op.Faults = append(op.Faults, &model.Fault{Name: c.attr("name"), Place: c.place, Doc: c.doc(), Message: m, Action: action(c)})
			}
		}
	}
	switch {
	case op.Input == nil && op.Output == nil:
		r.l.problem(model.Refused, k.place, "NoMessages", "give it an input", "operation %s has neither input nor output", op.Name)
		return nil, "it has neither input nor output"
	case op.Output == nil:
		op.Exchange = model.OneWay
	case op.Input == nil:
		op.Exchange = model.Notification
	}
	if why, remedy := r.lostMessage(op); why != "" {
		r.l.problem(model.Refused, k.place, "NoMessage", remedy, "operation %s is left out: %s", op.Name, why)
		return nil, why
	}
	defaults(op)
	return op, ""
}

// lostMessage says what an operation lacks to be sent, "" for nothing.
func (r *resolver) lostMessage(op *model.Operation) (why, remedy string) {
	for i, p := range []*model.Param{op.Input, op.Output} {
		what := [...]string{"input", "output"}[i]
		switch {
		case p == nil:
		case p.Message == nil:
			return "its " + what + " has no message", "declare the message"
		case r.unknown[p.Message] != nil:
			return "the element of its " + what + " cannot be known", "declare the prefix at " + r.unknown[p.Message].place.String()
		}
	}
	return "", ""
}

// messageOf finds the message that an input, output or fault names.
func (r *resolver) messageOf(k *node) *model.Message {
	return resolveName(r, k, k.attr("message"), "message", tnsDoc(k), func(n model.Name) *model.Message { return r.messages[n] })
}

func (r *resolver) param(k *node) *model.Param {
	p := &model.Param{Name: k.attr("name"), Place: k.place, Doc: k.doc(), Action: action(k)}
	p.Given = p.Action != ""
	p.Message = r.messageOf(k)
	return p
}

// action reads the action that a message has by WS-Addressing, in the spellings of its editions.
func action(k *node) string {
	for _, space := range [...]string{
		"http://www.w3.org/2007/05/addressing/metadata", "http://www.w3.org/2006/05/addressing/wsdl", "http://www.w3.org/2006/02/addressing/wsdl",
		"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing",
	} {
		if a := k.attrNS(space, "Action"); a != "" {
			return a
		}
	}
	return ""
}

// defaults fills in names (WSDL 1.1, 2.4.5) and actions (WS-Addressing WSDL binding, 4.4.4) that were not given.
func defaults(op *model.Operation) {
	set := func(p *model.Param, suffix string) {
		if p != nil && p.Name == "" {
			p.Name = op.Name + suffix
		}
		if p != nil && p.Action == "" {
			p.Action = defaultAction(op, p.Name)
		}
	}
	switch op.Exchange {
	case model.RequestResponse:
		set(op.Input, "Request")
		set(op.Output, "Response")
	case model.SolicitResponse:
		set(op.Output, "Solicit")
		set(op.Input, "Response")
	default:
		set(op.Input, "")
		set(op.Output, "")
	}
	for _, f := range op.Faults {
		f.Given = f.Action != ""
		if !f.Given {
			f.Action = defaultAction(op, op.Name+delimiter(op)+"Fault"+delimiter(op)+f.Name)
		}
	}
}

func delimiter(op *model.Operation) string {
	if strings.HasPrefix(op.PortType.Name.Space, "urn:") {
		return ":"
	}
	return "/"
}

func defaultAction(op *model.Operation, last string) string {
	d := delimiter(op)
	return strings.TrimSuffix(op.PortType.Name.Space, d) + d + op.PortType.Name.Local + d + last
}

func (r *resolver) service(k *node, name model.Name) {
	s := &model.Service{Name: name, Place: k.place, Doc: k.doc()}
	r.d.Services = append(r.d.Services, s)
	for _, c := range k.all(model.NSWSDL, "port") {
		if name, _, _ := c.qname(c.attr("binding")); r.leftOut[name] {
			continue // the binding has said why
		}
		p := &model.Port{Name: c.attr("name"), Place: c.place, Doc: c.doc(), Policies: r.attached(c)}
		p.Binding = resolveName(r, c, c.attr("binding"), "binding", tnsDoc(c), func(n model.Name) *model.Binding { return r.bindings[n] })
		for _, a := range c.kids {
			if a.name.Local == "address" {
				p.Address = a.attr("location")
			}
		}
		if p.Binding != nil {
			s.Ports = append(s.Ports, p)
			continue
		}
		r.l.problem(model.Refused, c.place, "NoBinding", "name a binding that is there, or import the document that has it", "port %s is left out: it has no binding", p.Name)
		if len(r.d.Bindings) == 0 { // else its operations may well be there, without their address
			r.lose(c, "port "+p.Name, "", "it has no binding")
		}
	}
}

// lose notes an operation that a caller will miss.
func (r *resolver) lose(k *node, binding, operation, why string) {
	r.d.Lost = append(r.d.Lost, model.Lost{Binding: binding, Operation: operation, Why: why, Place: k.place})
}

// overload finds the operation of a port type that a binding's operation means: by name, and where the name repeats by the names of
// its input and output (2.5).
func overload(pt *model.PortType, k *node, taken []*model.BindingOperation) *model.Operation {
	var same []*model.Operation
	for _, op := range pt.Operations {
		if op.Name == k.attr("name") {
			same = append(same, op)
		}
	}
	if len(same) == 1 {
		return same[0]
	}
	named := func(n *node, p *model.Param) bool {
		return n == nil || n.attr("name") == "" || p != nil && n.attr("name") == p.Name
	}
	in, out := k.one(model.NSWSDL, "input"), k.one(model.NSWSDL, "output")
	for _, op := range same {
		used := slices.ContainsFunc(taken, func(b *model.BindingOperation) bool { return b.Operation == op })
		if !used && named(in, op.Input) && named(out, op.Output) {
			return op
		}
	}
	return nil
}
