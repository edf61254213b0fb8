package soap

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const (
	env11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">`
	env12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">`
	end   = `</s:Envelope>`
)

// whole reads a message to its end.
func whole(doc string, want Version) error {
	m, err := Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{}), want, Limits{})
	if err == nil {
		err = m.Buffer(0)
	}
	return err
}

// TestRefusals lists what is refused: the code, what and where, in the sender's
// version, as a message that can be sent.
func TestRefusals(t *testing.T) {
	bomb := `<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>` + env11 + `<s:Body>&b;</s:Body>` + end
	for _, tc := range []struct {
		name, doc string
		want      Version
		in        Version
		code      string
		what      string
	}{
		{"DTD", `<!DOCTYPE s SYSTEM "http://x/">` + env11 + `<s:Body/>` + end, None, V11, "Sender", "refused: document type declaration at byte 0"},
		{"entity bomb", bomb, V12, V12, "Sender", "refused: document type declaration"},
		{"unknown entity", env12 + `<s:Body>&b;</s:Body>` + end, None, V12, "Sender", "in /s:Envelope/s:Body"},
		{"processing instruction", env12 + `<?php x?><s:Body/>` + end, None, V12, "Sender", "refused: processing instruction"},
		{"too deep", env11 + `<s:Body>` + strings.Repeat("<a>", 40), None, V11, "Sender", "quota exceeded: depth"},
		{"cut", env12 + `<s:Body>`, None, V12, "Sender", "truncated at byte"},
		{"two bodies", env12 + `<s:Body/><s:Body/>` + end, None, V12, "Sender", "a second Body at byte 71 in /s:Envelope/s:Body"},
		{"header behind the body", env11 + `<s:Body/><s:Header/>` + end, None, V11, "Sender", "a Header behind the Body"},
		{"block behind the body", env11 + `<s:Body/><x xmlns="urn:x"/>` + end, None, V11, "Sender", `element "{urn:x}x" behind the Body`},
		{"text behind the body", env12 + `<s:Body/>x` + end, None, V12, "Sender", "character data behind the Body"},
		{"two headers", env12 + `<s:Header/><s:Header/><s:Body/>` + end, None, V12, "Sender", "a second Header"},
		{"body in the header", env12 + `<s:Header><s:Body/></s:Header><s:Body/>` + end, None, V12, "Sender", `element "Body" in this place`},
		{"no body", env12 + `<s:Header/>` + end, None, V12, "Sender", "the envelope has no Body"},
		{"stranger", env12 + `<x xmlns="urn:x"/><s:Body/>` + end, None, V12, "Sender", `element "{urn:x}x" where Header or Body is expected`},
		{"text in the header", env12 + `<s:Header>x</s:Header><s:Body/>` + end, None, V12, "Sender", "character data between the parts"},
		{"bad mustUnderstand", env12 + `<s:Header><x xmlns="urn:x" s:mustUnderstand="yes"/></s:Header><s:Body/>` + end, None, V12, "Sender", `attribute mustUnderstand of header block "{urn:x}x" is neither true nor false`},
		{"no envelope", `<html xmlns="x"/>`, V12, V12, "Sender", `the root element is "{x}html", not a SOAP envelope`},
		{"other version", `<e:Envelope xmlns:e="urn:soap3"><e:Body/></e:Envelope>`, None, V11, "VersionMismatch", `namespace "urn:soap3"`},
		{"other version, 1.2", `<e:Envelope xmlns:e="urn:soap3"><e:Body/></e:Envelope>`, V12, V12, "VersionMismatch", `namespace "urn:soap3"`},
		{"1.2 as text/xml", env12 + `<s:Body/>` + end, V11, V12, "VersionMismatch", "the envelope is of SOAP 1.2, the content type of SOAP 1.1"},
		{"1.1 as soap+xml", env11 + `<s:Body/>` + end, V12, V11, "VersionMismatch", "the envelope is of SOAP 1.1, the content type of SOAP 1.2"},
		{"body of 1.1", env12 + `<t:Body xmlns:t="` + Namespace11 + `"/>` + end, None, V12, "Sender", `element "Body" of SOAP 1.1 in an envelope of SOAP 1.2`},
		{"header of 1.2", env11 + `<t:Header xmlns:t="` + Namespace12 + `"/><s:Body/>` + end, None, V11, "Sender", `element "Header" of SOAP 1.2 in an envelope of SOAP 1.1`},
		{"fault of 1.1", env12 + `<s:Body><t:Fault xmlns:t="` + Namespace11 + `"/></s:Body>` + end, None, V12, "Sender", `element "Fault" of SOAP 1.1 in an envelope of SOAP 1.2`},
		{"many blocks", env11 + `<s:Header>` + strings.Repeat(`<a/>`, 300) + `</s:Header><s:Body/>` + end, None, V11, "Sender", "header blocks: more than 256"},
		{"long head", env11 + `<s:Header>` + strings.Repeat(`<a>`+strings.Repeat("x", 4096)+`</a>`, 20) + `</s:Header><s:Body/>` + end, None, V11, "Sender", "bytes before the body: more than 65536"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := whole(tc.doc, tc.want)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if e.Version != tc.in || e.Fault.Code.Local != tc.code || !strings.Contains(e.Fault.Reason("en"), tc.what) {
				t.Errorf("%v %s: %s", e.Version, e.Fault.Code.Local, e.Fault.Reason("en"))
			}
			if e.Status != StatusFault {
				t.Error("status", e.Status)
			}
			// The answer is a message of that version, and says the same.
			m := parse(t, written(t, e.Message()))
			f, err := m.Fault()
			if err != nil || m.Version != tc.in || f.Code != e.Fault.Code && f.Code.Local != tc.code {
				t.Errorf("answer %v %v %v", m.Version, f, err)
			}
			if upgrade := m.Find(Namespace12, "Upgrade") != nil; upgrade != (tc.code == "VersionMismatch" && tc.in == V12) {
				t.Error("Upgrade block:", upgrade)
			}
		})
	}
}

