package wsa_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

var (
	space10 = wsa.V10.Namespace()
	space04 = wsa.August2004.Namespace()
)

func envelope(v soap.Version, a wsa.Version, headers, body string) string {
	return `<s:Envelope xmlns:s="` + v.Namespace() + `" xmlns:a="` + a.Namespace() + `"><s:Header>` + headers + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

func parse(t testing.TB, doc string) *soap.Message {
	t.Helper()
	m, err := soap.Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{}), soap.None, soap.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return m
}

func written(t testing.TB, m *soap.Message) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

func canonical(t testing.TB, doc string) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(w, xmltext.NewReader(strings.NewReader(doc), xmltext.Options{})); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return string(w.Bytes())
}

const full10 = `<a:Action s:mustUnderstand="1">urn:act</a:Action><x:App xmlns:x="urn:x">p</x:App><a:RelatesTo>urn:r1</a:RelatesTo>` +
	`<a:RelatesTo RelationshipType="urn:kind">urn:r2</a:RelatesTo><a:MessageID>urn:uuid:30d729b0-6050-4a2c-8907-90e8c4e65c35</a:MessageID>` +
	`<a:From><a:Address>urn:from</a:Address></a:From>` +
	`<a:ReplyTo><a:Address>urn:reply</a:Address><a:ReferenceParameters><p:Id xmlns:p="urn:p" b="1">7</p:Id></a:ReferenceParameters><a:Metadata><m xmlns="urn:m"/></a:Metadata><e xmlns="urn:e"/></a:ReplyTo>` +
	`<a:FaultTo><a:Address>http://www.w3.org/2005/08/addressing/none</a:Address></a:FaultTo><a:To s:mustUnderstand="1">urn:to</a:To>`

