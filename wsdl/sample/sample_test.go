package sample_test

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/wsdl/bundle"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// pieces are what a case replaces in a service: schema declarations, the parts of its message, the binding.
type pieces struct{ types, parts, binding, messages string }

const soapBinding = `<s:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Say"><s:operation soapAction="a"/><input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation>`

func (p pieces) text() string {
	if p.parts == "" {
		p.parts = `<part name="p" element="t:Ask"/>`
	}
	if p.binding == "" {
		p.binding = soapBinding
	}
	return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/" ` +
		`xmlns:a="http://www.w3.org/2006/05/addressing/wsdl" xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/" ` +
		`xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t"><types><xs:schema targetNamespace="urn:t">` +
		p.types + `</xs:schema></types><message name="In">` + p.parts + `</message>` + p.messages +
		`<portType name="P"><operation name="Say"><input message="t:In"/><output message="t:In"/></operation></portType><binding name="B" type="t:P">` + p.binding +
		`</binding><service name="S"><port name="Port" binding="t:B"><s:address location="http://h/svc"/></port></service></definitions>`
}

func read(t *testing.T, text string) *model.Description {
	t.Helper()
	d, err := load.Load(wsdltest.Documents{"main": text}, "main", load.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func make1(t *testing.T, p pieces, amount sample.Amount) (*sample.Sample, error) {
	t.Helper()
	d := read(t, p.text())
	target, err := sample.Find(d, "Say", "")
	if err != nil {
		t.Fatal(err)
	}
	return sample.New(d).Make(target, sample.Options{Amount: amount})
}

// inner gives what stands in the body of a request, without its indentation.
func inner(s *sample.Sample) string {
	_, rest, _ := strings.Cut(s.Request.Body, "<soap:Body>")
	rest, _, _ = strings.Cut(rest, "</soap:Body>")
	var b strings.Builder
	for line := range strings.Lines(rest) {
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

// TestValues: each value fits all facets of its type, those of its bases too; xmllint says so.
func TestValues(t *testing.T) {
	restrict := func(base, facets string) string {
		return `<xs:simpleType><xs:restriction base="xs:` + base + `">` + facets + `</xs:restriction></xs:simpleType>`
	}
	facet := func(name, value string) string { return `<xs:` + name + ` value="` + value + `"/>` }
	var body strings.Builder
	kinds := []string{}
	for name := range strings.FieldsSeq("string boolean decimal float double duration dateTime time date gYearMonth gYear gMonthDay gDay gMonth hexBinary base64Binary anyURI QName " +
		"normalizedString token language NMTOKEN NMTOKENS Name NCName ID IDREF integer nonPositiveInteger negativeInteger long int short byte nonNegativeInteger unsignedLong " +
		"unsignedInt unsignedShort unsignedByte positiveInteger") {
		kinds = append(kinds, restrict(name, ""))
	}
	kinds = append(kinds,
		restrict("string", facet("minLength", "40")), restrict("string", facet("maxLength", "2")), restrict("string", facet("length", "7")), restrict("string", facet("maxLength", "0")),
		restrict("string", facet("pattern", "[A-Z]{3}-\\d{4}")), restrict("string", facet("pattern", "[a-z-[aeiou]]{5}")), restrict("string", facet("pattern", "\\i\\c{3,}")),
		restrict("string", facet("pattern", ".{0,4000}")+facet("minLength", "1200")), restrict("string", facet("pattern", "(red|green)x?")+facet("minLength", "6")),
		restrict("string", facet("pattern", "\\p{Lu}\\p{Ll}*")), restrict("string", facet("pattern", "\\p{IsBasicLatin}{4}")), restrict("string", facet("pattern", "a")+facet("pattern", "b")),
		restrict("string", facet("pattern", "[^@]+@[^.]+\\.com")), restrict("string", facet("pattern", "\\d{3}\\s\\w{2}\\S\\D")), restrict("string", facet("pattern", "[\\-+]?[0-9]{1,3}(,[0-9]{3})*")),
		restrict("string", facet("pattern", "\\{[a-f]{2}\\}$\\^")), restrict("token", facet("pattern", "x( y)*")+facet("minLength", "5")), restrict("string", facet("enumeration", "")),
		restrict("string", facet("enumeration", "long")+facet("enumeration", "s")),
		restrict("int", facet("minInclusive", "1000")+facet("maxInclusive", "1001")), restrict("int", facet("minExclusive", "7")+facet("maxExclusive", "9")),
		restrict("decimal", facet("minExclusive", "0")+facet("maxExclusive", "1")+facet("fractionDigits", "1")), restrict("decimal", facet("totalDigits", "2")+facet("minInclusive", "-99")),
		restrict("integer", facet("pattern", "\\d{6}")), restrict("positiveInteger", facet("maxInclusive", "3")), restrict("long", facet("maxInclusive", "-5")), restrict("double", facet("minInclusive", "1e3")), restrict("double", facet("maxInclusive", "1e9999")),
		restrict("dateTime", facet("pattern", ".*Z")), restrict("dateTime", facet("minInclusive", "2030-01-01T00:00:00Z")), restrict("date", facet("pattern", "\\d{4}-\\d{2}-\\d{2}")),
		restrict("time", facet("pattern", "\\d\\d:\\d\\d:00")), restrict("duration", facet("pattern", "P\\d+D")), restrict("gYear", facet("pattern", "19\\d\\d")), restrict("boolean", facet("pattern", "0|1")),
		restrict("hexBinary", facet("length", "5")), restrict("base64Binary", facet("length", "4")), restrict("base64Binary", facet("minLength", "20")), restrict("anyURI", facet("maxLength", "4")),
		restrict("QName", facet("enumeration", "t:one")), restrict("language", facet("pattern", "[a-z]{2}")), restrict("NMTOKEN", facet("length", "3")),
		`<xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType>`,
		`<xs:simpleType><xs:restriction><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType><xs:length value="4"/></xs:restriction></xs:simpleType>`,
		`<xs:simpleType><xs:restriction><xs:simpleType><xs:list itemType="xs:NCName"/></xs:simpleType><xs:minLength value="2"/><xs:maxLength value="3"/></xs:restriction></xs:simpleType>`,
		`<xs:simpleType><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>`,
		`<xs:simpleType><xs:restriction><xs:simpleType><xs:union memberTypes="xs:int xs:date"/></xs:simpleType><xs:pattern value="\d{4}-.*"/></xs:restriction></xs:simpleType>`,
		`<xs:simpleType><xs:restriction><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[a-z]+"/></xs:restriction></xs:simpleType><xs:minLength value="9"/></xs:restriction></xs:simpleType>`,
	)
	for _, k := range kinds {
		body.WriteString(`<xs:element name="v">` + k + `</xs:element>`)
	}
	text := pieces{types: `<xs:element name="Ask"><xs:complexType><xs:sequence>` + body.String() + `</xs:sequence></xs:complexType></xs:element>`}.text()
	text = strings.ReplaceAll(text, `name="v"`, "name=\"v\"") // one name for all: they differ by place
	n := 0
	for strings.Contains(text, `name="v">`) {
		n++
		text = strings.Replace(text, `name="v">`, `name="v`+strings.Repeat("x", n)+`">`, 1)
	}
	d := read(t, text)
	s, err := sample.New(d).Make(sample.Targets(d)[0], sample.Options{})
	if err != nil || len(s.Notes) > 0 {
		t.Fatalf("%v %q", err, s.Notes)
	}
	single, err := bundle.Bundle(d)
	if err != nil {
		t.Fatal(err)
	}
	complaints, judged, why := wsdltest.Validate(t, wsdltest.Schemas(t, t.TempDir(), single), s.Request.Contents())
	if !judged || complaints[0] != "" {
		t.Errorf("%s %q\n%s", why, complaints, inner(s))
	}
}

// TestContent: what is written of content models, by amount.
func TestContent(t *testing.T) {
	complexType := func(body string) string {
		return `<xs:element name="Ask" type="t:T"/><xs:complexType name="T">` + body + `</xs:complexType>`
	}
	el := func(name, more string) string { return `<xs:element name="` + name + `" type="xs:int" ` + more + `/>` }
	for _, c := range []struct {
		types                  string
		minimal, typical, full string
	}{
		{complexType(`<xs:sequence>` + el("a", "") + el("b", `minOccurs="0"`) + el("c", `minOccurs="0" maxOccurs="9"`) + `</xs:sequence>`), "<a/>", "<a/><b/><c/>", "<a/><b/><c/><c/>"},
		{complexType(`<xs:sequence>` + el("a", `minOccurs="3" maxOccurs="4"`) + `</xs:sequence>`), "<a/><a/><a/>", "<a/><a/><a/>", "<a/><a/><a/>"},
		{complexType(`<xs:choice>` + el("a", "") + el("b", "") + `</xs:choice>`), "<a/>", "<a/>", "<a/>"},
		{complexType(`<xs:choice maxOccurs="unbounded">` + el("a", "") + el("b", "") + `</xs:choice>`), "<a/>", "<a/>", "<a/><b/>"},
		{complexType(`<xs:all>` + el("a", "") + el("b", `minOccurs="0"`) + `</xs:all>`), "<a/>", "<a/><b/>", "<a/><b/>"},
		{complexType(`<xs:sequence><xs:element name="t" type="t:T" minOccurs="0"/>` + el("z", "") + `</xs:sequence>`), "<z/>", "<z/>", "<z/>"}, // recursion ends at once
		{complexType(`<xs:choice><xs:element name="t" type="t:T"/>` + el("z", "") + `</xs:choice>`), "<z/>", "<z/>", "<z/>"},
		{complexType(`<xs:sequence><xs:element name="t" type="t:T" nillable="true"/></xs:sequence>`), `<t xsi:nil="true"/>`, `<t xsi:nil="true"/>`, `<t xsi:nil="true"/>`},
		{complexType(`<xs:sequence><xs:any processContents="lax" minOccurs="0"/></xs:sequence>`), "", "", "<ns2:anything/>"},
		{complexType(`<xs:sequence><xs:any namespace="##targetNamespace"/></xs:sequence>`) + `<xs:element name="g" type="xs:int"/>`, "<ns1:g/>", "<ns1:g/>", "<ns1:g/>"},
		{complexType(`<xs:sequence><xs:element ref="t:h"/></xs:sequence>`) + `<xs:element name="h" abstract="true" type="xs:int"/><xs:element name="m" substitutionGroup="t:h"/>`, "<ns1:m/>", "<ns1:m/>", "<ns1:m/>"},
		{complexType(`<xs:sequence><xs:group ref="t:g" minOccurs="0"/></xs:sequence>`) + `<xs:group name="g"><xs:sequence>` + el("a", "") + `<xs:group ref="t:g" minOccurs="0"/></xs:sequence></xs:group>`, "", "", ""},
		// What does not end itself is replaced by what may stand for it.
		{complexType(`<xs:sequence><xs:element ref="t:h"/></xs:sequence>`) + `<xs:element name="h" type="t:L"/><xs:complexType name="L"><xs:sequence><xs:element ref="t:h"/><xs:element name="l" type="t:L"/></xs:sequence></xs:complexType>` +
			`<xs:element name="m" type="t:N" substitutionGroup="t:h"/><xs:complexType name="N"><xs:complexContent><xs:restriction base="t:L"><xs:sequence/></xs:restriction></xs:complexContent></xs:complexType>`, "<ns1:m/>", "<ns1:m/>", "<ns1:m/>"},
		{`<xs:element name="Ask" type="t:B"/><xs:complexType name="B" abstract="true"><xs:sequence>` + el("a", "") + `</xs:sequence></xs:complexType>` +
			`<xs:complexType name="D"><xs:complexContent><xs:extension base="t:B"><xs:sequence>` + el("b", "") + `</xs:sequence></xs:extension></xs:complexContent></xs:complexType>`,
			`<a/><b/>`, `<a/><b/>`, `<a/><b/>`},
	} {
		for i, want := range []string{c.minimal, c.typical, c.full} {
			amount := []sample.Amount{sample.Minimal, sample.Typical, sample.Full}[i]
			s, err := make1(t, pieces{types: c.types}, amount)
			if err != nil {
				t.Errorf("%s: %v", c.types, err)
				continue
			}
			got := inner(s)
			got = strings.NewReplacer(">42</a>", "/>", ">42</b>", "/>", ">42</c>", "/>", ">42</z>", "/>", ">42</ns1:g>", "/>", ">42</ns1:m>", "/>", ">text</ns2:anything>", "/>").Replace(got)
			got = strings.TrimSuffix(strings.TrimPrefix(strings.Replace(got, ` xsi:type="ns1:D"`, "", 1), "<ns1:Ask>"), "</ns1:Ask>")
			if got == "<ns1:Ask/>" {
				got = ""
			}
			if got != want && !(strings.Contains(c.types, `name="g"><xs:sequence>`) && i > 0) {
				t.Errorf("%s, amount %d: %s, want %s", c.types, amount, got, want)
			}
		}
	}
}

// TestEndless: what has no finite message is an error that names the place; what doubles at each level ends too.
func TestEndless(t *testing.T) {
	for types, want := range map[string]string{
		`<xs:element name="Ask" type="t:T"/><xs:complexType name="T"><xs:sequence><xs:element name="t" type="t:T"/></xs:sequence></xs:complexType>`: "without end",
		`<xs:element name="Ask" type="t:T"/><xs:complexType name="T"><xs:choice><xs:element name="t" type="t:T"/></xs:choice></xs:complexType>`:     "without end",
		`<xs:element name="Ask" abstract="true"/>`:                                      "is abstract, and no element",
		`<xs:element name="Ask" type="t:T"/><xs:complexType name="T" abstract="true"/>`: "is abstract, and no type",
		`<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="a&gt;&lt;script" type="xs:int"/></xs:sequence></xs:complexType></xs:element>`: "is no name of an element",
		`<xs:element name="Ask"><xs:complexType><xs:attribute name="a='b' c" use="required"/></xs:complexType></xs:element>`:                                 "is no name of an attribute",
	} {
		_, err := make1(t, pieces{types: types}, sample.Typical)
		var bad *sample.Error
		if !errors.As(err, &bad) || !strings.Contains(bad.Text, want) || bad.Place.Line == 0 {
			t.Errorf("%s: %v", types, err)
		}
	}
	var types strings.Builder
	types.WriteString(`<xs:element name="Ask" type="t:T0"/><xs:complexType name="T40"/>`)
	for i := range 40 {
		next := strings.Repeat("x", i+1)
		types.WriteString(strings.NewReplacer("NOW", "T"+strings.Repeat("x", i), "NEXT", "T"+next).Replace(
			`<xs:complexType name="NOW"><xs:sequence><xs:element name="a" type="t:NEXT"/><xs:element name="b" type="t:NEXT"/></xs:sequence></xs:complexType>`))
	}
	text := strings.Replace(types.String(), "t:T0", "t:T", 1) + `<xs:complexType name="T` + strings.Repeat("x", 40) + `"/>`
	if _, err := make1(t, pieces{types: text}, sample.Minimal); err == nil || !strings.Contains(err.Error(), "has more than") {
		t.Errorf("doubling: %v", err)
	}
}

// TestEscaping: no text of a description becomes markup or a header.
func TestEscaping(t *testing.T) {
	p := pieces{
		types:   `<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="a" type="xs:string" default="&lt;b&gt;&amp;&quot;&#13;"/></xs:sequence><xs:attribute name="k" use="required" fixed="&quot;&lt;&#10;&gt;"/></xs:complexType></xs:element>`,
		binding: strings.Replace(soapBinding, `soapAction="a"`, `soapAction="a&#13;&#10;X-Evil: 1&quot;"`, 1),
	}
	s, err := make1(t, p, sample.Typical)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Request.Headers[1][1]; got != `"aX-Evil: 1"` {
		t.Errorf("action %q", got)
	}
	var back struct {
		Body struct {
			Ask struct {
				K string `xml:"k,attr"`
				A string `xml:"a"`
			} `xml:"Ask"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal([]byte(s.Request.Body), &back); err != nil || back.Body.Ask.A != "<b>&\"\r" || back.Body.Ask.K != "\"<\n>" {
		t.Errorf("%v %+v\n%s", err, back, s.Request.Body)
	}
}

// TestBindings: envelopes, wrappers, headers and addresses of each kind of binding.
func TestBindings(t *testing.T) {
	ask := `<xs:element name="Ask" type="xs:int"/>`
	bound := func(op, body string) string {
		return `<operation name="Say">` + op + `<input>` + body + `</input><output>` + body + `</output></operation>`
	}
	array := `<xs:complexType name="A"><xs:complexContent><xs:restriction base="e:Array"><xs:attribute ref="e:arrayType" w:arrayType="xs:int[]"/></xs:restriction></xs:complexContent></xs:complexType>`
	for name, c := range map[string]struct {
		p    pieces
		want []string
	}{
		"SOAP 1.1": {pieces{types: ask}, []string{`soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"`, "Content-Type: text/xml; charset=utf-8", `SOAPAction: "a"`, "POST http://h/svc"}},
		"SOAP 1.2": {pieces{types: ask, binding: `<s12:binding transport="http://schemas.xmlsoap.org/soap/http"/>` + bound(`<s12:operation soapAction="a"/>`, `<s12:body use="literal"/>`)},
			[]string{`xmlns:soap="http://www.w3.org/2003/05/soap-envelope"`, `Content-Type: application/soap+xml; charset=utf-8; action="a"`}},
		"rpc": {pieces{types: ask, parts: `<part name="x" type="xs:int"/><part name="y" type="xs:string"/>`, binding: `<s:binding/>` + bound(`<s:operation soapAction="" style="rpc"/>`, `<s:body use="literal" namespace="urn:w"/>`)},
			[]string{`<ns1:Say><x>42</x><y>text</y></ns1:Say>`, `xmlns:ns1="urn:w"`, `<ns1:SayResponse>`}},
		"encoded": {pieces{types: ask + array, parts: `<part name="x" type="t:A"/>`, binding: `<s:binding/>` + bound(`<s:operation soapAction="" style="rpc"/>`, `<s:body use="encoded" namespace="urn:w" encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"/>`)},
			[]string{`<ns1:Say soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><x xsi:type="soapenc:Array" soapenc:arrayType="xs:int[1]"><item xsi:type="xs:int">42</item></x></ns1:Say>`}},
		"headers": {pieces{types: ask + `<xs:element name="Token" type="xs:string"/>`, messages: `<message name="H"><part name="h" element="t:Token"/></message>`,
			binding: `<s:binding/>` + bound(`<s:operation soapAction="a"/>`, `<s:header message="t:H" part="h" use="literal"/><s:body use="literal"/>`)},
			[]string{`<soap:Header><ns1:Token>text</ns1:Token></soap:Header>`}},
		"addressing": {pieces{types: ask, binding: `<a:UsingAddressing/>` + soapBinding}, []string{`<wsa:Action>urn:t:P:SayRequest</wsa:Action>`, `<wsa:To>http://h/svc</wsa:To>`, `<wsa:RelatesTo>`}},
		"type":       {pieces{types: ask, parts: `<part name="x" type="xs:int"/>`}, []string{`<soap:Body><x>42</x></soap:Body>`}},
		"HTTP GET": {pieces{types: ask, parts: `<part name="x" type="xs:int"/><part name="y" type="xs:string"/>`, binding: `<h:binding verb="GET"/><operation name="Say"><h:operation location="/say"/><input><h:urlEncoded/></input><output/></operation>`},
			[]string{"GET http://h/svc/say?x=42&y=text"}},
		"HTTP POST": {pieces{types: ask, parts: `<part name="x" type="xs:int"/>`, binding: `<h:binding verb="POST"/><operation name="Say"><h:operation location="/say"/><input><m:content type="application/x-www-form-urlencoded"/></input><output/></operation>`},
			[]string{"POST http://h/svc/say", "Content-Type: application/x-www-form-urlencoded", "x=42"}},
		"HTTP path": {pieces{types: ask, parts: `<part name="x" type="xs:int"/>`, binding: `<h:binding verb="GET"/><operation name="Say"><h:operation location="/say/(x)"/><input><h:urlReplacement/></input><output/></operation>`},
			[]string{"GET http://h/svc/say/42"}},
	} {
		s, err := make1(t, c.p, sample.Typical)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var all strings.Builder
		all.WriteString(s.Request.Method + " " + s.Request.Target + "\n")
		for _, h := range s.Request.Headers {
			all.WriteString(h[0] + ": " + h[1] + "\n")
		}
		for line := range strings.Lines(s.Request.Body + s.Response.Body) {
			all.WriteString(strings.TrimSpace(line))
		}
		for _, want := range c.want {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s: no %s in\n%s", name, want, all.String())
			}
		}
	}
}

// TestFaults: declared faults in both envelopes.
func TestFaults(t *testing.T) {
	for version, want := range map[string]string{
		"s":   "<faultcode>soap:Server</faultcode><faultstring>what went wrong</faultstring><detail><ns1:Oops>text</ns1:Oops></detail>",
		"s12": `<soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">what went wrong</soap:Text></soap:Reason><soap:Detail><ns1:Oops>text</ns1:Oops></soap:Detail>`,
	} {
		text := pieces{
			types:    `<xs:element name="Ask" type="xs:int"/><xs:element name="Oops" type="xs:string"/>`,
			messages: `<message name="F"><part name="f" element="t:Oops"/></message>`,
			binding:  strings.NewReplacer("s:", version+":", "</output></operation>", `</output><fault name="Oops"><`+version+`:fault name="Oops" use="literal"/></fault></operation>`).Replace(soapBinding),
		}.text()
		text = strings.Replace(text, `<output message="t:In"/>`, `<output message="t:In"/><fault name="Oops" message="t:F"/>`, 1)
		d := read(t, text)
		s, err := sample.New(d).Make(sample.Targets(d)[0], sample.Options{})
		if err != nil || len(s.Faults) != 1 || s.Faults[0].Name != "Oops" || s.Faults[0].Status != 500 {
			t.Fatalf("%s: %v %+v", version, err, s)
		}
		var flat strings.Builder
		for line := range strings.Lines(s.Faults[0].Body) {
			flat.WriteString(strings.TrimSpace(line))
		}
		if !strings.Contains(flat.String(), want) {
			t.Errorf("%s: %s", version, flat.String())
		}
	}
}

// TestFind: an operation by its name, at a port, among overloads; SOAP before plain HTTP.
func TestFind(t *testing.T) {
	text := strings.NewReplacer(
		`<operation name="Say"><input message="t:In"/><output message="t:In"/></operation>`,
		`<operation name="Say"><input name="one" message="t:In"/><output message="t:In"/></operation><operation name="Say"><input name="two" message="t:In"/></operation><operation name="Tell"><input message="t:In"/></operation>`,
		`<service name="S">`, `<binding name="G" type="t:P"><h:binding verb="GET"/><operation name="Tell"><h:operation location="/t"/><input/></operation></binding><service name="S"><port name="Get" binding="t:G"><h:address location="http://g/"/></port>`,
	).Replace(pieces{types: `<xs:element name="Ask"/>`, binding: `<s:binding/><operation name="Say"><s:operation soapAction="1"/><input name="one"/><output/></operation>` +
		`<operation name="Say"><s:operation soapAction="2"/><input name="two"/></operation><operation name="Tell"><s:operation soapAction="3"/><input/></operation>`}.text())
	d := read(t, text)
	for _, c := range []struct{ operation, port, action, at string }{
		{"Say", "", "1", "Port"}, {"Say:two", "", "2", "Port"}, {"two", "", "2", "Port"}, {"Say:one", "Port", "1", "Port"}, {"Tell", "", "3", "Port"}, {"Tell", "Get", "", "Get"},
	} {
		target, err := sample.Find(d, c.operation, c.port)
		if err != nil || target.Op.Action != c.action || target.Port.Name != c.at {
			t.Errorf("%s at %q: %v %+v", c.operation, c.port, err, target.Op)
		}
	}
	for _, c := range [][3]string{{"Gone", "", "operations are Tell, Say"}, {"Say:three", "", "operations are"}, {"Say", "Gone", "ports are Get, Port"}, {"Say", "Get", "operations are Tell"}} {
		if _, err := sample.Find(d, c[0], c[1]); !errors.Is(err, sample.ErrNoOperation) || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s at %q: %v", c[0], c[1], err)
		}
	}
	if _, err := sample.Find(read(t, `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`), "Say", ""); !errors.Is(err, sample.ErrNoOperation) {
		t.Errorf("%v", err)
	}
	s, err := sample.New(d).Make(sample.Targets(d)[1], sample.Options{})
	if err != nil || s.Overload != "one" {
		t.Errorf("%v %+v", err, s)
	}
}
