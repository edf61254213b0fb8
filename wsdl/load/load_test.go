package load_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/check"
	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/diff"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// files are documents in memory, by location.
type files = wsdltest.Documents

// schema wraps declarations.
func schema(body string) string {
	return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">` + body + `</xs:schema>`
}

func read(t *testing.T, f files) *model.Description {
	t.Helper()
	d, err := load.Load(f, "main", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWellKnown reads every schema that comes with the package: each brings a component and no problem.
func TestWellKnown(t *testing.T) {
	for ref, kind := range map[string]string{
		"http://www.w3.org/XML/1998/namespace lang": "attribute", "http://schemas.xmlsoap.org/soap/encoding/ arrayType": "attribute",
		"http://www.w3.org/2003/05/soap-encoding itemType": "attribute", "http://schemas.xmlsoap.org/soap/envelope/ Fault": "element",
		"http://www.w3.org/2003/05/soap-envelope Fault": "element", "http://www.w3.org/2005/08/addressing EndpointReference": "element",
		"http://schemas.xmlsoap.org/ws/2004/08/addressing EndpointReference": "element", "http://www.w3.org/2005/05/xmlmime contentType": "attribute",
		"http://www.w3.org/2004/11/xmlmime contentType": "attribute", "http://www.w3.org/2004/08/xop/include Include": "element",
		"http://schemas.microsoft.com/2003/10/Serialization/ guid": "element", "http://schemas.microsoft.com/2003/10/Serialization/Arrays ArrayOfint": "element",
		"http://www.w3.org/2001/XMLSchema schema":                                                      "element",
		"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd Security":   "element",
		"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd Timestamp": "element",
	} {
		space, local, _ := strings.Cut(ref, " ")
		use := `<xs:complexType name="T"><xs:sequence><xs:element ref="w:` + local + `"/></xs:sequence></xs:complexType>`
		if kind == "attribute" {
			use = `<xs:complexType name="T"><xs:attribute ref="w:` + local + `"/></xs:complexType>`
		}
		use = strings.Replace(use, "name=", `xmlns:w="`+space+`" name=`, 1)
		if space == model.NSXML { // its prefix is given
			use = strings.NewReplacer(`xmlns:w="`+space+`" `, "", "w:", "xml:").Replace(use)
		}
		d := read(t, files{"main": schema(`<xs:import namespace="` + space + `"/>` + use)})
		if len(d.Problems) > 0 {
			t.Errorf("%s: %v", ref, d.Problems)
		}
	}
}

// TestEntities: a document type that declares entities is refused, one that declares nothing is passed over.
func TestEntities(t *testing.T) {
	_, err := load.Load(files{"main": `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + schema(`<xs:element name="e" type="xs:string"/>`)}, "main", load.Limits{})
	if err == nil || !strings.Contains(err.Error(), "never expanded") {
		t.Errorf("%v", err)
	}
	d := read(t, files{"main": `<!DOCTYPE xs:schema PUBLIC "-//W3C//DTD XMLSCHEMA 200102//EN" "http://www.w3.org/2001/XMLSchema.dtd">` + "\n" + schema(`<xs:element name="e" type="t:no"/>`)})
	if len(d.Problems) != 1 || d.Problems[0].Place.Line != 2 || d.Problems[0].Code != "DanglingReference" {
		t.Errorf("%v", d.Problems)
	}
}

// TestLimits: each limit ends the reading with its name.
func TestLimits(t *testing.T) {
	f := files{"main": schema(`<xs:include schemaLocation="b"/>`), "b": schema(`<xs:element name="e" type="xs:string"/>`)}
	for what, limits := range map[string]load.Limits{"files": {Files: 1}, "bytes": {Bytes: 200}, "elements": {Nodes: 2}} {
		_, err := load.Load(f, "main", limits)
		var over *load.LimitError
		if !errors.As(err, &over) || over.What != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := load.Load(files{"main": schema(strings.Repeat("<xs:annotation>", 50) + strings.Repeat("</xs:annotation>", 50))}, "main", load.Limits{Depth: 20}); err == nil {
		t.Error("depth has no limit")
	}
}

// TestSharedOnce: a document that many import is read once, and circles of imports end.
func TestSharedOnce(t *testing.T) {
	var imports strings.Builder
	f := files{"big": schema(`<xs:import namespace="urn:t" schemaLocation="main"/><xs:element name="e" type="xs:string"/>` + strings.Repeat(" ", 1<<20))}
	for i := range 100 {
		name := fmt.Sprint("part", i)
		f[name] = schema(`<xs:include schemaLocation="big"/><xs:include schemaLocation="main"/>`)
		imports.WriteString(`<xs:include schemaLocation="` + name + `"/>`)
	}
	f["main"] = schema(imports.String())
	if d := read(t, f); len(d.Files) != 102 || d.Schema.Element(model.Name{Space: "urn:t", Local: "e"}) == nil {
		t.Errorf("%d files", len(d.Files))
	}
}

// TestDoubling: groups that use the next one twice stay small, however many levels there are.
func TestDoubling(t *testing.T) {
	var body strings.Builder
	const levels = 40
	for i := range levels {
		fmt.Fprintf(&body, `<xs:group name="g%d"><xs:sequence><xs:group ref="t:g%d"/><xs:group ref="t:g%d"/></xs:sequence></xs:group>`, i, i+1, i+1)
		fmt.Fprintf(&body, `<xs:attributeGroup name="a%d"><xs:attributeGroup ref="t:a%d"/><xs:attributeGroup ref="t:a%d"/></xs:attributeGroup>`, i, i+1, i+1)
	}
	fmt.Fprintf(&body, `<xs:group name="g%d"><xs:sequence><xs:element name="e" type="xs:string"/></xs:sequence></xs:group>`, levels)
	fmt.Fprintf(&body, `<xs:attributeGroup name="a%d"><xs:attribute name="b" type="xs:string"/></xs:attributeGroup>`, levels)
	body.WriteString(`<xs:complexType name="T"><xs:sequence><xs:group ref="t:g0"/></xs:sequence><xs:attributeGroup ref="t:a0"/></xs:complexType>`)
	d := read(t, files{"main": schema(body.String())})
	typ := d.Schema.Type(model.Name{Space: "urn:t", Local: "T"})
	if len(typ.Attrs) != 1 {
		t.Errorf("%d attributes", len(typ.Attrs))
	}
	p := ir.Lower(d, ir.Options{All: true})
	if len(p.Types) == 0 || len(p.Types[0].Fields) > 200_000 || len(p.Problems) == 0 {
		t.Errorf("%d types, %v", len(p.Types), p.Problems)
	}
}

// TestOccurrences: numbers that are none, and more than anybody can send.
func TestOccurrences(t *testing.T) {
	d := read(t, files{"main": schema(`<xs:complexType name="T"><xs:sequence>` +
		`<xs:element name="a" type="xs:string" maxOccurs="99999999999999999999"/><xs:element name="b" type="xs:string" minOccurs="unbounded"/>` +
		`<xs:element name="c" type="xs:string" minOccurs="3" maxOccurs="2"/></xs:sequence></xs:complexType>`)})
	items := d.Schema.Type(model.Name{Space: "urn:t", Local: "T"}).Particle.Items
	if items[0].Max != model.Unbounded || items[1].Min != 1 || items[2].Max != 3 || len(d.Problems) != 2 {
		t.Errorf("%+v %+v %+v, %v", items[0], items[1], items[2], d.Problems)
	}
}

// TestNoWSDL says what a document is instead.
func TestNoWSDL(t *testing.T) {
	for doc, want := range map[string]string{
		`<html/>`: "HTML page", `<definitions xmlns="http://www.w3.org/ns/wsdl"/>`: "WSDL 2.0",
		`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>`: "SOAP message", `<x/>`: "definitions is needed", `<x>`: "main:1",
	} {
		if _, err := load.Load(files{"main": doc}, "main", load.Limits{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

// FuzzLoad: whatever a description says, reading it and all that is made of it end, and never crash; bundles can be read again.
func FuzzLoad(f *testing.F) {
	f.Add(schema(`<xs:element name="e"><xs:complexType mixed="true"><xs:choice maxOccurs="unbounded"><xs:any/><xs:element ref="t:e"/></xs:choice></xs:complexType></xs:element>`))
	f.Add(schema(`<xs:redefine schemaLocation="main"><xs:simpleType name="s"><xs:restriction base="t:s"/></xs:simpleType></xs:redefine>`))
	f.Add(schema(`<xs:complexType name="a"><xs:complexContent><xs:extension base="t:a"/></xs:complexContent></xs:complexType>`))
	f.Add(schema(`<xs:simpleType name="u"><xs:union memberTypes="t:u xs:int"/></xs:simpleType><xs:simpleType name="l"><xs:list itemType="t:l"/></xs:simpleType>`))
	f.Add(schema(`<xs:element name="h" abstract="true"/><xs:element name="m" substitutionGroup="t:h"/><xs:group name="g"><xs:sequence><xs:group ref="t:g"/></xs:sequence></xs:group>`))
	f.Add(schema(`<xs:simpleType name="s"><xs:restriction base="xs:string"><xs:pattern value="[a-z-[aeiou]]{2,5000}\\i\\c*(a|\\p{Lu})?"/><xs:minLength value="3"/></xs:restriction></xs:simpleType><xs:element name="e" type="t:s"/>`))
	f.Add(`<?xml version="1.0" encoding="iso-8859-1"?><!DOCTYPE a SYSTEM "b>">` + schema(`<xs:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/><xs:complexType name="a" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"><xs:complexContent><xs:restriction base="e:Array"><xs:attribute ref="e:arrayType" w:arrayType="t:a[,][]" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></xs:restriction></xs:complexContent></xs:complexType>`))
	f.Add(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:t" targetNamespace="urn:t">` +
		`<message name="m"><part name="p" type="t:x"/></message><portType name="pt"><operation name="o"><input message="t:m"/><output message="t:m"/></operation></portType>` +
		`<binding name="b" type="t:pt"><s:binding style="rpc"/><operation name="o"><s:operation soapAction=""/><input><s:body use="encoded" parts="q"/></input></operation></binding>` +
		`<service name="s"><port name="p" binding="t:b"><s:address location="x"/></port></service></definitions>`)
	f.Add(called(`<part name="p" element="t:Ask"/>`))
	f.Add(strings.NewReplacer(`name="Ask" type="xs:string"`, `name="Ask" type="t:R" nillable="true"/><xs:complexType name="R"><xs:choice maxOccurs="2"><xs:element name="r" type="t:R"/><xs:any minOccurs="0"/></xs:choice>`+
		`<xs:attribute name="a" use="required"/></xs:complexType><xs:element name="x"`, "<binding", `<wsp:Policy wsu:Id="p"><t:A/><wsp:PolicyReference URI="#p"/></wsp:Policy><binding`).Replace(called(`<part name="p" element="t:Ask"/>`)))
	f.Fuzz(func(t *testing.T, doc string) {
		d, err := load.Load(files{"main": doc}, "main", load.Limits{Nodes: 2000, Depth: 64})
		if err != nil {
			return
		}
		ir.Lower(d, ir.Options{All: true})
		check.Check(d) // makes samples too
		o := describe.Describe(d)
		o.Tree()
		if r := diff.Compare(o, o); len(r.Changes) > 0 {
			t.Errorf("it differs from itself: %v", r.Changes)
		}
		if text, err := bundle.Bundle(d); err == nil {
			if _, err := load.Load(files{"main": string(text)}, "main", load.Limits{}); err != nil {
				t.Errorf("the bundle cannot be read: %v\n%s", err, text)
			}
		}
	})
}