// TestReadAndWrite reads all properties, and writes the same headers again in the
// order that WCF has.
func TestReadAndWrite(t *testing.T) {
	doc := envelope(soap.V12, wsa.V10, full10+`<o:Security xmlns:o="urn:o"/>`, `<b/>`)
	m := parse(t, doc)
	p, err := wsa.Read(m)
	if err != nil {
		t.Fatal(err)
	}
	if p.Version != wsa.V10 || p.To != "urn:to" || p.Action != "urn:act" || p.MessageID != "urn:uuid:30d729b0-6050-4a2c-8907-90e8c4e65c35" || p.Answers() != "urn:r1" {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff([]wsa.Relation{{ID: "urn:r1"}, {ID: "urn:r2", Type: "urn:kind"}}, p.RelatesTo); diff != "" {
		t.Error(diff)
	}
	if p.From.Address != "urn:from" || p.ReplyTo.Address != "urn:reply" || len(p.ReplyTo.Parameters) != 1 || len(p.ReplyTo.Metadata) != 1 || len(p.ReplyTo.Extensions) != 1 || !wsa.V10.IsNone(p.FaultTo.Address) {
		t.Errorf("%+v", p.ReplyTo)
	}
	if err := p.Write(m); err != nil {
		t.Fatal(err)
	}
	if got := canonical(t, written(t, m)); got != canonical(t, doc) {
		t.Errorf("got  %s\nwant %s", got, canonical(t, doc))
	}
	// Into a message that has nothing yet.
	fresh := soap.New(soap.V11)
	q := &wsa.Properties{Version: wsa.V10, Action: "urn:act", To: "urn:to", MessageID: "no guid"}
	if err := q.Write(fresh); err != nil {
		t.Fatal(err)
	}
	want := `<s:Envelope xmlns:s="` + soap.Namespace11 + `" xmlns:a="` + space10 + `"><s:Header><a:Action s:mustUnderstand="1">urn:act</a:Action><a:MessageID>no guid</a:MessageID><a:To s:mustUnderstand="1">urn:to</a:To></s:Header><s:Body/></s:Envelope>`
	if got := canonical(t, written(t, fresh)); got != canonical(t, want) {
		t.Errorf("got  %s\nwant %s", got, canonical(t, want))
	}
}

// TestNoAddressing: without addressing nothing is written over HTTP, and To and
// Action in a namespace of their own through a session.
func TestNoAddressing(t *testing.T) {
	m := parse(t, envelope(soap.V11, wsa.None, `<x xmlns="urn:x"/>`, ""))
	p, err := wsa.Read(m)
	if err != nil || p.Version != wsa.None || p.Action != "" {
		t.Fatal(p, err)
	}
	p.Action, p.To = "urn:act", "urn:to"
	if err := p.Write(m); err != nil || len(m.Headers) != 1 {
		t.Error(m.Headers, err)
	}
	p.Session = true
	if err := p.Write(m); err != nil || len(m.Headers) != 3 {
		t.Fatal(m.Headers, err)
	}
	again, err := wsa.Read(parse(t, written(t, m)))
	if err != nil || again.Version != wsa.None || again.Action != "urn:act" || again.To != "urn:to" {
		t.Errorf("%+v %v", again, err)
	}
}

// TestRefusals: what is wrong with addressing headers, with which fault, for both
// versions of SOAP.
func TestRefusals(t *testing.T) {
	const act = `<a:Action>urn:act</a:Action>`
	for _, tc := range []struct {
		name, headers string
		v             wsa.Version
		subcodes      string
		header        string
	}{
		{"Action twice", act + act, wsa.V10, "InvalidAddressingHeader InvalidCardinality", "Action"},
		{"To twice", `<a:To>x</a:To><a:To>y</a:To>`, wsa.V10, "InvalidAddressingHeader InvalidCardinality", "To"},
		{"ReplyTo twice", strings.Repeat(`<a:ReplyTo><a:Address>x</a:Address></a:ReplyTo>`, 2), wsa.August2004, "InvalidAddressingHeader InvalidCardinality", "ReplyTo"},
		{"no address", `<a:ReplyTo/>`, wsa.V10, "InvalidAddressingHeader MissingAddressInEPR", "ReplyTo"},
		{"empty address", `<a:FaultTo><a:Address> </a:Address></a:FaultTo>`, wsa.V10, "InvalidAddressingHeader MissingAddressInEPR", "FaultTo"},
		{"two addresses", `<a:From><a:Address>x</a:Address><a:Address>y</a:Address></a:From>`, wsa.V10, "InvalidAddressingHeader InvalidEPR", "From"},
		{"two versions", act + `<b:To xmlns:b="` + space04 + `">x</b:To>`, wsa.V10, "InvalidAddressingHeader", "To"},
	} {
		for _, sv := range []soap.Version{soap.V11, soap.V12} {
			_, err := wsa.Read(parse(t, envelope(sv, tc.v, tc.headers, "")))
			e, ok := errors.AsType[*soap.Error](err)
			if !ok || e.Version != sv || e.Fault.Code != soap.Sender {
				t.Errorf("%s, %v: %v", tc.name, sv, err)
				continue
			}
			var got []string
			for _, c := range e.Fault.Subcodes {
				if c.Space != tc.v.Namespace() {
					t.Errorf("%s: subcode in %s", tc.name, c.Space)
				}
				got = append(got, c.Local)
			}
			if strings.Join(got, " ") != tc.subcodes || e.Path != "/Envelope/Header/"+tc.header {
				t.Errorf("%s, %v: %v at %s", tc.name, sv, got, e.Path)
			}
			// 1.0 says which header: in the detail, or in a block where 1.1 has no place.
			out := written(t, e.Message())
			problem := strings.Contains(out, `ProblemHeaderQName`) && strings.Contains(out, `:`+tc.header+`</`)
			if problem != (tc.v == wsa.V10) || strings.Contains(out, "FaultDetail>") != (tc.v == wsa.V10 && sv == soap.V11) {
				t.Errorf("%s, %v: %s", tc.name, sv, out)
			}
		}
	}
	// Two blocks for another node, or of one that may come often, are no harm.
	for _, h := range []string{act + `<a:Action s:role="urn:other">x</a:Action>`, `<a:RelatesTo>1</a:RelatesTo><a:RelatesTo>2</a:RelatesTo>`, act + `<a:Unknown/><a:Unknown/>`} {
		if _, err := wsa.Read(parse(t, envelope(soap.V12, wsa.V10, h, ""))); err != nil {
			t.Errorf("%s: %v", h, err)
		}
	}
}

func TestActions(t *testing.T) {
	p := &wsa.Properties{Version: wsa.V10, Action: "urn:a b"}
	for _, tc := range []struct {
		http soap.HTTPAction
		want string
	}{
		{soap.HTTPAction{}, "urn:a b"}, {soap.HTTPAction{There: true}, "urn:a b"}, {soap.HTTPAction{Value: "urn:a b", There: true}, "urn:a b"},
		{soap.HTTPAction{Value: "urn:a%20b", There: true}, "urn:a b"}, {soap.HTTPAction{Value: "urn:other", There: true}, ""},
	} {
		got, err := p.CheckAction(soap.V12, tc.http)
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%+v: %q %v", tc.http, got, err)
		}
		if err != nil {
			e, ok := errors.AsType[*soap.Error](err)
			if !ok || e.Fault.Effective() != (xsd.QName{Prefix: "a", Space: space10, Local: "ActionMismatch"}) || len(e.Fault.Entries()) != 1 {
				t.Errorf("%v", err)
			}
		}
	}
	none := &wsa.Properties{}
	if got, err := none.CheckAction(soap.V11, soap.HTTPAction{Value: "urn:x", There: true}); got != "urn:x" || err != nil {
		t.Error(got, err)
	}
	for name, p := range map[string]*wsa.Properties{"Action": {Version: wsa.V10}, "MessageID": {Version: wsa.V10, Action: "x"}} {
		e, ok := errors.AsType[*soap.Error](p.Require(soap.V12, true))
		if !ok || e.Fault.Effective().Local != "MessageAddressingHeaderRequired" || !strings.Contains(e.Error(), name) {
			t.Errorf("%s: %v", name, e)
		}
	}
	if err := (&wsa.Properties{Version: wsa.V10, Action: "x"}).Require(soap.V12, false); err != nil {
		t.Error(err)
	}
}

