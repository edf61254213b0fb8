package gengo

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// packageDoc writes the comment of the package, with what is not in it.
func (g *generator) packageDoc(w *writer) {
	d := g.p.Description
	head := &writer{}
	name := d.Name
	if name == "" {
		name = d.Target
	}
	head.comment("", "Package "+g.o.Package+" calls and serves "+quote(name)+".", d.Doc)
	if len(g.skipped) > 0 {
		head.printf("//\n// Operations that no code is written for:\n//\n")
		for _, s := range g.skipped {
			head.printf("//   - %s of binding %s: %s\n", quote(s.op.Name), quote(s.port.Binding.Name.Local), quote(s.reason))
		}
	}
	w.doc = head.String()
}

// service writes clients, servers and tables of operations.
func (g *generator) service(w *writer) {
	for _, s := range g.groups {
		g.addresses(w, s)
		g.client(w, s)
		g.compat(w, s)
		g.server(w, s)
		for _, b := range s.bindings {
			g.table(w, s, b)
		}
	}
	for _, f := range g.faults {
		g.faultType(w, f)
	}
	for _, h := range g.headers {
		g.headerFuncs(w, h)
	}
	for _, a := range g.attachments {
		g.attachmentFuncs(w, a)
	}
}

func (g *generator) addresses(w *writer, s *group) {
	for _, b := range s.bindings {
		if b.address != "" {
			w.printf("// %s is where the description says that port %s is.\nconst %s = %s\n\n", b.address, quote(b.port.Port.Name), b.address, strconv.Quote(b.port.Port.Address))
		}
	}
}

func (g *generator) client(w *writer, s *group) {
	w.imports[pathRPC] = true
	w.comment("", s.client+" calls the operations of "+quote(s.portType.Name.Local)+". It may be used by many goroutines at a time.", s.portType.Doc)
	w.printf("type %s struct {\n\trpc *rpc.Client\n\tops []rpc.Operation\n}\n\n", s.client)
	for _, b := range s.bindings {
		where := "; the description names no address"
		if b.address != "" {
			where = "; \"\" is " + b.address
		}
		assumed := ""
		if b.port.Assumed {
			assumed = "The description binds the port type to no protocol that is known here: SOAP 1.1 with literal bodies is assumed."
		}
		w.comment("", b.maker+" makes a client that sends "+b.port.Binding.Kind.String()+" to endpoint"+where+".", assumed)
		w.printf("func %s(endpoint string, opts ...rpc.Option) *%s {\n", b.maker, s.client)
		if b.address != "" {
			w.printf("\tif endpoint == \"\" {\n\t\tendpoint = %s\n\t}\n", b.address)
		}
		w.printf("\treturn &%s{rpc: rpc.NewClient(endpoint, opts...), ops: %s}\n}\n\n", s.client, b.table)
	}
	for i, c := range s.calls {
		w.imports["context"] = true
		in, out := c.params(w)
		op := "&c.ops[" + strconv.Itoa(i) + "]"
		w.comment("", c.method+" calls operation "+quote(c.op.Name)+"."+oneWay(c.op), c.op.Doc)
		w.printf("func (c *%s) %s(ctx context.Context%s, opts ...rpc.Option) %s {\n", s.client, c.method, in, out)
		switch {
		case c.in != nil && c.out != nil:
			w.printf("\treturn rpc.Call(ctx, c.rpc, %s, %s(), in, %s(), opts...)\n", op, c.in.fn, c.out.fn)
		case c.in != nil:
			w.printf("\treturn rpc.CallIn(ctx, c.rpc, %s, %s(), in, opts...)\n", op, c.in.fn)
		case c.out != nil:
			w.printf("\treturn rpc.CallOut(ctx, c.rpc, %s, nil, %s(), opts...)\n", op, c.out.fn)
		default:
			w.printf("\treturn c.rpc.Do(ctx, %s, nil, nil, opts...)\n", op)
		}
		w.printf("}\n\n")
	}
}

