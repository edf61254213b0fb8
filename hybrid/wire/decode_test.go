package wire

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/internal/http1"
)

func fields(pairs ...string) http1.Fields {
	var f http1.Fields
	for i := 0; i < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// TestCaptures decodes what real listeners and gateways wrote (sections 14.1 to 14.16).
func TestCaptures(t *testing.T) {
	const dotnet = "b0ed92f9-5b1c-4f6e-9b8f-0d6a1c2b3d4e_G1"
	for file, want := range map[string]Message{
		"response-hyco-https.json": {Kind: KindResponse, Name: "response", Response: &Response{
			RequestID: "58bb199d-5932-4ab7-b07d-283e7d9f9ea7_G1", Status: 200, Reason: "OK", HasReason: true, Body: true,
			Fields: fields("content-type", "text/plain", "x-multi", "a", "set-cookie", "c1=1"),
		}},
		"response-hyco-https-204.json": {Kind: KindResponse, Name: "response", Response: &Response{
			RequestID: "6294486d-f1d6-42bb-b094-c9c4c5b7fb5a_G1", Status: 204, Reason: "No Content", HasReason: true,
		}},
		"response-java.json": {Kind: KindResponse, Name: "response", Response: &Response{
			RequestID: "659ab98c-6933-4af9-881b-de90dbec7a4a_G1", Status: 202, Reason: "Accepted", HasReason: true, Body: true, Fields: fields("X-J", "1"),
		}},
		"response-dotnet.json": {Kind: KindResponse, Name: "response", Response: &Response{
			RequestID: dotnet, Status: 200, Reason: "OK", HasReason: true, Body: true,
		}},
		"response-dotnet-headers.json": {Kind: KindResponse, Name: "response", Response: &Response{
			RequestID: dotnet, Status: 418, Reason: "!#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@\\", HasReason: true, Body: true,
			Fields: fields("X-One", "1,2", "Set-Cookie", "a=1; path=/,b=2", "content-TYPE", "text/x", "Content-Length", "3", "Connection", "close"),
		}},
		"response-dotnet-501.json": {Kind: KindResponse, Name: "response", Response: &Response{
			RequestID: "233a515b-5b1c-4f6e-9b8f-0d6a1c2b3d4e_G1", Status: 501, HasReason: true,
			Reason: "The listener RequestHandler has not been configured. TrackingId:233a515b-5b1c-4f6e-9b8f-0d6a1c2b3d4e_G1, Address:https://localhost/hyco, Timestamp:11/25/2026 16:18:26",
		}},
		"renew-java.json": {
			Kind: KindRenewToken, Name: "renewToken",
			Token: "com.microsoft.azure.relay.SharedAccessSignatureTokenProvider$SharedAccessSignatureToken@2a533b77",
		},
		"request-hyco-https.json": {Kind: KindRequest, Name: "request", Offer: &Offer{
			Address: "wss://localhost:8443/$hc/a2/small?sb-hc-action=request&sb-hc-id=58bb199d-5932-4ab7-b07d-283e7d9f9ea7_G1",
			ID:      "58bb199d-5932-4ab7-b07d-283e7d9f9ea7_G1", Target: "/a2/small?x=1&y", Method: "GET",
			Remote: netip.MustParseAddrPort("127.0.0.1:48472"), Fields: fields("Custom", "Hello", "Host", "localhost:8443", "Via", "1.1 localhost"),
		}},
		"pointer-hyco-https.json": {Kind: KindRequest, Name: "request", Offer: &Offer{
			Address: "wss://localhost:8443/$hc/a2/post?sb-hc-action=request&sb-hc-id=12b669a2-a15b-47fb-af7b-52a0c12c0393_G1",
			ID:      "12b669a2-a15b-47fb-af7b-52a0c12c0393_G1", Pointer: true,
		}},
		"accept-service.json": {Kind: KindAccept, Name: "accept", Offer: &Offer{
			Address: "wss://g17-prod-by3-010-sb.servicebus.windows.net/$hc/yesclientauth?sb-hc-action=accept&sb-hc-id=0d853137-0000-4f6e-9b8f-0d6a1c2b3d4e_G17_G30",
			ID:      "0d853137-0000-4f6e-9b8f-0d6a1c2b3d4e_G17_G30", Remote: netip.MustParseAddrPort("[2001:db8::7]:1234"),
			Fields: fields("Sec-WebSocket-Key", "MTMtMTc5NTMwMjY0NjI2OQ==", "Host", "yes.servicebus.windows.net:443"),
		}},
	} {
		t.Run(file, func(t *testing.T) {
			text := capture(t, file, "")
			got, err := Decode([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			for cut := range text {
				if m, err := Decode([]byte(text[:cut])); !errors.Is(err, ErrMessage) {
					t.Fatalf("Decode of the first %d bytes: %+v, %v", cut, m, err)
				}
			}
		})
	}
}

func TestResponsesAreForgiven(t *testing.T) {
	for _, c := range []struct {
		name, inside string
		want         Response
	}{
		{"numeric string", `"requestId":"1","statusCode":"201"`, Response{RequestID: "1", Status: 201}},
		{"decimal", `"statusCode":200.0`, Response{Status: 200}},
		{"exponent", `"statusCode":2e2`, Response{Status: 200}},
		{"null status", `"statusCode":null`, Response{}},
		{"no number", `"statusCode":"OK"`, Response{}},
		{"fraction", `"statusCode":200.5`, Response{}},
		{"small", `"statusCode":99`, Response{}},
		{"large", `"statusCode":1000`, Response{}},
		{"huge", `"statusCode":1e999`, Response{}},
		{"negative", `"statusCode":-200`, Response{}},
		{"not a number", `"statusCode":"NaN"`, Response{}},
		{"null description", `"statusDescription":null`, Response{}},
		{"empty description", `"statusDescription":""`, Response{HasReason: true}},
		{"numeric id", `"requestId":12`, Response{RequestID: "12"}},
		{"body as text", `"body":"true"`, Response{Body: true}},
		{"body null", `"body":null`, Response{}},
		{"last of two counts", `"body":true,"statusCode":404,"statusCode":200,"body":false`, Response{Status: 200}},
		{"null headers", `"responseHeaders":null`, Response{}},
		{
			"headers of all kinds", `"responseHeaders":{"S":"s","N":1.50,"B":true,"Null":null,"A":["x",2,null,false],"E":[],"O":{"a":[1]},"s":"t"}`,
			Response{Fields: fields("S", "s", "N", "1.50", "B", "true", "A", "x", "A", "2", "A", "false", "s", "t")},
		},
		{"escapes", `"statusDescription":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"`, Response{HasReason: true, Reason: "\"\\/\b\f\n\r\tA\u00e9\U0001F600"}},
		{"half a pair", `"statusDescription":"a\ud83dx\ude00\ud83d\u0041"`, Response{HasReason: true, Reason: "a\uFFFDx\uFFFD\uFFFDA"}},
		{"not UTF-8", "\"statusDescription\":\"a\xffb\xc9\xf0\"", Response{HasReason: true, Reason: "a\uFFFDb\uFFFD\uFFFD"}},
		{"not UTF-8 behind an escape", "\"statusDescription\":\"\\t\xff\"", Response{HasReason: true, Reason: "\t\uFFFD"}},
		{"unknown members", `"x":{"y":[1,{"z":null}]},"statusCode":200,"more":-1.5e-3`, Response{Status: 200}},
		{"escaped name", `"status\u0043ode":200`, Response{Status: 200}},
		{"nothing", ``, Response{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Decode([]byte(" {\t\"response\" :\r\n{" + c.inside + "} } "))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, *m.Response); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOtherMessages(t *testing.T) {
	for text, want := range map[string]Message{
		`{}`:                {},
		`{"hello":{"a":1}}`: {Name: "hello"},
		`{"x":1,"renewToken":{"token":"t","a":0}}`:                             {Kind: KindRenewToken, Name: "renewToken", Token: "t"},
		`{"renewToken":null}`:                                                  {Kind: KindRenewToken, Name: "renewToken"},
		`{"renewToken":{"token":"t"},"response":5}`:                            {Kind: KindRenewToken, Name: "renewToken", Token: "t"},
		`{"injectFault":{"delay":"00:00:01"}}`:                                 {Kind: KindInjectFault, Name: "injectFault"},
		`{"injectFault":"now"}`:                                                {Kind: KindInjectFault, Name: "injectFault"},
		`{"cancel":{"id":"1_G1"}}`:                                             {Kind: KindCancel, Name: "cancel", ID: "1_G1"},
		`{"Response":{"body":true}}`:                                           {Name: "Response"},
		`{"request":{"method":"GET"}}`:                                         {Kind: KindRequest, Name: "request", Offer: &Offer{Method: "GET"}},
		`{"request":{"body":true}}`:                                            {Kind: KindRequest, Name: "request", Offer: &Offer{Body: true}},
		`{"accept":{"remoteEndpoint":{"address":"somewhere","port":"70000"}}}`: {Kind: KindAccept, Name: "accept", Offer: &Offer{}},
		`{"accept":{"remoteEndpoint":{"address":"10.0.0.1","port":"7"},"body":false}}`: {
			Kind: KindAccept, Name: "accept", Offer: &Offer{Remote: netip.MustParseAddrPort("10.0.0.1:7")},
		},
		`{"accept":{"remoteEndpoint":null,"connectHeaders":null}}`: {Kind: KindAccept, Name: "accept", Offer: &Offer{}},
	} {
		got, err := Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	headers := make([]string, maxDecodedFields+1)
	for i := range headers {
		headers[i] = `"h":""`
	}
	for _, text := range []string{
		"", " ", "null", "5", `"text"`, "[]", "true", "{", "}", "{}{}", "{} x", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `{,}`,
		`{"response":5}`, `{"response":[]}`, `{"renewToken":"t"}`, `{"accept":{"remoteEndpoint":5}}`, `{"response":{"responseHeaders":"x"}}`, `{"response":{"responseHeaders":[]}}`,
		`{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":1e+}`, `{"a":+1}`, `{"a":Infinity}`, `{"a":nul}`, `{"a":nullx}`, `{"a":tru}`, `{"a":falsE}`,
		`{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, `{"a":"\ud83d\u12"}`, `{"a":"\`, `{"a":"b\`, "{\"a\":\"\x01\"}", "{\"a\":\"\\t\x01\"}", `{"a":"b}`, `{"a":"\tb}`,
		`{"a":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
		`{"a":` + strings.Repeat(`{"a":`, maxDepth) + `1` + strings.Repeat("}", maxDepth) + `}`,
		`{"response":{"responseHeaders":{` + strings.Join(headers, ",") + `}}}`,
		`{"response":{"responseHeaders":{"h":[` + strings.Repeat(`"",`, maxDecodedFields) + `""]}}}`,
	} {
		if m, err := Decode([]byte(text)); !errors.Is(err, ErrMessage) || m != nil {
			t.Errorf("%.60s: %+v, %v, want ErrMessage", text, m, err)
		}
	}
	deep := `{"a":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`
	if _, err := Decode([]byte(deep)); err != nil {
		t.Errorf("depth %d: %v", maxDepth, err)
	}
	if _, err := Decode(make([]byte, MaxText+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("long text: %v", err)
	}
	if _, err := Decode([]byte(`{"a":"` + strings.Repeat("x", MaxText-8) + `"}`)); err != nil {
		t.Errorf("longest text: %v", err)
	}
}

func TestKindNames(t *testing.T) {
	for kind, want := range map[Kind]string{KindUnknown: "unknown", KindAccept: "accept", KindRequest: "request", KindResponse: "response", KindRenewToken: "renewToken", KindInjectFault: "injectFault", KindCancel: "cancel", 99: "unknown"} {
		if kind.String() != want {
			t.Errorf("Kind(%d) = %s, want %s", kind, kind, want)
		}
	}
	for action, want := range map[Action]string{ActionConnect: "connect", ActionListen: "listen", ActionAccept: "accept", ActionRequest: "request", ActionStandby: "standby", 99: "unknown"} {
		if action.String() != want {
			t.Errorf("Action(%d) = %s, want %s", action, action, want)
		}
	}
}

func TestDecodeAllocatesLittle(t *testing.T) {
	text := []byte(capture(t, "response-hyco-https.json", ""))
	// The message, the response, the copy of the text and the fields as they grow to three.
	if allocs := testing.AllocsPerRun(100, func() {
		if _, err := Decode(text); err != nil {
			t.Fatal(err)
		}
	}); allocs > 6 {
		t.Errorf("%v allocations a run", allocs)
	}
}

// FuzzDecode: what is taken is JSON, what is JSON and an object of objects is taken, and strings are read as
// encoding/json reads them.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"response-hyco-https.json", "response-dotnet-headers.json", "renew-java.json", "accept-service.json", "request-hyco-https.json"} {
		f.Add([]byte(capture(f, file, "")))
	}
	f.Add([]byte(`{"response":{"requestId":1e5,"statusCode":"200","responseHeaders":{"A":["x",2,null]},"x":[[{}]]}}`))
	f.Add([]byte(`{"renewToken":{"token":"\ud83d\ude00\ud83d"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrMessage) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("error of another kind: %v", err)
			}
			var unknown map[string]int
			if len(b) < MaxText && b != nil && json.Unmarshal(b, &unknown) == nil && len(unknown) > 0 && m == nil && onlyUnknown(unknown) {
				t.Fatalf("%q is refused: %v", b, err)
			}
			return
		}
		if !json.Valid(b) {
			t.Fatalf("%q is no JSON and was taken", b)
		}
		var want map[string]map[string]any
		if m.Kind != KindRenewToken || json.Unmarshal(b, &want) != nil || len(want) != 1 {
			return
		}
		if token, ok := want["renewToken"]["token"].(string); ok && token != m.Token {
			t.Fatalf("token %q, encoding/json reads %q", m.Token, token)
		}
	})
}

func onlyUnknown(members map[string]int) bool {
	for name := range members {
		switch name {
		case "accept", "request", "response", "renewToken", "cancel", "injectFault":
			return false
		}
	}
	return true
}

// FuzzResponse: what our own listener writes is read back as it was meant.
func FuzzResponse(f *testing.F) {
	f.Add("1_G1", 200, "OK", "X-A", "1", true)
	f.Add("\"", 599, "caf\u00e9 \u2028\x00", "", "\t", false)
	f.Fuzz(func(t *testing.T, id string, code int, reason, name, value string, body bool) {
		r := Response{RequestID: id, Status: code, Reason: reason, HasReason: true, Fields: http1.Fields{{Name: name, Value: value}}, Body: body}
		text, err := r.Append(nil)
		if err != nil {
			return
		}
		m, err := Decode(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := r
		want.RequestID, want.Reason = latin(id), latin(reason)
		want.Fields = http1.Fields{{Name: latin(name), Value: latin(value)}}
		if code < 100 || code > 999 {
			want.Status = 0
		}
		if diff := cmp.Diff(want, *m.Response); diff != "" {
			t.Fatal(diff)
		}
	})
}

// latin is the text that appendString makes of any bytes, by the library.
func latin(s string) string {
	if strings.ToValidUTF8(s, "") == s {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(capture(b, "response-hyco-https.json", ""))
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := Decode(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		type response struct {
			RequestID         string            `json:"requestId"`
			StatusCode        int               `json:"statusCode"`
			StatusDescription string            `json:"statusDescription"`
			ResponseHeaders   map[string]string `json:"responseHeaders"`
			Body              bool              `json:"body"`
		}
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			var m map[string]*response
			if err := json.Unmarshal(text, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("64 KiB of header "+strconv.Itoa(60000), func(b *testing.B) {
		long := []byte(`{"response":{"requestId":"1","statusCode":200,"responseHeaders":{"X":"` + strings.Repeat("a", 60000) + `"}}}`)
		b.SetBytes(int64(len(long)))
		for b.Loop() {
			if _, err := Decode(long); err != nil {
				b.Fatal(err)
			}
		}
	})
}
