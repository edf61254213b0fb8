package diff_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/diff"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// service is what mutations are made of. In goes to the service, Out comes from it, Both goes both ways.
const service = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:p="http://www.w3.org/ns/ws-policy" xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xs:schema targetNamespace="urn:t">
<xs:element name="Ask" type="t:In"/><xs:element name="Answer" type="t:Out"/><xs:element name="Head" type="xs:string"/><xs:element name="Oops" type="xs:string"/>
<xs:complexType name="In"><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="t:Colour" minOccurs="0"/><xs:element name="c" type="t:Both" nillable="true" maxOccurs="5"/></xs:sequence><xs:attribute name="x" type="xs:string"/></xs:complexType>
<xs:complexType name="Out"><xs:sequence><xs:element name="d" type="xs:int"/><xs:element name="e" type="t:Size"/><xs:element name="f" type="t:Both"/><xs:element name="g" type="xs:string" minOccurs="0"/></xs:sequence><xs:attribute name="y" type="xs:string" use="required"/></xs:complexType>
<xs:complexType name="Both"><xs:choice><xs:element name="h" type="xs:string"/><xs:element name="i" type="xs:string"/></xs:choice></xs:complexType>
<xs:simpleType name="Colour"><xs:restriction base="xs:string"><xs:enumeration value="red"/><xs:enumeration value="green"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Size"><xs:restriction base="xs:string"><xs:enumeration value="S"/><xs:enumeration value="M"/><xs:maxLength value="9"/></xs:restriction></xs:simpleType>
</xs:schema></types>
<message name="I"><part name="p" element="t:Ask"/><part name="h" element="t:Head"/></message><message name="O"><part name="p" element="t:Answer"/></message><message name="F"><part name="p" element="t:Oops"/></message>
<portType name="P"><operation name="Say"><input message="t:I"/><output message="t:O"/><fault name="Oops" message="t:F"/></operation><operation name="Tell"><input message="t:I"/></operation></portType>
<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Say"><s:operation soapAction="say"/><input><s:header message="t:I" part="h" use="literal"/><s:body use="literal" parts="p"/></input><output><s:body use="literal"/></output></operation>
<operation name="Tell"><s:operation soapAction="tell"/><input><s:body use="literal" parts="p"/></input></operation></binding>
<service name="S"><port name="Port" binding="t:B"><s:address location="http://h/"/></port></service></definitions>`

func outline(t *testing.T, text string) *describe.Outline {
	t.Helper()
	d, err := load.Load(wsdltest.Documents{"main": text}, "main", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return describe.Describe(d)
}

// TestMutations: each mutation of a service is found, and judged by who is hurt.
func TestMutations(t *testing.T) {
	const tell = `<operation name="Tell"><input message="t:I"/></operation>`
	const tellBound = `<operation name="Tell"><s:operation soapAction="tell"/><input><s:body use="literal" parts="p"/></input></operation>`
	for _, m := range []struct{ from, to, want string }{
		// Services and ports.
		{`<service name="S">`, `<service name="T">`, "breaking: service {urn:t}S: it is gone"},
		{`<port name="Port"`, `<port name="Other"`, "breaking: port {urn:t}S / Port: it is gone"},
		{`</port></service>`, `</port><port name="More" binding="t:B"><s:address location="x:y"/></port></service>`, "compatible: port {urn:t}S / More: it is new"},
		{`location="http://h/"`, `location="http://i/"`, `compatible: port {urn:t}S / Port: the address changed: "http://h/" became "http://i/"`},
		{`wsdl/soap/"`, `wsdl/soap12/"`, `breaking: port {urn:t}S / Port: the protocol changed: "SOAP 1.1" became "SOAP 1.2"`},
		{`soap/http"/>`, `soap/https"/>`, "the transport changed"},
		{`<binding name="B" type="t:P">`, `<binding name="B" type="t:P"><p:Policy><sp:HttpsToken/></p:Policy>`, `breaking: port {urn:t}S / Port: a policy is new: "" became "TLS"`},
		// Operations and messages.
		{tell, "", "breaking: operation {urn:t}S / Port / Tell: it is gone"},
		{`soapAction="say"`, `soapAction="shout"`, "breaking: operation {urn:t}S / Port / Say: the action changed"},
		{`<input message="t:I"/></operation></portType>`, `<input message="t:I"/><output message="t:O"/></operation></portType>`, "breaking: operation {urn:t}S / Port / Tell: the exchange changed"},
		{`<fault name="Oops" message="t:F"/>`, ``, "compatible: fault {urn:t}S / Port / Say / Oops: it is gone"},
		{`<s:header message="t:I" part="h" use="literal"/>`, ``, "compatible: header {urn:t}S / Port / Say / request / h: it is gone"},
		{`<output><s:body use="literal"/></output>`, `<output><s:header message="t:I" part="h" use="literal"/><s:body use="literal"/></output>`, "compatible: header {urn:t}S / Port / Say / response / h: it is new"},
		{`soapAction="tell"/><input>`, `soapAction="tell"/><input><s:header message="t:I" part="h" use="literal"/>`, "breaking: header {urn:t}S / Port / Tell / request / h: it is new"},
		{`element="t:Answer"`, `element="t:Oops"`, `breaking: part {urn:t}S / Port / Say / response / body: the element changed`},
		{`soapAction="say"/>`, `soapAction="say" style="rpc"/>`, "breaking: operation {urn:t}S / Port / Say: the style changed"},
		// What callers send.
		{`<xs:element name="a" type="xs:int"/>`, ``, "breaking: content {urn:t}In / a: it is gone"},
		{`<xs:element name="a" type="xs:int"/>`, `<xs:element name="a" type="xs:long"/>`, `compatible: element {urn:t}In / a: the type changed: "xs:int" became "xs:long"`},
		{`<xs:element name="a" type="xs:int"/>`, `<xs:element name="a" type="xs:short"/>`, `breaking: element {urn:t}In / a: the type changed`},
		{`<xs:element name="a" type="xs:int"/>`, `<xs:element name="a" type="xs:int" minOccurs="0"/>`, "compatible: content {urn:t}In / a: how often it stands changed"},
		{`<xs:element name="a" type="xs:int"/>`, `<xs:element name="a" type="xs:int"/><xs:element name="n" type="xs:int"/>`, "breaking: content {urn:t}In / n: it is new"},
		{`<xs:element name="a" type="xs:int"/>`, `<xs:element name="a" type="xs:int"/><xs:element name="n" type="xs:int" minOccurs="0"/>`, "compatible: content {urn:t}In / n: it is new"},
		{`<xs:element name="a" type="xs:int"/><xs:element name="b" type="t:Colour" minOccurs="0"/>`, `<xs:element name="b" type="t:Colour" minOccurs="0"/><xs:element name="a" type="xs:int"/>`, "breaking: content {urn:t}In: the order changed"},
		{`nillable="true" maxOccurs="5"`, `maxOccurs="5"`, "breaking: element {urn:t}In / c: it is not nillable any more"},
		{`maxOccurs="5"`, `maxOccurs="4"`, "breaking: content {urn:t}In / c: how often it stands changed"},
		{`maxOccurs="5"`, `maxOccurs="unbounded"`, "compatible: content {urn:t}In / c: how often it stands changed"},
		{`<xs:enumeration value="red"/>`, ``, "breaking: value {urn:t}Colour / \"red\": it is gone"},
		{`<xs:enumeration value="red"/>`, `<xs:enumeration value="red"/><xs:enumeration value="blue"/>`, "compatible: value {urn:t}Colour / \"blue\": it is new"},
		{`<xs:attribute name="x" type="xs:string"/>`, `<xs:attribute name="x" type="xs:string" use="required"/>`, "breaking: attribute {urn:t}In / @x: it is required now"},
		{`<xs:attribute name="x" type="xs:string"/>`, `<xs:attribute name="x" type="xs:string"/><xs:attribute name="z" use="required"/>`, "breaking: attribute {urn:t}In / @z: it is new and required"},
		{`<xs:attribute name="x" type="xs:string"/>`, ``, "breaking: attribute {urn:t}In / @x: it is gone"},
		// What callers receive.
		{`<xs:element name="d" type="xs:int"/>`, ``, "breaking: content {urn:t}Out / d: it is gone"},
		{`<xs:element name="d" type="xs:int"/>`, `<xs:element name="d" type="xs:long"/>`, "breaking: element {urn:t}Out / d: the type changed"},
		{`<xs:element name="d" type="xs:int"/>`, `<xs:element name="d" type="xs:short"/>`, "compatible: element {urn:t}Out / d: the type changed"},
		{`<xs:element name="d" type="xs:int"/>`, `<xs:element name="d" type="xs:int"/><xs:element name="n" type="xs:int"/>`, "compatible: content {urn:t}Out / n: it is new"},
		{`<xs:element name="d" type="xs:int"/>`, `<xs:element name="d" type="xs:int" minOccurs="0"/>`, "breaking: content {urn:t}Out / d: how often it stands changed"},
		{`<xs:element name="d" type="xs:int"/>`, `<xs:element name="d" type="xs:int" maxOccurs="2"/>`, "breaking: content {urn:t}Out / d: how often it stands changed"},
		{`<xs:element name="d" type="xs:int"/>`, `<xs:element name="d" type="xs:int" nillable="true"/>`, "breaking: element {urn:t}Out / d: it is nillable now"},
		{`<xs:enumeration value="S"/>`, ``, "compatible: value {urn:t}Size / \"S\": it is gone"},
		{`<xs:enumeration value="S"/>`, `<xs:enumeration value="S"/><xs:enumeration value="L"/>`, "breaking: value {urn:t}Size / \"L\": it is new"},
		{`<xs:maxLength value="9"/>`, `<xs:maxLength value="8"/>`, "compatible: type {urn:t}Size: the facet maxLength changed"},
		{`<xs:maxLength value="9"/>`, `<xs:maxLength value="10"/>`, "breaking: type {urn:t}Size: the facet maxLength changed"},
		{`use="required"/></xs:complexType>`, `/></xs:complexType>`, "breaking: attribute {urn:t}Out / @y: it is not required any more"},
		{`type="xs:string" minOccurs="0"/></xs:sequence>`, `type="xs:string"/></xs:sequence>`, "compatible: content {urn:t}Out / g: how often it stands changed"},
		// Both ways.
		{`<xs:element name="i" type="xs:string"/>`, ``, "breaking: content {urn:t}Both / i: it is gone"},
		{`<xs:element name="i" type="xs:string"/>`, `<xs:element name="i" type="xs:string"/><xs:element name="j" type="xs:string"/>`, "breaking: content {urn:t}Both / j: it is a new branch"},
		{`<xs:choice><xs:element name="h" type="xs:string"/><xs:element name="i" type="xs:string"/></xs:choice>`, `<xs:sequence><xs:element name="h" type="xs:string"/><xs:element name="i" type="xs:string"/></xs:sequence>`, "breaking: content {urn:t}Both: what groups it changed"},
		{`<xs:element name="h" type="xs:string"/>`, `<xs:element name="h" type="xs:string" default="x"/>`, "compatible: element {urn:t}Both / h: the default changed"},
		{`<xs:element name="h" type="xs:string"/>`, `<xs:element name="h" type="xs:string" fixed="x"/>`, "breaking: element {urn:t}Both / h: the value is fixed now"},
		{`<xs:schema targetNamespace="urn:t">`, `<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">`, "breaking: content {urn:t}In / a: it is gone"},
		// No change.
		{`<message name="I">`, `<message name="I"><documentation>words</documentation>`, ""},
		{"\n", "\n\n", ""},
	} {
		before := outline(t, service)
		mutated := strings.Replace(service, m.from, m.to, 1)
		if m.from == tell {
			mutated = strings.Replace(mutated, tellBound, "", 1)
		}
		r := diff.Compare(before, outline(t, mutated))
		if m.want == "" && len(r.Changes) == 0 {
			continue
		}
		var all []string
		found := false
		for _, c := range r.Changes {
			all = append(all, c.String())
			found = found || m.want != "" && strings.Contains(c.String(), m.want)
		}
		if !found {
			t.Errorf("%s -> %s: want %q, have %q", m.from, m.to, m.want, all)
		}
		if r.Breaking+r.Compatible != len(r.Changes) {
			t.Errorf("%s: %d breaking, %d compatible of %d", m.from, r.Breaking, r.Compatible, len(r.Changes))
		}
	}
}

