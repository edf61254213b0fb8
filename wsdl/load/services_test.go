package load_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// bound is a description whose one binding is given, over a port type of one operation with two messages of two parts.
func bound(binding string) string {
	return strings.Replace(wsdl(`<types>`+schema(`<xs:element name="A" type="xs:string"/><xs:element name="B" type="xs:int"/>`)+`</types>`+
		`<message name="In"><part name="a" element="t:A"/><part name="b" element="t:B"/></message>`+
		`<message name="Out"><part name="c" element="t:A"/></message><message name="Bad"><part name="d" element="t:B"/></message>`+
		`<portType name="P"><operation name="Say"><input message="t:In"/><output message="t:Out"/><fault name="Bad" message="t:Bad"/></operation></portType>`+
		binding+`<service name="S"><port name="Port" binding="t:B"><s:address location=" http://h/ "/></port></service>`),
		`xmlns:s="`, `xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/" xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:s="`, 1)
}

func names(parts []*model.Part) string {
	var all []string
	for _, p := range parts {
		all = append(all, p.Name)
	}
	return strings.Join(all, " ")
}

// TestBoundMessages: which parts are in the body, which are headers, which travel beside the envelope.
func TestBoundMessages(t *testing.T) {
	for input, want := range map[string]struct{ body, headers, beside string }{
		`<s:body use="literal"/>`:                                                                                       {"a b", "", ""},
		`<s:body use="literal" parts="b"/>`:                                                                             {"b", "", ""},
		`<s:body use="literal" parts=""/>`:                                                                              {"", "", ""},
		`<s:header message="t:In" part="a" use="literal"/><s:body use="literal"/>`:                                      {"b", "a", ""},
		`<s:header message="t:In" part="a" use="literal"/><s:body use="literal" parts="a b"/>`:                          {"a b", "a", ""},
		`<s:header message="t:Out" part="c" use="literal"/><s:header message="t:Out" part="c" use="literal"/><s:body/>`: {"a b", "c", ""},
		`<m:multipartRelated><m:part><s:body use="literal"/></m:part><m:part><m:content part="b" type="image/png"/><m:content part="b" type="image/gif"/></m:part></m:multipartRelated>`: {"a", "", "b image/png image/gif"},
		`<m:multipartRelated><m:part><s:header message="t:In" part="b" use="literal"/><s:body use="literal" parts="a"/></m:part></m:multipartRelated>`:                                   {"a", "b", ""},
	} {
		d := read(t, files{"main": bound(`<binding name="B" type="t:P"><s:binding/><operation name="Say"><input>` + input + `</input><output/></operation></binding>`)})
		in := d.Bindings[0].Operations[0].Input
		var headers, beside []string
		for _, h := range in.Headers {
			headers = append(headers, h.Part.Name)
		}
		for _, m := range in.MIME {
			beside = append(beside, m.Part.Name+" "+strings.Join(m.Types, " "))
		}
		if names(in.Body) != want.body || strings.Join(headers, " ") != want.headers || strings.Join(beside, ",") != want.beside || len(d.Problems) > 0 {
			t.Errorf("%s: body %q, headers %q, beside %q, %v", input, names(in.Body), headers, beside, d.Problems)
		}
	}
}

// TestBindings: kinds, styles and what stands at operations and faults.
func TestBindings(t *testing.T) {
	for binding, want := range map[string]struct {
		kind  model.BindingKind
		style model.Style
	}{
		`<s:binding/>`:             {model.SOAP11, model.Document},
		`<s:binding style="rpc"/>`: {model.SOAP11, model.RPC},
		`<s12:binding/>`:           {model.SOAP12, model.Document},
		`<h:binding verb="GET"/>`:  {model.HTTPGet, model.Document},
		`<h:binding verb="post"/>`: {model.HTTPPost, model.Document},
		``:                         {model.SOAP11, model.Document}, // its operation is SOAP's
	} {
		d := read(t, files{"main": bound(`<binding name="B" type="t:P">` + binding + `<operation name="Say"><s:operation soapAction=" act "/><input/><output/>` +
			`<fault name="Bad"><s:fault name="Bad" use="encoded" namespace="urn:f"/></fault></operation></binding>`)})
		b := d.Bindings[0]
		op := b.Operations[0]
		if b.Kind != want.kind || op.Style != want.style || op.Action != "act" || !op.HasAction {
			t.Errorf("%s: %s, %s, %+v", binding, b.Kind, op.Style, op)
		}
		if len(op.Faults) != 1 || op.Faults[0].Fault.Name != "Bad" || !op.Faults[0].Encoded || op.Faults[0].Namespace != "urn:f" {
			t.Errorf("%s: faults %+v", binding, op.Faults)
		}
		if p := d.Services[0].Ports[0]; p.Binding != b || p.Address != "http://h/" {
			t.Errorf("%s: port %+v", binding, p)
		}
	}
}

