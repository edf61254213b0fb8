package wire

import (
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/internal/http1"
)

// capture reads a captured message (section 14) and gives it the id of one of our tickets: the captures were made with
// gateways whose instance number is not part of the GUID.
func capture(t testing.TB, file, id string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/messages/" + file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSuffix(string(b), "\n")
	if id == "" {
		return text
	}
	own, ok := ParseID(id)
	if !ok || !strings.Contains(text, id) {
		t.Fatalf("%s has no id %s", file, id)
	}
	return strings.ReplaceAll(text, id, string(AppendID(nil, own)))
}

func mustTicket(t testing.TB, id string) [16]byte {
	t.Helper()
	own, ok := ParseID(id)
	if !ok {
		t.Fatalf("no id: %s", id)
	}
	return own
}

// nodeHandshake is the sender of capture 14.8, with a token that must not be seen.
func nodeHandshake() http1.Fields {
	return http1.Fields{
		{Name: "Connection", Value: "Upgrade"},
		{Name: "Upgrade", Value: "websocket"},
		{Name: "Host", Value: "localhost:8443"},
		{Name: "Sec-WebSocket-Version", Value: "13"},
		{Name: "Sec-WebSocket-Key", Value: "MTMtMTc5NTMwMjY0NjI2OQ=="},
		{Name: "serviceBUSauthorization", Value: "SharedAccessSignature sr=secret"},
		{Name: "Sec-WebSocket-Extensions", Value: "permessage-deflate; client_max_window_bits"},
	}
}

func nodeAccept(t testing.TB) *Accept {
	t.Helper()
	return &Accept{
		At: Rendezvous{
			Authority: "localhost:8443", Path: "/hyco/suf/fix", Query: "p=v&q=a%20b", Action: ActionAccept,
			Ticket: mustTicket(t, guid1),
		},
		Fields: nodeHandshake(),
		Remote: netip.MustParseAddrPort("127.0.0.1:53982"),
	}
}

