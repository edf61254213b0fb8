package exchange_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/internal/exchange"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// TestRefusal: a listener's own no is a fault for senders of SOAP, in their version, and JSON for all others; the words are the same.
func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		name, kind, action string
		status             int
		want               string // content type of the answer
		code               xsd.QName
		addressed          bool
	}{
		{"a browser", "", "", 501, "application/json", xsd.QName{}, false},
		{"JSON", "application/json", "", 501, "application/json", xsd.QName{}, false},
		{"XML that is no SOAP", "text/xml", "", 501, "application/json", xsd.QName{}, false},
		{"nothing that could be read", "text/xml; charset", `"a"`, 501, "application/json", xsd.QName{}, false},
		{"binary", "application/soap+msbin1", "", 501, "application/json", xsd.QName{}, false},
		{"SOAP 1.1", "text/xml; charset=utf-8", `"urn:a"`, 501, "text/xml; charset=utf-8", soap.Receiver, false},
		{"SOAP 1.2", "application/soap+xml; charset=utf-8", "", 502, "application/soap+xml; charset=utf-8", soap.Receiver, true},
		{"SOAP 1.2 without addressing", `application/soap+xml; charset=utf-8; action="urn:a"`, "", 413, "application/soap+xml; charset=utf-8", soap.Sender, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &wire.Offer{ID: "7ba25bb6-4bb9-4d4b-8f8f-2f1f0c6b1f11_G1"}
			if c.kind != "" {
				o.Fields.Add("Content-Type", c.kind)
			}
			if c.action != "" {
				o.Fields.Add("SOAPAction", c.action)
			}
			head, body := exchange.Refusal(o, "https://relay.example/calc", c.status, "Not so.")
			if head.RequestID != o.ID || head.Status != c.status || !strings.HasPrefix(head.Reason, "Not so. ") || head.Fields.Get("Content-Type") != c.want {
				t.Fatalf("%+v", head)
			}
			if c.code == (xsd.QName{}) {
				if want := `"code":"` + strings.ReplaceAll(http.StatusText(c.status), " ", "") + `"`; !strings.Contains(string(body), want) || !strings.Contains(string(body), "Not so. ") {
					t.Errorf("%s, want %s", body, want)
				}
				return
			}
			told(t, head.Fields, body, head.Reason, c.code, c.addressed)
		})
	}
}

// told reads a fault.
func told(t *testing.T, fields shape.Fields, body []byte, reason string, code xsd.QName, addressed bool) {
	t.Helper()
	enc, err := encoder.Select(fields.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := enc.Decode(bytes.NewReader(body), encoder.Decoding{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.Fault()
	if err != nil {
		t.Fatal(err)
	}
	if f.Reason("en") != reason || f.Code.Local != code.Local && f.Code.Local != map[string]string{"Receiver": "Server", "Sender": "Client"}[code.Local] {
		t.Errorf("code %v, reason %q", f.Code, f.Reason("en"))
	}
	if got := strings.Contains(string(body), "2005/08/addressing"); got != addressed {
		t.Errorf("addressing %t, want %t: %s", got, addressed, body)
	}
}
