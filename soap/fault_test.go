package soap

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

func caseFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/case/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(qs []xsd.QName) (out []string) {
	for _, q := range qs {
		out = append(out, q.String())
	}
	return out
}

// TestFaultCase is the field case of a fault with all that 1.2 has.
func TestFaultCase(t *testing.T) {
	doc := caseFile(t, "fault12-subcodes-and-languages/fault12.xml")
	f, err := parse(t, doc).Fault()
	if err != nil || f == nil {
		t.Fatal(f, err)
	}
	if f.Code != Receiver && f.Code.Local != "Receiver" || len(f.Reasons) != 3 || f.Node != "urn:example:n" || f.Role != "urn:example:r" {
		t.Errorf("%+v", f)
	}
	if diff := cmp.Diff([]string{"{urn:example:x}E900", "{urn:example:y}Deep"}, names(f.Subcodes)); diff != "" {
		t.Error(diff)
	}
	// Written from the model, it is the same fault.
	m := New(V12)
	m.SetFault(f)
	again, err := parse(t, written(t, m)).Fault()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plainFault(f), plainFault(again)); diff != "" {
		t.Error(diff)
	}
	if v, ok := again.Detail.Attr("urn:example:x", "at"); !ok || v.String() != "1" {
		t.Error("attribute of the detail is lost")
	}

	m = parse(t, doc)
	if err := m.Convert(V11); err != nil {
		t.Fatal(err)
	}
	var want struct {
		Code   []string `json:"faultcode_one_of"`
		Text   []string `json:"faultstring_one_of"`
		Actor  string   `json:"faultactor"`
		Detail []string `json:"detail_children"`
	}
	if err := json.Unmarshal([]byte(caseFile(t, "fault12-subcodes-and-languages/fault11.json")), &want); err != nil {
		t.Fatal(err)
	}
	f, err = parse(t, written(t, m)).Fault()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(want.Code, f.Code.String()) || f.Code.Local != "E900" {
		t.Error("code", f.Code)
	}
	if len(f.Reasons) != 1 || !slices.Contains(want.Text, f.Reasons[0].Text) || f.Reasons[0].Lang != "en" {
		t.Error("reason", f.Reasons)
	}
	if f.Role != want.Actor {
		t.Error("actor", f.Role)
	}
	if e := f.Entries(); len(e) != 1 || e[0].Name().Space != "urn:example:x" || e[0].Name().Local != "more" || e[0].Text() != "m" {
		t.Error("detail", e)
	}
}

type plain struct {
	Code     string
	Subcodes []string
	Reasons  []Reason
	Node     string
	Role     string
	Detail   []string
}

// plainFault gives a fault for comparison.
func plainFault(f *Fault) plain {
	p := plain{Code: f.Code.String(), Subcodes: names(f.Subcodes), Reasons: f.Reasons, Node: f.Node, Role: f.Role}
	for _, e := range f.Entries() {
		p.Detail = append(p.Detail, e.Name().Local+"="+e.Text())
	}
	return p
}

// TestBentFaults reads faults as peers write them.
func TestBentFaults(t *testing.T) {
	for _, tc := range []struct{ name, fault, code, reason string }{
		{"plain", `<s:Fault><faultcode>s:Client</faultcode><faultstring>r</faultstring></s:Fault>`, Sender.String(), "r"},
		{"no prefix", `<s:Fault><faultcode>Server</faultcode><faultstring xml:lang="en">r</faultstring></s:Fault>`, Receiver.String(), "r"},
		{"name of 1.2", `<s:Fault><faultcode>Sender</faultcode><faultstring>r</faultstring></s:Fault>`, Sender.String(), "r"},
		{"undeclared prefix", `<s:Fault><faultcode>soap:Server</faultcode><faultstring>r</faultstring></s:Fault>`, Receiver.String(), "r"},
		{"qualified names", `<s:Fault><s:faultcode>s:Client</s:faultcode><s:faultstring>r</s:faultstring></s:Fault>`, Sender.String(), "r"},
		{"own prefix on the element", `<s:Fault><faultcode xmlns:q="urn:q">q:X</faultcode><faultstring>r</faultstring></s:Fault>`, "{urn:q}X", "r"},
		{"dotted", `<s:Fault><faultcode>s:Client.Auth</faultcode><faultstring>r</faultstring></s:Fault>`, "{" + Namespace11 + "}Client.Auth", "r"},
		{"other order, white space, strangers", "<s:Fault>\n<x xmlns='urn:x'><faultcode>no</faultcode></x><faultstring>r</faultstring> <!-- --> <faultcode>\n s:Client </faultcode></s:Fault>", Sender.String(), "r"},
		{"not a name", `<s:Fault><faultcode>5 oops</faultcode><faultstring>r</faultstring></s:Fault>`, "5 oops", "r"},
		{"text in pieces", `<s:Fault><faultcode>s:<!-- -->Client</faultcode><faultstring>a<![CDATA[<]]>&#98;</faultstring></s:Fault>`, Sender.String(), "a<b"},
		{"empty", `<s:Fault/>`, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, err := parse(t, `<s:Envelope xmlns:s="`+Namespace11+`"><s:Body>`+tc.fault+`</s:Body></s:Envelope>`).Fault()
			if err != nil {
				t.Fatal(err)
			}
			if f.Code.String() != tc.code || f.Reason("en") != tc.reason {
				t.Errorf("got %v %q", f.Code, f.Reason("en"))
			}
		})
	}
}

