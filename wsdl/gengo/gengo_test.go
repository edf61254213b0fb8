package gengo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

const (
	head = `<definitions name="NAME" targetNamespace="urn:t" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"><types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">`
	foot = `</xs:schema></types><message name="M"><part name="p" element="t:root"/></message>
<portType name="P"><operation name="Op"><input message="t:M"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Op"><s:operation soapAction="a"/><input><s:body use="literal"/></input></operation></binding>
<service name="S"><port name="Port" binding="t:B"><s:address location="http://h/"/></port></service></definitions>`
)

// generate writes code for a schema whose element root is the message of an operation. The code must parse.
func generate(t *testing.T, schema string, o gengo.Options) *gengo.Output {
	t.Helper()
	d, err := load.Load(wsdltest.Documents{"service.wsdl": head + schema + foot}, "service.wsdl", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := gengo.Generate(ir.Lower(d, ir.Options{}), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, code := range out.Files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, code, parser.ParseComments); err != nil {
			t.Errorf("%v\n%s", err, code)
		}
	}
	return out
}

// names gives what became of names of a kind.
func names(out *gengo.Output, kind string) map[string]string {
	all := map[string]string{}
	for _, n := range out.Names {
		if n.Kind == kind {
			all[n.Name] = n.Go
		}
	}
	return all
}

func element(content string) string {
	return `<xs:element name="root"><xs:complexType><xs:sequence>` + content + `</xs:sequence></xs:complexType></xs:element>`
}

// TestGoName: the fixed rules.
func TestGoName(t *testing.T) {
	for xml, want := range map[string]string{
		"name": "Name", "getUrl": "GetURL", "URLlist": "URLlist", "user-id": "UserID", "a.b_c": "ABC", "type": "Type", "func": "Func", "int": "Int", "error": "Error",
		"HTTPServer": "HTTPServer", "x1": "X1", "1x": "N1x", "": "X", "--": "X", "maß": "Maß", "ähnlich": "Ähnlich", "名前": "X名前", "été2": "Été2", "a b": "AB",
		"Name\n}": "Name", "`json:\"x\"`": "JSONX", "_x": "X",
	} {
		if got := gengo.GoName(xml); got != want {
			t.Errorf("%q became %s, want %s", xml, got, want)
		}
	}
	for ns, want := range map[string]string{
		"urn:example:Quote": "quote", "http://example.org/services/Orders.wsdl": "orders", "http://tempuri.org/": "tempuriorg", "": "service", "urn:func": "service",
		"http://x.org/2026/11": "xorg", "urn:名前": "service", "http://www.w3.org/type": "wwww3org",
	} {
		if got := gengo.PackageName(ns); got != want {
			t.Errorf("%q became %s, want %s", ns, got, want)
		}
	}
}

// TestCollisions: what folds to one name is told apart, types before what has no name of its own, elements before attributes.
func TestCollisions(t *testing.T) {
	out := generate(t, `
<xs:complexType name="Thing"><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="A" type="xs:int"/><xs:element name="xmlModel" type="xs:int"/></xs:sequence>
 <xs:attribute name="a" type="xs:int"/><xs:attribute name="otherAttrs" type="xs:int"/><xs:anyAttribute/></xs:complexType>
<xs:complexType name="thing"><xs:sequence><xs:element name="b"><xs:complexType><xs:sequence><xs:element name="c" type="xs:int"/></xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType>
<xs:simpleType name="yes"><xs:restriction base="xs:string"><xs:enumeration value="Y"/><xs:enumeration value="y"/><xs:enumeration value=""/><xs:enumeration value="+"/><xs:enumeration value="Xml"/></xs:restriction></xs:simpleType>`+
		element(`<xs:element name="one" type="t:Thing"/><xs:element name="two" type="t:thing"/><xs:element name="yes" type="t:yes"/>
<xs:any namespace="urn:a"/><xs:element name="Any" type="xs:int"/><xs:any namespace="urn:b"/>`), gengo.Options{})
	if diff := cmp.Diff(map[string]string{"{urn:t}Thing": "Thing", "{urn:t}thing": "ThingType", "{urn:t}yes": "Yes", "thing/b": "ThingB", "root": "Root"}, names(out, "type")); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{
		"{urn:t}Thing/a": "Thing.A", "{urn:t}Thing/A": "Thing.A2", "{urn:t}Thing/xmlModel": "Thing.XMLModel2", "{urn:t}Thing/@a": "Thing.AAttr",
		"{urn:t}Thing/@otherAttrs": "Thing.OtherAttrs", "{urn:t}Thing/@": "Thing.OtherAttrs2", "{urn:t}thing/b": "ThingType.B", "thing/b/c": "ThingB.C",
		"root/one": "Root.One", "root/two": "Root.Two", "root/yes": "Root.Yes", "root/Any": "Root.Any", "root/$any": "Root.Any3",
	}
	if diff := cmp.Diff(want, names(out, "field")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{
		`{urn:t}yes = "Y"`: "YesY", `{urn:t}yes = "y"`: "YesY2", `{urn:t}yes = ""`: "YesEmpty", `{urn:t}yes = "+"`: "YesValue", `{urn:t}yes = "Xml"`: "YesXML",
	}, names(out, "value")); diff != "" {
		t.Error(diff)
	}
}

