package wsdl_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl"
	"github.com/causeway-relay/causeway/wsdl/describe"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// quote is a description in memory.
type quote struct{}

func (quote) Open(_, location string) (url string, content []byte, err error) {
	return location, []byte(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:q="urn:quote" targetNamespace="urn:quote">
<types><x:schema targetNamespace="urn:quote"><x:element name="Ask"><x:complexType><x:sequence><x:element name="symbol" type="x:token"/></x:sequence></x:complexType></x:element></x:schema></types>
<message name="In"><part name="p" element="q:Ask"/></message>
<portType name="Quote"><operation name="Ask"><input message="q:In"/></operation></portType>
<binding name="Quote" type="q:Quote"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Ask"><s:operation soapAction="ask"/><input><s:body use="literal"/></input></operation></binding>
<service name="Quote"><port name="Quote" binding="q:Quote"><s:address location="https://relay.example/quote"/></port></service></definitions>`), nil
}

func Example() {
	d, err := wsdl.Read(quote{}, "quote.wsdl")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(wsdl.Check(d).Problems), "problems")
	fmt.Print(wsdl.Describe(d).Tree())
	s, err := wsdl.Sample(d, "Ask", "", sample.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s.Request.Body)
	// Output:
	// 0 problems
	// service Quote  urn:quote
	// └─ port Quote  SOAP 1.1  document/literal  https://relay.example/quote
	//    └─ Ask  one-way  action ask
	//       └─ request  Ask
	//          └─ symbol  xs:token
	// <?xml version="1.0" encoding="utf-8"?>
	// <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns1="urn:quote">
	//   <soap:Body>
	//     <ns1:Ask>
	//       <symbol>text</symbol>
	//     </ns1:Ask>
	//   </soap:Body>
	// </soap:Envelope>
}

// TestFront: each call does what the package behind it does.
func TestFront(t *testing.T) {
	d, err := wsdl.Read(quote{}, "quote.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wsdl.Sample(d, "Gone", "", sample.Options{}); !errors.Is(err, sample.ErrNoOperation) {
		t.Errorf("%v", err)
	}
	if r := wsdl.Diff(d, d); len(r.Changes) > 0 {
		t.Errorf("%v", r.Changes)
	}
	if text, err := wsdl.Bundle(d); err != nil || !strings.Contains(string(text), "symbol") {
		t.Errorf("%v %s", err, text)
	}
}

// TestFieldCases: what the field cases say of reading: nothing is lost, every port and operation is there, the headers are.
func TestFieldCases(t *testing.T) {
	root := filepath.Join(filepath.Dir(wsdltest.Root(t)), "cases", "wsdl")
	mains, err := filepath.Glob(filepath.Join(root, "*", "service.wsdl"))
	if err != nil || len(mains) == 0 {
		t.Skipf("no field cases in %s", root)
	}
	outlines := map[string]*describe.Outline{}
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		d, err := wsdl.Read(wsdltest.Folder(filepath.Dir(main)), "service.wsdl")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := wsdl.Check(d)
		if len(r.Lost) > 0 || r.Errors > 0 {
			t.Errorf("%s: %v %v", name, r.Lost, r.Problems)
		}
		outlines[name] = wsdl.Describe(d)
		samplesOf(t, name, d)
	}
	ports := outlines["http-get-port-beside-soap"].Services[0].Ports
	if len(ports) != 4 {
		t.Errorf("%d ports", len(ports))
	}
	if ops := outlines["overloads"].Services[0].Ports[0].Operations; len(ops) != 2 || ops[0].Action == ops[1].Action {
		t.Errorf("overloads: %+v", ops)
	}
	three := outlines["wsdl-in-three-files"].Services
	if len(three) != 1 || len(three[0].Ports) != 1 || len(three[0].Ports[0].Operations) != 1 || len(three[0].Ports[0].Operations[0].Input.Headers) != 1 ||
		len(three[0].Ports[0].Operations[0].Input.Parts) != 1 {
		t.Errorf("three files: %+v", three)
	}
}

// samplesOf makes every sample of a description and lets xmllint judge those in document style by the bundle's schemas.
func samplesOf(t *testing.T, name string, d *model.Description) {
	t.Helper()
	var docs []string
	m := sample.New(d)
	for _, target := range sample.Targets(d) {
		for _, amount := range []sample.Amount{sample.Typical, sample.Minimal, sample.Full} {
			s, err := m.Make(target, sample.Options{Amount: amount})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if target.Op.Style == model.Document && strings.HasPrefix(s.Protocol, "SOAP") {
				docs = append(docs, s.Request.Contents()...)
			}
		}
	}
	text, err := wsdl.Bundle(d)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	complaints, judged, why := wsdltest.Validate(t, wsdltest.Schemas(t, t.TempDir(), text), docs)
	if !judged {
		t.Errorf("%s: %s", name, why)
	}
	for i, c := range complaints {
		if c != "" {
			t.Errorf("%s: %s\n%s", name, c, docs[i])
		}
	}
}
