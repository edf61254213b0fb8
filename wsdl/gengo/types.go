package gengo

import (
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/ir"
)

// types writes the declarations that people read.
func (g *generator) types(w *writer) {
	for _, t := range g.p.Types {
		if t.Kind == ir.Enum {
			g.enum(w, t)
			continue
		}
		if !t.Abstract {
			g.structType(w, t)
		}
		if t.Polymorphic() {
			g.interfaceType(w, t)
		}
	}
}

func (g *generator) enum(w *writer, t *ir.Type) {
	name := g.names[t]
	w.comment("", name+" is "+what(t)+". Values that are none of its constants survive reading and writing.", t.Doc)
	w.printf("type %s string\n\n", name)
	w.printf("// The values of %s.\nconst (\n", name)
	for i, v := range t.Values {
		w.comment("\t", "", v.Doc)
		w.printf("\t%s %s = %s\n", g.values[t][i], name, strconv.Quote(v.Value))
	}
	w.printf(")\n\n")
	w.printf("// Valid reports whether v is one of the values that the schema names.\nfunc (v %s) Valid() bool {\n\tswitch v {\n\tcase ", name)
	seen := map[string]bool{}
	first := true
	for i, v := range t.Values {
		if seen[v.Value] {
			continue
		}
		seen[v.Value] = true
		if !first {
			w.printf(",\n\t\t")
		}
		first = false
		w.printf("%s", g.values[t][i])
	}
	w.printf(":\n\t\treturn true\n\t}\n\treturn false\n}\n\n")
}

// what says where a type comes from.
func what(t *ir.Type) string {
	switch {
	case t.Kind == ir.Item:
		return "one turn of a group that repeats"
	case t.Kind == ir.OneOf:
		return "one of the elements that may stand for " + quote(t.Name.String()) + ": one field is set"
	case !t.Name.IsZero():
		return "the type " + quote(t.Name.String())
	case len(t.Hint) > 0:
		return "the type of " + quote(strings.Join(t.Hint, "/"))
	}
	return "a type without a name"
}

// quote keeps names from being read as anything but names.
func quote(s string) string { return strings.Join(strings.Fields(s), " ") }

func (g *generator) structType(w *writer, t *ir.Type) {
	name := g.names[t]
	w.comment("", name+" is "+what(t)+".", t.Doc)
	w.printf("type %s struct {\n", name)
	for _, f := range t.Fields {
		g.field(w, f)
	}
	w.printf("}\n\n")
}

func (g *generator) field(w *writer, f *ir.Field) {
	w.comment("\t", "", f.Doc)
	goType := g.goType(f)
	if strings.Contains(goType, "xsd.") {
		w.imports[pathXSD] = true
	}
	if strings.Contains(goType, "codec.") {
		w.imports[pathCodec] = true
	}
	tag := g.json[f]
	switch {
	case f.Kind == ir.AnyAttributes:
		tag = "-"
	case f.Optional:
		tag += ",omitempty"
	}
	if !plainTag(tag) {
		tag = "-"
	}
	w.printf("\t%s %s `json:%q`\n", g.fields[f], goType, tag)
}

// plainTag reports whether a JSON name can stand in a struct tag as it is.
func plainTag(tag string) bool {
	return !strings.ContainsAny(tag, "`\\\"")
}

// interfaceType writes what a value of a type and of those derived from it may be.
func (g *generator) interfaceType(w *writer, t *ir.Type) {
	w.imports[pathCodec] = true
	name := g.anyNames[t]
	var all []string
	if !t.Abstract {
		all = append(all, "*"+g.names[t])
	}
	for _, d := range t.Derived {
		all = append(all, "*"+g.names[d])
	}
	text := "nothing: no type is derived from it"
	if len(all) > 0 {
		text = strings.Join(all, ", ")
	}
	w.comment("", name+" is a value of "+g.names[t]+" or of a type derived from it.", "It is "+text+".")
	w.printf("type %s interface {\n\tcodec.Struct\n\tis%s()\n}\n\n", name, name)
	for _, d := range append([]*ir.Type{t}, t.Derived...) {
		if !d.Abstract {
			w.printf("func (*%s) is%s() {}\n", g.names[d], name)
		}
	}
	w.printf("\n")
}
