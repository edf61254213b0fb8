package gengo

import (
	"strconv"
	"strings"
	"unicode"
)

// Names says by which rules Go names are made.
type Names uint8

// The rules.
const (
	// Idiomatic names are those of GoName: words joined, initialisms in one case.
	Idiomatic Names = iota
	// GoWSDL names are those that gowsdl v0.5.0 makes, so that a program can move over: the XML name with its first letter in upper case,
	// points as underscores. Each port type also has gowsdl's interface, with Op and OpContext for each operation, and its constructor.
	// Where gowsdl's own output would not compile (two things of one name) the rules of this package decide.
	GoWSDL
)

// goName makes a Go name by the rules that were asked for.
func (g *generator) goName(local string) string {
	if g.o.Names == GoWSDL {
		return gowsdlName(local)
	}
	return GoName(local)
}

// part makes a name that stands behind another.
func (g *generator) part(local string) string {
	if g.o.Names == GoWSDL {
		return gowsdlPart(local)
	}
	return joined(local)
}

// gowsdlName makes the name that gowsdl makes of a name; one that gowsdl would leave unexported is exported.
func gowsdlName(local string) string { return exported(gowsdlPart(local)) }

// gowsdlPart: what is a keyword gets an underscore, a point becomes one, what no Go name can have is left out, the first letter is in
// upper case.
func gowsdlPart(local string) string {
	if keywords[local] {
		local += "_"
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r == '.':
			return '_'
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
			return r
		}
		return -1
	}, local)
	first, some := firstRune(name)
	if !some {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[len(string(first)):]
}

// keywords of Go.
var keywords = map[string]bool{
	"break": true, "default": true, "func": true, "interface": true, "select": true, "case": true, "defer": true, "go": true, "map": true,
	"struct": true, "chan": true, "else": true, "goto": true, "package": true, "switch": true, "const": true, "fallthrough": true, "if": true,
	"range": true, "type": true, "continue": true, "for": true, "import": true, "return": true, "var": true,
}

// compat writes gowsdl's interface of a port type over the client.
func (g *generator) compat(w *writer, s *group) {
	if g.o.Names != GoWSDL {
		return
	}
	if len(s.calls) > 0 {
		w.imports["context"] = true
	}
	name := g.taken.take(gowsdlName(s.portType.Name.Local), "Port")
	maker := g.taken.take("New" + name)
	adapter := "compat" + name
	w.comment("", name+" is "+quote(s.portType.Name.Local)+" as gowsdl has it. "+s.client+" has more: options of a call, headers, typed faults.", s.portType.Doc)
	w.printf("type %s interface {\n", name)
	for _, c := range s.calls {
		in, out := c.compatParams(w)
		w.printf("\t%s(%s) %s\n\t%sContext(ctx context.Context%s) %s\n", c.method, in, out, c.method, behind(in), out)
	}
	w.printf("}\n\n")
	w.comment("", maker+" makes one that sends "+s.bindings[0].port.Binding.Kind.String()+" by client (rpc.NewClient, where gowsdl has soap.NewClient).", "")
	w.printf("func %s(client *rpc.Client) %s {\n\treturn &%s{&%s{rpc: client, ops: %s}}\n}\n\n", maker, name, adapter, s.client, s.bindings[0].table)
	w.printf("type %s struct{ client *%s }\n\n", adapter, s.client)
	for _, c := range s.calls {
		in, out := c.compatParams(w)
		arg := ""
		if c.in != nil {
			arg = ", request"
		}
		w.printf("func (s *%s) %s(%s) %s {\n\treturn s.client.%s(context.Background()%s)\n}\n\n", adapter, c.method, in, out, c.method, arg)
		w.printf("func (s *%s) %sContext(ctx context.Context%s) %s {\n\treturn s.client.%s(ctx%s)\n}\n\n", adapter, c.method, behind(in), out, c.method, arg)
	}
}

func behind(in string) string {
	if in == "" {
		return ""
	}
	return ", " + in
}

func (c *call) compatParams(w *writer) (in, out string) {
	_, out = c.params(w)
	if c.in != nil {
		in = "request " + c.in.goType
	}
	return in, out
}

// Mapped is a row of the table of names: what a name of the description became in Go.
type Mapped struct {
	Kind string `json:"kind"` // type, value, field, operation, message, fault, header, attachment
	Name string `json:"name"` // in the description: {namespace}local, a path for what has no name of its own
	Go   string `json:"go"`
}

// mapping lists the names in the order of the description.
func (g *generator) mapping() (all []Mapped) {
	add := func(kind, name, goName string) { all = append(all, Mapped{kind, name, goName}) }
	for _, t := range g.p.Types {
		name := t.Name.String()
		if t.Name.IsZero() {
			name = strings.Join(t.Hint, "/")
		}
		goName := g.names[t]
		if t.Abstract {
			goName = g.anyNames[t]
		}
		add("type", name, goName)
		for i, v := range g.values[t] {
			add("value", name+" = "+strconv.Quote(t.Values[i].Value), v)
		}
		if t.Abstract {
			continue
		}
		for _, f := range t.Fields {
			_, json := g.fieldNames(f)
			add("field", name+"/"+json, goName+"."+g.fields[f])
		}
	}
	for _, s := range g.groups {
		for _, c := range s.calls {
			add("operation", s.portType.Name.Local+"/"+c.op.Name, s.client+"."+c.method)
		}
	}
	for _, d := range g.docs {
		add("message", d.name.String(), d.fn)
	}
	for _, f := range g.faults {
		add("fault", f.f.Name, f.name)
	}
	for _, h := range g.headers {
		add("header", h.doc.name.String(), h.name)
	}
	for _, a := range g.attachments {
		add("attachment", a.part, a.name)
	}
	return all
}
