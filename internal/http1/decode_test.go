package http1

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crlf lets heads be written as lines.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestDecodeRequest(t *testing.T) {
	host := Field{"Host", "h"}
	for name, test := range map[string]struct {
		in   string
		want Head
	}{
		"hyco-ws accept with its odd name": {
			in: "GET /$hc/hyco/suf?p=v&q=a%20b&sb-hc-action=accept&sb-hc-id=1_G1_G2 HTTP/1.1\n0: Sec-WebSocket-Extensions: permessage-deflate\n" +
				"Connection: Upgrade\nUpgrade: websocket\nHost: localhost:8443\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: MTMtMTc5NTMwMjY0NjI5Ng==\n\n",
			want: Head{Method: "GET", Target: "/$hc/hyco/suf?p=v&q=a%20b&sb-hc-action=accept&sb-hc-id=1_G1_G2", Minor: 1, Fields: Fields{
				{"0", "Sec-WebSocket-Extensions: permessage-deflate"}, {"Connection", "Upgrade"}, {"Upgrade", "websocket"}, {"Host", "localhost:8443"},
				{"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "MTMtMTc5NTMwMjY0NjI5Ng=="},
			}},
		},
		"every token byte in a name": {
			in:   "GET / HTTP/1.1\nHost: h\n!#$%&'*+-.^_`|~09azAZ: v\n\n",
			want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host, {"!#$%&'*+-.^_`|~09azAZ", "v"}}},
		},
		"repeats, case, order": {
			in:   "POST / HTTP/1.1\nx-A: 1\nHost: h\nX-a: 2\nX-A: 1\n\n",
			want: Head{Method: "POST", Target: "/", Minor: 1, Fields: Fields{{"x-A", "1"}, host, {"X-a", "2"}, {"X-A", "1"}}},
		},
		"blanks around values, empty values, obs-text": {
			in:   "GET / HTTP/1.1\nHost:h\nA:\nB: \t \nC:\t a \t b \t\nD: \x80\xff\xc3\xa9\n\n",
			want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host, {"A", ""}, {"B", ""}, {"C", "a \t b"}, {"D", "\x80\xff\xc3\xa9"}}},
		},
		"HTTP/1.0 without Host":         {in: "GET / HTTP/1.0\n\n", want: Head{Method: "GET", Target: "/"}},
		"one empty line before":         {in: "\nGET / HTTP/1.1\nHost: h\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host}}},
		"any method":                    {in: "!x~ / HTTP/1.1\nHost: h\n\n", want: Head{Method: "!x~", Target: "/", Minor: 1, Fields: Fields{host}}},
		"asterisk":                      {in: "OPTIONS * HTTP/1.1\nHost: h\n\n", want: Head{Method: "OPTIONS", Target: "*", Minor: 1, Fields: Fields{host}}},
		"authority":                     {in: "CONNECT h:443 HTTP/1.1\nHost: h\n\n", want: Head{Method: "CONNECT", Target: "h:443", Minor: 1, Fields: Fields{host}}},
		"absolute":                      {in: "GET HTTP://H:80?x HTTP/1.1\nHost: h\n\n", want: Head{Method: "GET", Target: "HTTP://H:80?x", Minor: 1, Fields: Fields{host}}},
		"absolute, https port":          {in: "GET wss://h/a HTTP/1.1\nHost: h:443\n\n", want: Head{Method: "GET", Target: "wss://h/a", Minor: 1, Fields: Fields{{"Host", "h:443"}}}},
		"browser's query":               {in: "GET /a|b?{\"x\":[1]}^`\\<>&100% HTTP/1.1\nHost: h\n\n", want: Head{Method: "GET", Target: "/a|b?{\"x\":[1]}^`\\<>&100%", Minor: 1, Fields: Fields{host}}},
		"raw UTF-8":                     {in: "GET /größe/日本 HTTP/1.1\nHost: h\n\n", want: Head{Method: "GET", Target: "/größe/日本", Minor: 1, Fields: Fields{host}}},
		"addresses":                     {in: "GET //x HTTP/1.1\nHost: [2001:db8::1]:8443\n\n", want: Head{Method: "GET", Target: "//x", Minor: 1, Fields: Fields{{"Host", "[2001:db8::1]:8443"}}}},
		"underscore in a host":          {in: "GET / HTTP/1.1\nHost: my_ns.relay.localhost.\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{{"Host", "my_ns.relay.localhost."}}}},
		"length with zeros and blanks":  {in: "GET / HTTP/1.1\nHost: h\nContent-Length:  0012\t\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host, {"Content-Length", "0012"}}}},
		"coding in another case":        {in: "GET / HTTP/1.1\nHost: h\nTransfer-encoding: Chunked\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host, {"Transfer-encoding", "Chunked"}}}},
		"names that look like framing":  {in: "GET / HTTP/1.1\nHost: h\nContent_Length: x\nX-Host: y\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host, {"Content_Length", "x"}, {"X-Host", "y"}}}},
		"a field that is a request":     {in: "GET / HTTP/1.1\nHost: h\nX: GET / HTTP/1.1\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{host, {"X", "GET / HTTP/1.1"}}}},
		"port of five digits":           {in: "GET / HTTP/1.1\nHost: h:65535\n\n", want: Head{Method: "GET", Target: "/", Minor: 1, Fields: Fields{{"Host", "h:65535"}}}},
		"percent escapes stay in place": {in: "GET /%2F%00%ff HTTP/1.1\nHost: h\n\n", want: Head{Method: "GET", Target: "/%2F%00%ff", Minor: 1, Fields: Fields{host}}},
	} {
		t.Run(name, func(t *testing.T) {
			in := crlf(test.in)
			h, n, err := DecodeRequest([]byte(in+"BODY"), Limits{})
			if err != nil || n != len(in) {
				t.Fatalf("took %d of %d bytes, error %v", n, len(in), err)
			}
			if diff := cmp.Diff(test.want, *h); diff != "" {
				t.Error(diff)
			}
			checkPrefixes(t, in, DecodeRequest)
		})
	}
}

func TestDecodeResponse(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want Head
	}{
		"reason as it came":      {"HTTP/1.1 401 No way, Jose & co + 100% \"q\" <x>\n\n", Head{Status: 401, Reason: "No way, Jose & co + 100% \"q\" <x>", Minor: 1}},
		"reason with signs":      {"HTTP/1.1 299 !#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@\\\n\n", Head{Status: 299, Reason: "!#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@\\", Minor: 1}},
		"blanks belong to it":    {"HTTP/1.1 200  two \t\n\n", Head{Status: 200, Reason: " two \t", Minor: 1}},
		"empty reason":           {"HTTP/1.1 200 \n\n", Head{Status: 200, Minor: 1}},
		"no blank, no reason":    {"HTTP/1.1 200\nA: b\n\n", Head{Status: 200, Minor: 1, Fields: Fields{{"A", "b"}}}},
		"lowest":                 {"HTTP/1.0 100 Continue\n\n", Head{Status: 100, Reason: "Continue"}},
		"highest":                {"HTTP/1.1 999 x\n\n", Head{Status: 999, Reason: "x", Minor: 1}},
		"Latin-1":                {"HTTP/1.1 500 gr\xf6\xdfer\n\n", Head{Status: 500, Reason: "gr\xf6\xdfer", Minor: 1}},
		"cookies stay apart":     {"HTTP/1.1 200 OK\nset-cookie: a\nSet-Cookie: b\n\n", Head{Status: 200, Reason: "OK", Minor: 1, Fields: Fields{{"set-cookie", "a"}, {"Set-Cookie", "b"}}}},
		"framing is for another": {"HTTP/1.1 304 x\nContent-Length: 5\nTransfer-Encoding: chunked\n\n", Head{Status: 304, Reason: "x", Minor: 1, Fields: Fields{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			in := crlf(test.in)
			h, n, err := DecodeResponse([]byte(in+"BODY"), Limits{})
			if err != nil || n != len(in) {
				t.Fatalf("took %d of %d bytes, error %v", n, len(in), err)
			}
			if diff := cmp.Diff(test.want, *h, cmp.Comparer(sameFields)); diff != "" {
				t.Error(diff)
			}
			checkPrefixes(t, in, DecodeResponse)
		})
	}
}

// sameFields takes no fields and an empty list for the same.
func sameFields(a, b Fields) bool {
	return len(a) == 0 && len(b) == 0 || cmp.Equal([]Field(a), []Field(b))
}

type decoder func([]byte, Limits) (*Head, int, error)

// checkPrefixes cuts a good head everywhere: each cut asks for more.
func checkPrefixes(t *testing.T, in string, decode decoder) {
	t.Helper()
	for n := range in {
		if h, took, err := decode([]byte(in[:n]), Limits{}); h != nil || took != 0 || err != nil {
			t.Fatalf("%d bytes of %q: head %v, %d, error %v; want: more", n, in, h, took, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		in     string
		kind   Kind
		offset int // -1: the head as a whole
	}{
		{"\n", Bad, 0},
		{"GET\n", Bad, 3},
		{" ", Bad, 0},
		{"\x16", Bad, 0}, // TLS on a plain door
		{"GET  ", Bad, 4},
		{"GET /\x00", Bad, 5},
		{"GET /#", Bad, 5},
		{"GET /\r", Bad, 5},
		{"GET / \n", Bad, 6},
		{"GET / X", Bad, 6},
		{"GET / HTTP/1.1\n", Bad, 14},
		{"GET / HTTP/1.1 ", Bad, 14},
		{"GET / HTTP/1.1\rX", Bad, 14},
		{"GET / HTTP/2.0", Version, 6},
		{"PRI * HTTP/2.0", Version, 6},
		{"GET / HTTP/1.1\r\n\n", Bad, 16},
		{"GET / HTTP/1.1\r\n ", Bad, 16},
		{"GET / HTTP/1.1\r\n:", Bad, 16},
		{"GET / HTTP/1.1\r\nX ", Bad, 17},
		{"GET / HTTP/1.1\r\nX\r", Bad, 17},
		{"GET / HTTP/1.1\r\nX: a\n", Bad, 20},
		{"GET / HTTP/1.1\r\nX: a\x00", Bad, 20},
		{"GET / HTTP/1.1\r\nX: a\x7f", Bad, 20},
		{"GET / HTTP/1.1\r\nX: a\rb", Bad, 20},
		{"GET / HTTP/1.1\r\nX: a\r\n\t", Bad, 22},
		{"GET x HTTP/1.1\r\n", Bad, 4},
		{"GET * HTTP/1.1\r\n", Bad, 4},
		{"GET /%x HTTP/1.1\r\n", Bad, 4},
		{"GET /\xff HTTP/1.1\r\n", Bad, 4},
		{"CONNECT / HTTP/1.1\r\n", Bad, 8},
		{"GET http://u@h/ HTTP/1.1\r\n", Bad, 4},
		{"GET / HTTP/1.1\r\n\r\n", Bad, -1},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Bad, -1},
		{"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", Bad, -1},
		{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", NotImplemented, -1},
		{"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", Bad, -1},
		{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", Bad, -1},
	} {
		checkFault(t, DecodeRequest, test.in, Limits{}, test.kind, test.offset)
	}
	for _, test := range []struct {
		in     string
		kind   Kind
		offset int
	}{
		{"\r", Bad, 0},
		{"HTTP/1.1 2x", Bad, 10},
		{"HTTP/1.1 0", Bad, 9},
		{"HTTP/1.1 2000", Bad, 12},
		{"HTTP/1.1  ", Bad, 9},
		{"HTTP/1.1\r", Bad, 8},
		{"HTTP/1.1 200 a\x00", Bad, 14},
		{"HTTP/1.1 200 a\n", Bad, 14},
		{"HTTP/1.1 200\n", Bad, 12},
		{"HTTP/3.0", Version, 0},
		{"I", Bad, 0},
		{"HTTP/1.1 200 OK\r\nA ", Bad, 18},
	} {
		checkFault(t, DecodeResponse, test.in, Limits{}, test.kind, test.offset)
	}
}

// sameFault compares two errors of this package by value; nil is the same as nil only.
func sameFault(a, b error) bool {
	x, okX := errors.AsType[*Error](a)
	y, okY := errors.AsType[*Error](b)
	return okX == okY && (!okX || *x == *y)
}

// checkFault wants the fault with the last byte of in, not before, and the same one when anything follows.
func checkFault(t *testing.T, decode decoder, in string, lim Limits, kind Kind, offset int) {
	t.Helper()
	for _, tail := range []string{"", "x", "\r\n\r\n", "\n\n", " \x00"} {
		h, n, err := decode([]byte(in+tail), lim)
		fault, ok := errors.AsType[*Error](err)
		if !ok || h != nil || n != 0 {
			t.Errorf("%q: head %v, %d bytes, error %v; want a refusal", in+tail, h, n, err)
			return
		}
		if fault.Kind != kind || fault.Offset != offset || fault.Text == "" {
			t.Errorf("%q: kind %d at %d (%s), want kind %d at %d", in+tail, fault.Kind, fault.Offset, fault.Text, kind, offset)
		}
	}
	if h, n, err := decode([]byte(in[:len(in)-1]), lim); h != nil || n != 0 || err != nil {
		t.Errorf("%q: head %v, %d bytes, error %v before the fault was there", in[:len(in)-1], h, n, err)
	}
}

func TestLimits(t *testing.T) {
	head := func(n int) string {
		const rest = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n"
		return "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("a", n-len(rest)) + "\r\n\r\n"
	}
	for _, limit := range []int{100, 32768} {
		lim := Limits{Bytes: limit}
		if limit == defaultBytes {
			lim = Limits{}
		}
		if _, n, err := DecodeRequest([]byte(head(limit)+"body"), lim); n != limit || err != nil {
			t.Errorf("a head of %d bytes: took %d, error %v", limit, n, err)
		}
		checkFault(t, DecodeRequest, head(limit + 1)[:limit], lim, TooLarge, limit)
		checkFault(t, DecodeResponse, ("HTTP/1.1 200 " + strings.Repeat("r", limit))[:limit], lim, TooLarge, limit)
	}

	target := "GET /" + strings.Repeat("a", defaultTarget-1)
	if _, n, err := DecodeRequest([]byte(target+" HTTP/1.1\r\nHost: h\r\n\r\n"), Limits{}); n == 0 || err != nil {
		t.Errorf("the longest target: took %d, error %v", n, err)
	}
	checkFault(t, DecodeRequest, target+"a", Limits{}, TargetTooLong, 4+defaultTarget)
	checkFault(t, DecodeRequest, "GET /12", Limits{Target: 2}, TargetTooLong, 6)

	fields := func(n int) string { return "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("A:b\r\n", n-1) }
	if h, _, err := DecodeRequest([]byte(fields(defaultFields)+"\r\n"), Limits{}); err != nil || len(h.Fields) != defaultFields {
		t.Errorf("%d fields: error %v", defaultFields, err)
	}
	checkFault(t, DecodeRequest, fields(defaultFields+1), Limits{}, TooLarge, len(fields(defaultFields+1)))
	checkFault(t, DecodeRequest, fields(3), Limits{Fields: 2}, TooLarge, len(fields(3)))
}

func TestStatus(t *testing.T) {
	for kind, want := range map[Kind]int{Bad: 400, TooLarge: 431, TargetTooLong: 414, Version: 505, NotImplemented: 501, 99: 400} {
		if got := kind.Status(); got != want {
			t.Errorf("status of kind %d is %d, want %d", kind, got, want)
		}
	}
	if got := (&Error{Offset: 3, Text: "x"}).Error(); got != "http1: at byte 3: x" {
		t.Errorf("text %q", got)
	}
	if got := (&Error{Offset: -1, Text: "x"}).Error(); got != "http1: x" {
		t.Errorf("text %q", got)
	}
}

// A head keeps nothing of the caller's buffer.
func TestNoAlias(t *testing.T) {
	b := []byte("GET /a HTTP/1.1\r\nHost: h\r\nX: v\r\n\r\n")
	h, _, err := DecodeRequest(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	copy(b, bytes.Repeat([]byte{'#'}, len(b)))
	if got := fmt.Sprint(*h); got != "{GET /a 0  1 [{Host h} {X v}]}" {
		t.Errorf("the head changed with the buffer: %s", got)
	}
}

// More fields than the head has room for at once come out as well.
func TestManyFields(t *testing.T) {
	for n := 14; n < 20; n++ {
		b := []byte("GET / HTTP/1.1\r\nHost: h\r\n")
		for i := range n {
			b = fmt.Appendf(b, "X-%d: %d\r\n", i, i)
		}
		h, _, err := DecodeRequest(append(b, "\r\n"...), Limits{})
		if err != nil || len(h.Fields) != n+1 || h.Fields.Get(fmt.Sprintf("x-%d", n-1)) != fmt.Sprint(n-1) {
			t.Errorf("%d fields: error %v", n, err)
		}
	}
}

func TestHostAndOrigin(t *testing.T) {
	for _, test := range []struct{ line, host, wantHost, wantOrigin string }{
		{"GET /a?b HTTP/1.1", "h:1", "h:1", "/a?b"},
		{"GET http://h:1/a?b HTTP/1.1", "h:1", "h:1", "/a?b"},
		{"GET http://H:80 HTTP/1.1", "h", "H:80", "/"},
		{"GET https://h?b HTTP/1.1", "h", "h", "/?b"},
		{"GET /http://x/ HTTP/1.1", "h", "h", "/http://x/"},
		{"OPTIONS * HTTP/1.1", "h", "h", "*"},
		{"OPTIONS http://h HTTP/1.1", "h", "h", "/"},
		{"CONNECT x:443 HTTP/1.1", "h", "x:443", ""},
	} {
		h, _, err := DecodeRequest([]byte(test.line+"\r\nHost: "+test.host+"\r\n\r\n"), Limits{})
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		if h.Host() != test.wantHost || h.Origin() != test.wantOrigin {
			t.Errorf("%s: host %q, origin %q, want %q, %q", test.line, h.Host(), h.Origin(), test.wantHost, test.wantOrigin)
		}
	}
}