func TestAcceptAsCaptured(t *testing.T) {
	got, err := nodeAccept(t).Append([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("x"+capture(t, "accept-hyco-ws.json", guid1+"_G1_G2"), string(got)); diff != "" {
		t.Error(diff)
	}
}

func nodeRequest(t testing.TB) *Request {
	t.Helper()
	return &Request{
		At:     Rendezvous{Authority: "localhost:8443", Path: "/a2/small", Query: "x=1&y", Action: ActionRequest, Ticket: mustTicket(t, "58bb199d-5932-4ab7-b07d-283e7d9f9ea7")},
		Target: RequestTarget("/a2/small", "x=1&y", false),
		Method: "GET",
		Remote: netip.MustParseAddrPort("[::ffff:127.0.0.1]:48472"),
		Fields: http1.Fields{{Name: "Custom", Value: "Hello"}, {Name: "ServiceBusAuthorization", Value: "secret"}, {Name: "Host", Value: "localhost:8443"}, {Name: "Via", Value: "1.1 localhost"}},
	}
}

func TestRequestAsCaptured(t *testing.T) {
	got, err := nodeRequest(t).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(capture(t, "request-hyco-https.json", "58bb199d-5932-4ab7-b07d-283e7d9f9ea7_G1"), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestPointerAsCaptured(t *testing.T) {
	const id = "12b669a2-a15b-47fb-af7b-52a0c12c0393_G1"
	at := Rendezvous{Authority: "localhost:8443", Path: "/a2/post", Query: "never=shown", Action: ActionRequest, Ticket: mustTicket(t, id)}
	got, err := AppendPointer(nil, &at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(capture(t, "pointer-hyco-https.json", id), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestResponseAsCaptured(t *testing.T) {
	for _, file := range []string{"response-hyco-https.json", "response-hyco-https-204.json"} {
		text := capture(t, file, "")
		m, err := Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Response.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSmallMessages(t *testing.T) {
	renew, err := AppendRenewToken(nil, `SharedAccessSignature sr=a&sig="`)
	if want := `{"renewToken":{"token":"SharedAccessSignature sr=a&sig=\""}}`; err != nil || string(renew) != want {
		t.Errorf("renewToken %s, %v, want %s", renew, err, want)
	}
	if got, want := string(AppendCancel(nil, ticket)), `{"cancel":{"id":"00010203-0405-0607-0809-0a0b0c0d0eff_G1"}}`; got != want {
		t.Errorf("cancel %s, want %s", got, want)
	}
	r := Response{RequestID: "1", Status: 200, HasReason: false}
	if got, err := r.Append(nil); err != nil || string(got) != `{"response":{"requestId":"1","statusCode":200,"responseHeaders":{},"body":false}}` {
		t.Errorf("response without reason: %s, %v", got, err)
	}
}

// TestFieldValues follows section 8.3: joining, first spelling, odd names, bytes beyond ASCII.
func TestFieldValues(t *testing.T) {
	fields := http1.Fields{
		{Name: "X-CustomHeader", Value: "requestValue1"},
		{Name: "Cookie", Value: "a=1"},
		{Name: "x-customheader", Value: "requestValue2"},
		{Name: "cookie", Value: "b=2"},
		{Name: "!#$%&*+-.^_`~*|ABC", Value: `"quoted" \ back/slash <html>`},
		{Name: "Tab", Value: "a\tb"},
		{Name: "Utf8", Value: "\u00fc\u20ac\U0001F600"},
		{Name: "Latin1", Value: "caf\xe9 \xc3\xa9"},
		{Name: "Empty", Value: ""},
		{Name: "COOKIE", Value: ""},
		{Name: "Authorization", Value: "Bearer application"},
	}
	const want = `{"X-CustomHeader":"requestValue1, requestValue2","Cookie":"a=1; b=2; ","!#$%&*+-.^_` + "`" + `~*|ABC":"\"quoted\" \\ back/slash <html>",` +
		`"Tab":"a\tb","Utf8":"` + "\u00fc\u20ac\U0001F600" + `","Latin1":"caf` + "\u00e9 \u00c3\u00a9" + `","Empty":"","Authorization":"Bearer application"}`
	a := Accept{Fields: fields}
	got, err := a.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var whole struct {
		Accept struct {
			ConnectHeaders json.RawMessage `json:"connectHeaders"`
		} `json:"accept"`
	}
	if err := json.Unmarshal(got, &whole); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if diff := cmp.Diff(want, string(whole.Accept.ConnectHeaders)); diff != "" {
		t.Error(diff)
	}

	a.Authorization = true
	if got, err = a.Append(nil); err != nil || strings.Contains(string(got), "Bearer") {
		t.Errorf("a consumed token is shown: %s, %v", got, err)
	}
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[netip.AddrPort]string{
		netip.MustParseAddrPort("10.1.2.3:80"):             `{"address":"10.1.2.3","port":80}`,
		netip.MustParseAddrPort("[2001:db8::1]:65535"):     `{"address":"2001:db8::1","port":65535}`,
		netip.MustParseAddrPort("[fe80::1%eth0]:1"):        `{"address":"fe80::1","port":1}`,
		netip.MustParseAddrPort("[::ffff:192.0.2.1]:4711"): `{"address":"192.0.2.1","port":4711}`,
		{}: `{"address":"0.0.0.0","port":0}`,
	} {
		if got := string(appendEndpoint(nil, in)); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestControlCharactersAreRefused(t *testing.T) {
	for _, value := range []string{"a\x00", "\x01", "a\r\nb", "\x1f", "\x7f"} {
		a := Accept{Fields: http1.Fields{{Name: "X", Value: "good"}, {Name: "x", Value: value}}}
		got, err := a.Append([]byte("before"))
		if !errors.Is(err, ErrField) || string(got) != "before" {
			t.Errorf("%q: %q, %v, want ErrField", value, got, err)
		}
		r := Request{Fields: a.Fields}
		if got, err := r.Append([]byte("before")); !errors.Is(err, ErrField) || string(got) != "before" {
			t.Errorf("%q in a request: %q, %v, want ErrField", value, got, err)
		}
	}
	skipped := Accept{Fields: http1.Fields{{Name: "ServiceBusAuthorization", Value: "\x00"}}}
	if _, err := skipped.Append(nil); err != nil {
		t.Errorf("a field that stays out anyway: %v", err)
	}
}

// TestSizeLimit is rule 7 of section 1: 65 536 bytes pass, 65 537 never.
func TestSizeLimit(t *testing.T) {
	empty, err := (&Accept{Fields: http1.Fields{{Name: "X"}}}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	room := MaxMessage - len(empty)
	for _, c := range []struct {
		name, value string
		fits        bool
	}{
		{"exact", strings.Repeat("a", room), true},
		{"one more", strings.Repeat("a", room+1), false},
		{"quotes double", strings.Repeat(`"`, room/2), true},
		{"quotes double, one more", strings.Repeat(`"`, room/2+1), false},
		{"Latin-1 doubles", strings.Repeat("\xe9", room/2+1), false},
	} {
		a := Accept{Fields: http1.Fields{{Name: "X", Value: c.value}}}
		got, err := a.Append([]byte("before"))
		if c.fits && (err != nil || len(got) > MaxMessage+len("before")) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
		if !c.fits && (!errors.Is(err, ErrTooLarge) || string(got) != "before") {
			t.Errorf("%s: %d bytes, %v, want ErrTooLarge", c.name, len(got), err)
		}
		if c.name == "exact" && len(got) != MaxMessage+len("before") {
			t.Errorf("%d bytes, want %d", len(got)-len("before"), MaxMessage)
		}
	}
	many := Accept{Fields: make(http1.Fields, maxFields+1)}
	if _, err := many.Append(nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d fields: %v", len(many.Fields), err)
	}
	if _, err := AppendRenewToken(nil, strings.Repeat("x", MaxMessage)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("long token: %v", err)
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	accept, request := nodeAccept(t), nodeRequest(t)
	response := &Response{RequestID: guid1, Status: 200, HasReason: true, Reason: "OK", Fields: nodeHandshake()}
	buf := make([]byte, 0, 4096)
	for name, f := range map[string]func() error{
		"accept":   func() (err error) { _, err = accept.Append(buf); return err },
		"request":  func() (err error) { _, err = request.Append(buf); return err },
		"pointer":  func() (err error) { _, err = AppendPointer(buf, &request.At); return err },
		"response": func() (err error) { _, err = response.Append(buf); return err },
	} {
		if allocs := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); allocs != 0 {
			t.Errorf("%s: %v allocations a run", name, allocs)
		}
	}
}

// FuzzAccept: whatever a sender sends, the listener gets JSON of at most 64 KiB in which every value is a string.
func FuzzAccept(f *testing.F) {
	f.Add("/hyco", "a=1", "X-Custom", "value", "x-custom", "caf\xe9")
	f.Add("/\"\\", "\xff", "N\x01", "\"", "n", "\u2028")
	f.Fuzz(func(t *testing.T, path, query, name1, value1, name2, value2 string) {
		a := Accept{
			At:     Rendezvous{Authority: "h", Path: path, Query: query, Action: ActionAccept, Ticket: ticket},
			Fields: http1.Fields{{Name: name1, Value: value1}, {Name: name2, Value: value2}},
			Remote: netip.MustParseAddrPort("10.0.0.1:1"),
		}
		got, err := a.Append(nil)
		if err != nil {
			if !errors.Is(err, ErrField) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if len(got) > MaxMessage || !utf8.Valid(got) {
			t.Fatalf("%d bytes: %q", len(got), got)
		}
		var whole struct {
			Accept struct {
				Address        string            `json:"address"`
				ID             string            `json:"id"`
				ConnectHeaders map[string]string `json:"connectHeaders"`
			} `json:"accept"`
		}
		if err := json.Unmarshal(got, &whole); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if whole.Accept.Address != a.At.String() || whole.Accept.ID != string(AppendID(nil, ticket)) {
			t.Fatalf("address %q", whole.Accept.Address)
		}
		if m, err := Decode(got); err != nil || m.Offer.Address != whole.Accept.Address {
			t.Fatalf("our own Decode: %+v, %v", m, err)
		}
	})
}

func BenchmarkAccept(b *testing.B) {
	accept := nodeAccept(b)
	buf := make([]byte, 0, 4096)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := accept.Append(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		headers := map[string]string{}
		for _, f := range accept.Fields {
			headers[f.Name] = f.Value
		}
		type endpoint struct {
			Address string `json:"address"`
			Port    int    `json:"port"`
		}
		type body struct {
			Address        string            `json:"address"`
			ID             string            `json:"id"`
			ConnectHeaders map[string]string `json:"connectHeaders"`
			RemoteEndpoint endpoint          `json:"remoteEndpoint"`
		}
		b.ReportAllocs()
		for b.Loop() {
			address := accept.At.String()
			if _, err := json.Marshal(map[string]any{"accept": body{address, guid1, headers, endpoint{"127.0.0.1", 53982}}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