// TestReplies is the table of where an answer goes.
func TestReplies(t *testing.T) {
	ref := func(address string) *wsa.EndpointReference { return &wsa.EndpointReference{Address: address} }
	anon, none := wsa.V10.Anonymous(), "http://www.w3.org/2005/08/addressing/none"
	for _, tc := range []struct {
		name    string
		replyTo *wsa.EndpointReference
		faultTo *wsa.EndpointReference
		fault   bool
		to      string
		send    bool
	}{
		{"no ReplyTo", nil, nil, false, anon, true},
		{"anonymous", ref(anon), nil, false, anon, true},
		{"elsewhere", ref("urn:b"), nil, false, "urn:b", true},
		{"nowhere", ref(none), nil, false, none, false},
		{"fault without FaultTo", ref("urn:b"), nil, true, "urn:b", true},
		{"fault", ref("urn:b"), ref("urn:f"), true, "urn:f", true},
		{"no fault", ref("urn:b"), ref("urn:f"), false, "urn:b", true},
		{"fault nowhere", ref("urn:b"), ref(none), true, none, false},
		{"fault although no reply", ref(none), ref(anon), true, anon, true},
	} {
		p := &wsa.Properties{Version: wsa.V10, Action: "urn:a", MessageID: "urn:m", ReplyTo: tc.replyTo, FaultTo: tc.faultTo}
		r, send, err := p.Reply("urn:answer", tc.fault)
		if err != nil || r.To != tc.to || send != tc.send || r.Action != "urn:answer" || r.Answers() != "urn:m" {
			t.Errorf("%s: %+v %v %v", tc.name, r, send, err)
		}
	}
	// Over HTTP the anonymous address is not written in 1.0, but in August 2004;
	// through a session always.
	for _, tc := range []struct {
		v       wsa.Version
		session bool
		written bool
	}{{wsa.V10, false, false}, {wsa.V10, true, true}, {wsa.August2004, false, true}, {wsa.August2004, true, true}} {
		p := &wsa.Properties{Version: tc.v, Action: "urn:a", MessageID: "urn:m", Session: tc.session}
		r, _, err := p.Reply("urn:answer", false)
		if err != nil {
			t.Fatal(err)
		}
		m := soap.New(soap.V12)
		if err := r.Write(m); err != nil {
			t.Fatal(err)
		}
		if to := m.Find(tc.v.Namespace(), "To"); (to != nil) != tc.written || to != nil && (!to.MustUnderstand || to.Text() != tc.v.Anonymous()) {
			t.Errorf("%v, session %v: %v", tc.v, tc.session, to)
		}
	}
}

