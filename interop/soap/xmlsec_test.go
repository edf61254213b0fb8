package soap_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

const (
	addressing = "http://www.w3.org/2005/08/addressing"
	connect    = "http://schemas.microsoft.com/netservices/2009/05/servicebus/connect"
	utility    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	secext     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
)

// template is a message with an empty signature over the parts named in refs. It is
// spelled oddly on purpose: what a re-serialiser would tidy up is signed too.
func template(c14n string, refs ...string) string {
	var signed strings.Builder
	for _, id := range refs {
		signed.WriteString(`<Reference URI="#` + id + `"><Transforms><Transform Algorithm="` + c14n + `"/></Transforms>` +
			`<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference>`)
	}
	return `<?xml version="1.0" encoding="utf-8"?>
<s:Envelope  xmlns:s='http://www.w3.org/2003/05/soap-envelope' xmlns:a="` + addressing + `" xmlns:u="` + utility + `" xmlns:unused="urn:unused">
 <s:Header>
  <a:Action s:mustUnderstand="1" u:Id="action" >urn:act&#105;on</a:Action><a:To s:mustUnderstand="1">https://relay.example/svc</a:To>
  <RelayAccessToken xmlns="` + connect + `"><t>secret</t></RelayAccessToken>
  <o:Security s:mustUnderstand="1" xmlns:o="` + secext + `"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>` +
		`<CanonicalizationMethod Algorithm="` + c14n + `"/><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/>` +
		signed.String() + `</SignedInfo><SignatureValue/></Signature></o:Security>
 </s:Header>
 <s:Body u:Id="body"><x:Pay xmlns:x="urn:x"  at='1' ><x:sum>12.50</x:sum><x:note><![CDATA[<a> & b]]>&#13;` + "\r\n\t" + ` é</x:note><x:none/></x:Pay>
 </s:Body>
</s:Envelope>
`
}

// xmlsec runs xmlsec1 on a document with the key of the test, and tells whether it
// was content.
func xmlsec(t *testing.T, mode string, doc []byte) (out []byte, ok bool) {
	t.Helper()
	dir := t.TempDir()
	key, in, result := filepath.Join(dir, "key"), filepath.Join(dir, "in.xml"), filepath.Join(dir, "out.xml")
	for file, content := range map[string][]byte{key: []byte("0123456789abcdef0123456789abcdef"), in: doc} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{mode, "--hmackey", key, "--id-attr:Id", "http://www.w3.org/2003/05/soap-envelope:Body", "--id-attr:Id", addressing + ":Action", "--id-attr:Id", addressing + ":To"}
	if mode == "--sign" {
		args = append(args, "--output", result)
	}
	said, err := exec.CommandContext(t.Context(), "xmlsec1", append(args, in)...).CombinedOutput()
	if err != nil {
		t.Logf("xmlsec1 %s: %v\n%s", mode, err, said)
		return nil, false
	}
	if mode != "--sign" {
		return nil, true
	}
	if out, err = os.ReadFile(result); err != nil {
		t.Fatal(err)
	}
	return out, true
}

// TestSignaturesHold: a message that xmlsec1 signed still verifies after its
// unsigned headers were changed, added and stripped by offsets, and does not when
// a signed one was, so that the check is one.
func TestSignaturesHold(t *testing.T) {
	interop.Need(t, "xmlsec")
	const exclusive, inclusive = "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	edits := []rewrite.Edit{
		{Op: rewrite.SetText, Space: addressing, Local: "To", Text: "http://10.0.0.7:8080/svc?a&b"},
		{Op: rewrite.Remove, Space: connect, Local: "RelayAccessToken"},
		{Op: rewrite.Add, Block: soap.TextHeader(infoset.Name{Prefix: "n", Space: "urn:new", Local: "TrackingId"}, infoset.String("1"))},
	}
	for _, c14n := range []string{exclusive, inclusive} {
		signed, ok := xmlsec(t, "--sign", []byte(template(c14n, "body", "action")))
		if !ok {
			t.Fatal("xmlsec1 did not sign")
		}
		s := &rewrite.Scanner{}
		if err := s.Scan(signed); err != nil {
			t.Fatal(err)
		}
		change := func(edits ...rewrite.Edit) []byte {
			pieces, err := s.Apply(nil, signed, edits)
			if err != nil {
				t.Fatal(err)
			}
			return bytes.Join(pieces, nil)
		}
		if _, ok := xmlsec(t, "--verify", signed); !ok {
			t.Error("what xmlsec1 signed does not verify")
		}
		out := change(edits...)
		if bytes.Equal(out, signed) || bytes.Contains(out, []byte("RelayAccessToken")) || !bytes.Contains(out, []byte("10.0.0.7")) || !bytes.Contains(out, []byte("TrackingId")) {
			t.Fatalf("the edits were not made:\n%s", out)
		}
		if _, ok := xmlsec(t, "--verify", out); !ok {
			t.Errorf("%s: the rewritten message does not verify:\n%s", c14n, out)
		}
		if _, ok := xmlsec(t, "--verify", change(rewrite.Edit{Op: rewrite.SetText, Space: addressing, Local: "Action", Text: "urn:other"})); ok {
			t.Error("a message verifies although a signed header was changed")
		}
	}
}

// TestSignaturesHoldThroughMessages: a message that is decoded and encoded keeps
// its infoset, so an exclusive signature over it holds as well.
func TestSignaturesHoldThroughMessages(t *testing.T) {
	interop.Need(t, "xmlsec")
	signed, ok := xmlsec(t, "--sign", []byte(template("http://www.w3.org/2001/10/xml-exc-c14n#", "body", "action")))
	if !ok {
		t.Fatal("xmlsec1 did not sign")
	}
	m, err := soap.Read(xmltext.NewBytes(signed, xmltext.Options{}), soap.V12, soap.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m.Remove(connect, "RelayAccessToken")
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	if _, ok := xmlsec(t, "--verify", w.Bytes()); !ok {
		t.Errorf("does not verify:\n%s", w.Bytes())
	}
}