// TestDetailWithText keeps what 1.1 peers put into detail without elements, and a
// detail whose content needs the declarations around it.
func TestDetailWithText(t *testing.T) {
	doc := `<s:Envelope xmlns:s="` + Namespace11 + `" xmlns:q="urn:q"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>r</faultstring>` +
		`<detail q:at="1">line <q:e type="q:T">q:v</q:e></detail></s:Fault></s:Body></s:Envelope>`
	m := parse(t, doc)
	if err := m.Convert(V12); err != nil {
		t.Fatal(err)
	}
	out := written(t, m)
	if !strings.Contains(out, `q:at="1">line <q:e type="q:T">q:v</q:e></s:Detail>`) {
		t.Error(out)
	}
	back := parse(t, out)
	if err := back.Convert(V11); err != nil {
		t.Fatal(err)
	}
	if got, want := canonicalMessage(t, back), canonicalDoc(t, doc); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReasonByLanguage(t *testing.T) {
	f := &Fault{Reasons: []Reason{{"sv", "fel"}, {"en-US", "failure"}, {"", "?"}, {"en", "error"}}}
	for want, langs := range map[string][]string{"fel": {"sv", "SV-fi"}, "error": {"en", "en-AU", "EN"}, "failure": {"en-us"}, "?": {"", "de"}} {
		for _, l := range langs {
			if got := f.Reason(l); got != want {
				t.Errorf("%q: %q, want %q", l, got, want)
			}
		}
	}
	if got := (&Fault{Reasons: []Reason{{"sv", "fel"}, {"fi", "vika"}}}).Reason("de"); got != "fel" {
		t.Error("the first for a language that nobody wrote:", got)
	}
	if got := (&Fault{}).Reason("en"); got != "" {
		t.Error(got)
	}
}

// TestFaultTable is the table of faults that WCF makes: which code and subcode in
// 1.2 is which code in 1.1, and that the way there and back is none that loses
// anything.
func TestFaultTable(t *testing.T) {
	const (
		wsa10  = "http://www.w3.org/2005/08/addressing"
		wsa04  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
		none   = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
		secext = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
		sec    = "http://schemas.microsoft.com/ws/2006/05/security"
	)
	type row struct {
		event   string
		code    xsd.QName
		subcode xsd.QName
		code11  string
	}
	rows := []row{
		{"operation throws", Sender, xsd.QName{}, "{" + Namespace11 + "}Client"},
		{"receiver's fault", Receiver, xsd.QName{}, "{" + Namespace11 + "}Server"},
		{"with code of its own below Sender", Sender, xsd.QName{Space: NamespaceDispatcher, Local: "BadInput"}, "{" + NamespaceDispatcher + "}BadInput"},
		{"with code of its own below Receiver", Receiver, xsd.QName{Space: "urn:codes", Local: "X"}, "{urn:codes}X"},
		{"unhandled exception", Receiver, xsd.QName{Space: NamespaceDispatcher, Local: "InternalServiceFault"}, "{" + NamespaceDispatcher + "}InternalServiceFault"},
		{"body cannot be deserialised", Sender, xsd.QName{Space: NamespaceDispatcher, Local: "DeserializationFailed"}, "{" + NamespaceDispatcher + "}DeserializationFailed"},
		{"session ended", Sender, xsd.QName{Space: NamespaceDispatcher, Local: "SessionTerminated"}, "{" + NamespaceDispatcher + "}SessionTerminated"},
		{"header not understood", MustUnderstand, xsd.QName{}, "{" + Namespace11 + "}MustUnderstand"},
		{"wrong envelope version", VersionMismatch, xsd.QName{}, "{" + Namespace11 + "}VersionMismatch"},
		{"wrong password", Sender, xsd.QName{Space: secext, Local: "FailedAuthentication"}, "{" + secext + "}FailedAuthentication"},
		{"bad token", Sender, xsd.QName{Space: secext, Local: "InvalidSecurityToken"}, "{" + secext + "}InvalidSecurityToken"},
		{"bad security", Sender, xsd.QName{Space: secext, Local: "InvalidSecurity"}, "{" + secext + "}InvalidSecurity"},
		{"security layer busy", Receiver, xsd.QName{Space: sec, Local: "ServerTooBusy"}, "{" + sec + "}ServerTooBusy"},
	}
	for _, a := range []string{wsa10, wsa04, none} {
		for _, local := range []string{"ActionNotSupported", "DestinationUnreachable", "ActionMismatch", "MessageAddressingHeaderRequired", "InvalidAddressingHeader"} {
			rows = append(rows, row{local, Sender, xsd.QName{Space: a, Local: local}, "{" + a + "}" + local})
		}
		rows = append(rows, row{"busy", Receiver, xsd.QName{Space: a, Local: "EndpointUnavailable"}, "{" + a + "}EndpointUnavailable"})
	}
	for _, r := range rows {
		f := NewFault(r.code, "reason")
		if r.subcode.Local != "" {
			f.Subcodes = []xsd.QName{r.subcode}
		}
		m := New(V12)
		m.SetFault(f)
		if err := m.Convert(V11); err != nil {
			t.Fatal(err)
		}
		out := written(t, m)
		if on := onWire(t, out); on != r.code11 {
			t.Errorf("%s: faultcode %s, want %s", r.event, on, r.code11)
		}
		m = parse(t, out)
		if err := m.Convert(V12); err != nil {
			t.Fatal(err)
		}
		got, err := parse(t, written(t, m)).Fault()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plainFault(f), plainFault(got)); diff != "" {
			t.Errorf("%s: there and back: %s", r.event, diff)
		}
	}
}

// onWire gives the faultcode of a text message as {space}local.
func onWire(t *testing.T, doc string) string {
	t.Helper()
	r := textReader(doc)
	for {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == infoset.StartElement && tok.Name.Is("", "faultcode") {
			tok, _ = r.Next()
			q, err := xsd.ReadQName(tok.Value, r)
			if err != nil {
				t.Fatal(err)
			}
			return q.String()
		}
	}
}