// TestReferenceParameters: what a reference holds becomes header blocks of the
// messages to it, marked in 1.0.
func TestReferenceParameters(t *testing.T) {
	doc := envelope(soap.V12, wsa.V10, `<a:Action>x</a:Action><a:ReplyTo><a:Address>urn:b</a:Address><a:ReferenceParameters xmlns:q="urn:q"><p:Id xmlns:p="urn:p" b="q:v">q:7</p:Id></a:ReferenceParameters></a:ReplyTo>`, "")
	p, err := wsa.Read(parse(t, doc))
	if err != nil {
		t.Fatal(err)
	}
	r, send, err := p.Reply("urn:answer", false)
	if err != nil || !send {
		t.Fatal(err)
	}
	m := soap.New(soap.V12)
	if err := r.Write(m); err != nil {
		t.Fatal(err)
	}
	out := parse(t, written(t, m))
	got, err := wsa.Read(out)
	if err != nil || len(got.Parameters) != 1 || got.Parameters[0].Text() != "q:7" {
		t.Fatalf("%+v %v", got, err)
	}
	rd := got.Parameters[0].Reader()
	if _, err := rd.Next(); err != nil {
		t.Fatal(err)
	}
	if space, _ := rd.Lookup("q"); space != "urn:q" {
		t.Errorf("a prefix that the value needs is lost: %s", written(t, m))
	}
	// August 2004 has two kinds, and marks none.
	ref := &wsa.EndpointReference{Address: "urn:b", Parameters: p.ReplyTo.Parameters, Properties: []soap.Element{soap.TextElement(infoset.Name{Prefix: "z", Space: "urn:z", Local: "Prop"}, infoset.String("1"))}}
	req, err := wsa.Request(wsa.August2004, ref, "urn:act")
	if err != nil {
		t.Fatal(err)
	}
	m = soap.New(soap.V11)
	if err := req.Write(m); err != nil {
		t.Fatal(err)
	}
	if s := written(t, m); m.Find("urn:z", "Prop") == nil || m.Find("urn:p", "Id") == nil || strings.Contains(s, "IsReferenceParameter") {
		t.Error(s)
	}
}

