package load_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// wsdl wraps what stands in definitions.
func wsdl(body string) string {
	return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" ` +
		`xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:wsp="http://www.w3.org/ns/ws-policy" xmlns:t="urn:t" targetNamespace="urn:t" ` +
		`xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd">` + body + `</definitions>`
}

// called is a description of one operation whose input is a part.
func called(part string) string {
	return wsdl(`<types>` + schema(`<xs:element name="Ask" type="xs:string"/>`) + `</types><message name="In">` + part + `</message>` +
		`<portType name="P"><operation name="Say"><input message="t:In"/></operation></portType>` +
		`<binding name="B" type="t:P"><s:binding/><operation name="Say"><input><s:body use="literal"/></input></operation></binding>` +
		`<service name="S"><port name="Port" binding="t:B"/></service>`)
}

// utf16Of writes a text in UTF-16 with a byte-order mark.
func utf16Of(text string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

// TestEncodings: a description is the same in every encoding, and so are the places in it, behind characters of two units too.
func TestEncodings(t *testing.T) {
	body := "<!-- 𝛺𝛺 ä -->" + schema(`<xs:element name="e𝛺" type="t:no"/>`)
	plain := strings.NewReplacer("𝛺", "µ").Replace(body)
	latin := strings.NewReplacer("µ", "\xb5", "ä", "\xe4").Replace(plain)
	for name, c := range map[string]struct{ doc, like string }{
		"UTF-8": {body, body}, "UTF-8 with a mark": {"\xEF\xBB\xBF" + body, body},
		"little": {utf16Of(body, binary.LittleEndian), body}, "big": {utf16Of(body, binary.BigEndian), body},
		"little, declared":   {utf16Of(`<?xml version="1.0" encoding="utf-16"?>`+"\n"+body, binary.LittleEndian), "\n" + body},
		"8 bits that say 16": {`<?xml version="1.0" encoding="UTF-16"?>` + "\n" + body, "\n" + body},
		"ISO-8859-1":         {`<?xml version="1.0" encoding="ISO-8859-1"?>` + "\n" + latin, "\n" + plain},
		"windows-1252":       {`<?xml version="1.0" encoding="windows-1252"?>` + "\n" + latin, "\n" + plain},
		"UTF-16, doctype":    {utf16Of("<!DOCTYPE x>\n"+body, binary.BigEndian), "\n" + body},
		"doctype with a >":   {`<!DOCTYPE x SYSTEM "a>b]">` + "\n" + body, "\n" + body},
	} {
		d := read(t, files{"main": c.doc})
		at := strings.Index(c.like, "<xs:element")
		line := 1 + strings.Count(c.like[:at], "\n")
		col := at - strings.LastIndexByte(c.like[:at], '\n')
		if len(d.Problems) != 1 || d.Problems[0].Place.Line != line || d.Problems[0].Place.Col != col {
			t.Errorf("%s: %v, want %d:%d", name, d.Problems, line, col)
		}
	}
}

// TestBadEncodings: what no encoding allows is an error, and entities are refused in all of them.
func TestBadEncodings(t *testing.T) {
	bomb := `<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("a", 100) + `">` + strings.Repeat("<!ENTITY b \"&a;&a;&a;\">", 100) + `]>` + schema("")
	for doc, want := range map[string]string{
		bomb: "never expanded", utf16Of(bomb, binary.LittleEndian): "never expanded", utf16Of(bomb, binary.BigEndian): "never expanded",
		utf16Of("<a/>", binary.BigEndian) + "x":                        "ends within a character",
		utf16Of("<a/>", binary.BigEndian) + "\xd8\x00\x00a":            "half of a character at byte 8",
		utf16Of("<a/>", binary.LittleEndian) + "\x00\xdc":              "half of a character at byte 8",
		`<?xml version="1.0" encoding="klingon"?><a/>`:                 `encoding "klingon" is not known`,
		"<!DOCTYPE x [ <a/>":                                           "does not end",
		"<!DOCTYPE x [<!ENTITY % p SYSTEM 'file:///etc/passwd'>]><a/>": "never expanded",
	} {
		if _, err := load.Load(files{"main": doc}, "main", load.Limits{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", doc[:min(len(doc), 40)], err, want)
		}
	}
}

// TestSimpleCycles: simple types that contain themselves are cut, so that a walk from any type to what it is made of ends.
func TestSimpleCycles(t *testing.T) {
	for _, body := range []string{
		`<xs:simpleType name="T"><xs:list itemType="t:T"/></xs:simpleType>`,
		`<xs:simpleType name="T"><xs:union memberTypes="t:T"/></xs:simpleType>`,
		`<xs:simpleType name="T"><xs:union memberTypes="xs:int t:U"/></xs:simpleType><xs:simpleType name="U"><xs:list itemType="t:T"/></xs:simpleType>`,
		`<xs:simpleType name="T"><xs:union><xs:simpleType><xs:restriction base="t:T"/></xs:simpleType></xs:union></xs:simpleType>`,
		`<xs:simpleType name="T"><xs:list><xs:simpleType><xs:union memberTypes="t:T xs:int"/></xs:simpleType></xs:list></xs:simpleType>`,
		`<xs:simpleType name="T"><xs:restriction base="t:U"/></xs:simpleType><xs:simpleType name="U"><xs:list itemType="t:T"/></xs:simpleType>`,
	} {
		d := read(t, files{"main": schema(body)})
		if len(d.Problems) != 1 || d.Problems[0].Code != "CircularType" {
			t.Errorf("%s: %v", body, d.Problems)
		}
		for _, typ := range d.Schema.Types {
			if depth(typ) > 5 {
				t.Errorf("%s: type %s does not end", body, typ.Name)
			}
		}
	}
	d := read(t, files{"main": schema(`<xs:simpleType name="T"><xs:union memberTypes="t:U t:U t:V"/></xs:simpleType>` +
		`<xs:simpleType name="U"><xs:restriction base="xs:int"/></xs:simpleType><xs:simpleType name="V"><xs:list itemType="t:U"/></xs:simpleType>`)})
	if len(d.Problems) > 0 {
		t.Errorf("no circle: %v", d.Problems)
	}
}

// depth is how far down a simple type goes, at most 100.
func depth(t *model.Type) int {
	level := []*model.Type{t}
	for n := range 100 {
		var next []*model.Type
		for _, c := range level {
			if c.Builtin {
				continue
			}
			next = append(next, c.Members...)
			if c.Item != nil {
				next = append(next, c.Item)
			}
			if c.Base != nil && c.Base.Simple {
				next = append(next, c.Base)
			}
		}
		if len(next) == 0 {
			return n
		}
		level = next[:min(len(next), 10)]
	}
	return 100
}

// TestPolicies: a policy has what it refers to, once in each place; one that refers to itself is cut, and one that doubles is bounded.
func TestPolicies(t *testing.T) {
	policy := func(id, body string) string { return `<wsp:Policy wsu:Id="` + id + `">` + body + `</wsp:Policy>` }
	ref := func(id string) string { return `<wsp:PolicyReference URI="#` + id + `"/>` }
	d := read(t, files{"main": wsdl(policy("a", `<t:One t:k="v" wsp:Optional="true"> text </t:One>`+ref("b")+ref("a")+ref("gone")) +
		policy("b", `<wsp:ExactlyOne><wsp:All><t:Two><wsp:Policy>`+ref("c")+`</wsp:Policy></t:Two></wsp:All></wsp:ExactlyOne>`) + policy("c", `<t:Three/>`))})
	var said []string
	for _, p := range d.Problems {
		said = append(said, p.Code)
	}
	if got := fmt.Sprint(said); got != "[CircularPolicy DanglingReference]" {
		t.Errorf("problems %s", got)
	}
	a := d.Policies[0].Assertions
	if len(a) != 2 || a[0].Name.Local != "One" || !a[0].Optional || a[0].Text != "text" || len(a[0].Attrs) != 1 || a[0].Attrs[0].Value != "v" ||
		a[1].Name.Local != "Two" || len(a[1].Nested) != 1 || a[1].Nested[0].Name.Local != "Three" {
		t.Errorf("%+v", a)
	}
	var all strings.Builder
	for i := range 40 {
		all.WriteString(policy(fmt.Sprint("p", i), `<t:A/>`+strings.Repeat(ref(fmt.Sprint("p", i+1)), 2)))
	}
	d = read(t, files{"main": wsdl(all.String() + policy("p40", "<t:A/>"))})
	if n := len(d.Policies[0].Assertions); n != 10_000 {
		t.Errorf("doubling policies: %d assertions", n)
	}
}

// TestLost: an operation that nobody can send is in Lost and not in the model; a careless reference is repaired where only one meaning
// is possible.
func TestLost(t *testing.T) {
	binding := `<binding name="B" type="t:P"><s:binding/><operation name="Say"/><operation name="Ask"/></binding>`
	for name, c := range map[string]struct {
		doc, lost, code string
	}{
		"whole":                  {called(`<part name="p" element="t:Ask"/>`), "", ""},
		"undeclared, one":        {called(`<part name="p" element="gone:Ask"/>`), "", "UndeclaredPrefix"},
		"undeclared, none":       {called(`<part name="p" element="gone:Other"/>`), "operation Say of binding B: lost: the element of its input cannot be known", "UndeclaredPrefix"},
		"dangling, name known":   {called(`<part name="p" element="t:Other"/>`), "", "DanglingReference"},
		"undeclared xs":          {strings.Replace(called(`<part name="p" type="xs:int"/>`), "xmlns:xs=", "xmlns:xs2=", 1), "", "UndeclaredPrefix"},
		"no port type":           {wsdl(binding + `<service name="S"><port name="Port" binding="t:B"/></service>`), "operation Ask of binding B: lost: the binding has no port type", "DanglingReference"},
		"no binding":             {wsdl(`<service name="S"><port name="Port" binding="t:B"/></service>`), "all operations of port Port: lost: it has no binding", "DanglingReference"},
		"no messages":            {wsdl(`<portType name="P"><operation name="Say"/></portType><binding name="B" type="t:P"><operation name="Say"/></binding>`), "operation Say of binding B: lost: it has neither", "NoMessages"},
		"not in the port type":   {wsdl(`<message name="M"/><portType name="P"><operation name="Say"><input message="t:M"/></operation></portType>` + binding), "operation Ask of binding B: lost: the port type has no such", "NoOperation"},
		"the message is missing": {wsdl(`<portType name="P"><operation name="Say"><input message="t:M"/></operation></portType><binding name="B" type="t:P"><operation name="Say"/></binding>`), "its input has no message", "DanglingReference"},
	} {
		d, err := load.Load(files{"main": c.doc}, "main", load.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last := ""
		if n := len(d.Lost); n > 0 {
			last = d.Lost[n-1].String()
		}
		if c.lost == "" && last != "" || !strings.Contains(last, c.lost) {
			t.Errorf("%s: lost %q, want %q", name, last, c.lost)
		}
		if c.code == "" && len(d.Problems) > 0 || c.code != "" && (len(d.Problems) == 0 || d.Problems[0].Code != c.code) {
			t.Errorf("%s: problems %v, want %s first", name, d.Problems, c.code)
		}
	}
}

// numbered is a service whose every schema names the next one.
type numbered struct{ opened int }

func (n *numbered) Open(_, location string) (string, []byte, error) {
	n.opened++
	next := fmt.Sprintf(`<xs:include schemaLocation="?xsd=%d"/>`, n.opened)
	return location, []byte(schema(next)), nil
}

// TestEndless: imports that never end are bounded in number, and documents in size and memory.
func TestEndless(t *testing.T) {
	src := &numbered{}
	var over *load.LimitError
	if _, err := load.Load(src, "?xsd=0", load.Limits{Files: 50}); !errors.As(err, &over) || over.What != "files" || src.opened > 51 {
		t.Errorf("%d opened, %v", src.opened, err)
	}
	huge := files{"main": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` + strings.Repeat(" ", 100<<20) + `</xs:schema>`}
	if _, err := load.Load(huge, "main", load.Limits{}); !errors.As(err, &over) || over.What != "bytes" {
		t.Errorf("100 MB: %v", err)
	}
	dense := files{"main": `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` + strings.Repeat("<a/>", 15<<20) + `</xs:schema>`}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := load.Load(dense, "main", load.Limits{})
	runtime.ReadMemStats(&after)
	if !errors.As(err, &over) || over.What != "elements" {
		t.Errorf("15 million elements: %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 900<<20 {
		t.Errorf("%d MB were allocated before the limit", used>>20)
	}
}

// TestText: what is given for bundling is the document, without what is no content.
func TestText(t *testing.T) {
	latin := `<?xml version='1.0' encoding='iso-8859-1'?>`
	for in, want := range map[string]string{
		"<a/>": "<a/>", "\xEF\xBB\xBF<a/>": "<a/>", utf16Of("<ä/>", binary.BigEndian): "<ä/>",
		"<!DOCTYPE a>\n<a/>": "            \n<a/>", `<?xml version="1.0" encoding="utf-8"?><a/>`: `<?xml version="1.0" encoding="utf-8"?><a/>`,
		latin + "<a>\xe4</a>": "<!--" + strings.Repeat(" ", len(latin)-len("<!---->")) + "--><a>ä</a>",
	} {
		got, err := load.Text([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
}

// TestInheritedContent: a type that adds only attributes has the content of what it extends.
func TestInheritedContent(t *testing.T) {
	extends := func(name, base, more string) string {
		return `<xs:complexType name="` + name + `"><xs:complexContent><xs:extension base="` + base + `">` + more + `</xs:extension></xs:complexContent></xs:complexType>`
	}
	d := read(t, files{"main": schema(extends("C", "t:B", `<xs:attribute name="c"/>`) + extends("B", "t:A", "") +
		`<xs:complexType name="A"><xs:simpleContent><xs:extension base="xs:int"/></xs:simpleContent></xs:complexType>` +
		`<xs:complexType name="M" mixed="true"><xs:sequence/></xs:complexType>` + extends("N", "t:M", "") +
		`<xs:complexType name="E"/>` + extends("F", "t:E", ""))})
	for name, want := range map[string]model.Content{"C": model.SimpleContent, "B": model.SimpleContent, "N": model.MixedContent, "F": model.Empty} {
		typ := d.Schema.Type(model.Name{Space: "urn:t", Local: name})
		if typ.Content != want || want == model.SimpleContent && (typ.Value == nil || typ.Value.Name.Local != "int") {
			t.Errorf("%s: content %d, value %v", name, typ.Content, typ.Value)
		}
	}
}
