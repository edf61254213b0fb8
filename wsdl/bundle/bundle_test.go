package bundle_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

const xs = `xmlns:xs="http://www.w3.org/2001/XMLSchema"`

// service wraps a schema that is told by an import or include into a service with one operation.
func service(types string) string {
	return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" ` + xs + ` xmlns:t="urn:t" targetNamespace="urn:t">` +
		`<types>` + types + `</types><message name="In"><part name="p" element="t:Ask"/></message>` +
		`<portType name="P"><operation name="Say"><input message="t:In"/></operation></portType>` +
		`<binding name="B" type="t:P"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Say"><s:operation soapAction="a"/>` +
		`<input><s:body use="literal"/></input></operation></binding>` +
		`<service name="S"><port name="Port" binding="t:B"><s:address location="http://h/"/></port></service></definitions>`
}

func read(t *testing.T, docs wsdltest.Documents) *model.Description {
	t.Helper()
	d, err := load.Load(docs, "main", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// bundled bundles and reads again.
func bundled(t *testing.T, docs wsdltest.Documents) (text string, before, after *model.Description) {
	t.Helper()
	before = read(t, docs)
	out, err := bundle.Bundle(before)
	if err != nil {
		t.Fatal(err)
	}
	after, err = load.Load(wsdltest.Documents{"main": string(out)}, "main", load.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out), before, after
}

// TestForms: what a file says of its local elements by default holds in the bundle, whatever the schema that it joins says.
func TestForms(t *testing.T) {
	_, before, after := bundled(t, wsdltest.Documents{
		"main": service(`<xs:schema targetNamespace="urn:t" elementFormDefault="qualified" blockDefault="extension"><xs:include schemaLocation="a"/><xs:include schemaLocation="b"/></xs:schema>`),
		"a":    `<xs:schema ` + xs + ` targetNamespace="urn:t"><xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="plain" type="xs:int"/><xs:element name="own" form="qualified" type="xs:int"/></xs:sequence><xs:attribute name="p"/></xs:complexType></xs:element></xs:schema>`,
		"b":    `<xs:schema ` + xs + ` targetNamespace="urn:t" attributeFormDefault="qualified" elementFormDefault="qualified"><xs:complexType name="T"><xs:sequence><xs:element name="q" type="xs:int"/></xs:sequence><xs:attribute name="p"/></xs:complexType></xs:schema>`,
	})
	if diff := cmp.Diff(outline(t, before, false), outline(t, after, false)); diff != "" {
		t.Error(diff)
	}
	ask := after.Schema.Element(model.Name{Space: "urn:t", Local: "Ask"}).Type.Particle.Items
	if ask[0].Element.Name.Space != "" || ask[1].Element.Name.Space != "urn:t" {
		t.Errorf("%v %v", ask[0].Element.Name, ask[1].Element.Name)
	}
}

// TestChameleon: a schema without namespace takes the one of who includes it; it may be included into two.
func TestChameleon(t *testing.T) {
	text, before, after := bundled(t, wsdltest.Documents{
		"main": service(`<xs:schema targetNamespace="urn:t"><xs:import namespace="urn:u"/><xs:include schemaLocation="c"/><xs:element name="Ask" type="t:Thing"/></xs:schema>` +
			`<xs:schema targetNamespace="urn:u"><xs:include schemaLocation="c"/></xs:schema>`),
		"c": `<xs:schema ` + xs + `><xs:complexType name="Thing"><xs:sequence><xs:element name="k" type="Kind"/><xs:element ref="e"/><xs:group ref="g"/></xs:sequence><xs:attributeGroup ref="ag"/></xs:complexType>` +
			`<xs:simpleType name="Kind"><xs:union memberTypes="Small xs:string"/></xs:simpleType><xs:simpleType name="Small"><xs:restriction base="xs:byte"/></xs:simpleType>` +
			`<xs:element name="e" type="Kind"/><xs:group name="g"><xs:sequence><xs:element name="in" type="Small"/></xs:sequence></xs:group><xs:attributeGroup name="ag"><xs:attribute name="a" type="Kind"/></xs:attributeGroup></xs:schema>`,
	})
	if diff := cmp.Diff(outline(t, before, false), outline(t, after, false)); diff != "" || len(after.Problems) > 0 {
		t.Errorf("%v %s\n%s", after.Problems, diff, text)
	}
	for _, space := range []string{"urn:t", "urn:u"} {
		if after.Schema.Type(model.Name{Space: space, Local: "Thing"}) == nil {
			t.Errorf("Thing is not in %s", space)
		}
	}
}

// TestRedefine: a redefined component has its original beside it, and messages are what they were.
func TestRedefine(t *testing.T) {
	text, before, after := bundled(t, wsdltest.Documents{
		"main": service(`<xs:schema targetNamespace="urn:t"><xs:redefine schemaLocation="r">` +
			`<xs:complexType name="Thing"><xs:complexContent><xs:extension base="t:Thing"><xs:sequence><xs:element name="more" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>` +
			`<xs:simpleType name="Kind"><xs:restriction base="t:Kind"><xs:maxLength value="3"/></xs:restriction></xs:simpleType>` +
			`<xs:group name="g"><xs:sequence><xs:group ref="t:g"/><xs:element name="last" type="t:Kind"/></xs:sequence></xs:group>` +
			`<xs:attributeGroup name="ag"><xs:attributeGroup ref="t:ag"/><xs:attribute name="b" type="t:Kind"/></xs:attributeGroup>` +
			`</xs:redefine><xs:element name="Ask" type="t:Thing"/></xs:schema>`),
		"r": `<xs:schema ` + xs + ` xmlns="urn:t" targetNamespace="urn:t"><xs:complexType name="Thing"><xs:sequence><xs:element name="k" type="Kind"/><xs:group ref="g"/></xs:sequence><xs:attributeGroup ref="ag"/></xs:complexType>` +
			`<xs:simpleType name="Kind"><xs:restriction base="xs:string"/></xs:simpleType><xs:group name="g"><xs:sequence><xs:element name="first" type="Kind"/></xs:sequence></xs:group>` +
			`<xs:attributeGroup name="ag"><xs:attribute name="a" type="xs:int"/></xs:attributeGroup></xs:schema>`,
	})
	if strings.Contains(text, "redefine") || len(after.Problems) > 0 {
		t.Errorf("%v\n%s", after.Problems, text)
	}
	var bodies [2]string
	for i, d := range []*model.Description{before, after} {
		s, err := sample.New(d).Make(sample.Targets(d)[0], sample.Options{Amount: sample.Full})
		if err != nil {
			t.Fatal(err)
		}
		bodies[i] = s.Request.Body
	}
	if bodies[0] != bodies[1] || !strings.Contains(bodies[1], "<more>") || !strings.Contains(bodies[1], "<last>") || !strings.Contains(bodies[1], ` b="`) {
		t.Errorf("%s\n%s", bodies[0], bodies[1])
	}
	judge(t, text, after)
}

// judge validates what stands in the bodies of a description's samples by the bundle's schemas.
func judge(t *testing.T, text string, d *model.Description) {
	t.Helper()
	var docs []string
	m := sample.New(d)
	for _, target := range sample.Targets(d) {
		s, err := m.Make(target, sample.Options{Amount: sample.Full})
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, s.Request.Contents()...)
	}
	complaints, judged, why := wsdltest.Validate(t, wsdltest.Schemas(t, t.TempDir(), []byte(text)), docs)
	if !judged || slices.ContainsFunc(complaints, func(c string) bool { return c != "" }) {
		t.Errorf("%s %q", why, complaints)
	}
}

// TestSeveralWSDL: documents of several namespaces become one. Names that clash are told apart, and the actions that were made of a
// namespace stay.
func TestSeveralWSDL(t *testing.T) {
	wsdl := func(space, body string) string {
		return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="` + space + `" xmlns:i="urn:inner" targetNamespace="` + space +
			`" xmlns:wsp="http://www.w3.org/ns/ws-policy" xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">` + body + `</definitions>`
	}
	policy := func(name string) string { return `<wsp:Policy wsu:Id="p"><tns:` + name + `/></wsp:Policy>` }
	text, before, after := bundled(t, wsdltest.Documents{
		"main": wsdl("urn:outer", policy("One")+`<import namespace="urn:inner" location="inner"/><message name="M"/>`+
			`<binding name="B" type="i:P"><wsp:PolicyReference URI="#p"/><s:binding/><operation name="Say"><input><s:body use="literal"/></input></operation></binding>`+
			`<service name="S"><port name="Port" binding="tns:B"><s:address location="http://h/"/></port></service>`),
		"inner": wsdl("urn:inner", policy("Two")+`<message name="M"><part name="x" type="x:int" xmlns:x="http://www.w3.org/2001/XMLSchema"/></message>`+
			`<portType name="P"><operation name="Say"><input message="tns:M"/><output message="tns:M"/></operation></portType>`+
			`<binding name="B" type="tns:P"><wsp:PolicyReference URI="#p"/><s:binding/><operation name="Say"><input><s:body use="literal"/></input></operation></binding>`),
	})
	op := after.Services[0].Ports[0].Binding.Operations[0]
	if len(after.Problems) > 0 || op.Operation.Input.Action != before.PortTypes[0].Operations[0].Input.Action || op.Operation.Input.Action != "urn:inner:P:SayRequest" ||
		len(op.Operation.Input.Message.Parts) != 1 || op.Operation.Input.Message.Name.Local != "M_2" {
		t.Errorf("%v %+v\n%s", after.Problems, op.Operation.Input, text)
	}
	for i, want := range []string{"One", "Two"} {
		if p := after.Bindings[i].Policies; len(p) != 1 || p[0].Assertions[0].Name.Local != want {
			t.Errorf("binding %d: %+v", i, p)
		}
	}
}

// TestNot: what cannot be bundled.
func TestNot(t *testing.T) {
	if _, err := bundle.Bundle(read(t, wsdltest.Documents{"main": `<xs:schema ` + xs + `/>`})); err == nil || !strings.Contains(err.Error(), "bundle the WSDL") {
		t.Errorf("%v", err)
	}
}

// TestZeep: what zeep makes of the bundles of all descriptions of several files, with nothing else to read: all operations.
func TestZeep(t *testing.T) {
	if os.Getenv("CAUSEWAY_INTEROP") == "" {
		t.Skip("CAUSEWAY_INTEROP is not set")
	}
	python := "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), python, "-c", "import zeep").Run(); err != nil {
		t.Skip("zeep is not installed (Debian: python3-zeep)")
	}
	// What zeep does not read of the bundles, it does not read for faults that the descriptions have themselves.
	faulty := map[string]string{
		"amadeus-ws-client/testwsdlsoapheader2": "no XMLParseError No namespace defined for 'pnr_reply_11_3'", // an undeclared prefix
		"x-road/error":                          "no ValueError Empty tag name",
		"strong-soap/Netsuite":                  "no NamespaceError", // a namespace that no document is of
		// Parts that name elements which are nowhere: zeep leaves the operation out.
		"elixir-soap-soap/CyberSourceTransactionWithFileImportSchema": "ok 0", "metro-wsit/import": "ok 0",
		"node-soap/GetSubscription__should_handle_ref_minOc-soap": "ok 0",
		"metro-wsit/wscoor": "ok 5", // two operations of one name at one binding: zeep keeps the last
	}
	dir := t.TempDir()
	var files, names []string
	operations := map[string]int{}
	for _, c := range wsdltest.Cases(t) {
		d := c.Load(t)
		if !c.Local || len(d.Files) == 1 || len(d.Services) == 0 {
			continue
		}
		text, err := bundle.Bundle(d)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, strings.ReplaceAll(c.Name, "/", "_")+".wsdl")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		files, names = append(files, file), append(names, c.Name)
		for _, s := range d.Services {
			for _, p := range s.Ports {
				if p.Binding.Kind != model.OtherBinding {
					operations[c.Name] += len(p.Binding.Operations)
				}
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-c", zeepReads}, files...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(names) {
		t.Fatalf("%d answers for %d files: %s", len(lines), len(names), out)
	}
	for i, line := range lines {
		want := fmt.Sprintf("ok %d", operations[names[i]])
		if fault := faulty[names[i]]; fault != "" {
			want = fault
		}
		if !strings.HasPrefix(line, want) {
			t.Errorf("%s: %s, want %s", names[i], line, want)
		}
	}
}

const zeepReads = `
import sys, zeep
from zeep.transports import Transport
class Closed(Transport):
    def _load_remote_data(self, url):
        if url.startswith("/"): return open(url, "rb").read()
        # zeep has these two fetched whenever something names them, whatever stands in the document.
        if url.endswith("/xml.xsd"): return open("../load/wellknown/xml.xsd", "rb").read()
        if url.endswith("/soap/encoding/"): return open("../load/wellknown/soap11enc.xsd", "rb").read()
        raise IOError("remote " + url)
    def load(self, url): return self._load_remote_data(url)
for name in sys.argv[1:]:
    try:
        w = zeep.Client(name, transport=Closed()).wsdl
        n = sum(len(p.binding._operations) for s in w.services.values() for p in s.ports.values())
        print("ok", n)
    except Exception as e:
        print("no", type(e).__name__, str(e).replace("\n", " ")[:200])
`
