package gengo

import (
	"sort"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// codecs writes what reads and writes the types.
func (g *generator) codecs(w *writer) {
	for _, t := range g.p.Types {
		switch t.Kind {
		case ir.Enum:
			w.imports[pathCodec] = true
			w.printf("var xml%s = codec.TextOf[%s](%q)\n\n", g.names[t], g.names[t], t.Root)
		case ir.Struct, ir.Item, ir.OneOf:
			w.imports[pathCodec] = true
			g.model(w, t)
			g.methods(w, t)
			if t.Polymorphic() {
				g.polymorph(w, t)
			}
		}
	}
	g.writeLists(w)
}

func (g *generator) writeLists(w *writer) {
	seen := map[string]bool{}
	var all []string
	for _, l := range g.lists {
		if !seen[l] {
			seen[l] = true
			all = append(all, l)
		}
	}
	sort.Strings(all)
	for _, l := range all {
		name, item, _ := strings.Cut(l, "|")
		w.imports[pathCodec] = true
		w.printf("var %s = codec.ListOf(%s)\n\n", name, item)
	}
}

// name writes an infoset.Name.
func (g *generator) name(w *writer, n model.Name) string {
	w.imports[pathInfoset] = true
	if n.Space == "" {
		return "infoset.Name{Local: " + strconv.Quote(n.Local) + "}"
	}
	return "infoset.Name{Prefix: " + strconv.Quote(g.prefix(n.Space)) + ", Space: " + strconv.Quote(n.Space) + ", Local: " + strconv.Quote(n.Local) + "}"
}

// model writes the table of a type's content.
func (g *generator) model(w *writer, t *ir.Type) {
	w.printf("var model%s = codec.Model{\n", g.names[t])
	if !t.Name.IsZero() && t.Kind == ir.Struct {
		w.printf("\tType: %s,\n", g.name(w, t.Name))
	}
	special := map[ir.FieldKind]int{ir.AnyAttributes: -1, ir.Text: -1, ir.Mixed: -1}
	var attrs strings.Builder
	for i, f := range t.Fields {
		if _, ok := special[f.Kind]; ok {
			special[f.Kind] = i
		}
		if f.Kind == ir.Attribute {
			attrs.WriteString("\t\t{Name: " + g.name(w, f.Name) + ", Field: " + strconv.Itoa(i))
			if !f.Optional {
				attrs.WriteString(", Required: true")
			}
			attrs.WriteString("},\n")
		}
	}
	if attrs.Len() > 0 {
		w.printf("\tAttrs: []codec.Attr{\n%s\t},\n", attrs.String())
	}
	w.printf("\tAnyAttr: %s, Text: %s, Mixed: %s,\n", index(special[ir.AnyAttributes]), index(special[ir.Text]), index(special[ir.Mixed]))
	if t.Content != nil && !t.Mixed {
		l := &leaves{g: g, w: w}
		l.node(t.Content, -1, 0)
		l.write()
	}
	w.printf("}\n\n")
}

func index(i int) string {
	if i < 0 {
		return "codec.None"
	}
	return strconv.Itoa(i)
}

// leaves flattens a content tree.
type leaves struct {
	g      *generator
	w      *writer
	leaf   []string
	groups []string
	all    bool
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
	text := "{Outer: " + index(group) + ", Branch: " + strconv.Itoa(branch)
	if n.Min == 0 {
		text += ", Optional: true"
	}
	if choice {
		text += ", Choice: true"
	}
	own := len(l.groups)
	l.groups = append(l.groups, text+"}")
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
	text += ", Field: " + strconv.Itoa(f.Index) + ", Min: " + strconv.Itoa(n.Min) + ", Max: "
	if n.Max == model.Unbounded {
		text += "codec.Unbounded"
	} else {
		text += strconv.Itoa(n.Max)
	}
	text += ", Group: " + index(group)
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

// methods writes the methods of codec.Struct.
func (g *generator) methods(w *writer, t *ir.Type) {
	name := g.names[t]
	w.printf("// XMLModel says what stands in a %s.\nfunc (*%s) XMLModel() *codec.Model { return &model%s }\n\n", name, name, name)
	g.counts(w, t)
	var reads, writes, items strings.Builder
	for i, f := range t.Fields {
		reads.WriteString("\tcase " + strconv.Itoa(i) + ":\n\t\treturn " + g.read(f) + "\n")
		writes.WriteString("\tcase " + strconv.Itoa(i) + ":\n\t\treturn " + g.write(t, f) + "\n")
		if f.Kind == ir.Items || f.Kind == ir.Element && f.Type.Kind == ir.OneOf {
			items.WriteString("\tcase " + strconv.Itoa(i) + ":\n" + g.item(f))
		}
	}
	method := func(doc, head, cases, otherwise string) {
		w.printf("// %s\nfunc (x *%s) %s {\n", doc, name, head)
		if cases != "" {
			w.printf("\tswitch field {\n%s\t}\n", cases)
		}
		w.printf("\treturn %s\n}\n\n", otherwise)
	}
	method("XMLDecode reads a field.", "XMLDecode(d *codec.Decoder, field int) error", reads.String(), "nil")
	method("XMLEncode writes a field.", "XMLEncode(e *codec.Encoder, field int) error", writes.String(), "nil")
	method("XMLItem adds to a field.", "XMLItem(field int) codec.Struct", items.String(), "nil")
}

func (g *generator) counts(w *writer, t *ir.Type) {
	w.printf("// XMLCount tells how often a field is there.\nfunc (x *%s) XMLCount(field int) int {\n", g.names[t])
	var cases strings.Builder
	for i, f := range t.Fields {
		if c := g.count(f); c != "" {
			cases.WriteString("\tcase " + strconv.Itoa(i) + ":\n\t\treturn " + c + "\n")
		}
	}
	if cases.Len() > 0 {
		w.printf("\tswitch field {\n%s\t}\n", cases.String())
	}
	w.printf("\treturn 1\n}\n\n")
}

// read is the call that reads a field.
func (g *generator) read(f *ir.Field) string {
	x := "&x." + g.fields[f]
	switch f.Kind {
	case ir.AnyAttributes:
		return "codec.ReadAttribute(d, " + x + ")"
	case ir.Mixed:
		return "codec.ReadMixed(d, " + x + ")"
	case ir.Wild:
		if f.Repeated {
			return "codec.ReadMany(d, " + x + ", codec.Wild)"
		}
		return "codec.ReadOne(d, " + x + ", codec.Wild)"
	case ir.Items:
		return "nil // its turns are read by the group's own type"
	}
	if f.Type.Kind == ir.OneOf {
		return "nil // its element is read by the type of the choice"
	}
	codec := g.valueCodec(f)
	return "codec.Read" + way(f) + "(d, " + x + ", " + codec + ")"
}

// valueCodec is the codec of a field, with its default or fixed value. Names with prefixes are left: a literal has no scope.
func (g *generator) valueCodec(f *ir.Field) string {
	_, codec := g.ref(f.Type)
	if f.Type.Kind != ir.Builtin && f.Type.Kind != ir.Enum || codec == "codec.QName" {
		return codec
	}
	switch {
	case f.Fixed != nil:
		return "codec.Fixed(" + codec + ", " + strconv.Quote(*f.Fixed) + ")"
	case f.Default != nil && f.Kind == ir.Element:
		return "codec.Default(" + codec + ", " + strconv.Quote(*f.Default) + ")"
	}
	return codec
}

// write is the call that writes a field.
func (g *generator) write(t *ir.Type, f *ir.Field) string {
	x := "x." + g.fields[f]
	switch f.Kind {
	case ir.AnyAttributes:
		return "codec.WriteAttributes(e, " + x + ")"
	case ir.Mixed:
		return "codec.WriteMixed(e, " + x + ")"
	case ir.Wild:
		if f.Repeated {
			return "codec.WriteMany(e, nil, " + x + ", codec.Wild)"
		}
		return "codec.WriteOne(e, nil, " + x + ", codec.Wild)"
	case ir.Items:
		return "codec.WriteItems(e, " + x + "...)"
	}
	if f.Type.Kind == ir.OneOf {
		if f.Repeated {
			return "codec.WriteItems(e, " + x + "...)"
		}
		return "codec.WriteItems(e, " + x + ")"
	}
	goType, _ := g.ref(f.Type)
	codec := g.valueCodec(f)
	if f.Fixed != nil && goType == "string" && way(f) == "One" {
		x = "codec.Or(" + x + ", " + strconv.Quote(*f.Fixed) + ")"
	}
	switch f.Kind {
	case ir.Text:
		return "codec.WriteText(e, " + x + ", " + codec + ")"
	case ir.Attribute:
		name := "&model" + g.names[t] + ".Attrs[" + strconv.Itoa(attrIndex(t, f)) + "].Name"
		if f.Optional {
			return "codec.WriteOptAttr(e, " + name + ", " + x + ", " + codec + ")"
		}
		return "codec.WriteAttr(e, " + name + ", " + x + ", " + codec + ")"
	}
	name := "&model" + g.names[t] + ".Leaves[" + strconv.Itoa(leafIndex(t.Content, f)) + "].Name"
	return "codec.Write" + way(f) + "(e, " + name + ", " + x + ", " + codec + ")"
}

func attrIndex(t *ir.Type, f *ir.Field) int {
	n := 0
	for _, other := range t.Fields {
		if other == f {
			break
		}
		if other.Kind == ir.Attribute {
			n++
		}
	}
	return n
}

// leafIndex counts the leaves before the first of a field.
func leafIndex(n *ir.Group, f *ir.Field) int {
	count, found := 0, false
	var walk func(*ir.Group)
	walk = func(n *ir.Group) {
		if found {
			return
		}
		if n.Leaf() {
			if n.Field == f {
				found = true
				return
			}
			count++
			return
		}
		for _, c := range n.Nodes {
			walk(c)
		}
	}
	walk(n)
	return count
}

// item makes a new struct in a field.
func (g *generator) item(f *ir.Field) string {
	x, name := "x."+g.fields[f], g.names[f.Type]
	if f.Repeated {
		return "\t\tv := &" + name + "{}\n\t\t" + x + " = append(" + x + ", v)\n\t\treturn v\n"
	}
	return "\t\tv := &" + name + "{}\n\t\t" + x + " = v\n\t\treturn v\n"
}

// polymorph writes the codec of a type that others are derived from.
func (g *generator) polymorph(w *writer, t *ir.Type) {
	name := g.anyNames[t]
	w.printf("var xml%s = codec.Codec[%s]{Decode: decode%s, Body: encode%s}\n\n", name, name, name, name)
	w.printf("func decode%s(d *codec.Decoder, v *%s) error { return codec.Decoded(d, v, pick%s) }\n\n", name, name, name)
	w.printf("func encode%s(e *codec.Encoder, name *infoset.Name, v %s) error {\n\treturn codec.Encoded(e, name, v, &model%s.Type)\n}\n\n", name, name, g.names[t])
	w.imports[pathInfoset] = true
	w.printf("// pick%s makes a value of the type that xsi:type names.\nfunc pick%s(space, local string) codec.Struct {\n\tswitch (infoset.Name{Space: space, Local: local}) {\n", name, name)
	for _, d := range append([]*ir.Type{t}, t.Derived...) {
		if !d.Abstract && !d.Name.IsZero() {
			w.printf("\tcase infoset.Name{Space: %q, Local: %q}:\n\t\treturn &%s{}\n", d.Name.Space, d.Name.Local, g.names[d])
		}
	}
	if !t.Abstract {
		w.printf("\tcase infoset.Name{}:\n\t\treturn &%s{}\n", g.names[t])
	}
	w.printf("\t}\n\treturn nil\n}\n\n")
}
