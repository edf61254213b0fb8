package describe_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

const service = `<definitions name="Shop" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:p="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" xmlns:sp="http://schemas.xmlsoap.org/ws/2005/07/securitypolicy"
 xmlns:http="http://schemas.microsoft.com/ws/06/2004/policy/http" xmlns:t="urn:shop" targetNamespace="urn:shop">
<p:Policy u:Id="secure"><p:ExactlyOne><p:All><http:BasicAuthentication/><sp:TransportBinding><p:Policy><sp:TransportToken><p:Policy><sp:HttpsToken RequireClientCertificate="true"/></p:Policy></sp:TransportToken></p:Policy></sp:TransportBinding><t:House p:Optional="true"/></p:All></p:ExactlyOne></p:Policy>
<types><xs:schema targetNamespace="urn:shop" elementFormDefault="qualified">
<xs:element name="Order"><xs:annotation><xs:documentation>What is ordered.
More words.</xs:documentation></xs:annotation><xs:complexType><xs:sequence><xs:element name="item" type="t:Item" maxOccurs="unbounded"/><xs:element name="note" type="xs:string" minOccurs="0" nillable="true" default="none"/><xs:choice minOccurs="0"><xs:element ref="t:Head"/><xs:any namespace="##other" processContents="lax"/></xs:choice></xs:sequence><xs:attribute name="id" type="xs:int" use="required"/></xs:complexType></xs:element>
<xs:element name="Done" type="xs:boolean"/><xs:element name="Head" type="xs:string" abstract="true"/><xs:element name="Sub" substitutionGroup="t:Head"/>
<xs:complexType name="Item" mixed="true"><xs:complexContent><xs:extension base="t:Base"><xs:sequence><xs:group ref="t:More"/></xs:sequence><xs:anyAttribute/></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Base" abstract="true"><xs:sequence/></xs:complexType>
<xs:group name="More"><xs:sequence><xs:element name="colour" type="t:Colour"/></xs:sequence></xs:group>
<xs:simpleType name="Colour"><xs:restriction base="xs:string"><xs:enumeration value="red"/><xs:enumeration value=""/><xs:maxLength value="9"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Many"><xs:list><xs:simpleType><xs:union memberTypes="xs:int t:Colour"/></xs:simpleType></xs:list></xs:simpleType>
</xs:schema></types>
<message name="In"><part name="p" element="t:Order"/><part name="h" element="t:Done"/></message><message name="Out"><part name="p" element="t:Done"/></message>
<portType name="Desk"><operation name="Buy"><documentation>Buys.</documentation><input message="t:In"/><output message="t:Out"/><fault name="No" message="t:Out"/></operation><operation name="Tell"><input message="t:Out"/></operation></portType>
<binding name="B" type="t:Desk"><p:PolicyReference URI="#secure"/><s:binding transport="urn:carrier"/><operation name="Buy"><s:operation soapAction="buy"/><input><s:header message="t:In" part="h" use="literal"/><s:body use="literal" parts="p"/></input><output><s:body use="literal"/></output></operation><operation name="Tell"><s:operation soapAction="tell" style="rpc"/><input><s:body use="literal" namespace="urn:w"/></input></operation></binding>
<service name="Shop"><documentation>Sells.</documentation><port name="One" binding="t:B"><s:address location="https://h/"/></port><port name="Two" binding="t:B"><s:address location="https://i/"/></port></service></definitions>`

// tree is what people see of it.
const tree = `service Shop  urn:shop
├─ # Sells.
├─ port One  SOAP 1.1  document/literal  https://h/
│  ├─ transport urn:carrier
│  ├─ asks for HTTP Basic, transport security, TLS, client certificate, House (optional)
│  ├─ Buy  action buy
│  │  ├─ # Buys.
│  │  ├─ request header  Done  xs:boolean
│  │  ├─ request  Order
│  │  │  ├─ item  Item  [1..*]
│  │  │  ├─ note  xs:string  [0..1]  nillable  default "none"
│  │  │  ├─ choice  [0..1]
│  │  │  │  ├─ Head  element of the schema
│  │  │  │  └─ any  not urn:shop lax
│  │  │  └─ @id  xs:int  required
│  │  ├─ response  Done  xs:boolean
│  │  └─ fault No  Done  xs:boolean
│  └─ Tell  one-way  action tell
│     └─ request  Tell
│        └─ Done  xs:boolean
└─ port Two  SOAP 1.1  document/literal  https://i/
   ├─ transport urn:carrier
   ├─ asks for HTTP Basic, transport security, TLS, client certificate, House (optional)
   └─ operations as at port One
other elements
├─ Head  xs:string  abstract
└─ Sub  xs:string  in place of Head
groups
└─ More
   └─ colour  Colour
types
├─ Base  abstract
├─ Colour  xs:string  one of red, ""  maxLength 9
├─ Item  extends Base  mixed
│  ├─ group More
│  └─ @any  ##any strict
└─ Many  list of union of xs:int, Colour
`