// TestFaultActions is the action column of WCF's fault table.
func TestFaultActions(t *testing.T) {
	for _, v := range []wsa.Version{wsa.V10, wsa.August2004} {
		fallback := map[wsa.Version]string{wsa.V10: space10 + "/soap/fault", wsa.August2004: space04 + "/fault"}[v]
		code := func(local string) xsd.QName { return xsd.QName{Space: v.Namespace(), Local: local} }
		for _, tc := range []struct {
			f    *soap.Fault
			want string
		}{
			{soap.NewFault(soap.Sender, "r"), fallback},
			{soap.NewFault(soap.Sender, "r", xsd.QName{Space: "urn:codes", Local: "X"}), fallback},
			{soap.NewFault(soap.MustUnderstand, "r"), fallback},
			{soap.NewFault(soap.Receiver, "r", xsd.QName{Space: soap.NamespaceDispatcher, Local: "InternalServiceFault"}), soap.ActionDispatcher},
			{soap.NewFault(soap.Sender, "r", xsd.QName{Space: soap.NamespaceDispatcher, Local: "DeserializationFailed"}), soap.ActionDispatcher},
			{v.ActionNotSupported(soap.V12, "x").Fault, v.Namespace() + "/fault"},
			{v.DestinationUnreachable(soap.V12, "x").Fault, fallback},
			{v.EndpointUnavailable(soap.V12, 0).Fault, v.Namespace() + "/fault"},
			{soap.NewFault(soap.Sender, "r", code("ActionMismatch")), v.Namespace() + "/fault"},
			{soap.NewFault(soap.Sender, "r", code("InvalidAddressingHeader"), code("InvalidCardinality")), v.Namespace() + "/fault"},
		} {
			if got := v.FaultAction(tc.f); got != tc.want {
				t.Errorf("%v, %v: %s, want %s", v, tc.f.Effective(), got, tc.want)
			}
		}
	}
	if got := wsa.None.FaultAction(soap.NewFault(soap.Sender, "r")); got != "" {
		t.Error(got)
	}
}

// TestAnswers makes the fault messages that a service sends of its own.
func TestAnswers(t *testing.T) {
	p := &wsa.Properties{Version: wsa.V10, Action: "urn:a", MessageID: "urn:uuid:30d729b0-6050-4a2c-8907-90e8c4e65c35"}
	for name, e := range map[string]*soap.Error{
		"ActionNotSupported":      wsa.V10.ActionNotSupported(soap.V12, "urn:a"),
		"DestinationUnreachable":  wsa.V10.DestinationUnreachable(soap.V12, "urn:to"),
		"EndpointUnavailable":     wsa.V10.EndpointUnavailable(soap.V12, 1500*time.Millisecond),
		"InvalidAddressingHeader": wsa.V10.Invalid(soap.V12, "ReplyTo", "OnlyAnonymousAddressSupported", "answers go back only"),
	} {
		m, send, err := p.Answer(e)
		if err != nil || !send {
			t.Fatal(err)
		}
		out := written(t, m)
		m = parse(t, out)
		q, err := wsa.Read(m)
		if err != nil || q.Answers() != p.MessageID || q.Action != wsa.V10.FaultAction(e.Fault) {
			t.Errorf("%s: %+v %v", name, q, err)
		}
		f, err := m.Fault()
		if err != nil || f.Effective().Local != name || f.Effective().Space != space10 || len(f.Entries()) != 1 {
			t.Errorf("%s: %+v %v", name, f, err)
		}
		if name == "EndpointUnavailable" && (f.Entries()[0].Text() != "1500" || f.Code.Local != "Receiver") {
			t.Error(f.Entries()[0].Text(), f.Code)
		}
	}
	p.FaultTo = &wsa.EndpointReference{Address: "http://www.w3.org/2005/08/addressing/none"}
	if _, send, err := p.Answer(soap.Refuse(soap.V12, soap.Sender, "x")); send || err != nil {
		t.Error("a fault for nobody is sent", err)
	}
}

