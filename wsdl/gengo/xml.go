package gengo

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// codecs writes what reads and writes the types: for each a table, and methods that reach its fields. Variables come last: those that no
// table and no message names are left out.
func (g *generator) codecs(w *writer) {
	for _, t := range g.p.Types {
		if t.Kind != ir.Struct && t.Kind != ir.Item && t.Kind != ir.OneOf {
			continue
		}
		w.imports[pathCodec] = true
		if !t.Abstract {
			g.model(w, t)
			g.methods(w, t)
		}
	}
	used := identifiers(w.String())
	for _, d := range g.docs {
		maps.Copy(used, identifiers(d.codec))
	}
	for _, l := range slices.Backward(g.listCodecs) { // those of lists come behind those of their items
		if used[l.name] {
			maps.Copy(used, identifiers(l.value))
		}
	}
	g.variables(w, used)
	for _, l := range g.listCodecs {
		if used[l.name] {
			w.imports[pathCodec] = true
			w.types(l.typ)
			if strings.Contains(l.value, "&facet.") {
				w.imports[pathFacet] = true
			}
			w.printf("var %s = %s\n\n", l.name, l.value)
		}
	}
	g.namespaces(w)
}

// variables writes the coders of types, and what makes values of them.
func (g *generator) variables(w *writer, used map[string]bool) {
	kinds := &writer{imports: w.imports}
	for _, t := range g.p.Types {
		switch {
		case t.Kind == ir.Enum && used["xml"+g.names[t]]:
			w.imports[pathCodec] = true
			w.printf("var xml%s = codec.Text{Slots: &codec.Texts[%s]{}, Root: %s}\n\n", g.names[t], g.names[t], g.name(w, model.Name{Space: model.NSSchema, Local: t.Root}))
		case t.Polymorphic() && used["xml"+g.anyNames[t]]:
			g.polymorph(kinds, t)
		}
	}
	maps.Copy(used, identifiers(kinds.String()))
	for _, t := range g.p.Types {
		name := g.names[t]
		if t.Kind == ir.Enum || t.Abstract {
			continue
		}
		if used["xml"+name] {
			w.printf("var xml%[1]s = codec.StructOf{New: new%[1]s, Slots: &codec.Pointers[*%[1]s]{}}\n\n", name)
		}
		if used["xml"+name] || used["new"+name] {
			w.printf("func new%[1]s() codec.Struct { return &%[1]s{} }\n\n", name)
		}
	}
	w.WriteString(kinds.String())
}

// identifiers gives the words of code.
func identifiers(code string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsFuncSeq(code, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		all[word] = true
	}
	return all
}

// namespaces writes the constants of all namespaces that the package names.
func (g *generator) namespaces(w *writer) {
	if len(g.spaces) == 0 {
		return
	}
	w.printf("// The namespaces of the package.\nconst (\n")
	for i, ns := range g.spaces {
		w.printf("\tns%d = %q\n", i, ns)
	}
	w.printf(")\n")
}

// name writes an infoset.Name.
func (g *generator) name(w *writer, n model.Name) string {
	w.imports[pathInfoset] = true
	if n.Space == "" {
		return "infoset.Name{Local: " + strconv.Quote(n.Local) + "}"
	}
	return "infoset.Name{Prefix: " + strconv.Quote(g.prefix(n.Space)) + ", Space: " + g.space(n.Space) + ", Local: " + strconv.Quote(n.Local) + "}"
}

