package gengo

import (
	"fmt"
	"go/format"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Options say how code is written.
type Options struct {
	Package string // name of the package; "" is made of the target namespace
	Names   Names  // by which rules
}

// Output is what Generate makes.
type Output struct {
	Package    string
	Files      map[string][]byte // by name
	Operations []Operation
	Names      []Mapped        // what the names of the description became
	Problems   []model.Problem // what the code does not do of what the description says
}

// Generate writes the code of a program.
func Generate(p *ir.Program, o Options) (*Output, error) {
	g := newGenerator(p, o)
	out := &Output{Package: g.o.Package, Files: map[string][]byte{}}
	files := []struct {
		name  string
		write func(*writer)
	}{{"doc.go", g.packageDoc}, {"service.go", g.service}, {"messages.go", g.messages}, {"types.go", g.types}, {"xml.go", g.codecs}}
	for _, f := range files {
		name := f.name
		w := &writer{imports: map[string]bool{}}
		f.write(w)
		if w.Len() == 0 && w.doc == "" {
			continue
		}
		source := g.header(w) + w.String()
		formatted, err := format.Source([]byte(source))
		if err != nil {
			return nil, fmt.Errorf("format %s: %w", name, err)
		}
		out.Files[name] = formatted
	}
	out.Operations, out.Names, out.Problems = g.operations, g.mapping(), g.problems
	return out, nil
}

// generator knows the names of everything before anything is written.
type generator struct {
	p          *ir.Program
	o          Options
	taken      space                   // names of the package
	names      map[*ir.Type]string     // Go names of structs, enumerations
	anyNames   map[*ir.Type]string     // interfaces of polymorphic types
	fields     map[*ir.Field]string    // Go names of fields
	json       map[*ir.Field]string    // JSON names of fields
	listCodecs []listCodec             // codecs of lists and arrays, in the order of their first use
	spaces     []string                // namespaces with constants
	kinds      map[*ir.Type][]*ir.Type // a struct -> the polymorphic types that it may stand for
	prefixes   map[string]string       // namespace -> prefix
	values     map[*ir.Type][]string   // constants of an enumeration
	*services                          // what the operations need
	operations []Operation
	problems   []model.Problem
}

func newGenerator(p *ir.Program, o Options) *generator {
	g := &generator{
		p: p, o: o, taken: space{}, names: map[*ir.Type]string{}, anyNames: map[*ir.Type]string{}, fields: map[*ir.Field]string{},
		json: map[*ir.Field]string{}, kinds: map[*ir.Type][]*ir.Type{}, prefixes: map[string]string{},
		values: map[*ir.Type][]string{},
	}
	if g.o.Package == "" {
		g.o.Package = PackageName(p.Description.Target)
	}
	g.nameTypes()
	g.services = newServices(g)
	return g
}

// nameTypes decides all names: global types first, since they keep their plain names, then those without.
func (g *generator) nameTypes() {
	for _, global := range []bool{true, false} {
		for _, t := range g.p.Types {
			if global != (!t.Name.IsZero() && t.Kind != ir.OneOf) {
				continue
			}
			g.names[t] = g.taken.take(g.plain(t), suffix(t)...)
		}
	}
	for _, t := range g.p.Types {
		if t.Polymorphic() {
			g.anyNames[t] = g.taken.take("Any"+g.names[t], "Type")
			for _, d := range append([]*ir.Type{t}, t.Derived...) {
				if !d.Abstract {
					g.kinds[d] = append(g.kinds[d], t)
				}
			}
		}
		if t.Kind == ir.Enum {
			g.nameValues(t)
		}
		g.nameFields(t)
	}
}

func suffix(t *ir.Type) []string {
	switch t.Kind {
	case ir.OneOf:
		return []string{"Element", "Choice"}
	case ir.Enum:
		return []string{"Enum"}
	case ir.Item:
		return []string{"Item"}
	}
	return []string{"Type"}
}

func (g *generator) plain(t *ir.Type) string {
	if !t.Name.IsZero() && t.Kind != ir.OneOf {
		return g.goName(t.Name.Local)
	}
	var b strings.Builder
	for _, h := range t.Hint {
		b.WriteString(g.goName(h))
	}
	return g.goName(b.String())
}

// nameValues names the constants of an enumeration.
func (g *generator) nameValues(t *ir.Type) {
	for _, v := range t.Values {
		name := g.names[t]
		switch part := g.part(strings.TrimSpace(v.Value)); {
		case strings.TrimSpace(v.Value) == "":
			name += "Empty"
		case part == "":
			name += "Value" // nothing of it can stand in a name
		default:
			name += part
		}
		g.values[t] = append(g.values[t], g.taken.take(name))
	}
}

// nameFields names the fields of a struct. Elements keep their names before attributes do.
func (g *generator) nameFields(t *ir.Type) {
	names, json := space{"XMLModel": true, "XMLField": true, "MarshalJSON": true, "UnmarshalJSON": true}, space{}
	for _, elements := range []bool{true, false} {
		for _, f := range t.Fields {
			if elements != (f.Kind == ir.Element) {
				continue
			}
			goName, jsonName := g.fieldNames(f)
			var more []string
			if f.Kind == ir.Attribute {
				more = []string{"Attr"}
			}
			g.fields[f] = names.take(goName, more...)
			g.json[f] = json.take(jsonName)
		}
	}
}

// fieldNames gives the names that a field would have alone.
func (g *generator) fieldNames(f *ir.Field) (goName, jsonName string) {
	switch f.Kind {
	case ir.Attribute:
		if f.Name.Space == model.NSXML {
			return g.goName(f.Name.Local), "@xml:" + f.Name.Local
		}
		return g.goName(f.Name.Local), "@" + f.Name.Local
	case ir.AnyAttributes:
		return "OtherAttrs", "@"
	case ir.Text:
		return "Value", "$"
	case ir.Wild:
		return "Any", "$any"
	case ir.Items:
		return "Items", "$items"
	case ir.Mixed:
		return "Content", "$mixed"
	}
	return g.goName(f.Name.Local), f.Name.Local
}

// PackageName makes a package name of a namespace: its last word that means something.
func PackageName(namespace string) string {
	parts := strings.FieldsFunc(namespace, func(r rune) bool { return r == '/' || r == ':' || r == '#' || r == '?' })
	for _, part := range slices.Backward(parts) {
		word := strings.ToLower(strings.Join(words(strings.TrimSuffix(part, ".wsdl")), ""))
		word = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, word)
		if word != "" && (word[0] < '0' || word[0] > '9') && !dull[word] {
			return word
		}
	}
	return "service"
}