// TestConvert sends messages from 1.0 to August 2004 and back.
func TestConvert(t *testing.T) {
	fault := func(space string) string {
		return `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:c="` + space + `">c:ActionNotSupported</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">r</s:Text></s:Reason></s:Fault>`
	}
	const must = ` s:mustUnderstand="1"`
	for _, tc := range []struct {
		name          string
		headers, body string
		mid, midBody  string
		back          string // empty: the same
	}{
		{
			"request", `<a:Action` + must + `>urn:act</a:Action><a:MessageID>urn:m</a:MessageID><a:ReplyTo><a:Address>` + space10 + `/anonymous</a:Address></a:ReplyTo><a:To` + must + `>urn:to</a:To>`, `<x/>`,
			`<a:Action` + must + `>urn:act</a:Action><a:MessageID>urn:m</a:MessageID><a:ReplyTo><a:Address>` + space04 + `/role/anonymous</a:Address></a:ReplyTo><a:To` + must + `>urn:to</a:To>`, `<x/>`, "",
		},
		{
			"fault", `<a:Action` + must + `>` + space10 + `/soap/fault</a:Action><a:RelatesTo>urn:m</a:RelatesTo><a:To` + must + `>` + space10 + `/anonymous</a:To>`, fault(space10),
			`<a:Action` + must + `>` + space04 + `/fault</a:Action><a:RelatesTo>urn:m</a:RelatesTo><a:To` + must + `>` + space04 + `/role/anonymous</a:To>`, fault(space04),
			`<a:Action` + must + `>` + space10 + `/fault</a:Action><a:RelatesTo>urn:m</a:RelatesTo><a:To` + must + `>` + space10 + `/anonymous</a:To>`,
		},
		{
			"relation, parameters", `<a:Action` + must + `>urn:act</a:Action><x:P xmlns:x="urn:x" a:IsReferenceParameter="true">v</x:P><a:RelatesTo RelationshipType="http://kind/of">urn:m</a:RelatesTo>`, ``,
			`<a:Action` + must + `>urn:act</a:Action><x:P xmlns:x="urn:x">v</x:P><a:RelatesTo xmlns:q="http://kind" RelationshipType="q:of">urn:m</a:RelatesTo>`, ``,
			`<a:Action` + must + `>urn:act</a:Action><x:P xmlns:x="urn:x">v</x:P><a:RelatesTo RelationshipType="http://kind/of">urn:m</a:RelatesTo>`,
		},
		{
			"loss: none and metadata", `<a:Action` + must + `>urn:act</a:Action><a:ReplyTo><a:Address>urn:b</a:Address><a:Metadata><m xmlns="urn:m"/></a:Metadata></a:ReplyTo><a:FaultTo><a:Address>` + space10 + `/none</a:Address></a:FaultTo>`, ``,
			`<a:Action` + must + `>urn:act</a:Action><a:ReplyTo><a:Address>urn:b</a:Address></a:ReplyTo>`, ``, `<a:Action` + must + `>urn:act</a:Action><a:ReplyTo><a:Address>urn:b</a:Address></a:ReplyTo>`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := parse(t, envelope(soap.V12, wsa.V10, tc.headers, tc.body))
			if err := wsa.Convert(m, wsa.August2004); err != nil {
				t.Fatal(err)
			}
			mid := written(t, m)
			compare(t, mid, envelope(soap.V12, wsa.August2004, tc.mid, tc.midBody))
			m = parse(t, mid)
			if err := wsa.Convert(m, wsa.V10); err != nil {
				t.Fatal(err)
			}
			if tc.back == "" {
				tc.back = tc.headers
			}
			compare(t, written(t, m), envelope(soap.V12, wsa.V10, tc.back, tc.body))
		})
	}
	// From August 2004: properties become parameters, what 1.0 has no name for goes.
	m := parse(t, envelope(soap.V11, wsa.August2004, `<a:ReplyTo><a:Address>urn:b</a:Address><a:ReferenceProperties><p xmlns="urn:p"/></a:ReferenceProperties><a:ReferenceParameters><q xmlns="urn:p"/></a:ReferenceParameters><a:PortType>x</a:PortType></a:ReplyTo>`, ""))
	if err := wsa.Convert(m, wsa.V10); err != nil {
		t.Fatal(err)
	}
	compare(t, written(t, m), envelope(soap.V11, wsa.V10, `<a:ReplyTo><a:Address>urn:b</a:Address><a:ReferenceParameters><p xmlns="urn:p"/><q xmlns="urn:p"/></a:ReferenceParameters></a:ReplyTo>`, ""))
	plain := envelope(soap.V11, wsa.V10, `<x xmlns="urn:x"/>`, "")
	m = parse(t, plain)
	if err := wsa.Convert(m, wsa.August2004); err != nil {
		t.Fatal(err)
	}
	compare(t, written(t, m), plain)
}