// TestCallersVersion is the field case: the fault has the version of the request.
func TestCallersVersion(t *testing.T) {
	for name, want := range map[string]struct {
		v    Version
		code string
	}{"req11.bin": {V11, ""}, "req12.bin": {V12, ""}, "reqx.bin": {V11, "VersionMismatch"}} {
		head, body, _ := strings.Cut(strings.ReplaceAll(caseFile(t, "fault-in-callers-version/"+name), "\r\n", "\n"), "\n\n")
		var ct string
		var action []string
		for line := range strings.Lines(head) {
			k, v, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch k {
			case "Content-Type":
				ct = v
			case "SOAPAction":
				action = append(action, v)
			}
		}
		mt, err := ParseMediaType(ct)
		if err != nil {
			t.Fatal(err)
		}
		said := V11
		if mt.Type == V12.MediaType() {
			said = V12
		}
		m, err := Read(textReader(body), said, Limits{})
		if want.code != "" {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Fault.Code.Local != want.code || e.Version != want.v {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		a, err := ReadAction(m.Version, &mt, action)
		if err != nil || a.Value != "urn:example:fail" {
			t.Errorf("%s: action %+v %v", name, a, err)
		}
		answer := New(m.Version)
		answer.SetFault(NewFault(Sender, "wrong"))
		doc := written(t, answer)
		if m.Version == V12 && !strings.Contains(doc, `<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">wrong</s:Text></s:Reason></s:Fault>`) ||
			m.Version == V11 && !strings.Contains(doc, `<s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="en">wrong</faultstring></s:Fault>`) {
			t.Error(doc)
		}
	}
}

// TestUnprefixedAttributes is the field case: attributes without prefix are in no
// namespace, whatever the default is.
func TestUnprefixedAttributes(t *testing.T) {
	loose := parse(t, caseFile(t, "attributes-have-no-default-namespace/loose.xml"))
	if err := (&Node{}).Check(loose); err != nil {
		t.Error(err)
	}
	for _, h := range loose.Headers {
		if h.MustUnderstand || h.Role != "" {
			t.Errorf("%+v", h)
		}
	}
	if v, ok := loose.Headers[0].Attr("", "mustUnderstand"); !ok || v.String() != "1" {
		t.Error("the attribute in no namespace is lost")
	}
	err := (&Node{}).Check(parse(t, caseFile(t, "attributes-have-no-default-namespace/real.xml")))
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Fault.Code.Local != "MustUnderstand" || !strings.Contains(e.Fault.Reason("en"), `"{urn:example:h}x"`) {
		t.Error(err)
	}
	ids := parse(t, caseFile(t, "attributes-have-no-default-namespace/ids.xml"))
	const utility = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	for _, h := range ids.Headers {
		if v, ok := h.Attr(utility, "Id"); ok && v.String() == "a" && h.Name().Local != "two" {
			t.Error("u:Id found on", h.Name())
		}
	}
	doc := caseFile(t, "attributes-have-no-default-namespace/ids.xml")
	if got, want := canonicalMessage(t, ids), canonicalDoc(t, doc); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestWhiteSpace is the field case about white space, through a message and both
// encodings.
func TestWhiteSpace(t *testing.T) {
	doc := caseFile(t, "carriage-returns-and-tabs/request.xml")
	want := canonicalDoc(t, doc)
	m := parse(t, doc)
	for range 3 {
		m = toBinary(t, m)
		out := written(t, m)
		if got := canonicalDoc(t, out); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		m = parse(t, out)
	}
}

// TestNodes is the table of roles: which node must look at a block, and which
// blocks an intermediary passes on (SOAP 1.2 part 1, table 3).
func TestNodes(t *testing.T) {
	const gateway = "urn:gateway"
	ultimate := &Node{}
	middle := &Node{Intermediary: true, Roles: []string{gateway}}
	for _, tc := range []struct {
		role             string
		ultimate, middle bool
	}{
		{"", true, false},
		{"http://schemas.xmlsoap.org/soap/actor/next", true, true},
		{Namespace12 + "/role/next", true, true},
		{Namespace12 + "/role/ultimateReceiver", true, false},
		{Namespace12 + "/role/none", false, false},
		{gateway, false, true},
		{"urn:other", false, false},
	} {
		if got := ultimate.Targets(tc.role); got != tc.ultimate {
			t.Errorf("ultimate receiver, role %q: %v", tc.role, got)
		}
		if got := middle.Targets(tc.role); got != tc.middle {
			t.Errorf("intermediary, role %q: %v", tc.role, got)
		}
	}
	m := parse(t, env12+`<s:Header>`+
		`<known xmlns="urn:k" s:role="`+gateway+`" s:mustUnderstand="true"/><strange xmlns="urn:k" s:role="`+gateway+`"/>`+
		`<relayed xmlns="urn:k" s:role="`+Namespace12+`/role/next" s:relay="1"/><known xmlns="urn:k" s:role="`+gateway+`" s:relay="true"/>`+
		`<end xmlns="urn:k" s:mustUnderstand="1"/></s:Header><s:Body/>`+end)
	middle.Understands = func(n *infoset.Name) bool { return n.Local == "known" }
	if err := middle.Check(m); err != nil {
		t.Error(err)
	}
	middle.Forward(m)
	var left []string
	for _, h := range m.Headers {
		left = append(left, h.Name().Local)
	}
	if diff := cmp.Diff([]string{"relayed", "end"}, left); diff != "" {
		t.Error(diff)
	}
	err := ultimate.Check(m)
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Headers) != 1 {
		t.Fatalf("%v", err)
	}
	out := parse(t, written(t, e.Message()))
	not := out.Find(Namespace12, "NotUnderstood")
	if not == nil {
		t.Fatal("no NotUnderstood block")
	}
	r := not.Reader()
	tok, _ := r.Next()
	q, _ := tok.Attr("", "qname")
	prefix, local, err := q.AsQName()
	if space, _ := r.Lookup(prefix); err != nil || local != "end" || space != "urn:k" {
		t.Errorf("%s %v", q, err)
	}
}

// TestConversions sends messages from one version to the other and back: what
// comes is the message that went, or the listed one.
func TestConversions(t *testing.T) {
	const next11, next12 = `"http://schemas.xmlsoap.org/soap/actor/next"`, `"http://www.w3.org/2003/05/soap-envelope/role/next"`
	const enc = ` s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"`
	fault := func(in string) string { return `<s:Body><s:Fault>` + in + `</s:Fault></s:Body>` }
	for _, tc := range []struct {
		name string
		v    Version
		doc  string
		mid  string // in the other version
		back string // empty: the same as doc
	}{
		{"plain", V11, `<s:Body><x xmlns="urn:x" a="1">v<!-- c --></x></s:Body>`, `<s:Body><x xmlns="urn:x" a="1">v<!-- c --></x></s:Body>`, ""},
		{"white space", V11, "\n <s:Header> <x xmlns='urn:x'/>\n</s:Header>\t<s:Body i='1'> </s:Body><!-- e -->", "\n <s:Header> <x xmlns='urn:x'/>\n</s:Header>\t<s:Body i='1'> </s:Body><!-- e -->", ""},
		{
			"header attributes", V11, `<s:Header><x xmlns="urn:x" s:mustUnderstand="1" s:actor=` + next11 + `/><y xmlns="urn:x" s:mustUnderstand="0" s:actor="urn:r"/></s:Header><s:Body/>`,
			`<s:Header><x xmlns="urn:x" s:mustUnderstand="1" s:role=` + next12 + `/><y xmlns="urn:x" s:mustUnderstand="0" s:role="urn:r"/></s:Header><s:Body/>`, "",
		},
		{"prefix on the block", V11, `<s:Header><x xmlns="urn:x" xmlns:t="` + Namespace11 + `" t:mustUnderstand="1"/></s:Header><s:Body/>`, `<s:Header><x xmlns="urn:x" xmlns:t="` + Namespace12 + `" s:mustUnderstand="1"/></s:Header><s:Body/>`, `<s:Header><x xmlns="urn:x" xmlns:t="` + Namespace11 + `" s:mustUnderstand="1"/></s:Header><s:Body/>`},
		{"fault", V11, fault(`<faultcode>s:Client</faultcode><faultstring>r</faultstring>`), fault(`<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="">r</s:Text></s:Reason>`), ""},
		{
			"fault with all", V11, fault(`<faultcode xmlns:c="urn:c">c:X</faultcode><faultstring xml:lang="de">r</faultstring><faultactor>urn:f</faultactor><detail><d xmlns="urn:d"/></detail>`),
			fault(`<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value xmlns:c="urn:c">c:X</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="de">r</s:Text></s:Reason><s:Node>urn:f</s:Node><s:Role>urn:f</s:Role><s:Detail><d xmlns="urn:d"/></s:Detail>`), "",
		},
		{
			"dotted code", V11, fault(`<faultcode>s:Client.Auth</faultcode><faultstring>r</faultstring>`),
			fault(`<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:sq="` + Namespace11 + `">sq:Client.Auth</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="">r</s:Text></s:Reason>`),
			fault(`<faultcode xmlns:sq="` + Namespace11 + `">sq:Client.Auth</faultcode><faultstring>r</faultstring>`),
		},
		{"fault without text", V11, fault(`<faultcode>s:Server</faultcode><faultstring/>`), fault(`<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang=""/></s:Reason>`), ""},
		// Losses on the way from 1.1.
		{"loss: encodingStyle on parts", V11, `<s:Body` + enc + `><x xmlns="urn:x"/></s:Body>`, `<s:Body><x xmlns="urn:x"/></s:Body>`, `<s:Body><x xmlns="urn:x"/></s:Body>`},
		{"loss: empty actor", V11, `<s:Header><x xmlns="urn:x" s:actor=""/></s:Header><s:Body/>`, `<s:Header><x xmlns="urn:x"/></s:Header><s:Body/>`, `<s:Header><x xmlns="urn:x"/></s:Header><s:Body/>`},
		{
			"loss: empty language", V11, fault(`<faultcode>s:Client</faultcode><faultstring xml:lang="">r</faultstring>`),
			fault(`<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="">r</s:Text></s:Reason>`), fault(`<faultcode>s:Client</faultcode><faultstring>r</faultstring>`),
		},
		{
			"loss: fault's strangers and bent spellings", V11, fault(`<faultcode>Server</faultcode><s:faultstring>r</s:faultstring><x xmlns="urn:x"/>`),
			fault(`<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="">r</s:Text></s:Reason>`), fault(`<faultcode>s:Server</faultcode><faultstring>r</faultstring>`),
		},
		// Losses on the way from 1.2.
		{
			"loss: relay, ultimateReceiver, true", V12, `<s:Header><x xmlns="urn:x" s:relay="1" s:role=` + next12 + `/><y xmlns="urn:x" s:mustUnderstand="true" s:role="` + Namespace12 + `/role/ultimateReceiver"/></s:Header><s:Body/>`,
			`<s:Header><x xmlns="urn:x" s:actor=` + next11 + `/><y xmlns="urn:x" s:mustUnderstand="1"/></s:Header><s:Body/>`,
			`<s:Header><x xmlns="urn:x" s:role=` + next12 + `/><y xmlns="urn:x" s:mustUnderstand="1"/></s:Header><s:Body/>`,
		},
		{
			"loss: subcodes, reasons, node", V12, fault(`<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:c="urn:c">c:X</s:Value><s:Subcode><s:Value xmlns:c="urn:c">c:Y</s:Value></s:Subcode></s:Subcode></s:Code><s:Reason><s:Text xml:lang="sv">fel</s:Text><s:Text xml:lang="en">r</s:Text></s:Reason><s:Node>urn:n</s:Node>`),
			fault(`<faultcode xmlns:c="urn:c">c:X</faultcode><faultstring xml:lang="en">r</faultstring>`),
			fault(`<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value xmlns:c="urn:c">c:X</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">r</s:Text></s:Reason>`),
		},
		{
			"loss: a code of its own on top", V12, fault(`<s:Code><s:Value xmlns:c="urn:c">c:X</s:Value></s:Code><s:Reason><s:Text xml:lang="en">r</s:Text></s:Reason>`),
			fault(`<faultcode xmlns:c="urn:c">c:X</faultcode><faultstring xml:lang="en">r</faultstring>`),
			fault(`<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value xmlns:c="urn:c">c:X</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">r</s:Text></s:Reason>`),
		},
		{"from 1.2", V12, `<s:Header><x xmlns="urn:x" s:mustUnderstand="1" s:role="urn:r"/></s:Header><s:Body><y xmlns="urn:y"/></s:Body>`, `<s:Header><x xmlns="urn:x" s:mustUnderstand="1" s:actor="urn:r"/></s:Header><s:Body><y xmlns="urn:y"/></s:Body>`, ""},
		{"data encoding", V12, fault(`<s:Code><s:Value>s:DataEncodingUnknown</s:Value></s:Code><s:Reason><s:Text xml:lang="en">r</s:Text></s:Reason>`), fault(`<faultcode>s:DataEncodingUnknown</faultcode><faultstring xml:lang="en">r</faultstring>`), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			open := map[Version]string{V11: env11, V12: env12}
			other := V11 + V12 - tc.v
			if tc.back == "" {
				tc.back = tc.doc
			}
			for _, buffered := range []bool{false, true} {
				m := parse(t, open[tc.v]+tc.doc+end)
				if buffered {
					if err := m.Buffer(0); err != nil {
						t.Fatal(err)
					}
				}
				if err := m.Convert(other); err != nil {
					t.Fatal(err)
				}
				mid := written(t, m)
				if got, want := canonicalDoc(t, mid), canonicalDoc(t, open[other]+tc.mid+end); got != want {
					t.Fatalf("got  %s\nwant %s", got, want)
				}
				m = parse(t, mid)
				if err := m.Convert(tc.v); err != nil {
					t.Fatal(err)
				}
				if got, want := canonicalMessage(t, m), canonicalDoc(t, open[tc.v]+tc.back+end); got != want {
					t.Errorf("back\ngot  %s\nwant %s", got, want)
				}
			}
		})
	}
	if err := New(None).Convert(V11); err == nil {
		t.Error("a message without envelope was converted")
	}
}

// TestStreaming: the head is there before the body has come, and what is behind
// the body is found when that is read.
func TestStreaming(t *testing.T) {
	pr, pw := io.Pipe()
	wrote := make(chan error, 1)
	next := make(chan struct{})
	go func() {
		_, err := io.WriteString(pw, env12+`<s:Header><a:To xmlns:a="urn:a">x</a:To></s:Header><s:Body>`)
		<-next
		if err == nil {
			_, err = io.WriteString(pw, `<x xmlns="urn:x"/></s:Body><s:Body/>`+end)
		}
		pw.Close()
		wrote <- err
	}()
	m, err := Read(xmltext.NewReader(pr, xmltext.Options{}), V12, Limits{})
	if err != nil || len(m.Headers) != 1 || m.Headers[0].Text() != "x" {
		t.Fatal(m, err)
	}
	close(next)
	r, err := m.Body()
	if err != nil {
		t.Fatal(err)
	}
	tok, err := r.Next()
	if err != nil || !tok.Name.Is("urn:x", "x") || r.Path() != "/s:Envelope/s:Body/x" {
		t.Fatal(tok, err)
	}
	if err := infoset.Skip(r); err != nil {
		t.Fatal(err)
	}
	if _, err = r.Next(); err == nil || !strings.Contains(err.Error(), "a second Body") {
		t.Error(err)
	}
	if _, again := r.Next(); !errors.Is(again, err) {
		t.Error("the error does not stick:", again)
	}
	if _, err := m.Body(); !errors.Is(err, ErrBodyRead) {
		t.Error(err)
	}
	io.Copy(io.Discard, pr) // the reader stopped before the end
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

func TestBodies(t *testing.T) {
	m := New(V12)
	m.Declare("q", "urn:q")
	m.SetBody(func(w infoset.Writer) error {
		for _, local := range []string{"one", "two"} {
			w.Start(&infoset.Name{Prefix: "q", Space: "urn:q", Local: local})
			w.Text(infoset.Int(5))
			w.End()
		}
		return nil
	})
	const want = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:q="urn:q"><s:Body><q:one>5</q:one><q:two>5</q:two></s:Body></s:Envelope>`
	if got := written(t, m); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for range 2 { // the second time from memory
		r, err := m.Body()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			tok, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if tok.Kind == infoset.StartElement {
				v, err := infoset.Content(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				n, err := v.AsInt(32)
				if err != nil || n != 5 {
					t.Error(v, err)
				}
				got = append(got, tok.Name.Local)
			}
		}
		if len(got) != 2 {
			t.Error(got)
		}
		if err := m.Buffer(0); err != nil {
			t.Fatal(err)
		}
	}
	if got := written(t, m); got != want {
		t.Errorf("from memory %s", got)
	}
	if err := parse(t, env11+`<s:Body><a/><a/></s:Body>`+end).Buffer(3); err == nil {
		t.Error("more tokens than allowed were kept")
	}
	if _, err := parse(t, env11+`<s:Body/>`+end).Clone(); err == nil {
		t.Error("a streamed message was copied")
	}
}

// TestPlain reads and writes messages without envelope.
func TestPlain(t *testing.T) {
	m := ReadPlain(textReader(`<!-- c --><x xmlns="urn:x">v</x>`))
	if is, err := m.IsFault(); err != nil || is {
		t.Error(is, err)
	}
	if got := written(t, m); got != `<!-- c --><x xmlns="urn:x">v</x>` {
		t.Error(got)
	}
}

// TestEveryTruncation cuts a message everywhere: always an error about it.
func TestEveryTruncation(t *testing.T) {
	doc := env12 + `<s:Header><a:To xmlns:a="urn:a" s:mustUnderstand="1">x</a:To></s:Header><s:Body><x/></s:Body>` + end
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
	if err := parse(t, doc).Write(w); err != nil {
		t.Fatal(err)
	}
	bin := w.Bytes()
	for n := range len(doc) {
		if e, ok := errors.AsType[*Error](whole(doc[:n], None)); !ok || e.Fault.Code.Local != "Sender" {
			t.Errorf("%d bytes: %v", n, e)
		}
	}
	for n := range bin {
		m, err := Read(xmlbin.NewReader(bytes.NewReader(bin[:n]), xmlbin.Options{}), None, Limits{})
		if err == nil {
			err = m.Buffer(0)
		}
		if e, ok := errors.AsType[*Error](err); !ok || e.Fault.Code.Local != "Sender" {
			t.Errorf("binary, %d bytes: %v", n, err)
		}
	}
}
