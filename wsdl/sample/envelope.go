package sample

import (
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// soap makes the messages of a SOAP binding.
func (m *Maker) soap(s *Sample, t Target) error {
	op := t.Op.Operation
	soap := &envelope{m: m, space: nsEnvelope11, b: t.Binding, op: t.Op}
	if t.Binding.Kind == model.SOAP12 {
		soap.space = nsEnvelope12
	}
	if op.Input != nil {
		msg, err := soap.message(t.Op.Input, op.Name, op.Input.Action, s.Address)
		if err != nil {
			return err
		}
		msg.Method, msg.Target = "POST", s.Address
		action := t.Op.Action
		if soap.space == nsEnvelope11 {
			msg.Headers = append(msg.Headers, [2]string{"SOAPAction", `"` + oneLine(action) + `"`})
		} else if action != "" {
			msg.Headers[0][1] += `; action="` + oneLine(action) + `"`
		}
		s.Request = msg
	}
	if op.Output != nil {
		msg, err := soap.message(t.Op.Output, op.Name+"Response", op.Output.Action, "")
		if err != nil {
			return err
		}
		msg.Status = 200
		s.Response = msg
	}
	for _, f := range t.Op.Faults {
		msg, err := soap.fault(f)
		if err != nil {
			return err
		}
		s.Faults = append(s.Faults, *msg)
	}
	return nil
}

// oneLine keeps an action from ending its header.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r == '"' {
			return -1
		}
		return r
	}, text)
}

// envelope makes the messages of one operation.
type envelope struct {
	m     *Maker
	space string // which SOAP
	b     *model.Binding
	op    *model.BindingOperation
}

func (e *envelope) name(local string) model.Name { return model.Name{Space: e.space, Local: local} }

// wrap puts headers and body into an envelope and gives the message with its media type.
func (e *envelope) wrap(headers, body []*node) *Message {
	root := &node{name: e.name("Envelope")}
	if len(headers) > 0 {
		root.kids = append(root.kids, &node{name: e.name("Header"), kids: headers})
	}
	root.kids = append(root.kids, &node{name: e.name("Body"), kids: body})
	kind := "text/xml; charset=utf-8"
	if e.space == nsEnvelope12 {
		kind = "application/soap+xml; charset=utf-8"
	}
	return &Message{Headers: [][2]string{{"Content-Type", kind}}, Body: write(root), content: body}
}

// message makes the envelope of a message. wrapper is the name of the element around the parts in rpc style (WSDL 1.1, 3.5).
func (e *envelope) message(b *model.BindingMessage, wrapper, action, to string) (*Message, error) {
	headers, err := e.headers(b, action, to)
	if err != nil {
		return nil, err
	}
	e.m.begin(b.Encoded)
	parts, err := e.parts(b.Body)
	if err != nil {
		return nil, err
	}
	if e.op.Style == model.RPC {
		if !isNCName(wrapper) {
			return nil, badName(e.op.Place, wrapper)
		}
		around := &node{name: model.Name{Space: b.Namespace, Local: wrapper}, kids: parts}
		if b.Encoded {
			around.set(e.name("encodingStyle"), value{text: e.encoding(b)})
		}
		parts = []*node{around}
	}
	for _, a := range b.MIME {
		e.m.note(a.Part.Place, "part %s travels beside the envelope, in a multipart message, as %s", a.Part.Name, strings.Join(a.Types, " or "))
	}
	return e.wrap(headers, parts), nil
}

// encoding gives the encoding style that a binding names, else the usual one of the envelope's version.
func (e *envelope) encoding(b *model.BindingMessage) string {
	switch {
	case b.Encoding != "":
		return b.Encoding
	case e.space == nsEnvelope12:
		return nsEncoding12
	}
	return model.NSEncoding
}

