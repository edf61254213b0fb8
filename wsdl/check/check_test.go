package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/check"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// parts are the pieces of a description that a case replaces.
type parts struct {
	types, part, operation, binding, bound, more, service string
}

const head = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/" ` +
	`xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:p="http://www.w3.org/ns/ws-policy" ` +
	`xmlns:sp="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702" xmlns:t="urn:t" targetNamespace="urn:t">`

// text writes the description; empty pieces are the ones of a faultless one.
func (p parts) text() string {
	or := func(given, otherwise string) string {
		if given == "" {
			return otherwise
		}
		return given
	}
	return head + "\n<types><xs:schema targetNamespace=\"urn:t\">" + or(p.types, `<xs:element name="Ask" type="xs:string"/>`) + "</xs:schema></types>\n" +
		`<message name="In">` + or(p.part, `<part name="p" element="t:Ask"/>`) + "</message>\n" +
		`<portType name="P">` + or(p.operation, `<operation name="Say"><input message="t:In"/></operation>`) + "</portType>\n" +
		`<binding name="B" type="t:P">` + or(p.binding, `<s:binding transport="http://schemas.xmlsoap.org/soap/http"/>`) +
		or(p.bound, `<operation name="Say"><s:operation soapAction="a"/><input><s:body use="literal"/></input></operation>`) + "</binding>\n" + p.more +
		or(p.service, `<service name="S"><port name="Port" binding="t:B"><s:address location="http://h/"/></port></service>`) + "</definitions>"
}