func read(t *testing.T, text string) *model.Description {
	t.Helper()
	d, err := load.Load(wsdltest.Documents{"main": text}, "main", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Problems) > 0 {
		t.Fatal(d.Problems)
	}
	return d
}

// TestTree: the whole of a description as people see it.
func TestTree(t *testing.T) {
	if diff := cmp.Diff(tree, describe.Describe(read(t, service)).Tree()); diff != "" {
		t.Error(diff)
	}
}

// TestJSON: what programs read is what was outlined, and its members have the names that are documented.
func TestJSON(t *testing.T) {
	o := describe.Describe(read(t, service))
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back describe.Outline
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o, &back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{
		`"services":[{"name":"{urn:shop}Shop","doc":"Sells.","ports":[{"name":"One","address":"https://h/","binding":"{urn:shop}B","portType":"{urn:shop}Desk","protocol":"SOAP 1.1"`,
		`"policies":["HTTP Basic","transport security","TLS","client certificate","House (optional)"]`, `"wsaAction":"urn:shop:Desk:BuyRequest"`, `"wrapper":"{urn:w}Tell"`,
		`"max":-1`, `"ref":"{urn:shop}Head"`, `"namespaces":["not urn:shop"]`, `"enum":["red",""]`, `"facets":{"maxLength":"9"}`, `"substitutes":"{urn:shop}Head"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

// TestWords: what WCF writes as policies, in words; assertions are told once, and those that say nothing by themselves not at all.
func TestWords(t *testing.T) {
	a := func(local string, nested ...model.Assertion) model.Assertion {
		return model.Assertion{Name: model.Name{Space: "urn:any", Local: local}, Nested: nested}
	}
	for want, as := range map[string][]model.Assertion{
		"MTOM": {a("OptimizedMimeSerialization")},
		"binary XML, TLS on the stream, client certificate":  {a("BinaryEncoding"), a("SslTransportSecurity", a("RequireClientCertificate"))},
		"transport security, TLS, username token, timestamp": {a("TransportBinding", a("TransportToken", a("HttpsToken")), a("AlgorithmSuite", a("Basic256")), a("Layout", a("Strict"))), a("SignedSupportingTokens", a("UsernameToken")), a("IncludeTimestamp"), a("HttpsToken")},
		"Custom": {a("Custom", a("Inner"))},
		"":       {a("Wss11"), a("Trust10")},
	} {
		got := describe.Words([]*model.Policy{{Assertions: as}})
		if strings.Join(got, ", ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCorpus: every description has an outline whose JSON is whole and whose tree has every operation and type.
func TestCorpus(t *testing.T) {
	for _, c := range wsdltest.Cases(t) {
		d := c.Load(t)
		o := describe.Describe(d)
		text, err := json.Marshal(o)
		var back describe.Outline
		if err != nil || json.Unmarshal(text, &back) != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if again, err := json.Marshal(&back); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%s: what JSON says is not what was read of it: %v", c.Name, err)
		}
		tree := o.Tree()
		for _, pt := range d.Bindings {
			for _, op := range pt.Operations {
				if !strings.Contains(tree, "─ "+strings.TrimSpace(op.Operation.Name)) {
					t.Errorf("%s: operation %s is not in the tree", c.Name, op.Operation.Name)
				}
			}
		}
		for _, typ := range o.Types {
			if !strings.Contains(tree, typ.Name[strings.LastIndexByte(typ.Name, '}')+1:]) {
				t.Errorf("%s: type %s is not in the tree", c.Name, typ.Name)
			}
		}
	}
}
