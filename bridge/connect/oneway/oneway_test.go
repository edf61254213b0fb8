package oneway_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect/oneway"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// envelope is SOAP 1.2 in text with an action.
const envelope = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">` +
	`<s:Header><a:Action s:mustUnderstand="1">urn:tick</a:Action></s:Header><s:Body><Tick xmlns="urn:t">7</Tick></s:Body></s:Envelope>`

// TestConvert: to .NET's binary form and back nothing of a message is lost.
func TestConvert(t *testing.T) {
	binary, err := oneway.Convert([]byte(envelope), oneway.SOAP12, oneway.MSBin1)
	if err != nil {
		t.Fatal(err)
	}
	if len(binary) >= len(envelope) || bytes.Contains(binary, []byte("<")) {
		t.Errorf("not binary: %q", binary)
	}
	text, err := oneway.Convert(binary, oneway.MSBin1, oneway.SOAP12)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("7", 60_000) // more than a string may have that is read as it streams
	whole, err := oneway.Convert([]byte(strings.Replace(envelope, ">7<", ">"+long+"<", 1)), oneway.SOAP12, oneway.MSBin1)
	if err != nil || bytes.Count(whole, []byte("7")) < len(long) {
		t.Errorf("a long string: %d bytes, %v", len(whole), err)
	}
	for _, part := range []string{"urn:tick", ">7<", "http://www.w3.org/2003/05/soap-envelope", `mustUnderstand="1"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is not in %s", part, text)
		}
	}
	if action := oneway.Action(text); action != "urn:tick" {
		t.Errorf("action %q", action)
	}
}

// TestConvertNot: what is no message of the kind, or too long, is refused.
func TestConvertNot(t *testing.T) {
	rows := []struct{ name, body, from, to string }{
		{"no SOAP", "<a/>", oneway.SOAP12, oneway.MSBin1},
		{"no XML", "x", oneway.SOAP12, oneway.MSBin1},
		{"no binary", "x", oneway.MSBin1, oneway.SOAP12},
		{"nothing", "", oneway.MSBin1, oneway.SOAP12},
		{"another type", envelope, "image/png", oneway.MSBin1},
		{"to another type", envelope, oneway.SOAP12, "image/png"},
		{"too long", strings.Replace(envelope, ">7<", ">"+strings.Repeat("7", shape.MaxMessage)+"<", 1), oneway.SOAP12, oneway.MSBin1},
	}
	for _, row := range rows {
		if b, err := oneway.Convert([]byte(row.body), row.from, row.to); err == nil {
			t.Errorf("%s became %q", row.name, b)
		}
	}
	for _, text := range []string{"", "x", "<a/>", strings.ReplaceAll(envelope, "a:Action", "a:To")} {
		if action := oneway.Action([]byte(text)); action != "" {
			t.Errorf("the action %q of %.40q", action, text)
		}
	}
}

// TestTypeOf: an envelope on a WebSocket says what it is; what is none, and what was said by a sender who can say it, stays.
func TestTypeOf(t *testing.T) {
	binary, err := oneway.Convert([]byte(envelope), oneway.SOAP12, oneway.MSBin1)
	if err != nil {
		t.Fatal(err)
	}
	const text, bytes = "text/plain; charset=utf-8", "application/octet-stream"
	old := strings.ReplaceAll(envelope, "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/")
	rows := []struct{ name, kind, body, want string }{
		{"1.2", text, envelope, oneway.SOAP12},
		{"1.1", text, old, "text/xml; charset=utf-8"},
		{"behind a declaration and a mark", text, "\xef\xbb\xbf<?xml version='1.0'?>\n" + old, "text/xml; charset=utf-8"},
		{"one in the other", text, strings.Replace(old, ">7<", ">"+envelope+"<", 1), "text/xml; charset=utf-8"},
		{"binary", bytes, string(binary), oneway.MSBin1},
		{"other bytes", bytes, "V\x03", bytes},
		{"other text", text, "hello " + envelope, text},
		{"other XML", text, "<a/>", text},
		{"an envelope of another kind", text, "<Envelope/>", text},
		{"nothing", text, "", text},
		{"said", "application/xml", envelope, "application/xml"},
		{"nothing said", "", envelope, ""},
	}
	for _, row := range rows {
		if got := oneway.TypeOf(row.kind, []byte(row.body)); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestReason: a fault says why in words, whatever its version; what is none says nothing.
func TestReason(t *testing.T) {
	const fault11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no desk</faultstring></s:Fault></s:Body></s:Envelope>`
	const fault12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="de">kein Pult</s:Text><s:Text xml:lang="en">no desk</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
	rows := []struct{ name, kind, body, want string }{
		{"1.1", "text/xml; charset=utf-8", fault11, "no desk"},
		{"1.2", oneway.SOAP12, fault12, "no desk"},
		{"another version than it says", oneway.SOAP12, fault11, ""},
		{"no fault", oneway.SOAP12, envelope, ""},
		{"cut off", "text/xml", fault11[:len(fault11)-40], ""},
		{"no SOAP", "text/html", "<p>", ""},
		{"nothing", "", "", ""},
	}
	for _, row := range rows {
		if got := oneway.Reason(row.kind, []byte(row.body)); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestHandOver: the message arrives in a session of its own, and what the service does decides whether it was taken.
func TestHandOver(t *testing.T) {
	end := []byte{byte(framing.End)}
	fault := framing.AppendFault(nil, framing.EndpointNotFound)
	rows := []struct {
		name  string
		says  []byte // the service, to the end
		fault string
	}{
		{"taken", end, ""},
		{"closed without an end", nil, ""},
		{"an answer that nobody waits for", append(framing.AppendSized(nil, []byte("answer")), end...), ""},
		{"a fault behind the message", fault, string(framing.EndpointNotFound)},
		{"no net.tcp", []byte("HTTP/1.1 400"), "begins no record"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			near, far := net.Pipe()
			var service sync.WaitGroup
			service.Go(func() {
				defer far.Close()
				want := append(framing.AppendSized(nil, []byte("\x00message")), end...)
				if got := make([]byte, len(want)); read(far, got) != nil || !bytes.Equal(got, want) {
					t.Errorf("message %q, want %q", got, want)
				}
				_, _ = far.Write(row.says)
			})
			err := oneway.HandOver(near, []byte("message"))
			near.Close()
			service.Wait()
			if (err != nil) != (row.fault != "") || err != nil && !strings.Contains(err.Error(), row.fault) {
				t.Errorf("error %v, want %q", err, row.fault)
			}
		})
	}
}

func read(from io.Reader, b []byte) error {
	_, err := io.ReadFull(from, b)
	return err
}