// TestSame: a description does not differ from itself.
func TestSame(t *testing.T) {
	for _, c := range wsdltest.Cases(t) {
		o := describe.Describe(c.Load(t))
		if r := diff.Compare(o, o); len(r.Changes) > 0 {
			t.Errorf("%s: %v", c.Name, r.Changes)
		}
	}
}

// unseen are the members of an outline that no caller meets.
var unseen = map[string]bool{"doc": true, "files": true, "Outline.name": true, "namespace": true}

// TestEveryMember changes each value of outlines, one at a time: the comparison sees every one of them.
func TestEveryMember(t *testing.T) {
	seen := map[string]bool{}
	check := func(name string, o *describe.Outline) {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var before describe.Outline
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatal(err)
		}
		leaves(reflect.ValueOf(o).Elem(), "Outline", func(path string, change func() func()) {
			if seen[path] { // one of each kind is enough, of each description the first
				return
			}
			undo := change()
			r := diff.Compare(&before, o)
			undo()
			seen[path] = true
			if len(r.Changes) == 0 {
				t.Errorf("%s: a change of %s is not seen", name, path)
			}
		})
	}
	check("service", outline(t, service))
	for _, c := range wsdltest.Some(t) {
		check(c.Name, describe.Describe(c.Load(t)))
	}
	if len(seen) < 150 {
		t.Errorf("only %d kinds of values were changed", len(seen))
	}
}

