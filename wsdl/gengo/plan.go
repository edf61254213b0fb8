package gengo

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Operation tells what became of an operation of the description.
type Operation struct {
	Service string `json:"service,omitempty"`
	Port    string `json:"port,omitempty"`
	Binding string `json:"binding"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Client  string `json:"client,omitempty"` // Go type
	Method  string `json:"method,omitempty"`
	Input   string `json:"input,omitempty"`  // Go function that describes the request
	Output  string `json:"output,omitempty"` // and the answer
	Skipped string `json:"skipped,omitempty"`
	Lost    bool   `json:"lost,omitempty"` // no other binding has it either
	Place   string `json:"place"`
}

// services are the decisions about operations: groups of bindings, names of all functions.
type services struct {
	groups  []*group
	docs    []*document
	headers []*header
	faults  []*fault
	skipped []skip

	attachments []*attachment
}

// group is a client and server: a port type as bindings have it whose messages are the same.
type group struct {
	name     string // of the port type, in Go
	client   string
	server   string
	handler  string
	portType *model.PortType
	calls    []*call
	bindings []*bound
	key      string
}

// bound is one binding of a group.
type bound struct {
	port    *ir.Port
	ops     []*ir.Operation
	table   string // variable of its operations
	maker   string // constructor of the client
	address string // constant, "" without
}

// call is a method.
type call struct {
	op      *ir.Operation
	method  string
	in, out *document // nil: nothing
}

// document is a message, or a header block or detail, as a whole.
type document struct {
	name    model.Name
	t       *ir.Type
	nilable bool
	encoded bool
	fn, v   string // function and variable
	goType  string
	codec   string
}

type header struct {
	doc     *document
	name    string
	in, out bool
	text    string
}

type fault struct {
	doc  *document
	f    *ir.Fault
	name string
}

type skip struct {
	op     *ir.Operation
	port   *ir.Port
	reason string
}

func newServices(g *generator) *services {
	g.services = &services{}
	have := map[string]bool{}
	for _, p := range g.p.Ports {
		if p.Binding.Kind == model.SOAP11 || p.Binding.Kind == model.SOAP12 {
			g.plan(p, have)
		}
	}
	for _, p := range g.p.Ports {
		if isHTTP(p) {
			g.plan(p, have)
		}
	}
	for _, p := range g.p.Ports {
		if p.Binding.Kind == model.OtherBinding {
			for _, op := range p.Operations {
				g.skip(p, op, op.Lost, have)
			}
		}
	}
	return g.services
}

// isHTTP reports whether a binding goes without SOAP.
func isHTTP(p *ir.Port) bool {
	return p.Binding.Kind == model.HTTPGet || p.Binding.Kind == model.HTTPPost
}

// plan decides the names of a port.
func (g *generator) plan(p *ir.Port, have map[string]bool) {
	b := &bound{port: p}
	var calls []*call
	var key strings.Builder
	key.WriteString(p.Binding.PortType.Name.String())
	methods := space{}
	for _, op := range p.Operations {
		if op.Lost != "" {
			g.skip(p, op, op.Lost, have)
			continue
		}
		have[op.Name] = true
		c := &call{op: op, method: methods.take(g.methodName(op)), in: g.message(op.Input), out: g.message(op.Output)}
		calls, b.ops = append(calls, c), append(b.ops, op)
		for _, f := range op.Faults {
			g.fault(f)
		}
		for _, m := range []*ir.Message{op.Input, op.Output} {
			for _, h := range headersOf(m) {
				g.headerOf(h, m == op.Input)
			}
			if m != nil {
				g.attach(m, m == op.Input)
				for _, h := range m.HeaderFaults {
					g.headerOf(h, false)
				}
			}
		}
		key.WriteString("|" + c.method + "," + c.in.id() + "," + c.out.id())
	}
	own := g.groupOf(p, key.String(), calls)
	n := ""
	if len(own.bindings) > 0 {
		n = map[model.BindingKind]string{model.SOAP12: "12", model.HTTPGet: "Get", model.HTTPPost: "Post"}[p.Binding.Kind]
	}
	b.maker = g.taken.take("New" + own.client + n)
	b.table = g.taken.take("ops" + own.name + n)
	if p.Port != nil && p.Port.Address != "" {
		b.address = g.taken.take(g.goName(p.Port.Name)+"Address", "URL")
	}
	own.bindings = append(own.bindings, b)
	for _, c := range calls {
		r := report(p, c.op)
		r.Client, r.Method, r.Input, r.Output = own.client, c.method, c.in.id(), c.out.id()
		g.operations = append(g.operations, r)
	}
}

func report(p *ir.Port, op *ir.Operation) Operation {
	r := Operation{Binding: p.Binding.Name.Local, Kind: p.Binding.Kind.String(), Name: op.Name, Place: op.Binding.Place.String()}
	if p.Service != nil {
		r.Service = p.Service.Name.Local
	}
	if p.Port != nil {
		r.Port = p.Port.Name
	}
	return r
}

// attachment is a part of messages that travels beside the envelope.
type attachment struct {
	part, name string
	in, out    bool
	types      []string
}

// attach decides the names of what sends and reads a MIME part.
func (g *generator) attach(m *ir.Message, in bool) {
	for _, a := range m.Attached {
		at := slices.IndexFunc(g.attachments, func(old *attachment) bool { return old.part == a.Part.Name })
		if at < 0 {
			at = len(g.attachments)
			g.attachments = append(g.attachments, &attachment{part: a.Part.Name, name: g.taken.take(g.goName(a.Part.Name)+"Attachment", "Part"), types: a.Types})
		}
		g.attachments[at].in, g.attachments[at].out = g.attachments[at].in || in, g.attachments[at].out || !in
	}
}

// id is the name of a document's function, "" for none.
func (d *document) id() string {
	if d == nil {
		return ""
	}
	return d.fn
}

func headersOf(m *ir.Message) []*ir.Header {
	if m == nil {
		return nil
	}
	return m.Headers
}

// skip notes an operation that no code is written for.
func (g *generator) skip(p *ir.Port, op *ir.Operation, reason string, have map[string]bool) {
	g.skipped = append(g.skipped, skip{op, p, reason})
	r := report(p, op)
	r.Skipped, r.Lost = reason, !have[op.Name]
	g.operations = append(g.operations, r)
}

// methodName is the operation's name; overloads add the name of their input.
func (g *generator) methodName(op *ir.Operation) string {
	name := g.goName(op.Name)
	if op.Overload == "" {
		return name
	}
	if more := g.goName(op.Overload); strings.HasPrefix(more, name) {
		return more
	}
	return name + g.goName(op.Overload)
}

// groupOf finds the group of a port, or begins one.
func (g *generator) groupOf(p *ir.Port, key string, calls []*call) *group {
	for _, old := range g.groups {
		if old.key == key {
			return old
		}
	}
	name := g.goName(p.Binding.PortType.Name.Local)
	if short := strings.TrimSuffix(name, "PortType"); short != "" {
		name = short
	}
	n := &group{name: name, key: key, calls: calls, portType: p.Binding.PortType}
	n.client = g.taken.take(name+"Client", "Caller")
	n.server = g.taken.take(name+"Server", "Service")
	n.handler = g.taken.take("New" + name + "Handler")
	g.groups = append(g.groups, n)
	return n
}

// message decides how a message is described; nil: its body is empty.
func (g *generator) message(m *ir.Message) *document {
	if m == nil || m.Type == nil {
		return nil
	}
	d := &document{name: m.Element, t: m.Type, nilable: m.Nillable, encoded: m.Encoded}
	plain := g.goName(m.Element.Local)
	if m.Element.IsZero() {
		plain = g.names[m.Type]
	}
	return g.document(d, plain+"Message")
}

// document gives the description that there is of a message already, or d with names.
func (g *generator) document(d *document, name string) *document {
	for _, old := range g.docs {
		if old.name == d.name && old.t == d.t && old.nilable == d.nilable && old.encoded == d.encoded {
			return old
		}
	}
	d.fn = g.taken.take(name, "Doc")
	d.v = "doc" + d.fn
	d.goType, d.codec = g.ref(d.t)
	if d.name.IsZero() {
		d.codec = "codec.Content{StructOf: xml" + g.names[d.t] + "}"
	}
	if d.nilable {
		d.codec = "codec.Nil{Of: &" + d.codec + ", Slots: &codec.Nils[" + d.goType + "]{}}"
		d.goType = "xsd.Nillable[" + d.goType + "]"
	}
	g.docs = append(g.docs, d)
	return d
}

func (g *generator) headerOf(h *ir.Header, in bool) {
	d := g.document(&document{name: h.Name, t: h.Type}, g.goName(h.Name.Local)+"Header")
	for _, old := range g.headers {
		if old.doc == d {
			old.in, old.out = old.in || in, old.out || !in
			return
		}
	}
	g.headers = append(g.headers, &header{doc: d, name: d.fn, in: in, out: !in, text: h.Doc})
}

func (g *generator) fault(f *ir.Fault) {
	d := g.document(&document{name: f.Element, t: f.Type, encoded: f.Encoded}, g.goName(f.Element.Local)+"Detail")
	for _, old := range g.faults {
		if old.doc == d {
			return
		}
	}
	name := g.goName(f.Name)
	if !strings.HasSuffix(name, "Fault") && !strings.HasSuffix(name, "Error") && !strings.HasSuffix(name, "Exception") {
		name += "Fault"
	}
	g.faults = append(g.faults, &fault{doc: d, f: f, name: g.taken.take(name, "Error")})
}
