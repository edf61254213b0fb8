package convert_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// signature is what no change survives.
const signature = `<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></o:Security>`

// TestSame: of all bindings that a sender of any may use, the service's own passes, signed or not, and no other does.
func TestSame(t *testing.T) {
	every, _ := convert.Find(convert.AnySOAP)
	for _, from := range convert.Bindings() {
		for _, to := range convert.Bindings() {
			if from.Any || from.Plain || to.Any || to.Plain || from.Framed {
				continue
			}
			for _, header := range []string{"", signature} {
				p := newPeer(t, from.Name)
				in := p.send(p.text(header, body), wsa.Properties{Action: action, MessageID: "urn:1", To: "http://gateway/calc"})
				call, err := (&convert.Converter{From: every, To: to}).Request(in, convert.Options{To: address})
				want := from == to
				switch {
				case want && (err != nil || !call.Same || !bytes.Equal(call.Out.Body, in.Body) || call.Action() != action):
					t.Errorf("%s, %d bytes of header: %v, %+v", from.Name, len(header), err, call.Same)
				case !want && (call.Same || (err == nil) != (header == "")):
					t.Errorf("%s to %s, %d bytes of header: %v, same %v", from.Name, to.Name, len(header), err, call.Same)
				}
			}
		}
	}
}

// TestSameIsCertain: what leaves a doubt is converted, or refused by that.
func TestSameIsCertain(t *testing.T) {
	const (
		kind = "application/soap+xml; charset=utf-8"
		to   = "<a:To>http://gateway/calc</a:To>"
	)
	text := func(head string) string {
		return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` + head + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
	}
	plain := text("<a:Action>" + action + "</a:Action><a:MessageID>urn:1</a:MessageID>" + to)
	for _, row := range []struct {
		name, from, kind, text string
		named                  string // the service's address, which messages have to name
		same, oneWay, refused  bool
	}{
		{name: "plain", kind: kind, text: plain, same: true},
		{name: "no charset", kind: "application/soap+xml", text: plain, same: true},
		{name: "no charset, a declaration", kind: "application/soap+xml", text: `<?xml version="1.0"?>` + plain},
		{name: "another charset", kind: "application/soap+xml; charset=iso-8859-1", text: strings.ReplaceAll(plain, "\u00fc", "u")},
		{name: "another charset than it says", kind: kind, text: `<?xml version="1.0" encoding="utf-16"?>` + plain, refused: true},
		{name: "the action of the type", kind: kind + `; action="` + action + `"`, text: plain, same: true},
		{name: "another action in the type", kind: kind + `; action="urn:other"`, text: plain, refused: true},
		{name: "one-way", kind: kind, text: text("<a:Action>" + action + "</a:Action>"), same: true, oneWay: true},
		{name: "no action", kind: kind + `; action="` + action + `"`, text: text("<a:MessageID>urn:1</a:MessageID>")},
		{name: "addressing twice", kind: kind, text: text("<a:Action>urn:1</a:Action><a:Action>urn:2</a:Action>"), refused: true},
		{name: "addressing of two versions", kind: kind, text: text(`<a:Action>urn:1</a:Action><b:To xmlns:b="http://schemas.xmlsoap.org/ws/2004/08/addressing">x</b:To>`), refused: true},
		{name: "the older addressing", kind: kind, text: strings.ReplaceAll(plain, "http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing")},
		{name: "the address", kind: kind, text: plain, named: "http://gateway/calc", same: true},
		{name: "another address", kind: kind, text: plain, named: "http://server1/calc"},
		{name: "another address, signed", kind: kind, text: strings.Replace(plain, to, to+signature, 1), named: "http://server1/calc", same: true},
		{name: "a sender of one binding", from: "basicHttp", kind: "text/xml; charset=utf-8", text: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + body + `</s:Body></s:Envelope>`},
	} {
		from, _ := convert.Find(convert.AnySOAP)
		if row.from != "" {
			from, _ = convert.Find(row.from)
		}
		service, _ := convert.Find("wsHttp")
		o := convert.Options{To: "http://gateway/calc"}
		if row.named != "" {
			o = convert.Options{To: row.named, Named: true}
		}
		in := convert.Message{ContentType: row.kind, Body: []byte(row.text)}
		if row.from != "" {
			in.SOAPAction = []string{`"` + action + `"`}
		}
		call, err := (&convert.Converter{From: from, To: service}).Request(in, o)
		if call.Same != row.same || (err != nil) != row.refused || call.OneWay != row.oneWay {
			t.Errorf("%s: same %v, one-way %v, %v", row.name, call.Same, call.OneWay, err)
		}
		if row.same != bytes.Equal(call.Out.Body, in.Body) {
			t.Errorf("%s: %q", row.name, call.Out.Body)
		}
		if row.named != "" && !row.same && !bytes.Contains(call.Out.Body, []byte(">"+row.named+"<")) {
			t.Errorf("%s: no address in %q", row.name, call.Out.Body)
		}
	}
}