// dull are words that name no service, and words that a Go package cannot have.
var dull = map[string]bool{
	"http": true, "https": true, "urn": true, "wsdl": true, "soap": true, "service": true, "www": true, "xsd": true, "types": true, "type": true,
	"func": true, "package": true, "import": true, "interface": true, "go": true, "map": true, "range": true, "select": true, "struct": true,
	"switch": true, "return": true, "default": true, "const": true, "continue": true, "case": true, "chan": true, "else": true, "for": true, "if": true,
	"var": true, "goto": true, "defer": true, "break": true, "fallthrough": true, "main": true, "init": true, "internal": true, "vendor": true,
}

// writer gathers a file.
type writer struct {
	strings.Builder
	imports map[string]bool
	doc     string // above the package clause
}

func (w *writer) printf(text string, args ...any) { fmt.Fprintf(w, text, args...) }

// Import paths of generated code.
const (
	pathCodec   = "github.com/causeway-relay/causeway/soap/codec"
	pathFacet   = "github.com/causeway-relay/causeway/soap/codec/facet"
	pathJSON    = "github.com/causeway-relay/causeway/soap/codec/jsonform"
	pathInfoset = "github.com/causeway-relay/causeway/soap/infoset"
	pathXSD     = "github.com/causeway-relay/causeway/soap/xsd"
	pathSOAP    = "github.com/causeway-relay/causeway/soap"
	pathRPC     = "github.com/causeway-relay/causeway/rpc"
)

func (g *generator) header(w *writer) string {
	var b strings.Builder
	b.WriteString("// Code generated by causeway wsdl go. DO NOT EDIT.\n\n")
	b.WriteString(w.doc)
	fmt.Fprintf(&b, "package %s\n\n", g.o.Package)
	var imports []string
	for path := range w.imports {
		imports = append(imports, path)
	}
	sort.Strings(imports)
	if len(imports) > 0 {
		b.WriteString("import (\n")
		for i, path := range imports {
			if i > 0 && strings.Contains(path, ".") && !strings.Contains(imports[i-1], ".") {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "\t%q\n", path)
		}
		b.WriteString(")\n\n")
	}
	return b.String()
}

// comment writes text as a doc comment behind its first sentence.
func (w *writer) comment(indent, first, doc string) {
	if first != "" {
		w.printf("%s// %s\n", indent, first)
	}
	doc = strings.TrimSpace(doc)
	if doc == "" {
		return
	}
	if first != "" {
		w.printf("%s//\n", indent)
	}
	for line := range strings.Lines(wrap(doc, 110)) {
		w.printf("%s// %s\n", indent, strings.TrimRight(line, " \n"))
	}
}

// wrap breaks text into lines; empty lines stay, other white space is one space. What could be read as a directive is moved off the margin.
func wrap(text string, width int) string {
	var b strings.Builder
	for i, par := range strings.Split(strings.ReplaceAll(text, "\r", ""), "\n\n") {
		if i > 0 {
			b.WriteString("\n\n")
		}
		n := 0
		for word := range strings.FieldsSeq(par) {
			if n > 0 && n+1+len(word) > width {
				b.WriteString("\n")
				n = 0
			} else if n > 0 {
				b.WriteString(" ")
				n++
			}
			if n == 0 && (strings.HasPrefix(word, "go:") || strings.HasPrefix(word, "+build") || strings.HasPrefix(word, "line")) {
				word = "\u2013 " + word
			}
			b.WriteString(word)
			n += len(word)
		}
	}
	return b.String()
}

// space gives the constant of a namespace.
func (g *generator) space(ns string) string {
	i := slices.Index(g.spaces, ns)
	if i < 0 {
		i = len(g.spaces)
		g.spaces = append(g.spaces, ns)
	}
	return "ns" + strconv.Itoa(i)
}

// prefix gives the prefix of a namespace, the same in the whole package.
func (g *generator) prefix(ns string) string {
	if ns == "" {
		return ""
	}
	if p, ok := g.prefixes[ns]; ok {
		return p
	}
	p := fmt.Sprintf("n%d", len(g.prefixes))
	switch ns {
	case g.p.Description.Target:
		p = "tns"
	case model.NSXML:
		p = "xml"
	case model.NSSchema:
		p = "xsd"
	}
	g.prefixes[ns] = p
	return p
}