func oneWay(op *ir.Operation) string {
	if op.Exchange == model.OneWay {
		return " It is one-way: nil says that the request was taken."
	}
	return ""
}

// params gives the parameter and the results of a method.
func (c *call) params(w *writer) (in, out string) {
	out = "error"
	if c.in != nil {
		in = ", in " + c.in.goType
		w.types(c.in.goType)
	}
	if c.out != nil {
		out = "(" + c.out.goType + ", error)"
		w.types(c.out.goType)
	}
	return in, out
}

// types imports what a Go type needs.
func (w *writer) types(goType string) {
	if strings.Contains(goType, "xsd.") {
		w.imports[pathXSD] = true
	}
}

func (g *generator) server(w *writer, s *group) {
	w.comment("", s.server+" serves the operations of "+quote(s.portType.Name.Local)+".",
		"An error that is a fault of this package, or a *soap.Fault, is sent as it is; any other as an internal fault that tells nothing.")
	w.printf("type %s interface {\n", s.server)
	for _, c := range s.calls {
		in, out := c.params(w)
		w.comment("\t", c.method+" serves operation "+quote(c.op.Name)+".", c.op.Doc)
		w.printf("\t%s(ctx context.Context%s) %s\n", c.method, in, out)
	}
	w.printf("}\n\n")
	w.comment("", s.handler+" makes the http.Handler of s.", "")
	w.printf("func %s(s %s, opts ...rpc.HandlerOption) *rpc.Handler {\n\treturn rpc.NewHandler([]rpc.Method{\n", s.handler, s.server)
	for _, b := range s.bindings {
		for i, c := range s.calls {
			op := "&" + b.table + "[" + strconv.Itoa(i) + "]"
			switch {
			case c.in != nil && c.out != nil:
				w.printf("\t\trpc.Serve(%s, %s(), %s(), s.%s),\n", op, c.in.fn, c.out.fn, c.method)
			case c.in != nil:
				w.printf("\t\trpc.ServeIn(%s, %s(), s.%s),\n", op, c.in.fn, c.method)
			case c.out != nil:
				w.printf("\t\trpc.ServeOut(%s, %s(), s.%s),\n", op, c.out.fn, c.method)
			default:
				w.printf("\t\trpc.ServeNone(%s, s.%s),\n", op, c.method)
			}
		}
	}
	w.printf("\t}, opts...)\n}\n\n")
}

// table writes what a binding says of its operations.
func (g *generator) table(w *writer, s *group, b *bound) {
	w.printf("var %s = []rpc.Operation{\n", b.table)
	version := "soap.V11"
	if b.port.Binding.Kind == model.SOAP12 {
		version = "soap.V12"
	}
	for i, op := range b.ops {
		w.printf("\t{Name: %q", op.Name)
		if isHTTP(b.port) {
			httpBinding(w, b.port, op)
		} else {
			w.imports[pathSOAP] = true
			w.printf(", Version: %s", version)
		}
		for _, f := range [][2]string{{"Action", op.Action}, {"WSAction", op.WSAction}, {"OutAction", op.OutAction}} {
			if f[1] != "" && !isHTTP(b.port) {
				w.printf(", %s: %q", f[0], f[1])
			}
		}
		if b.port.Binding.Addressing {
			w.printf(", Addressing: true")
		}
		if op.Exchange == model.OneWay {
			w.printf(", OneWay: true")
		}
		if n := g.first(op.Input, s.calls[i].in); !n.IsZero() {
			w.printf(", Body: %s", g.name(w, n))
		}
		g.tableLists(w, op)
		partList(w, "AttachedIn", op.Input)
		partList(w, "AttachedOut", op.Output)
		w.printf("},\n")
	}
	w.printf("}\n\n")
}