func run(t *testing.T, docs wsdltest.Documents) *check.Report {
	t.Helper()
	d, err := load.Load(docs, "main", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return check.Check(d)
}

// TestRules: each rule is broken once, and is told with its level and line; the description without a fault has nothing to say.
func TestRules(t *testing.T) {
	binding := `<s:binding transport="http://schemas.xmlsoap.org/soap/http"/>`
	policy := func(assertion string) string { return `<p:Policy><sp:` + assertion + `/></p:Policy>` + binding }
	rpc := func(body string) string {
		return `<operation name="Say"><s:operation soapAction="a" style="rpc"/><input>` + body + `</input></operation>`
	}
	for want, p := range map[string]parts{
		"": {},
		// Services and bindings.
		"note NoService 1": {service: " "}, "warning NoAddress 7": {service: "\n" + `<service name="S"><port name="Port" binding="t:B"/></service>`},
		"warning NoAddress 6":    {service: `<service name="S"><port name="Port" binding="t:B"><s:address location="somewhere"/></port></service>`},
		"note NotBound 6":        {more: `<portType name="Q"/>`},
		"warning OtherBinding 5": {binding: " ", bound: `<operation name="Say"/>`}, "note HTTPBinding 5": {binding: `<h:binding verb="GET"/>`},
		"warning NoSOAPBinding 5": {binding: `<operation name="Say"><s:operation soapAction="a"/><input><s:body use="literal"/></input></operation>`, bound: " "},
		"note OtherTransport 5":   {binding: `<s:binding transport="urn:carrier"/>`},
		"warning PolicyNotMet 5":  {binding: policy("SymmetricBinding")},
		// Operations.
		"warning Overloaded 5": {
			operation: `<operation name="Say"><input name="a" message="t:In"/></operation><operation name="Say"><input name="b" message="t:In"/></operation>`,
			bound: `<operation name="Say"><s:operation soapAction="a"/><input name="a"><s:body use="literal"/></input></operation>` +
				`<operation name="Say"><s:operation soapAction="b"/><input name="b"><s:body use="literal"/></input></operation>`,
		},
		"warning SameRequest 5": {
			operation: `<operation name="Say"><input message="t:In"/></operation><operation name="Tell"><input message="t:In"/></operation>`,
			bound: `<operation name="Say"><s:operation soapAction="a"/><input><s:body use="literal"/></input></operation>` +
				`<operation name="Tell"><s:operation soapAction="a"/><input><s:body use="literal"/></input></operation>`,
		},
		"warning Backwards 4": {operation: `<operation name="Say"><output message="t:In"/></operation>`, bound: `<operation name="Say"><s:operation soapAction="a"/></operation>`},
		"warning FaultParts 4": {
			operation: `<operation name="Say"><input message="t:In"/><output message="t:In"/><fault name="f" message="t:E"/></operation>`, more: `<message name="E"/>`,
		},
		"note NoAction 5":              {bound: `<operation name="Say"><input><s:body use="literal"/></input></operation>`},
		"warning Encoded 5":            {part: `<part name="p" type="xs:int"/>`, bound: rpc(`<s:body use="encoded" namespace="urn:t"/>`)},
		"warning NoWrapperNamespace 5": {part: `<part name="p" type="xs:int"/>`, bound: rpc(`<s:body use="literal"/>`)},
		"warning ManyParts 5":          {part: `<part name="p" element="t:Ask"/><part name="q" element="t:Ask"/>`},
		"warning PartByType 3":         {part: `<part name="p" type="xs:int"/>`},
		"warning PartByElement 3":      {bound: rpc(`<s:body use="literal" namespace="urn:t"/>`)},
		"warning PartByType 5":         {part: `<part name="p" element="t:Ask"/><part name="q" type="xs:int"/>`, bound: `<operation name="Say"><s:operation soapAction="a"/><input><s:header message="t:In" part="q"/><s:body use="literal" parts="p"/></input></operation>`},
		"note Attachment 3":            {part: `<part name="p" element="t:Ask"/><part name="q" type="xs:base64Binary"/>`, bound: `<operation name="Say"><s:operation soapAction="a"/><input><m:multipartRelated><m:part><s:body use="literal" parts="p"/></m:part><m:part><m:content part="q" type="image/png"/></m:part></m:multipartRelated></input></operation>`},
		// Schemas.
		"warning BadName 2":           {types: `<xs:element name="Ask"/><xs:element name="1x"/>`},
		"warning BadName 4":           {operation: `<operation name="a b"><input message="t:In"/></operation>`, bound: `<operation name="a b"><s:operation soapAction="a"/><input/></operation>`},
		"warning AnchoredPattern 2":   {types: `<xs:element name="Ask"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="^a$"/></xs:restriction></xs:simpleType></xs:element>`},
		"note DuplicateValue 2":       {types: `<xs:element name="Ask"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="a"/><xs:enumeration value="a"/></xs:restriction></xs:simpleType></xs:element>`},
		"warning NestedAll 2":         {types: `<xs:element name="Ask"><xs:complexType><xs:sequence><xs:all/></xs:sequence></xs:complexType></xs:element>`},
		"warning RepeatedInAll 2":     {types: `<xs:element name="Ask"><xs:complexType><xs:all><xs:element name="a" type="xs:int" maxOccurs="2"/></xs:all></xs:complexType></xs:element>`},
		"warning EmptyChoice 2":       {types: `<xs:element name="Ask"><xs:complexType><xs:choice/></xs:complexType></xs:element>`},
		"warning DuplicateName 2":     {types: `<xs:element name="Ask"/><xs:element name="Ask"/>`},
		"warning DuplicateName 2 +":   {types: `<xs:element name="Ask"><xs:complexType><xs:attribute name="a"/><xs:attribute name="a"/></xs:complexType></xs:element>`},
		"note DataSet 2":              {types: `<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element ref="xs:schema"/></xs:sequence></xs:complexType></xs:element>`},
		"warning NoFiniteMessage 2":   {types: `<xs:element name="Ask" type="t:T"/><xs:complexType name="T"><xs:sequence><xs:element name="t" type="t:T"/></xs:sequence></xs:complexType>`},
		"warning DanglingReference 2": {types: `<xs:element name="Ask" type="t:gone"/>`},
		"warning UndeclaredPrefix 2":  {types: `<xs:element name="Ask" type="q:int"/>`},
		"warning ImportNamespace 2":   {types: `<xs:import namespace="urn:a" schemaLocation="other"/><xs:element name="Ask"/>`},
	} {
		r := run(t, wsdltest.Documents{"main": p.text(), "other": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b"/>`})
		var said []string
		found := want == "" && len(r.Problems) == 0
		for _, problem := range r.Problems {
			line := fmt.Sprintf("%s %s %d", problem.Level, problem.Code, problem.Place.Line)
			said = append(said, line)
			found = found || line == strings.TrimSuffix(want, " +")
			if problem.Level == model.Warning && problem.Remedy == "" && problem.Code != "Overloaded" {
				t.Errorf("%s: no remedy: %v", want, problem)
			}
		}
		if !found {
			t.Errorf("%q is not among %q", want, said)
		}
	}
}

// TestLost: an operation is lost where no binding lets anybody call it, and only there.
func TestLost(t *testing.T) {
	other := `<binding name="C" type="t:P"><operation name="Say"/></binding>`
	for want, p := range map[string]parts{
		"operation Say of binding B: lost: its binding is neither SOAP nor HTTP":      {binding: " ", bound: `<operation name="Say"/>`},
		"operation Say of binding B: lost: the service would have to call its client": {operation: `<operation name="Say"><output message="t:In"/></operation>`},
		"operation Say of binding B: lost: its input has no message":                  {operation: `<operation name="Say"><input message="t:Gone"/></operation>`},
		"operation Gone of binding B: lost: the port type has no such operation":      {bound: `<operation name="Gone"/>`},
		"operation Say of binding B: lost: the element of its input cannot be known":  {part: `<part name="p" element="gone:Gone"/>`},
		"": {more: other}, // another binding has it
	} {
		r := run(t, wsdltest.Documents{"main": p.text()})
		if want == "" && len(r.Lost) > 0 || want != "" && (len(r.Lost) != 1 || !strings.Contains(r.Lost[0].String(), want)) {
			t.Errorf("%q: %v", want, r.Lost)
		}
	}
}

// TestCorpus: every real description is judged; the errors and losses in it are these, and each is argued.
func TestCorpus(t *testing.T) {
	lost := map[string]int{
		"cxf/datetime": 9, "cxf/integertypes": 5, // CORBA bindings only
		"metro-wsit/wsit-provider.AudioStreamer": 2,  // a binding without a protocol
		"wsdl-reader/base-wsdl-events":           2,  // its SOAP extensions are of a namespace that is none
		"onvif/event":                            13, // port types that a remote document has
	}
	refused := map[string]int{
		"savon/lower_camel": 1, // its only port names a binding that is nowhere
		"onvif/event":       6, // see above: the bindings
	}
	for _, c := range wsdltest.Cases(t) {
		r := check.Check(c.Load(t))
		if len(r.Lost) != lost[c.Name] {
			t.Errorf("%s: %d operations are lost, want %d: %v", c.Name, len(r.Lost), lost[c.Name], r.Lost)
		}
		if r.Errors != refused[c.Name] {
			t.Errorf("%s: %d errors, want %d: %v", c.Name, r.Errors, refused[c.Name], r.Problems)
		}
		for i, p := range r.Problems {
			if p.Code == "" || p.Text == "" || p.Place.File == nil || p.Place.Line == 0 || p.Level > model.Note && p.Remedy == "" && p.Code != "NotAWSDL" {
				t.Errorf("%s: problem %d is not whole: %+v", c.Name, i, p)
			}
		}
	}
}

// TestDocumented: every code that the sources can give has its row in the documentation.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/wsdl.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?:\.(?:warn|note|problem|add)\(|code, remedy := |code, remedy = )[^"\n]*"([A-Z][A-Za-z]+)"`)
	found := 0
	for _, pattern := range []string{"*.go", "../load/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, m := range code.FindAllStringSubmatch(string(text), -1) {
				found++
				if !strings.Contains(string(page), m[1]) && m[1] != "WellKnown" { // a fault of ours, which a test would find
					t.Errorf("%s: %s is not in docs/wsdl.md", name, m[1])
				}
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d places give a code", found)
	}
}