// TestMissing: what a binding names and nobody declares is told, and the rest is kept.
func TestMissing(t *testing.T) {
	for input, code := range map[string]string{
		`<s:body parts="z"/>`: "NoPart", `<s:header message="t:In" part="z"/>`: "NoPart", `<s:header message="t:Gone" part="a"/>`: "DanglingReference",
	} {
		d := read(t, files{"main": bound(`<binding name="B" type="t:P"><s:binding/><operation name="Say"><input>` + input + `</input></operation></binding>`)})
		if len(d.Problems) != 1 || d.Problems[0].Code != code || len(d.Bindings[0].Operations) != 1 {
			t.Errorf("%s: %v", input, d.Problems)
		}
	}
}

// TestExchanges: which of input and output comes first says which way an operation goes; names and actions have defaults.
func TestExchanges(t *testing.T) {
	for body, want := range map[string]struct {
		exchange        model.Exchange
		in, out, action string
	}{
		`<input message="t:M"/><output message="t:M"/>`: {model.RequestResponse, "SayRequest", "SayResponse", "urn:t:P:SayRequest"},
		`<output message="t:M"/><input message="t:M"/>`: {model.SolicitResponse, "SayResponse", "SaySolicit", "urn:t:P:SayResponse"},
		`<input message="t:M"/>`:                        {model.OneWay, "Say", "", "urn:t:P:Say"},
		`<output message="t:M"/>`:                       {model.Notification, "", "Say", ""},
		`<input name="n" message="t:M" xmlns:w="http://www.w3.org/2006/05/addressing/wsdl" w:Action="urn:act"/>`: {model.OneWay, "n", "", "urn:act"},
	} {
		d := read(t, files{"main": wsdl(`<message name="M"/><portType name="P"><operation name="Say">` + body + `</operation></portType>`)})
		op := d.PortTypes[0].Operations[0]
		if op.Exchange != want.exchange || op.Input != nil && (op.Input.Name != want.in || op.Input.Action != want.action) || op.Output != nil && op.Output.Name != want.out {
			t.Errorf("%s: %d %+v %+v", body, op.Exchange, op.Input, op.Output)
		}
	}
}

// TestDocuments: how documents name each other: WSDL by WSDL, schemas by WSDL, and what is of another kind than it should be.
func TestDocuments(t *testing.T) {
	element := `<xs:element name="e" type="xs:string"/>`
	plain := strings.Replace(schema(element), ` targetNamespace="urn:t"`, "", 1)
	other := strings.Replace(schema(element), `targetNamespace="urn:t"`, `targetNamespace="urn:o"`, 1)
	for name, c := range map[string]struct {
		main  string
		at    string // the namespace that e is in, "-" for nowhere
		codes []string
	}{
		"a schema, imported by the WSDL":  {wsdl(`<import namespace="urn:t" location="schema"/>`), "urn:t", nil},
		"a WSDL, imported by a schema":    {wsdl(`<types>` + schema(`<xs:import namespace="urn:t" schemaLocation="wsdl"/>`) + `</types>`), "urn:t", nil},
		"a WSDL in a WSDL":                {wsdl(`<import namespace="urn:t" location="wsdl"/>`), "urn:t", nil},
		"a chameleon":                     {schema(`<xs:include schemaLocation="plain"/>`), "urn:t", nil},
		"no namespace":                    {schema(`<xs:import schemaLocation="plain"/>`), "", nil},
		"an include of another namespace": {schema(`<xs:include schemaLocation="other"/>`), "urn:o", []string{"OtherNamespace"}},
		"an import that says another":     {schema(`<xs:import namespace="urn:x" schemaLocation="other"/>`), "urn:o", []string{"ImportNamespace"}},
		"no location":                     {wsdl(`<import namespace="urn:t"/>`), "-", []string{"NoLocation"}},
		"nothing there":                   {wsdl(`<import namespace="urn:t" location="gone"/>`), "-", []string{"CannotRead"}},
		"no XML":                          {wsdl(`<import namespace="urn:t" location="text"/>`), "-", []string{"CannotRead"}},
		"neither WSDL nor schema":         {wsdl(`<import location="html"/>`), "-", []string{"NotAWSDL"}},
		"no schema":                       {schema(`<xs:include schemaLocation="html"/>`), "-", []string{"NotASchema"}},
		"itself":                          {schema(`<xs:include schemaLocation="main"/>` + element), "urn:t", nil},
		"the same twice":                  {schema(`<xs:include schemaLocation="schema"/><xs:include schemaLocation="schema"/>`), "urn:t", nil},
	} {
		d := read(t, files{"main": c.main, "schema": schema(element), "plain": plain, "other": other, "html": "<html/>", "text": "words", "wsdl": wsdl(`<types>` + schema(element) + `</types>`)})
		var codes []string
		for _, p := range d.Problems {
			codes = append(codes, p.Code)
		}
		if !slices.Equal(codes, c.codes) {
			t.Errorf("%s: %v", name, d.Problems)
		}
		if c.at != "-" && d.Schema.Element(model.Name{Space: c.at, Local: "e"}) == nil || c.at == "-" && len(d.Schema.Elements) > 0 {
			t.Errorf("%s: elements %v", name, d.Schema.Elements)
		}
	}
}
