package gengo

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/ir"
)

// integer is what whole numbers of any size are in Go.
var integer = [2]string{"xsd.Integer", "codec.Integer"}

// builtins maps built-in types of XML Schema to the Go type and the codec. What is not here is text.
var builtins = map[string][2]string{
	"boolean": {"bool", "codec.Bool"}, "byte": {"int8", "codec.Int8"}, "short": {"int16", "codec.Int16"}, "int": {"int32", "codec.Int32"},
	"long": {"int64", "codec.Int64"}, "unsignedByte": {"uint8", "codec.Uint8"}, "unsignedShort": {"uint16", "codec.Uint16"},
	"unsignedInt": {"uint32", "codec.Uint32"}, "unsignedLong": {"uint64", "codec.Uint64"},
	"float": {"float32", "codec.Float32"}, "double": {"float64", "codec.Float64"},
	"decimal": {"xsd.Decimal", "codec.Decimal"}, "integer": integer, "nonPositiveInteger": integer,
	"negativeInteger": integer, "nonNegativeInteger": integer,
	"positiveInteger": integer,
	"dateTime":        {"xsd.DateTime", "codec.DateTime"}, "date": {"xsd.Date", "codec.Date"}, "time": {"xsd.Time", "codec.Time"},
	"duration": {"xsd.Duration", "codec.Duration"}, "gYear": {"xsd.GYear", "codec.GYear"}, "gYearMonth": {"xsd.GYearMonth", "codec.GYearMonth"},
	"gMonth": {"xsd.GMonth", "codec.GMonth"}, "gMonthDay": {"xsd.GMonthDay", "codec.GMonthDay"}, "gDay": {"xsd.GDay", "codec.GDay"},
	"base64Binary": {"xsd.Base64", "codec.Base64"}, "hexBinary": {"xsd.Hex", "codec.Hex"}, "QName": {"xsd.QName", "codec.QName"},
	"NOTATION": {"xsd.QName", "codec.QName"},
}

// ref gives the Go type of values of a type, and the variable that reads and writes them.
func (g *generator) ref(t *ir.Type) (goType, codec string) {
	switch t.Kind {
	case ir.Builtin:
		if b, ok := builtins[t.Root]; ok && len(t.Union) == 0 {
			return b[0], g.bounded(t, b[1])
		}
		return "string", g.bounded(t, "codec.String")
	case ir.Enum:
		return g.names[t], "xml" + g.names[t]
	case ir.Any:
		return "xsd.Any", "codec.AnyType"
	case ir.List, ir.Array:
		item, codec := g.ref(t.Item)
		list := g.list(t, item, codec)
		if t.Kind == ir.List {
			list = g.bounded(t, list)
		}
		return "[]" + item, list
	}
	if name, ok := g.anyNames[t]; ok {
		return name, "xml" + name
	}
	return "*" + g.names[t], "xml" + g.names[t]
}

// listCodec is a variable for lists or arrays of something, or for what has facets (without typ).
type listCodec struct{ name, typ, value string }

// list is the codec of a list or an array: one variable for all of the same items.
func (g *generator) list(t *ir.Type, item, codec string) string {
	kind := "List"
	if t.Kind == ir.Array {
		kind = "Array"
	}
	of, isBounded := strings.CutPrefix(codec, "bounded")
	if isBounded {
		of = "Bounded" + of
	}
	name := strings.ToLower(kind) + "Of" + strings.TrimPrefix(strings.TrimPrefix(of, "codec."), "xml")
	l := listCodec{name: name, typ: item, value: "codec." + kind + "Of[" + item + "]{Item: &" + codec + "}"}
	if !slices.Contains(g.listCodecs, l) {
		g.listCodecs = append(g.listCodecs, l)
	}
	return name
}

// nilable reports whether the Go type itself can say that a value is absent.
func nilable(t *ir.Type) bool {
	return t.Kind == ir.Struct || t.Kind == ir.OneOf || t.Kind == ir.Item || t.Kind == ir.Any
}

// goType gives the type of a field.
func (g *generator) goType(f *ir.Field) string {
	switch f.Kind {
	case ir.AnyAttributes:
		return "xsd.Attributes"
	case ir.Mixed:
		return "xsd.Mixed"
	case ir.Wild:
		if f.Repeated {
			return "[]xsd.Any"
		}
		return "xsd.Any"
	}
	base, _ := g.ref(f.Type)
	switch {
	case f.Kind == ir.Text:
		return base
	case f.Repeated && f.Nillable:
		return "[]xsd.Nillable[" + base + "]"
	case f.Repeated:
		return "[]" + base
	case f.Nillable && f.Optional:
		return "*xsd.Nillable[" + base + "]"
	case f.Nillable:
		return "xsd.Nillable[" + base + "]"
	case f.Optional && !nilable(f.Type):
		return "*" + base
	}
	return base
}
