package watch

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
)

// show gives what is printed for records.
func show(t *testing.T, o tapOptions, asJSON bool, records ...*wire.Seen) string {
	t.Helper()
	var out bytes.Buffer
	s := newSights(&out, &out, &o)
	s.json = asJSON
	for _, r := range records {
		r.Time = time.Date(2026, 11, 26, 1, 2, 3, 456e6, time.FixedZone("", 3600))
		if r.Tracking == "" && r.Event != "notice" {
			r.Tracking = "0d7c1122-3344"
		}
		if err := s.take(r); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// at is how every line begins.
const at = "00:02:03.456 0d7c1122 "

// lines joins lines of output.
func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

// xmlHead is that of a SOAP exchange.
var xmlHead = [][2]string{{"Content-Type", "text/xml; charset=utf-8"}, {"X-Evil", "a\x1b[31mb"}}

// piece is one piece of a body or a stream.
func piece(dir, data string, last bool) *wire.Seen {
	return &wire.Seen{Event: "data", Dir: dir, Data: []byte(data), Size: len(data), Last: last}
}

// TestTapExchange: heads at once, SOAP once it is whole, passwords masked, and nothing of a peer reaches the terminal raw.
func TestTapExchange(t *testing.T) {
	got := show(t, tapOptions{}, false,
		&wire.Seen{Event: "request", Shape: "exchange", Method: "POST", Target: "/calc", Action: "urn:Add", Remote: "192.0.2.7:5", Door: "https", Fields: xmlHead},
		piece("in", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Password>secret</Password>`, false),
		piece("in", `</s:Body></s:Envelope>`, true),
		&wire.Seen{Event: "response", Status: 200, Reason: "OK", Listener: "l1", Node: 1, ListenerNode: 2, Fields: [][2]string{{"Content-Type", "text/plain"}}},
		piece("out", "plain \x1b[0m text", false),
		piece("out", "", true),
		&wire.Seen{Event: "end", Reason: "PeerClosed", In: 5, Out: 6},
	)
	want := lines(
		at+"> POST  /calc  action urn:Add  from 192.0.2.7:5  by https",
		"    Content-Type: text/xml; charset=utf-8",
		"    X-Evil: a [31mb",
		at+"> text  SOAP 1.1 Password",
		`    <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">`,
		"      <s:Body>",
		"        <Password>******</Password>",
		"      </s:Body>",
		"    </s:Envelope>",
		at+"< 200  OK  of listener l1 (from node 1 to node 2)",
		"    Content-Type: text/plain",
		at+"< 15 bytes",
		"    plain ?[0m text",
		at+". over:  PeerClosed  (5 bytes in, 6 out)",
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTapCut: a body that is longer than was asked for is shown as far as it is here.
func TestTapCut(t *testing.T) {
	cut := piece("in", "<a>1", true)
	cut.Size = 1000
	got := show(t, tapOptions{}, false, &wire.Seen{Event: "request", Method: "POST", Target: "/", Fields: xmlHead[:1]}, cut, &wire.Seen{Event: "data", Dir: "out", Data: []byte{0, 1}, Size: 2})
	if !strings.Contains(got, "1000 bytes, the first 4 are here: --bytes shows more\n    <a>1\n") || !strings.Contains(got, "00000000  00 01 ") {
		t.Error(got)
	}
}

// TestTapBroken: of a body that has no end, what came is shown before the end of its connection, decoded as far as it goes.
func TestTapBroken(t *testing.T) {
	const begin = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a>1</a><Password>secret</Password><b>`
	request, end := &wire.Seen{Event: "request", Method: "POST", Target: "/", Remote: "r", Door: "https", Fields: xmlHead[:1]}, &wire.Seen{Event: "end", Reason: "SenderGone"}
	for _, c := range []struct {
		name   string
		pieces []*wire.Seen
		want   []string
	}{
		{"decoded", []*wire.Seen{piece("in", begin[:70], false), piece("in", begin[70:], false)}, []string{
			at + "> 110 bytes, and then the body broke off:",
			at + "> text  SOAP 1.1 a",
			`    <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">`,
			"      <s:Body>",
			"        <a>1</a>",
			"        <Password>******</Password>",
			"        <b/>",
			"      </s:Body>",
			"    </s:Envelope>",
			"    cannot be read to its end: ",
		}},
		{"nothing that can be decoded", []*wire.Seen{piece("in", "<s:Enve", false)}, []string{at + "> broken off: 7 bytes that cannot be read: ", "    <s:Enve"}},
		{"more than is here", []*wire.Seen{{Event: "data", Dir: "in", Data: []byte("<a>1"), Size: 900}}, []string{at + "> broken off: 900 bytes, the first 4 are here: --bytes shows more", "    <a>1"}},
		{"nothing", nil, nil},
		{"whole, and then the end", []*wire.Seen{piece("in", "<a/>", true)}, []string{at + "> text  a", "    <a/>"}},
	} {
		got := show(t, tapOptions{}, false, append(append([]*wire.Seen{request}, c.pieces...), end)...)
		want := append(append([]string{at + "> POST  /  from r  by https", "    Content-Type: text/xml; charset=utf-8"}, c.want...), at+". over:  SenderGone  (0 bytes in, 0 out)", "")
		rest := strings.Split(got, "\n")
		if len(rest) != len(want) {
			t.Errorf("%s:\n%s", c.name, got)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(rest[i], want[i]) {
				t.Errorf("%s: line %q, want %q", c.name, rest[i], want[i])
			}
		}
		if got := show(t, tapOptions{heads: true}, false, append(append([]*wire.Seen{request}, c.pieces...), end)...); strings.Count(got, "\n") != 3 {
			t.Errorf("%s: with heads alone\n%s", c.name, got)
		}
	}
}

// TestTapStream: net.tcp in both directions, cut as TCP likes, then something else.
func TestTapStream(t *testing.T) {
	begin, _ := hex.DecodeString("0001000102" + "020c6e65742e7463703a2f2f612f" + "0308" + "0c")
	got := show(t, tapOptions{}, false,
		&wire.Seen{Event: "open", Shape: "stream", Remote: "192.0.2.7:5", Door: "nettcp", Listener: "l1", Node: 1, ListenerNode: 1},
		piece("in", string(begin[:7]), false), piece("in", string(begin[7:]), false), piece("out", "\x0b", false),
		piece("in", "\x55", false), piece("in", "more", false),
		&wire.Seen{Event: "notice", Text: "What node 2 carries is not shown: lost."},
	)
	want := lines(
		at+". stream from 192.0.2.7:5 by nettcp to listener l1",
		at+"> version 1.0", at+"> mode 2 (duplex)", at+"> via net.tcp://a/", at+"> encoding 8 (application/soap+msbinsession1)", at+"> preamble end",
		at+"< preamble acknowledged",
		at+"> 1 bytes that are not net.tcp: xml: malformed: net.tcp framing: unknown record 0x55 at byte 22", "    U",
		at+"> 4 bytes", "    more",
		"00:02:03.456 -        . What node 2 carries is not shown: lost.",
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := show(t, tapOptions{}, false, &wire.Seen{Event: "open", Shape: "stream", Remote: "192.0.2.7:5", Door: "nettcp"}); got != lines(at+". stream from 192.0.2.7:5 by nettcp that ends here: each of its messages is an exchange") {
		t.Error(got)
	}
	short := piece("in", string(begin[:7]), false)
	short.Size = 900
	if got := show(t, tapOptions{}, false, short); !strings.Contains(got, "900 bytes of net.tcp, the first 7 are here") {
		t.Error(got)
	}
}

// TestTapMessage: a cast, a lost record, and heads alone.
func TestTapMessage(t *testing.T) {
	cast := func() *wire.Seen {
		return &wire.Seen{Event: "message", Shape: "cast", Type: "application/json", Target: "/e", Remote: "r", Data: []byte("{}"), Size: 2, Taken: 3, Lost: 1, Missed: 7}
	}
	want := lines(at+". 7 records were dropped: more passes than can be shown", at+"> message  /e  application/json  from r  taken by 3  missed by 1", at+"> 2 bytes", "    {}")
	if diff := cmp.Diff(want, show(t, tapOptions{}, false, cast())); diff != "" {
		t.Error(diff)
	}
	if got := show(t, tapOptions{heads: true}, false, cast(), piece("in", "x", true)); strings.Contains(got, "{}") || strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
}

// TestTapJSON: the gateway's record and what was decoded with it; pieces are left away with heads alone.
func TestTapJSON(t *testing.T) {
	got := show(t, tapOptions{}, true, &wire.Seen{Event: "request", Fields: xmlHead[:1]}, piece("in", "<a/>", true))
	if !strings.Contains(got, `"data":"PGEvPg=="`) || !strings.Contains(got, `"soap":[{"offset":`) || strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
	if got := show(t, tapOptions{heads: true}, true, &wire.Seen{Event: "request"}, piece("in", "<a/>", true)); strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}

// TestTapJSONMasks: bytes in which the gateway masks nothing are not written in JSON, where what they say may be a password. What they say is
// beside them, masked. Text, which the gateway masks, stays.
func TestTapJSONMasks(t *testing.T) {
	const secret = "hunter22"
	text := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><Password>` + secret + `</Password></s:Body></s:Envelope>`
	m, err := (&encoder.Encoding{Version: soap.V12}).Decode(strings.NewReader(text), encoder.Decoding{})
	if err != nil {
		t.Fatal(err)
	}
	var binary bytes.Buffer
	if err := (&encoder.Encoding{Version: soap.V12, Form: soap.Binary}).Encode(&binary, m, nil); err != nil {
		t.Fatal(err)
	}
	wide := "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
	begin, _ := hex.DecodeString("0001000102" + "020c6e65742e7463703a2f2f612f" + "0307" + "0c")
	framed := string(framing.AppendSized(begin, binary.Bytes()))
	head := func(fields ...[2]string) *wire.Seen {
		return &wire.Seen{Event: "request", Method: "POST", Fields: fields}
	}
	kind := func(s string) [2]string { return [2]string{"Content-Type", s} }
	for _, c := range []struct {
		name    string
		records []*wire.Seen
		stays   bool // the bytes
		decoded bool
	}{
		{"text", []*wire.Seen{head(kind("application/soap+xml")), piece("in", strings.ReplaceAll(text, secret, "********"), true)}, true, true},
		{"binary", []*wire.Seen{head(kind("application/soap+msbin1")), piece("in", binary.String(), true)}, false, true},
		{"binary, the answer", []*wire.Seen{{Event: "response", Status: 200, Fields: [][2]string{kind("application/soap+msbin1")}}, piece("out", binary.String(), true)}, false, true},
		{"UTF-16", []*wire.Seen{head(kind("application/soap+xml; charset=utf-16")), piece("in", wide, true)}, false, true},
		{"UTF-16 that does not say so", []*wire.Seen{head(kind("application/soap+xml")), piece("in", wide, true)}, false, true},
		{"packed", []*wire.Seen{head(kind("application/soap+xml"), [2]string{"Content-Encoding", "x"}), piece("in", text, true)}, false, true},
		{"net.tcp", []*wire.Seen{{Event: "open"}, piece("in", framed, false)}, false, true},
		{"net.tcp, cut", []*wire.Seen{{Event: "open"}, piece("in", framed[:40], false), piece("in", framed[40:], false)}, false, true},
		{"net.tcp, and then something else", []*wire.Seen{{Event: "open"}, piece("in", string(begin)+"\x7f", false), piece("in", binary.String(), false)}, false, false},
		{"message", []*wire.Seen{{Event: "message", Type: "application/soap+msbin1", Data: binary.Bytes(), Size: binary.Len()}}, false, true},
		{"other bytes", []*wire.Seen{head(kind("image/png")), piece("in", "\x00\x01", true)}, true, false},
	} {
		got := show(t, tapOptions{}, true, c.records...)
		if strings.Contains(got, `"data":`) != c.stays || strings.Contains(got, `********`) != c.decoded {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if got := show(t, tapOptions{heads: true}, true, &wire.Seen{Event: "message", Type: "text/plain", Data: []byte("x"), Size: 1, Target: "/alarms"}); strings.Contains(got, `"data":`) || !strings.Contains(got, "/alarms") {
		t.Errorf("heads alone: %s", got)
	}
}

// TestTapCount ends behind so many connections.
func TestTapCount(t *testing.T) {
	var out bytes.Buffer
	s := newSights(&out, &out, &tapOptions{count: 2})
	if err := s.take(&wire.Seen{Event: "end", Tracking: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := s.take(&wire.Seen{Event: "end", Tracking: "b"}); !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	if len(s.talks) != 0 {
		t.Errorf("%d connections are remembered", len(s.talks))
	}
}