// compare looks at two documents without declarations that nothing uses: a
// converted message keeps those of its envelope.
func compare(t *testing.T, got, want string) {
	t.Helper()
	if g, w := shape(t, got), shape(t, want); g != w {
		t.Errorf("got  %s\nwant %s\nas %s", g, w, got)
	}
}

// shape gives a document with names and values in the form {space}local.
func shape(t *testing.T, doc string) string {
	t.Helper()
	r := xmltext.NewReader(strings.NewReader(doc), xmltext.Options{})
	resolve := func(v infoset.Value) string {
		if q, err := xsd.ReadQName(v, r); err == nil && q.Prefix != "" && !strings.Contains(q.Local, "/") && q.Prefix != "urn" && q.Prefix != "http" {
			return q.String()
		}
		return v.String()
	}
	var b strings.Builder
	for {
		tok, err := r.Next()
		if err != nil {
			return b.String()
		}
		switch tok.Kind {
		case infoset.StartElement:
			b.WriteString("<{" + tok.Name.Space + "}" + tok.Name.Local)
			for _, a := range tok.Attrs {
				b.WriteString(" {" + a.Name.Space + "}" + a.Name.Local + "=" + resolve(a.Value))
			}
			b.WriteString(">")
		case infoset.EndElement:
			b.WriteString("</>")
		default:
			b.WriteString(resolve(tok.Value))
		}
	}
}

// FuzzRead reads addressing from any message; what is read is the same after it
// was written.
func FuzzRead(f *testing.F) {
	f.Add(envelope(soap.V12, wsa.V10, full10, ""))
	f.Add(envelope(soap.V11, wsa.August2004, `<a:RelatesTo xmlns:q="urn:q" RelationshipType="q:x">1</a:RelatesTo><a:ReplyTo><a:Address>`+wsa.August2004.Anonymous()+`</a:Address><a:ReferenceProperties><p/></a:ReferenceProperties></a:ReplyTo>`, ""))
	f.Add(envelope(soap.V11, wsa.None, `<a:Action>x</a:Action><a:To>y</a:To>`, ""))
	f.Fuzz(func(t *testing.T, doc string) {
		m, err := soap.Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{}), soap.None, soap.Limits{})
		if err != nil {
			return
		}
		p, err := wsa.Read(m)
		if err != nil {
			if _, ok := errors.AsType[*soap.Error](err); !ok {
				t.Fatal(err)
			}
			return
		}
		if _, _, err := p.Reply("urn:x", true); err != nil {
			t.Fatal(err)
		}
		p.Session = true
		fresh := soap.New(m.Version)
		if err := p.Write(fresh); err != nil {
			t.Fatal(err)
		}
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := fresh.Write(w); err != nil {
			t.Fatal(err)
		}
		out, err := soap.Read(xmltext.NewBytes(w.Bytes(), xmltext.Options{Quotas: infoset.Buffered()}), soap.None, soap.Limits{HeadBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		q, err := wsa.Read(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, w.Bytes())
		}
		if q.To != p.To || q.Action != p.Action || q.MessageID != p.MessageID || len(q.RelatesTo) != len(p.RelatesTo) || (q.ReplyTo == nil) != (p.ReplyTo == nil) {
			t.Fatalf("%+v\n%+v", p, q)
		}
	})
}