// parts makes the elements of several parts, in their order.
func (e *envelope) parts(all []*model.Part) ([]*node, error) {
	var nodes []*node
	for _, p := range all {
		n, err := e.part(p, "")
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// part makes the element of a part: the one it names, or one named as the part, in a namespace (WS-I Basic Profile, R2735).
func (e *envelope) part(p *model.Part, space string) (*node, error) {
	if p.Element != nil {
		return e.m.element(p.Element, 0)
	}
	if !isNCName(p.Name) {
		return nil, badName(p.Place, p.Name)
	}
	n := &node{name: model.Name{Space: space, Local: p.Name}}
	return n, e.m.typed(n, p.Type, 0, p.Place)
}

// headers makes the header blocks: those of WS-Addressing where it is asked for, then those that the binding declares.
func (e *envelope) headers(b *model.BindingMessage, action, to string) ([]*node, error) {
	var all []*node
	if e.b.Addressing {
		text := func(local, v string) {
			all = append(all, &node{name: model.Name{Space: nsAddressing, Local: local}, text: value{text: v}})
		}
		text("Action", action)
		text("MessageID", "urn:uuid:6f1c2f2c-6d0e-4b1f-9a3c-2d8f0f5e7a11")
		if to != "" {
			text("To", to)
		} else {
			text("RelatesTo", "urn:uuid:6f1c2f2c-6d0e-4b1f-9a3c-2d8f0f5e7a11")
		}
	}
	for _, h := range b.Headers {
		e.m.begin(h.Encoded)
		n, err := e.part(h.Part, h.Namespace)
		if err != nil {
			return nil, err
		}
		if !foreign(n.name.Space) && n.name.Space != nsAddressing || !e.b.Addressing {
			all = append(all, n)
		}
	}
	return all, nil
}

// fault makes a fault with its detail (SOAP 1.1, 4.4; SOAP 1.2 part 1, 5.4).
func (e *envelope) fault(f *model.BindingFault) (*Message, error) {
	e.m.begin(f.Encoded)
	var detail []*node
	for _, p := range f.Fault.Message.Parts {
		n, err := e.part(p, f.Namespace)
		if err != nil {
			return nil, err
		}
		detail = append(detail, n)
	}
	fault := &node{name: e.name("Fault")}
	text := func(in *node, name model.Name, v value) *node {
		n := &node{name: name, text: v}
		in.kids = append(in.kids, n)
		return n
	}
	if e.space == nsEnvelope11 {
		text(fault, model.Name{Local: "faultcode"}, value{qname: e.name("Server")})
		text(fault, model.Name{Local: "faultstring"}, value{text: "what went wrong"})
		text(fault, model.Name{Local: "detail"}, value{}).kids = detail
	} else {
		code := text(fault, e.name("Code"), value{})
		text(code, e.name("Value"), value{qname: e.name("Receiver")})
		reason := text(fault, e.name("Reason"), value{})
		text(reason, e.name("Text"), value{text: "what went wrong"}).set(model.Name{Space: model.NSXML, Local: "lang"}, value{text: "en"})
		text(fault, e.name("Detail"), value{}).kids = detail
	}
	var headers []*node
	if e.b.Addressing {
		headers = []*node{{name: model.Name{Space: nsAddressing, Local: "Action"}, text: value{text: f.Fault.Action}}}
	}
	msg := e.wrap(headers, []*node{fault})
	msg.Name, msg.Status, msg.content = f.Fault.Name, 500, detail
	return msg, nil
}

// http makes the messages of a plain HTTP binding (WSDL 1.1, 4).
func (m *Maker) http(s *Sample, t Target) error {
	op := t.Op.Operation
	address := strings.TrimSuffix(s.Address, "/") + "/" + strings.TrimPrefix(t.Op.Location, "/")
	if op.Input != nil {
		m.begin(false)
		msg := &Message{Method: "GET", Target: address, Headers: [][2]string{}}
		form := url.Values{}
		for _, p := range op.Input.Message.Parts {
			text := "text"
			if p.Type != nil && p.Type.Simple {
				text = m.simple(p.Type, p.Place).text
			}
			if t.Op.Input != nil && t.Op.Input.URLForm == "urlReplacement" {
				msg.Target = strings.ReplaceAll(msg.Target, "("+p.Name+")", url.PathEscape(text))
				continue
			}
			form.Set(p.Name, text)
		}
		switch {
		case t.Binding.Kind == model.HTTPPost:
			msg.Method, msg.Body = "POST", form.Encode()
			msg.Headers = append(msg.Headers, [2]string{"Content-Type", "application/x-www-form-urlencoded"})
		case len(form) > 0:
			msg.Target += "?" + form.Encode()
		}
		s.Request = msg
	}
	if op.Output == nil {
		return nil
	}
	m.begin(false)
	s.Response = &Message{Status: 200, Headers: [][2]string{{"Content-Type", "text/xml; charset=utf-8"}}}
	e := &envelope{m: m, b: t.Binding, op: t.Op}
	nodes, err := e.parts(op.Output.Message.Parts)
	if err == nil && len(nodes) > 0 {
		s.Response.Body, s.Response.content = write(nodes[0]), nodes[:1]
	}
	return err
}
