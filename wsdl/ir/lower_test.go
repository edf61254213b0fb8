package ir_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

const head = `<definitions targetNamespace="urn:t" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/" xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/">`

func lower(t *testing.T, definitions string, o ir.Options) *ir.Program {
	t.Helper()
	d, err := load.Load(wsdltest.Documents{"service.wsdl": head + definitions + "</definitions>"}, "service.wsdl", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return ir.Lower(d, o)
}

// lowered gives a type of a schema.
func lowered(t *testing.T, schema, local string) *ir.Type {
	t.Helper()
	p := lower(t, `<types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">`+schema+`</xs:schema></types>`, ir.Options{All: true})
	for _, typ := range p.Types {
		if typ.Name.Local == local {
			return typ
		}
	}
	t.Fatalf("no type %s", local)
	return nil
}

// fields writes the fields of a struct: name, ? where optional, * where repeated, ~ where nillable.
func fields(t *ir.Type) string {
	var parts []string
	for _, f := range t.Fields {
		s := f.Name.Local
		switch f.Kind {
		case ir.Attribute:
			s = "@" + s
		case ir.AnyAttributes:
			s = "@any"
		case ir.Text:
			s = "text()"
		case ir.Wild:
			s = "any()"
		case ir.Items:
			s = "(" + fields(f.Type) + ")"
		case ir.Mixed:
			s = "mixed()"
		case ir.Element:
		}
		if f.Repeated {
			s += "*"
		}
		if f.Optional {
			s += "?"
		}
		if f.Nillable {
			s += "~"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// tree writes a content tree: sequences in (), choices in |, optional groups with ?.
func tree(g *ir.Group) string {
	if g == nil {
		return ""
	}
	if g.Leaf() {
		return fmt.Sprint(g.Field.Index)
	}
	var parts []string
	for _, n := range g.Nodes {
		parts = append(parts, tree(n))
	}
	between := " "
	if g.Compositor == model.Choice {
		between = "|"
	}
	s := "(" + strings.Join(parts, between) + ")"
	if g.Min == 0 {
		s += "?"
	}
	return s
}

// TestStructure: fields and content of every shape of content model.
func TestStructure(t *testing.T) {
	const a, b, c = `<xs:element name="a" type="xs:int"/>`, `<xs:element name="b" type="xs:int" minOccurs="0"/>`, `<xs:element name="c" type="xs:int" maxOccurs="unbounded" nillable="true"/>`
	rows := []struct{ name, content, fields, tree string }{
		{"sequence", `<xs:sequence>` + a + b + c + `</xs:sequence>`, "a b? c*~", "((0 1 2))"},
		{"choice", `<xs:choice>` + a + c + `</xs:choice>`, "a? c*?~", "((0|1))"},
		{"choice in sequence", `<xs:sequence>` + a + `<xs:choice minOccurs="0">` + b + c + `</xs:choice></xs:sequence>`, "a b? c*?~", "((0 (1|2)?))"},
		{"a choice of one is none", `<xs:choice>` + a + `</xs:choice>`, "a", "((0))"},
		{"optional sequence", `<xs:sequence minOccurs="0">` + a + c + `</xs:sequence>`, "a? c*?~", "((0 1)?)"},
		{"repeated choice", `<xs:choice maxOccurs="unbounded">` + a + b + `</xs:choice>`, "(a? b?)*", "(0)"},
		{"repeated choice that may be absent", `<xs:sequence><xs:choice minOccurs="0" maxOccurs="9">` + a + b + `</xs:choice>` + c + `</xs:sequence>`, "(a? b?)*? c*~", "((0 1))"},
		{"one element in a repeated group repeats itself", `<xs:sequence maxOccurs="unbounded">` + a + `</xs:sequence>`, "a*", "(0)"},
		{"branches share a field", `<xs:choice><xs:sequence>` + a + b + `</xs:sequence><xs:sequence>` + b + a + `</xs:sequence></xs:choice>`, "a? b?", "(((0 1)|(1 0)))"},
		{"two places of a sequence are two fields", `<xs:sequence>` + a + b + a + `</xs:sequence>`, "a b? a", "((0 1 2))"},
		{"nothing", `<xs:sequence/>`, "", ""},
		{"never", `<xs:sequence><xs:element name="a" type="xs:int" minOccurs="0" maxOccurs="0"/></xs:sequence>`, "", ""},
		{"all", `<xs:all>` + a + b + `</xs:all>`, "a b?", "((0 1))"},
		{"wildcards", `<xs:sequence>` + a + `<xs:any/><xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence><xs:anyAttribute/>`, "@any*? a any() any()*?", "((1 2 3))"},
		{"attributes", `<xs:attribute name="x" type="xs:int" use="required"/><xs:attribute name="y" type="xs:int"/><xs:attribute name="z" type="xs:int" use="prohibited"/>`, "@x @y?", ""},
		{"simple content", `<xs:simpleContent><xs:extension base="xs:int"><xs:attribute name="x" type="xs:int"/></xs:extension></xs:simpleContent>`, "@x? text()", ""},
	}
	for _, row := range rows {
		typ := lowered(t, `<xs:complexType name="T">`+row.content+`</xs:complexType>`, "T")
		if got := fields(typ); got != row.fields {
			t.Errorf("%s: fields %q, want %q", row.name, got, row.fields)
		}
		if got := tree(typ.Content); got != row.tree {
			t.Errorf("%s: tree %s, want %s", row.name, got, row.tree)
		}
	}
	mixed := lowered(t, `<xs:complexType name="T" mixed="true"><xs:sequence>`+a+`</xs:sequence></xs:complexType>`, "T")
	if !mixed.Mixed || fields(mixed) != "mixed()?" {
		t.Errorf("mixed: %s", fields(mixed))
	}
}

// TestDerivation: the base comes first; what is derived is known to the base, abstract types are not values.
func TestDerivation(t *testing.T) {
	const schema = `<xs:complexType name="A" abstract="true"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
<xs:complexType name="B"><xs:complexContent><xs:extension base="t:A"><xs:sequence><xs:element name="b" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="C"><xs:complexContent><xs:extension base="t:B"><xs:sequence><xs:element name="c" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="R"><xs:complexContent><xs:restriction base="t:C"><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/><xs:element name="c" type="xs:int" maxOccurs="1"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType>`
	if c := lowered(t, schema, "C"); fields(c) != "a b c" || c.Base == nil || c.Base.Name.Local != "B" {
		t.Errorf("%s of %v", fields(c), c.Base)
	}
	a := lowered(t, schema, "A")
	var derived []string
	for _, d := range a.Derived {
		derived = append(derived, d.Name.Local)
	}
	if diff := cmp.Diff([]string{"B", "C", "R"}, derived); diff != "" || !a.Polymorphic() || !a.Abstract {
		t.Errorf("%s %+v", diff, a)
	}
	if r := lowered(t, schema, "R"); fields(r) != "a b c" || r.Polymorphic() {
		t.Errorf("a restriction: %s", fields(r))
	}
}

// TestSubstitution: an element that others may stand for is a struct of them; one that none can is told.
func TestSubstitution(t *testing.T) {
	p := lower(t, `<types><xs:schema targetNamespace="urn:t"><xs:element name="head" abstract="true" type="xs:string"/><xs:element name="one" substitutionGroup="t:head"/>
<xs:element name="two" substitutionGroup="t:one" nillable="true"/><xs:element name="none" abstract="true"/>
<xs:complexType name="T"><xs:sequence><xs:element ref="t:head" maxOccurs="2"/><xs:element ref="t:none" minOccurs="0"/></xs:sequence></xs:complexType></xs:schema></types>`, ir.Options{All: true})
	found := false
	for _, typ := range p.Types {
		if typ.Kind == ir.OneOf && typ.Name.Local == "head" {
			found = true
			if fields(typ) != "one? two?~" || typ.Fields[1].Type.Root != "string" {
				t.Errorf("%s", fields(typ))
			}
		}
	}
	if !found || len(p.Problems) != 1 || p.Problems[0].Code != "NothingSubstitutes" {
		t.Errorf("%v", p.Problems)
	}
}

// TestSimple: what a simple type is read as, with its facets and names.
func TestSimple(t *testing.T) {
	const schema = `<xs:simpleType name="E"><xs:restriction base="xs:token"><xs:enumeration value="a"/><xs:enumeration value="b"/></xs:restriction></xs:simpleType>
<xs:simpleType name="N"><xs:restriction base="xs:int"><xs:enumeration value="1"/></xs:restriction></xs:simpleType>
<xs:simpleType name="S"><xs:restriction base="t:L"><xs:maxLength value="3"/></xs:restriction></xs:simpleType><xs:simpleType name="L"><xs:list itemType="t:N"/></xs:simpleType>
<xs:simpleType name="U"><xs:union memberTypes="xs:int t:E"/></xs:simpleType>
<xs:simpleType name="P"><xs:restriction base="t:Q"><xs:maxLength value="5"/></xs:restriction></xs:simpleType><xs:simpleType name="Q"><xs:restriction base="xs:string"><xs:pattern value="x*"/></xs:restriction></xs:simpleType>
<xs:complexType name="T"><xs:sequence><xs:element name="e" type="t:E"/><xs:element name="n" type="t:N"/><xs:element name="s" type="t:S"/><xs:element name="u" type="t:U"/><xs:element name="p" type="t:P"/></xs:sequence></xs:complexType>`
	f := lowered(t, schema, "T").Fields
	if e := f[0].Type; e.Kind != ir.Enum || len(e.Values) != 2 || e.Root != "token" {
		t.Errorf("enumeration: %+v", e)
	}
	if n := f[1].Type; n.Kind != ir.Builtin || n.Root != "int" || len(n.Facets) != 1 {
		t.Errorf("an enumeration of numbers is numbers: %+v", n)
	}
	if s := f[2].Type; s.Kind != ir.List || s.Item.Root != "int" || len(s.Facets) != 1 {
		t.Errorf("list: %+v", s)
	}
	if u := f[3].Type; u.Kind != ir.Builtin || len(u.Union) != 2 || u.Root != "anySimpleType" {
		t.Errorf("union: %+v", u)
	}
	if p := f[4].Type; len(p.Facets) != 2 || len(p.Facets[0].Patterns) != 1 || p.Facets[1].MaxLength == nil {
		t.Errorf("facets come from the root on: %+v", p.Facets)
	}
}

// TestDefaults: a fixed or default value of the declaration or of its use.
func TestDefaults(t *testing.T) {
	typ := lowered(t, `<xs:attribute name="g" type="xs:int" fixed="4"/><xs:complexType name="T"><xs:sequence><xs:element name="d" type="xs:int" default="1"/><xs:element name="f" type="xs:int" fixed="2"/></xs:sequence>
<xs:attribute name="a" type="xs:int" default="3"/><xs:attribute ref="t:g"/></xs:complexType>`, "T")
	var got []string
	for _, f := range typ.Fields {
		s := f.Name.Local
		if f.Default != nil {
			s += " default " + *f.Default
		}
		if f.Fixed != nil {
			s += " fixed " + *f.Fixed
		}
		got = append(got, s)
	}
	if diff := cmp.Diff([]string{"a default 3", "g fixed 4", "d default 1", "f fixed 2"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestGroupsGrow: groups that use each other are bounded, and one that contains itself is told.
func TestGroupsGrow(t *testing.T) {
	var schema strings.Builder
	schema.WriteString(`<xs:group name="g0"><xs:sequence><xs:element name="e" type="xs:int"/></xs:sequence></xs:group>`)
	for i := range 20 {
		fmt.Fprintf(&schema, `<xs:group name="g%d"><xs:sequence><xs:group ref="t:g%d"/><xs:group ref="t:g%d"/></xs:sequence></xs:group>`, i+1, i, i)
	}
	schema.WriteString(`<xs:complexType name="T"><xs:group ref="t:g20"/></xs:complexType>`)
	p := lower(t, `<types><xs:schema targetNamespace="urn:t">`+schema.String()+`</xs:schema></types>`, ir.Options{All: true})
	if len(p.Problems) != 1 || p.Problems[0].Code != "TooManyGroups" {
		t.Errorf("%v", p.Problems)
	}
}

const messages = `<types><xs:schema targetNamespace="urn:t"><xs:element name="e" type="xs:int" nillable="true"/><xs:element name="h" type="xs:string"/></xs:schema></types>
<message name="E"><part name="p" element="t:e"/></message><message name="Two"><part name="a" element="t:e"/><part name="b" element="t:h"/></message>
<message name="Typed"><part name="x" type="xs:int"/><part name="y" type="xs:string"/></message><message name="None"/>`

// bound lowers an operation of a binding whose parts are given.
func bound(t *testing.T, in, style, input string) *ir.Operation {
	t.Helper()
	p := lower(t, messages+`<portType name="P"><operation name="Op"><input message="t:`+in+`"/><output message="t:None"/><fault name="F" message="t:E"/></operation></portType>
<binding name="B" type="t:P"><s:binding style="`+style+`" transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Op"><s:operation soapAction="a"/><input>`+input+`</input><output><s:body use="literal"/></output>
<fault name="F"><s:fault name="F" use="literal"/></fault></operation></binding>`, ir.Options{})
	return p.Ports[0].Operations[0]
}

// TestMessages: how parts make a body.
func TestMessages(t *testing.T) {
	op := bound(t, "E", "document", `<s:body use="literal"/>`)
	if m := op.Input; m.Element.Local != "e" || !m.Nillable || m.Wrapper || op.Output.Type != nil || len(op.Faults) != 1 || op.Action != "a" {
		t.Errorf("%+v", op)
	}
	if m := bound(t, "Two", "document", `<s:body use="literal"/>`).Input; !m.Element.IsZero() || m.Type.Kind != ir.Item || fields(m.Type) != "e~ h" {
		t.Errorf("side by side: %+v", m)
	}
	m := bound(t, "Two", "document", `<s:body use="literal" parts="a"/><s:header message="t:Two" part="b" use="literal"><s:headerfault message="t:E" part="p" use="literal"/></s:header>`).Input
	if m.Element.Local != "e" || len(m.Headers) != 1 || m.Headers[0].Name.Local != "h" || len(m.HeaderFaults) != 1 || m.HeaderFaults[0].Name.Local != "e" {
		t.Errorf("headers: %+v", m)
	}
	if m := bound(t, "Typed", "rpc", `<s:body use="encoded" namespace="urn:n"/>`).Input; !m.Wrapper || m.Element != (model.Name{Space: "urn:n", Local: "Op"}) || !m.Encoded || fields(m.Type) != "x y" {
		t.Errorf("rpc: %+v", m)
	}
	const attached = `<m:multipartRelated><m:part><s:body use="literal"/></m:part><m:part><m:content part="p" type="image/png"/></m:part></m:multipartRelated>`
	if m := bound(t, "E", "document", attached).Input; m.Element.Local != "e" || len(m.Attached) != 1 || m.Attached[0].Types[0] != "image/png" {
		t.Errorf("a body whose only part is attached too: %+v", m)
	}
}

// TestHTTP: parameters of an HTTP binding are a struct of their parts; a document stays one.
func TestHTTP(t *testing.T) {
	for in, want := range map[string]bool{`<h:urlEncoded/>`: true, `<h:urlReplacement/>`: true, `<m:content type="application/x-www-form-urlencoded"/>`: true, `<m:mimeXml part="p"/>`: false} {
		message := "Typed"
		if !want {
			message = "E"
		}
		p := lower(t, messages+`<portType name="P"><operation name="Op"><input message="t:`+message+`"/></operation></portType>
<binding name="B" type="t:P"><h:binding verb="POST"/><operation name="Op"><h:operation location="/Op"/><input>`+in+`</input></operation></binding>`, ir.Options{})
		if m := p.Ports[0].Operations[0].Input; m.Wrapper != want || want && fields(m.Type) != "x y" {
			t.Errorf("%s: %+v", in, m)
		}
	}
}

// TestLost: what a runtime cannot send says why; for a port type without any binding SOAP is assumed, and told.
func TestLost(t *testing.T) {
	p := lower(t, messages+`<portType name="Q"><operation name="Two"><input message="t:Typed"/></operation></portType><portType name="P"><operation name="Ask"><output message="t:E"/><input message="t:E"/></operation><operation name="Tell"><output message="t:E"/></operation><operation name="Ok"><input message="t:E"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Ask"/><operation name="Tell"/><operation name="Ok"/></binding><binding name="J" type="t:P"><operation name="Ok"/></binding>`, ir.Options{})
	var got []string
	for _, port := range p.Ports {
		for _, op := range port.Operations {
			got = append(got, op.Name+": "+op.Lost)
		}
	}
	const calls = "the service would have to call its client"
	if diff := cmp.Diff([]string{"Ask: " + calls, "Tell: " + calls, "Ok: ", "Ok: its binding is neither SOAP nor HTTP", "Two: "}, got); diff != "" {
		t.Error(diff)
	}
	last := p.Ports[len(p.Ports)-1]
	if op := last.Operations[0]; !last.Assumed || op.Style != model.RPC || op.Input.Element != (model.Name{Space: "urn:t", Local: "Two"}) || len(p.Problems) != 1 {
		t.Errorf("%+v, %v", last, p.Problems)
	}
}

// TestForgotten: an operation that no binding names is in each SOAP binding of its port type, told once; one that another binding has is not.
func TestForgotten(t *testing.T) {
	const bind = `<s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="A"><s:operation soapAction="a"/><input><s:body use="literal"/></input></operation>`
	p := lower(t, messages+`<portType name="P"><operation name="A"><input message="t:E"/></operation><operation name="B"><input message="t:E"/></operation><operation name="C"><input message="t:E"/></operation></portType>
<binding name="X" type="t:P">`+bind+`</binding><binding name="Y" type="t:P">`+bind+`<operation name="C"><s:operation soapAction="c"/><input><s:body use="literal"/></input></operation></binding>`, ir.Options{})
	var got []string
	for _, port := range p.Ports {
		for _, op := range port.Operations {
			got = append(got, port.Binding.Name.Local+"."+op.Name+" "+op.Action)
		}
	}
	if diff := cmp.Diff([]string{"X.A a", "X.B ", "Y.A a", "Y.C c", "Y.B "}, got); diff != "" || len(p.Problems) != 1 {
		t.Errorf("%s%v", diff, p.Problems)
	}
}
