package load

import (
	"strings"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// Namespaces of binding extensions (WSDL 1.1, 3 to 5; SOAP 1.2 binding for WSDL 1.1).
const (
	nsSOAP11 = "http://schemas.xmlsoap.org/wsdl/soap/"
	nsSOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
	nsHTTP   = "http://schemas.xmlsoap.org/wsdl/http/"
	nsMIME   = "http://schemas.xmlsoap.org/wsdl/mime/"
)

// ext gives the first child in a namespace of SOAP bindings.
func ext(k *node, local string) *node {
	if k == nil {
		return nil
	}
	for _, c := range k.kids {
		if c.name.Local == local && (c.name.Space == nsSOAP11 || c.name.Space == nsSOAP12) {
			return c
		}
	}
	return nil
}

func (r *resolver) binding(k *node, name model.Name) {
	if old := r.bindings[name]; old != nil {
		r.twice(k, old.Place, "binding", name)
		return
	}
	pt := resolveName(r, k, k.attr("type"), "port type", tnsDoc(k), func(n model.Name) *model.PortType { return r.portTypes[n] })
	if pt == nil {
		r.l.problem(model.Refused, k.place, "NoPortType", "declare the port type, or import the document that does", "binding %s is left out: it has no port type", name)
		for _, o := range k.all(model.NSWSDL, "operation") {
			r.lose(o, name.Local, o.attr("name"), "the binding has no port type")
		}
		r.leftOut[name] = true
		return
	}
	b := &model.Binding{Name: name, Place: k.place, Doc: k.doc(), PortType: pt, Policies: r.attached(k)}
	r.bindings[name] = b
	r.d.Bindings = append(r.d.Bindings, b)
	style := model.Document
	if soap := ext(k, "binding"); soap != nil {
		b.Kind = model.SOAP11
		if soap.name.Space == nsSOAP12 {
			b.Kind = model.SOAP12
		}
		b.Transport, style = soap.attr("transport"), styleOf(soap, model.Document)
	} else if http := k.one(nsHTTP, "binding"); http != nil {
		b.Kind = model.HTTPGet
		if strings.EqualFold(http.attr("verb"), "POST") {
			b.Kind = model.HTTPPost
		}
	} else if b.Kind = r.soapByOperations(k); b.Kind != model.OtherBinding {
		b.Transport = "http://schemas.xmlsoap.org/soap/http"
		r.l.problem(model.Warning, k.place, "NoSOAPBinding", "write soap:binding with its transport",
			"binding %s has SOAP operations and no soap:binding; taken as %s over HTTP", name.Local, b.Kind)
	}
	for _, c := range k.kids {
		if c.name.Local == "UsingAddressing" {
			b.Addressing = true
		}
	}
	for _, p := range b.Policies {
		b.Addressing = b.Addressing || has(p.Assertions, "UsingAddressing") || has(p.Assertions, "Addressing")
	}
	for _, o := range k.all(model.NSWSDL, "operation") {
		r.boundOperation(b, o, style)
	}
}

// soapByOperations gives the kind of a binding that forgot soap:binding, by the soap:operation of its operations.
func (*resolver) soapByOperations(k *node) model.BindingKind {
	for _, o := range k.all(model.NSWSDL, "operation") {
		switch soap := ext(o, "operation"); {
		case soap == nil:
		case soap.name.Space == nsSOAP12:
			return model.SOAP12
		default:
			return model.SOAP11
		}
	}
	return model.OtherBinding
}

// has looks for an assertion by its local name, nested ones too.
func has(all []model.Assertion, local string) bool {
	for _, a := range all {
		if a.Name.Local == local || has(a.Nested, local) {
			return true
		}
	}
	return false
}

func styleOf(k *node, otherwise model.Style) model.Style {
	switch {
	case k == nil:
	case k.attr("style") == "rpc":
		return model.RPC
	case k.attr("style") == "document":
		return model.Document
	}
	return otherwise
}

func (r *resolver) boundOperation(b *model.Binding, k *node, style model.Style) {
	op := overload(b.PortType, k, b.Operations)
	if why := r.undone[b.PortType][k.attr("name")]; op == nil && why != "" {
		r.lose(k, b.Name.Local, k.attr("name"), why)
		return
	}
	if op == nil {
		r.lose(k, b.Name.Local, k.attr("name"), "the port type has no such operation")
		r.l.problem(model.Refused, k.place, "NoOperation", "remove it, or declare it in the port type",
			"binding %s has an operation %s that port type %s has not", b.Name.Local, k.attr("name"), b.PortType.Name.Local)
		return
	}
	o := &model.BindingOperation{Place: k.place, Operation: op, Style: style, Policies: r.attached(k)}
	if soap := ext(k, "operation"); soap != nil {
		action, given := soap.find("", "soapAction")
		o.Action, o.HasAction = strings.TrimSpace(action), given
		o.Style = styleOf(soap, style)
	} else if http := k.one(nsHTTP, "operation"); http != nil {
		o.Location = http.attr("location")
	}
	if op.Input != nil {
		o.Input = r.boundMessage(k.one(model.NSWSDL, "input"), op.Input.Message)
	}
	if op.Output != nil {
		o.Output = r.boundMessage(k.one(model.NSWSDL, "output"), op.Output.Message)
	}
	r.boundFaults(o, k)
	b.Operations = append(b.Operations, o)
}

func (r *resolver) boundFaults(o *model.BindingOperation, k *node) {
	for _, f := range o.Operation.Faults {
		bound := &model.BindingFault{Fault: f}
		for _, c := range k.all(model.NSWSDL, "fault") {
			if c.attr("name") != f.Name {
				continue
			}
			if soap := ext(c, "fault"); soap != nil {
				bound.Encoded, bound.Namespace = soap.attr("use") == "encoded", soap.attr("namespace")
			}
		}
		o.Faults = append(o.Faults, bound)
	}
}

// boundMessage reads how a binding sends a message. Parts that no header, body or MIME part names are in the body.
func (r *resolver) boundMessage(k *node, m *model.Message) *model.BindingMessage {
	b := &model.BindingMessage{Body: m.Parts}
	if k == nil {
		return b
	}
	b.Policies = r.attached(k)
	body, holder := ext(k, "body"), k
	if mime := k.one(nsMIME, "multipartRelated"); mime != nil {
		for _, p := range mime.all(nsMIME, "part") {
			if found := ext(p, "body"); found != nil {
				body, holder = found, p
				continue
			}
			r.mimePart(b, p, m)
		}
	}
	r.body(b, body, m)
	headers := headersOf(k)
	if holder != k {
		headers = append(headers, headersOf(holder)...)
	}
	for _, c := range headers {
		if h := r.header(c); h != nil && !hasHeader(b, h) {
			b.Headers = append(b.Headers, h)
		}
	}
	if body == nil && len(k.kids) > 0 {
		r.httpForm(b, k)
	}
	b.Body = without(b, m)
	return b
}

func headersOf(k *node) []*node {
	var all []*node
	for _, c := range k.kids {
		if c.name.Local == "header" && (c.name.Space == nsSOAP11 || c.name.Space == nsSOAP12) {
			all = append(all, c)
		}
	}
	return all
}

func (r *resolver) body(b *model.BindingMessage, body *node, m *model.Message) {
	if body == nil {
		return
	}
	b.Encoded, b.Encoding, b.Namespace = body.attr("use") == "encoded", body.attr("encodingStyle"), body.attr("namespace")
	names, given := body.find("", "parts")
	if !given {
		return
	}
	b.Parts, b.Body = true, nil
	for name := range strings.FieldsSeq(names) {
		if p := partNamed(m, name); p != nil {
			b.Body = append(b.Body, p)
			continue
		}
		r.l.problem(model.Warning, body.place, "NoPart", "name a part of the message", "message %s has no part %s", m.Name.Local, name)
	}
}

func partNamed(m *model.Message, name string) *model.Part {
	for _, p := range m.Parts {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (r *resolver) header(k *node) *model.Header {
	m := resolveName(r, k, k.attr("message"), "message", tnsDoc(k), func(n model.Name) *model.Message { return r.messages[n] })
	if m == nil {
		return nil
	}
	h := &model.Header{Place: k.place, Message: m, Encoded: k.attr("use") == "encoded", Namespace: k.attr("namespace")}
	if h.Part = partNamed(m, k.attr("part")); h.Part == nil {
		r.l.problem(model.Warning, k.place, "NoPart", "name a part of the message", "message %s has no part %s for a header", m.Name.Local, k.attr("part"))
		return nil
	}
	for _, c := range k.kids {
		if c.name.Local == "headerfault" {
			if f := r.header(c); f != nil {
				h.Faults = append(h.Faults, f)
			}
		}
	}
	return h
}

func (r *resolver) mimePart(b *model.BindingMessage, k *node, m *model.Message) {
	for _, c := range k.all(nsMIME, "content") {
		p := partNamed(m, c.attr("part"))
		if p == nil {
			continue
		}
		if n := len(b.MIME); n > 0 && b.MIME[n-1].Part == p {
			b.MIME[n-1].Types = append(b.MIME[n-1].Types, c.attr("type"))
			continue
		}
		b.MIME = append(b.MIME, &model.MIMEPart{Part: p, Types: []string{c.attr("type")}})
	}
}

// httpForm reads how an HTTP binding writes its parameters or its answer.
func (r *resolver) httpForm(b *model.BindingMessage, k *node) {
	for _, c := range k.kids {
		switch {
		case c.name.Space == nsHTTP, c.is(nsMIME, "mimeXml"):
			b.URLForm = c.name.Local
		case c.is(nsMIME, "content"):
			b.URLForm = c.attr("type")
		}
	}
}

// without takes the parts out of the body that travel elsewhere. A part that the body names stays.
func without(b *model.BindingMessage, m *model.Message) []*model.Part {
	if b.Parts {
		return b.Body
	}
	var body []*model.Part
	for _, p := range b.Body {
		elsewhere := false
		for _, h := range b.Headers {
			elsewhere = elsewhere || h.Part == p && h.Message == m
		}
		for _, a := range b.MIME {
			elsewhere = elsewhere || a.Part == p
		}
		if !elsewhere {
			body = append(body, p)
		}
	}
	return body
}

func hasHeader(b *model.BindingMessage, h *model.Header) bool {
	for _, old := range b.Headers {
		if old.Part == h.Part && old.Message == h.Message {
			return true
		}
	}
	return false
}