// leaves calls f for each value below v that people can change; change changes it and gives what undoes that.
func leaves(v reflect.Value, path string, f func(path string, change func() func())) {
	set := func(now reflect.Value) func() func() {
		return func() func() {
			was := reflect.ValueOf(v.Interface())
			v.Set(now)
			return func() { v.Set(was) }
		}
	}
	switch v.Kind() {
	case reflect.String:
		f(path, set(reflect.ValueOf(v.String()+"?").Convert(v.Type())))
	case reflect.Bool:
		f(path, set(reflect.ValueOf(!v.Bool())))
	case reflect.Int:
		f(path, set(reflect.ValueOf(int(v.Int())+7)))
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.Elem().Kind() == reflect.Struct {
			leaves(v.Elem(), strings.TrimRight(path, "."), f)
			return
		}
		f(path, set(reflect.Zero(v.Type())))
	case reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), path+"[]", f)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			was := v.MapIndex(k)
			f(path+"."+k.String(), func() func() {
				v.SetMapIndex(k, reflect.ValueOf(was.String()+"1"))
				return func() { v.SetMapIndex(k, was) }
			})
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if empty := v.Field(i).Kind() == reflect.String && v.Field(i).Len() == 0; empty && (name == "name" || name == "ref") {
				continue // what has no name does not get one
			}
			if unseen[name] || unseen[fmt.Sprint(path, ".", name)] {
				continue
			}
			next := path + "." + name
			if name == "items" || name == "element" || name == "content" || name == "anonymous" || name == "anonymousMembers" { // nested as deep as schemas are
				next = v.Type().Name() + "." + name
			}
			leaves(v.Field(i), next, f)
		}
	}
}