// httpBinding writes how an operation goes over HTTP without SOAP.
func httpBinding(w *writer, p *ir.Port, op *ir.Operation) {
	method := "GET"
	if p.Binding.Kind == model.HTTPPost {
		method = "POST"
	}
	w.printf(", HTTP: &rpc.HTTPBinding{Method: %q, Location: %q", method, op.Binding.Location)
	switch {
	case op.Binding.Input != nil && op.Binding.Input.URLForm == "urlReplacement":
		w.printf(", Replace: true")
	case op.Input != nil && !op.Input.Wrapper:
		w.printf(", XML: true")
	}
	w.printf("}")
	if op.Input == nil || !op.Input.Wrapper || op.Input.Type == nil {
		return
	}
	var parts []string
	for _, f := range op.Input.Type.Fields {
		parts = append(parts, strconv.Quote(f.Name.Local))
	}
	if len(parts) > 0 {
		w.printf(", Parts: []string{%s}", strings.Join(parts, ", "))
	}
}

func partList(w *writer, field string, m *ir.Message) {
	if m == nil || len(m.Attached) == 0 {
		return
	}
	var names []string
	for _, a := range m.Attached {
		names = append(names, strconv.Quote(a.Part.Name))
	}
	w.printf(", %s: []string{%s}", field, strings.Join(names, ", "))
}

// attachmentFuncs writes what sends and reads a MIME part.
func (g *generator) attachmentFuncs(w *writer, a *attachment) {
	w.imports[pathRPC] = true
	kind := "application/octet-stream"
	if len(a.types) > 0 && a.types[0] != "" {
		kind = a.types[0]
	}
	if a.in {
		fn := g.taken.take("With" + a.name)
		w.comment("", fn+" sends MIME part "+quote(a.part)+" beside the envelope, as "+quote(kind)+".", "")
		w.printf("func %s(body []byte) rpc.Option {\n\treturn rpc.WithAttachment(rpc.Attachment{Part: %q, ContentType: %q, Body: body})\n}\n\n", fn, a.part, kind)
		w.imports["context"] = true
		fn = g.taken.take(a.name + "From")
		w.comment("", fn+" gives MIME part "+quote(a.part)+" of the request that ctx belongs to; false if it has none.", "")
		w.printf("func %s(ctx context.Context) (rpc.Attachment, bool) { return rpc.RequestAttachment(ctx, %q) }\n\n", fn, a.part)
	}
	if a.out {
		fn := g.taken.take("Read" + a.name)
		w.comment("", fn+" reads MIME part "+quote(a.part)+" of the answer into v, if it has one.", "")
		w.printf("func %s(v *rpc.Attachment) rpc.Option { return rpc.ReadAttachment(%q, v) }\n\n", fn, a.part)
		w.imports["context"] = true
		fn = g.taken.take("Set" + a.name)
		w.comment("", fn+" sends MIME part "+quote(a.part)+" with the answer to the request that ctx belongs to, as "+quote(kind)+".", "")
		w.printf("func %s(ctx context.Context, body []byte) error {\n\treturn rpc.SetResponseAttachment(ctx, rpc.Attachment{Part: %q, ContentType: %q, Body: body})\n}\n\n", fn, a.part, kind)
	}
}

// first is the first element in the body of a message.
func (g *generator) first(m *ir.Message, d *document) model.Name {
	if d == nil || !d.name.IsZero() || m.Type == nil || len(m.Type.Fields) == 0 {
		return m.Element
	}
	return m.Type.Fields[0].Name
}

// tableLists writes the headers and faults of an operation.
func (g *generator) tableLists(w *writer, op *ir.Operation) {
	if hs := headersOf(op.Input); len(hs) > 0 {
		w.printf(", Headers: []infoset.Name{")
		for _, h := range hs {
			w.printf("%s, ", strings.TrimPrefix(g.name(w, h.Name), "infoset.Name"))
		}
		w.printf("}")
	}
	if len(op.Faults) == 0 {
		return
	}
	w.printf(", Faults: []rpc.FaultType{\n")
	for _, f := range op.Faults {
		for _, known := range g.faults {
			if known.doc.name == f.Element && known.doc.t == f.Type {
				w.printf("\t\t{Element: %s, Action: %q, Read: read%s},\n", g.name(w, f.Element), f.Action, known.name)
				break
			}
		}
	}
	w.printf("\t}")
}