// model writes the table of a type's content.
func (g *generator) model(w *writer, t *ir.Type) {
	w.printf("var model%s = codec.Model{\n", g.names[t])
	if !t.Name.IsZero() && t.Kind == ir.Struct {
		w.printf("\tType: %s,\n", g.name(w, t.Name))
	}
	var attrs strings.Builder
	for i, f := range t.Fields {
		switch f.Kind {
		case ir.Attribute:
			attrs.WriteString("\t\t{Name: " + g.name(w, f.Name) + ", Field: " + strconv.Itoa(i) + ", Codec: " + g.coder(w, f))
			if want := "@" + f.Name.Local; g.json[f] != want && f.Name.Space != model.NSXML {
				attrs.WriteString(", JSON: " + strconv.Quote(g.json[f]))
			}
			if !f.Optional {
				attrs.WriteString(", Required: true")
			}
			attrs.WriteString("},\n")
		case ir.AnyAttributes:
			w.printf("\tAnyAttr: &codec.Simple{Field: %d, Wild: %s},\n", i, wildcard(f.Wildcard))
		case ir.Text:
			w.printf("\tText: &codec.Simple{Field: %d, Codec: %s},\n", i, g.coder(w, f))
		case ir.Mixed:
			w.printf("\tMixed: &codec.Simple{Field: %d},\n", i)
		}
	}
	if attrs.Len() > 0 {
		w.printf("\tAttrs: []codec.Attr{\n%s\t},\n", attrs.String())
	}
	if t.Content != nil && !t.Mixed {
		l := &leaves{g: g, w: w, seen: map[*ir.Field]bool{}}
		l.node(t.Content, 0, 0)
		l.write()
	}
	w.printf("}\n\n")
}

// leaves flattens a content tree.
type leaves struct {
	g      *generator
	w      *writer
	leaf   []string
	groups []string
	all    bool
	seen   map[*ir.Field]bool
}

func (l *leaves) node(n *ir.Group, group, branch int) {
	if n.Leaf() {
		l.add(n, group, branch)
		return
	}
	l.all = l.all || n.Compositor == model.All
	choice := n.Compositor == model.Choice && len(n.Nodes) > 1
	if !choice && n.Min > 0 {
		for _, c := range n.Nodes {
			l.node(c, group, branch)
		}
		return
	}
	var parts []string
	if group > 0 {
		parts = append(parts, "Outer: "+strconv.Itoa(group))
	}
	if branch > 0 {
		parts = append(parts, "Branch: "+strconv.Itoa(branch))
	}
	if n.Min == 0 {
		parts = append(parts, "Optional: true")
	}
	if choice {
		parts = append(parts, "Choice: true")
	}
	l.groups = append(l.groups, "{"+strings.Join(parts, ", ")+"}")
	own := len(l.groups)
	for i, c := range n.Nodes {
		if !choice {
			i = 0
		}
		l.node(c, own, i)
	}
}

func (l *leaves) add(n *ir.Group, group, branch int) {
	f := n.Field
	text := "{"
	switch f.Kind {
	case ir.Element:
		if f.Type.Kind == ir.OneOf {
			text += "OneOf: &model" + l.g.names[f.Type] + ", "
			text += "Name: " + l.g.name(l.w, f.Name)
			break
		}
		text += "Name: " + l.g.name(l.w, f.Name)
	case ir.Wild:
		text += "Wild: " + wildcard(f.Wildcard)
	case ir.Items:
		text += "Item: &model" + l.g.names[f.Type]
	}
	text += ", Field: " + strconv.Itoa(f.Index) + ", Codec: " + l.g.coder(l.w, f)
	if _, plain := l.g.fieldNames(f); l.g.json[f] != plain {
		text += ", JSON: " + strconv.Quote(l.g.json[f])
	}
	if l.seen[f] {
		text += ", Again: true"
	}
	l.seen[f] = true
	text += ", Min: " + strconv.Itoa(n.Min) + ", Max: "
	if n.Max == model.Unbounded {
		text += "codec.Unbounded"
	} else {
		text += strconv.Itoa(n.Max)
	}
	if group > 0 {
		text += ", Group: " + strconv.Itoa(group)
	}
	if branch > 0 {
		text += ", Branch: " + strconv.Itoa(branch)
	}
	l.leaf = append(l.leaf, text+"}")
}

func (l *leaves) write() {
	if len(l.leaf) > 0 {
		l.w.printf("\tLeaves: []codec.Leaf{\n")
		for _, s := range l.leaf {
			l.w.printf("\t\t%s,\n", s)
		}
		l.w.printf("\t},\n")
	}
	if len(l.groups) > 0 {
		l.w.printf("\tGroups: []codec.Group{\n")
		for _, s := range l.groups {
			l.w.printf("\t\t%s,\n", s)
		}
		l.w.printf("\t},\n")
	}
	if l.all {
		l.w.printf("\tAll: true,\n")
	}
}