// TestGoWSDLNames: those that gowsdl would make.
func TestGoWSDLNames(t *testing.T) {
	out := generate(t, `<xs:complexType name="my.type-x"><xs:sequence><xs:element name="userId" type="xs:int"/><xs:element name="type" type="xs:int"/><xs:element name="URLlist" type="xs:int"/></xs:sequence></xs:complexType>
<xs:simpleType name="kind"><xs:restriction base="xs:string"><xs:enumeration value="default"/><xs:enumeration value="1"/></xs:restriction></xs:simpleType>`+
		element(`<xs:element name="x" type="t:my.type-x"/><xs:element name="k" type="t:kind"/>`), gengo.Options{Names: gengo.GoWSDL})
	if diff := cmp.Diff(map[string]string{"{urn:t}my.type-x": "My_typex", "{urn:t}kind": "Kind", "root": "Root"}, names(out, "type")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{
		"{urn:t}my.type-x/userId": "My_typex.UserId", "{urn:t}my.type-x/type": "My_typex.Type_", "{urn:t}my.type-x/URLlist": "My_typex.URLlist", "root/x": "Root.X", "root/k": "Root.K",
	}, names(out, "field")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{`{urn:t}kind = "default"`: "KindDefault_", `{urn:t}kind = "1"`: "Kind1"}, names(out, "value")); diff != "" {
		t.Error(diff)
	}
	service := string(out.Files["service.go"])
	for _, part := range []string{"type P interface {", "Op(request *Root) error", "OpContext(ctx context.Context, request *Root) error", "func NewP(client *rpc.Client) P {"} {
		if !strings.Contains(service, part) {
			t.Errorf("%q is not in\n%s", part, service)
		}
	}
}

// TestInjection: nothing that a description says ends a comment, a string, a tag or a line.
func TestInjection(t *testing.T) {
	const evil = "*/ } &#10;func init() { panic(1) } //&#13;go:build ignore &#10;&#10;go:generate rm -rf x &#10;+build x `\" \\"
	out := generate(t, `<xs:simpleType name="e"><xs:annotation><xs:documentation>`+evil+`</xs:documentation></xs:annotation><xs:restriction base="xs:string">
<xs:enumeration value="`+strings.ReplaceAll(evil, `"`, "&quot;")+`"><xs:annotation><xs:documentation>`+evil+`</xs:documentation></xs:annotation></xs:enumeration></xs:restriction></xs:simpleType>`+
		element(`<xs:element name="e" type="t:e" default="`+strings.ReplaceAll(evil, `"`, "&quot;")+`"><xs:annotation><xs:documentation>`+evil+`</xs:documentation></xs:annotation></xs:element>`),
		gengo.Options{Package: "p"})
	for name, code := range out.Files {
		file, err := parser.ParseFile(token.NewFileSet(), name, code, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Name.Name == "init" {
				t.Errorf("%s has an init", name)
			}
			return true
		})
		for line := range strings.Lines(string(code)) {
			if strings.HasPrefix(strings.TrimSpace(line), "//go:") || strings.HasPrefix(strings.TrimSpace(line), "// +build") {
				t.Errorf("%s: a directive: %s", name, line)
			}
		}
	}
}

// TestDeterministic: the same bytes every time, and all files formatted.
func TestDeterministic(t *testing.T) {
	schema := element(`<xs:element name="a" type="xs:int" maxOccurs="3"/><xs:choice maxOccurs="unbounded"><xs:element name="b" type="xs:string"/><xs:element name="c" type="xs:decimal" nillable="true"/></xs:choice>`)
	first := generate(t, schema, gengo.Options{})
	for range 5 {
		if diff := cmp.Diff(first.Files, generate(t, schema, gengo.Options{}).Files); diff != "" {
			t.Fatal(diff)
		}
	}
	if want := []string{"doc.go", "messages.go", "service.go", "types.go", "xml.go"}; !slices.Equal(slices.Sorted(maps.Keys(first.Files)), want) {
		t.Errorf("%v", slices.Sorted(maps.Keys(first.Files)))
	}
	if first.Package != "t" || len(first.Operations) != 1 || first.Operations[0].Method != "Op" || first.Operations[0].Input != "RootMessage" {
		t.Errorf("%+v", first)
	}
}