// faultType writes a declared fault as an error.
func (g *generator) faultType(w *writer, f *fault) {
	w.imports[pathSOAP], w.imports[pathCodec], w.imports[pathRPC] = true, true, true
	w.types(f.doc.goType)
	n := f.name
	w.comment("", n+" is the fault "+quote(f.f.Name)+". Use errors.As to find it in the error of a call.", f.f.Doc)
	w.printf(`type %[1]s struct {
	Fault  *soap.Fault // as it came; of one that is sent: code and reasons, nil for those of an error of the service
	Detail %[2]s
}

// Error gives code and reason.
func (e *%[1]s) Error() string {
	if e.Fault == nil {
		return %[3]q
	}
	return e.Fault.Error()
}

// Unwrap gives the fault as it came.
func (e *%[1]s) Unwrap() error {
	if e.Fault == nil {
		return nil
	}
	return e.Fault
}

// SOAPFault makes the fault that is sent.
func (e *%[1]s) SOAPFault() (*soap.Fault, error) {
	return rpc.DetailFault(e.Fault, %[3]q, %[4]s(), e.Detail)
}

func read%[1]s(f *soap.Fault, d *codec.Decoder) (error, error) {
	detail, err := %[4]s().Read(d)
	return &%[1]s{Fault: f, Detail: detail}, err
}

`, n, f.doc.goType, f.f.Name, f.doc.fn)
}

// headerFuncs writes what sends and reads a header block.
func (g *generator) headerFuncs(w *writer, h *header) {
	w.imports[pathRPC], w.imports["context"] = true, true
	w.types(h.doc.goType)
	n, t, name := h.name, h.doc.goType, quote(h.doc.name.Local)
	if h.in {
		fn := g.taken.take("With" + n)
		w.comment("", fn+" sends header block "+name+".", h.text)
		w.printf("func %s(v %s) rpc.Option { return rpc.HeaderOption(%s(), v) }\n\n", fn, t, h.doc.fn)
		fn = g.taken.take(n + "From")
		w.comment("", fn+" gives header block "+name+" of the request that ctx belongs to; false if it has none.", "")
		w.printf("func %s(ctx context.Context) (v %s, ok bool, err error) {\n\treturn rpc.RequestHeader(ctx, %s())\n}\n\n", fn, t, h.doc.fn)
	}
	if h.out {
		fn := g.taken.take("Read" + n)
		w.comment("", fn+" reads header block "+name+" of the answer into v, if it has one; of a fault too.", h.text)
		w.printf("func %s(v *%s) rpc.Option { return rpc.ReadHeaderOption(%s(), v) }\n\n", fn, t, h.doc.fn)
		fn = g.taken.take("Set" + n)
		w.comment("", fn+" adds header block "+name+" to the answer of the request that ctx belongs to.", "")
		w.printf("func %s(ctx context.Context, v %s) error {\n\treturn rpc.SetResponseHeader(ctx, %s(), v)\n}\n\n", fn, t, h.doc.fn)
	}
}

// messages writes the descriptions of messages, by which they can be read and written alone.
func (g *generator) messages(w *writer) {
	for _, d := range g.docs {
		w.imports[pathCodec] = true
		w.types(d.goType)
		what := "the element " + quote(d.name.String())
		if d.name.IsZero() {
			what = "a body of several elements"
		}
		w.comment("", d.fn+" reads and writes "+what+".", "")
		w.printf("func %s() *codec.Document[%s] { return &%s }\n\n", d.fn, d.goType, d.v)
		w.printf("var %s = codec.Document[%s]{", d.v, d.goType)
		if !d.name.IsZero() {
			w.printf("Name: %s, ", g.name(w, d.name))
		}
		w.printf("Codec: &%s", d.codec)
		if d.encoded {
			w.printf(", Encoded: true")
		}
		w.printf("}\n\n")
	}
}
