package diff

import (
	"strings"

	"github.com/causeway-relay/causeway/wsdl/describe"
)

// service compares the ports of a service. A new port hurts nobody.
func (c *comparer) service(path string, a, b describe.Service) {
	each(c, a.Ports, b.Ports, func(p describe.Port) string { return p.Name }, "port", path, Breaking, Compatible, c.port)
}

// port compares where and how a port is reached, and what it offers. Names of bindings and port types are on no wire.
func (c *comparer) port(path string, a, b describe.Port) {
	c.text(Compatible, "port", path, "the address changed", a.Address, b.Address)
	c.text(Compatible, "port", path, "the binding has another name", a.Binding, b.Binding)
	c.text(Compatible, "port", path, "the port type has another name", a.PortType, b.PortType)
	c.text(Breaking, "port", path, "the protocol changed", a.Protocol, b.Protocol)
	c.text(Breaking, "port", path, "the transport changed", a.Transport, b.Transport)
	c.flag("port", path, "using WS-Addressing", a.Addressing, b.Addressing, Compatible, Breaking)
	c.policies("port", path, a.Policies, b.Policies)
	key := overloads(a.Operations, b.Operations)
	each(c, a.Operations, b.Operations, key, "operation", path, Breaking, Compatible, c.operation)
}

// overloads gives the key of operations: the name, and the input's name where several have it.
func overloads(lists ...[]describe.Operation) func(describe.Operation) string {
	several := map[string]bool{}
	for _, list := range lists {
		seen := map[string]bool{}
		for _, o := range list {
			several[o.Name] = several[o.Name] || seen[o.Name]
			seen[o.Name] = true
		}
	}
	return func(o describe.Operation) string {
		if several[o.Name] && o.Input != nil {
			return o.Name + ":" + o.Input.Name
		}
		return o.Name
	}
}

// policies: what is asked for newly is breaking, what is not asked for any more is not.
func (c *comparer) policies(kind, path string, a, b []string) {
	was, now := map[string]bool{}, map[string]bool{}
	for _, p := range a {
		was[p] = true
	}
	for _, p := range b {
		now[p] = true
		if !was[p] {
			level := Breaking
			if strings.HasSuffix(p, " (optional)") {
				level = Compatible
			}
			c.add(level, kind, path, "", p, "a policy is new")
		}
	}
	for _, p := range a {
		if !now[p] {
			c.add(Compatible, kind, path, p, "", "a policy is gone")
		}
	}
}

// operation compares how an operation is called. A fault that is new or gone is compatible: callers must expect any fault.
func (c *comparer) operation(path string, a, b describe.Operation) {
	c.text(Breaking, "operation", path, "the exchange changed", a.Exchange, b.Exchange)
	c.text(Breaking, "operation", path, "the style changed", a.Style, b.Style)
	c.text(Breaking, "operation", path, "the use changed", a.Use, b.Use)
	c.text(Breaking, "operation", path, "the action changed", a.Action, b.Action)
	c.text(Breaking, "operation", path, "the location changed", a.Location, b.Location)
	c.text(Compatible, "operation", path, "the order of parameters changed", strings.Join(a.Parameter, " "), strings.Join(b.Parameter, " "))
	c.policies("operation", path, a.Policies, b.Policies)
	c.message(path+" / request", a.Input, b.Input, sent)
	c.message(path+" / response", a.Output, b.Output, received)
	each(c, a.Faults, b.Faults, func(m describe.Message) string { return m.Name }, "fault", path, Compatible, Compatible,
		func(path string, a, b describe.Message) { c.message(path, &a, &b, received) })
}

// message compares what goes one way. A header that callers must send newly is breaking, one that they receive newly is not.
func (c *comparer) message(path string, a, b *describe.Message, w way) {
	if a == nil || b == nil {
		if a != b { // the exchange has changed, which is said already
			c.add(Breaking, "message", path, "", "", "it came or went")
		}
		return
	}
	c.text(Compatible, "message", path, "it has another name", a.Name, b.Name)
	c.text(Compatible, "message", path, "the wsdl:message has another name", a.Message, b.Message)
	c.text(Breaking, "message", path, "the action of WS-Addressing changed", a.Action, b.Action)
	c.text(Breaking, "message", path, "the wrapper changed", a.Wrapper, b.Wrapper)
	c.text(Breaking, "message", path, "the form changed", a.Form, b.Form)
	c.policies("message", path, a.Policies, b.Policies)
	key := func(p describe.Part) string { return p.Name }
	if a.Wrapper == "" { // an element's part has a name that nobody sends
		if len(a.Parts) == 1 && len(b.Parts) == 1 && a.Parts[0].Element != "" && b.Parts[0].Element != "" {
			c.text(Compatible, "part", path, "it has another name", a.Parts[0].Name, b.Parts[0].Name)
			key = func(describe.Part) string { return "body" }
		}
	}
	each(c, a.Parts, b.Parts, key, "part", path, Breaking, Breaking, c.part)
	c.order(path, a.Parts, b.Parts)
	each(c, a.Headers, b.Headers, func(p describe.Part) string { return p.Name }, "header", path, hurts(w, received), hurts(w, sent), c.part)
	each(c, a.Attached, b.Attached, func(p describe.Part) string { return p.Name }, "attachment", path, Breaking, Breaking, c.part)
}

// order: parts stand in a body in the order of the message.
func (c *comparer) order(path string, a, b []describe.Part) {
	names := func(all []describe.Part) string {
		var out []string
		for _, p := range all {
			out = append(out, p.Name)
		}
		return strings.Join(out, " ")
	}
	if len(a) == len(b) && len(a) > 1 {
		c.text(Breaking, "message", path, "the order of its parts changed", names(a), names(b))
	}
}

// part compares what a part holds.
func (c *comparer) part(path string, a, b describe.Part) {
	c.text(Breaking, "part", path, "the element changed", a.Element, b.Element)
	c.text(Breaking, "part", path, "the type changed", a.Type, b.Type)
	c.text(Compatible, "part", path, "the media types changed", strings.Join(a.Media, " "), strings.Join(b.Media, " "))
}