func wildcard(m *model.Wildcard) string {
	var spaces []string
	for _, s := range m.Namespaces {
		switch s {
		case "##any":
			return "&codec.Wildcard{Any: true}"
		case "##other":
			return "&codec.Wildcard{Other: true, Target: " + strconv.Quote(m.Target) + "}"
		case "##local":
			s = ""
		}
		spaces = append(spaces, strconv.Quote(s))
	}
	return "&codec.Wildcard{Spaces: []string{" + strings.Join(spaces, ", ") + "}}"
}

// methods writes the methods of codec.Struct, and those of encoding/json.
func (g *generator) methods(w *writer, t *ir.Type) {
	name := g.names[t]
	w.printf("// XMLModel says what stands in a %[1]s.\nfunc (*%[1]s) XMLModel() *codec.Model { return &model%[1]s }\n\n", name)
	w.imports[pathJSON] = true
	w.printf("// MarshalJSON writes x as package jsonform has it.\nfunc (x *%[1]s) MarshalJSON() ([]byte, error) { return jsonform.Marshal(x) }\n\n", name)
	w.printf("// UnmarshalJSON reads what MarshalJSON writes.\nfunc (x *%[1]s) UnmarshalJSON(text []byte) error { return jsonform.Unmarshal(x, text) }\n\n", name)
	if len(t.Fields) == 0 {
		w.printf("// XMLField gives a pointer to a field; there is none.\nfunc (*%s) XMLField(int) any { return nil }\n\n", name)
		return
	}
	w.printf("// XMLField gives a pointer to a field.\nfunc (x *%s) XMLField(field int) any {\n\tswitch field {\n", name)
	for i, f := range t.Fields {
		w.printf("\tcase %d:\n\t\treturn &x.%s\n", i, g.fields[f])
	}
	w.printf("\t}\n\treturn nil\n}\n\n")
}

// polymorph writes the codec of a type that others are derived from.
func (g *generator) polymorph(w *writer, t *ir.Type) {
	name := g.anyNames[t]
	w.printf("var xml%[1]s = codec.Kinds{\n\tSlots: &codec.Pointers[%[1]s]{},\n", name)
	if t.Name.IsZero() {
		w.printf("\tDeclared: &codec.NoType,\n")
	} else {
		w.printf("\tDeclared: &%s,\n", g.name(w, t.Name))
	}
	if !t.Abstract {
		w.printf("\tPlain: new%s,\n", g.names[t])
	}
	w.printf("\tKinds: []codec.Kind{\n")
	for _, d := range append([]*ir.Type{t}, t.Derived...) {
		if !d.Abstract && !d.Name.IsZero() {
			w.printf("\t\t{Name: %s, New: new%s},\n", g.name(w, d.Name), g.names[d])
		}
	}
	w.printf("\t},\n}\n\n")
}

// coder is the address of what reads and writes a field.
func (g *generator) coder(w *writer, f *ir.Field) string {
	switch f.Kind {
	case ir.Wild:
		return "&codec.Wild"
	case ir.Items:
		return "&xml" + g.names[f.Type]
	}
	goType, codec := g.ref(f.Type)
	if f.Type.Kind == ir.Any && f.Optional && !f.Nillable && !f.Repeated {
		codec = "codec.OptAny"
	}
	if lit := literal(f, codec); lit != "" {
		codec = "codec.Literal{Of: &" + codec + lit + "}"
	}
	if f.Nillable {
		w.types(goType)
		codec = "codec.Nil{Of: &" + codec + ", Slots: &codec.Nils[" + goType + "]{}}"
	}
	return "&" + codec
}

// literal is the default or fixed value of a field. Names with prefixes are left: a literal has no scope.
func literal(f *ir.Field, codec string) string {
	if f.Type.Kind != ir.Builtin && f.Type.Kind != ir.Enum || codec == "codec.QName" {
		return ""
	}
	switch {
	case f.Fixed != nil:
		return ", Text: " + strconv.Quote(*f.Fixed) + ", Fixed: true"
	case f.Default != nil && f.Kind == ir.Element:
		return ", Text: " + strconv.Quote(*f.Default)
	}
	return ""
}