// TestTypes: what each kind of field is in Go.
func TestTypes(t *testing.T) {
	out := generate(t, `<xs:complexType name="base"><xs:sequence/></xs:complexType>
<xs:complexType name="more"><xs:complexContent><xs:extension base="t:base"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:simpleType name="list"><xs:list itemType="xs:int"/></xs:simpleType><xs:simpleType name="union"><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>`+
		element(`<xs:element name="req" type="xs:int"/><xs:element name="opt" type="xs:int" minOccurs="0"/><xs:element name="many" type="xs:int" maxOccurs="2"/>
<xs:element name="nil" type="xs:int" nillable="true"/><xs:element name="optNil" type="xs:int" nillable="true" minOccurs="0"/><xs:element name="manyNil" type="xs:int" nillable="true" maxOccurs="2"/>
<xs:element name="poly" type="t:base"/><xs:element name="polys" type="t:base" maxOccurs="2"/><xs:element name="list" type="t:list"/><xs:element name="lists" type="t:list" maxOccurs="2"/>
<xs:element name="union" type="t:union"/><xs:element name="any" type="xs:anyType"/><xs:element name="big" type="xs:nonNegativeInteger"/><xs:any maxOccurs="2"/>`), gengo.Options{})
	code := strings.Join(strings.Fields(string(out.Files["types.go"])), " ")
	for _, field := range []string{
		"Req int32 `", "Opt *int32 `", "Many []int32 `", "Nil xsd.Nillable[int32] `", "OptNil *xsd.Nillable[int32] `", "ManyNil []xsd.Nillable[int32] `", "Poly AnyBase `", "Polys []AnyBase `",
		"List []int32 `", "Lists [][]int32 `", "Union string `", "Any xsd.Any `", "Big xsd.Integer `", "Any2 []xsd.Any `", "type AnyBase interface { codec.Struct isAnyBase() }",
	} {
		if !strings.Contains(code, field) {
			t.Errorf("%q is not in\n%s", field, out.Files["types.go"])
		}
	}
}

// TestFacets: code has a table for each type with bounds, one for all of the same, and none where nothing can be looked at. A pattern that
// Go cannot say is a warning, and the rest of the type's bounds stay.
func TestFacets(t *testing.T) {
	simple := func(body string) string { return `<xs:simpleType>` + body + `</xs:simpleType>` }
	of := func(base, facets string) string {
		return simple(`<xs:restriction base="xs:` + base + `">` + facets + `</xs:restriction>`)
	}
	for _, c := range []struct {
		name, one, other string
		tables           int
		words            string // of the code
		problems         int
	}{
		{"none", of("string", ""), of("int", ""), 0, "", 0},
		{"the same twice", of("string", `<xs:maxLength value="3"/>`), of("string", `<xs:maxLength value="3"/>`), 1, "{Facet: facet.MaxLength, N: 3}", 0},
		{"two", of("string", `<xs:maxLength value="3"/>`), of("string", `<xs:maxLength value="4"/>`), 2, "boundedString2", 0},
		{"white space", of("normalizedString", `<xs:length value="3"/>`), of("int", ""), 1, "Space: facet.Replace", 0},
		{"white space of its own", of("string", `<xs:whiteSpace value="collapse"/><xs:length value="3"/>`), of("int", ""), 1, "Of: facet.Characters, Rules", 0},
		{"patterns", of("string", `<xs:pattern value="a"/><xs:pattern value="b"/>`), of("int", ""), 1, `"(?:a)|(?:b)"`, 0},
		{"no expression of Go", of("string", `<xs:pattern value="\I"/><xs:minLength value="1"/>`), of("string", `<xs:pattern value="\C"/>`), 1, "facet.MinLength", 2},
		{"one of two", of("string", `<xs:pattern value="a"/><xs:pattern value="\I"/>`), of("int", ""), 0, "", 1},
		{"bounds of times", of("date", `<xs:minInclusive value="2000-01-01"/>`), of("duration", `<xs:maxInclusive value="P1D"/>`), 0, "", 0},
		{"names with prefixes", of("QName", `<xs:pattern value="a"/>`), of("int", ""), 0, "", 0},
		{"union", simple(`<xs:union memberTypes="xs:int xs:date"/>`), of("int", ""), 0, "", 0},
		{"enumeration", of("string", `<xs:enumeration value="a"/>`), of("int", ""), 0, "", 0},
		{"floating", of("double", `<xs:maxExclusive value="1E3"/><xs:minInclusive value="-INF"/>`), of("int", ""), 1, `Of: facet.Floating`, 0},
		{"octets", of("base64Binary", `<xs:maxLength value="3"/>`), of("hexBinary", `<xs:maxLength value="3"/>`), 2, "facet.HexOctets", 0},
	} {
		out := generate(t, `<xs:element name="root"><xs:complexType><xs:sequence><xs:element name="one">`+c.one+
			`</xs:element><xs:element name="other">`+c.other+`</xs:element></xs:sequence></xs:complexType></xs:element>`, gengo.Options{})
		code := string(out.Files["xml.go"])
		if n := strings.Count(code, "= codec.Bounded{"); n != c.tables || !strings.Contains(code, c.words) {
			t.Errorf("%s: %d tables, want %d and %s\n%s", c.name, n, c.tables, c.words, code)
		}
		for _, p := range out.Problems {
			if p.Code != "PatternNotEnforced" || p.Remedy == "" || p.Place.Line == 0 {
				t.Errorf("%s: %v", c.name, p)
			}
		}
		if len(out.Problems) != c.problems {
			t.Errorf("%s: %v, want %d warnings", c.name, out.Problems, c.problems)
		}
	}
}
