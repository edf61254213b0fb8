package check

import (
	"strings"

	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/model"
)

const (
	httpTransport   = "http://schemas.xmlsoap.org/soap/http"
	httpTransport12 = "http://www.w3.org/2003/05/soap/bindings/HTTP/"
)

// services: where callers are sent to.
func (c *checker) services() {
	d := c.d
	main := model.Place{File: d.Files[0], Line: 1, Col: 1}
	switch {
	case d.Files[0].Schema:
	case len(d.Services) == 0 && len(d.Bindings) == 0:
		c.warn(main, "NoService", "give the WSDL that has the service, which usually imports this one", "the description has neither service nor binding: nothing in it can be called")
	case len(d.Services) == 0:
		c.note(main, "NoService", "callers must be given the address", "the description has no service")
	}
	used := map[*model.PortType]bool{}
	for _, b := range d.Bindings {
		used[b.PortType] = true
	}
	for _, pt := range d.PortTypes {
		if !used[pt] {
			c.note(pt.Place, "NotBound", "", "no binding says how port type %s is sent", pt.Name.Local)
		}
	}
	for _, s := range d.Services {
		if len(s.Ports) == 0 {
			c.warn(s.Place, "NoPort", "give it a port", "service %s has no port that can be used", s.Name.Local)
		}
		for _, p := range s.Ports {
			c.address(p)
		}
	}
}

// address looks at where a port is.
func (c *checker) address(p *model.Port) {
	switch a := p.Address; {
	case a == "" || strings.Contains(a, "REPLACE_WITH_ACTUAL_URL"):
		c.warn(p.Place, "NoAddress", "write the address of the service, or give it to the client", "port %s has no address", p.Name)
	case !strings.Contains(a, ":"):
		c.warn(p.Place, "NoAddress", "write a URL", "the address %q of port %s is no URL", a, p.Name)
	}
}

// unsupported are the demands that clients and servers made of a description do not meet by themselves.
var unsupported = map[string]string{
	"message security, one key": "signs or encrypts messages", "message security, two keys": "signs or encrypts messages",
	"reliable messaging": "repeats lost messages", "secure conversation": "negotiates a key", "issued token": "asks a token service",
	"SAML token": "sends SAML", "Kerberos token": "sends Kerberos tokens in messages", "SPNEGO token": "negotiates in messages",
	"transactions": "flows transactions", "duplex over two connections": "is called back over a second connection",
}

// bindings: how messages go.
func (c *checker) bindings() {
	for _, b := range c.d.Bindings {
		switch b.Kind {
		case model.OtherBinding:
			c.warn(b.Place, "OtherBinding", "use a SOAP or HTTP binding of the same port type, or have one added", "binding %s is neither SOAP nor HTTP", b.Name.Local)
		case model.HTTPGet, model.HTTPPost:
			c.note(b.Place, "HTTPBinding", "", "binding %s is plain HTTP: it has no envelope, headers or faults", b.Name.Local)
		case model.SOAP11, model.SOAP12:
			if b.Transport != httpTransport && b.Transport != httpTransport12 {
				c.note(b.Place, "OtherTransport", "", "binding %s goes over %q, not HTTP (R2702)", b.Name.Local, b.Transport)
			}
		}
		c.demands(b)
		c.dispatch(b)
	}
}

// demands tells what policies want that nothing here does.
func (c *checker) demands(b *model.Binding) {
	outline := describe.Words(b.Policies)
	for _, word := range outline {
		if does := unsupported[word]; does != "" {
			c.warn(b.Place, "PolicyNotMet", "let the service offer a port without it, or do it in front of the client",
				"the policy of binding %s asks for %s; no generated client %s", b.Name.Local, word, does)
		}
	}
}

// dispatch: two operations whose requests look the same cannot be told apart (R2710).
func (c *checker) dispatch(b *model.Binding) {
	seen := map[string]*model.BindingOperation{}
	names := map[string]*model.BindingOperation{}
	for _, op := range b.Operations {
		name := op.Operation.Name
		if names[name] != nil {
			c.warn(op.Place, "Overloaded", "give the operations different names", "operation %s stands twice; many tools see one (R2304)", name)
		}
		names[name] = op
		if op.Input == nil || b.Kind != model.SOAP11 && b.Kind != model.SOAP12 {
			continue
		}
		key := op.Action + "\n" + op.Operation.Name
		if op.Style == model.Document {
			key = op.Action + "\n" + elements(op.Input.Body)
		}
		if other := seen[key]; other != nil {
			c.warn(op.Place, "SameRequest", "give them different elements or actions", "operations %s and %s have the same request: a service cannot tell them apart (R2710)", other.Operation.Name, op.Operation.Name)
		}
		seen[key] = op
	}
}

// elements joins the names of the elements that parts put into a body.
func elements(parts []*model.Part) string {
	var names []string
	for _, p := range parts {
		if p.Element != nil {
			names = append(names, p.Element.Name.String())
		}
	}
	return strings.Join(names, " ")
}
