package http1

import (
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	h := &Head{Method: "POST", Target: "/a b?c#d\x7f\r\né", Fields: Fields{
		{"Host", "h"}, {"x-Case", "1"}, {"X-case", "2"}, {"Empty", ""}, {"Bad Name", "x"}, {"", "x"}, {"Bad\r\nX", "x"}, {"V", "a\r\nContent-Length: 5\x00\tz\xff"},
	}}
	got := string(AppendRequest([]byte("before "), h))
	want := "before POST /a%20b?c%23d%7F%0D%0Aé HTTP/1.1\r\nHost: h\r\nx-Case: 1\r\nX-case: 2\r\nEmpty: \r\nV: a  Content-Length: 5 \tz\xff\r\n\r\n"
	if got != want {
		t.Errorf("request\n%q, want\n%q", got, want)
	}
	for method, want := range map[string]string{"": "- / HTTP/1.1\r\n\r\n", "A B\r\n": "A-B-- / HTTP/1.1\r\n\r\n"} {
		if got := string(AppendRequest(nil, &Head{Method: method})); got != want {
			t.Errorf("method %q: %q, want %q", method, got, want)
		}
	}
	for _, test := range []struct {
		head Head
		want string
	}{
		{Head{Status: 404, Reason: "No. TrackingId:x_G1"}, "HTTP/1.1 404 No. TrackingId:x_G1\r\n\r\n"},
		{Head{Status: 200}, "HTTP/1.1 200 \r\n\r\n"},
		{Head{Status: 999, Reason: "a\r\nSet-Cookie: x"}, "HTTP/1.1 999 a  Set-Cookie: x\r\n\r\n"},
		{Head{Status: 99}, "HTTP/1.1 500 \r\n\r\n"},
		{Head{Status: 1000}, "HTTP/1.1 500 \r\n\r\n"},
	} {
		if got := string(AppendResponse(nil, &test.head)); got != test.want {
			t.Errorf("response %q, want %q", got, test.want)
		}
	}
}

func TestCleanReason(t *testing.T) {
	signs := "!#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@\\ %20"
	for in, want := range map[string]string{
		"":                               "",
		signs:                            signs,
		"a\tb\r\nc\x00d\x7f":             "a b  c d ",
		"größer 日本":                      "gr??er ??",
		"\xff\xfe":                       "??",
		strings.Repeat("x", 1024):        strings.Repeat("x", 1024),
		strings.Repeat("x", 1025) + "\n": strings.Repeat("x", 1024),
		strings.Repeat("y", 1025):        strings.Repeat("y", 1024),
		strings.Repeat("é", 2000):        strings.Repeat("?", 1024),
	} {
		if got := CleanReason(in); got != want {
			t.Errorf("%.40q: %.60q (%d bytes)", in, got, len(got))
		}
	}
}

func TestAppendChunk(t *testing.T) {
	b := AppendChunk(nil, []byte("hello"))
	b = AppendChunk(b, nil)
	b = AppendChunkHeader(b, 26)
	b = append(b, "abcdefghijklmnopqrstuvwxyz\r\n"...)
	b = append(b, LastChunk...)
	if string(b) != "5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n" {
		t.Errorf("%q", b)
	}
	body, rest, err := takeBody(Framing{Kind: Chunked}, b)
	if string(body) != "helloabcdefghijklmnopqrstuvwxyz" || len(rest) != 0 || err != nil {
		t.Errorf("read back %q, rest %q, error %v", body, rest, err)
	}
}

// FuzzAppend: whatever strings go in, one head comes out that our own decoder takes to the last byte, with no field more.
func FuzzAppend(f *testing.F) {
	f.Add("GET", "/", 200, "OK", "X", "v")
	f.Add("G\r\n", "/ HTTP/1.1\r\nX: y", 0, "a\r\n\r\n", "X\r\nY", "a\r\n\r\nb")
	f.Add("", "", -1, "\xff", "", "\x00")
	f.Add("POST", "/p q#é\x80", 1000, "größer", "Content-Length", " 5 ")
	f.Fuzz(func(t *testing.T, method, target string, status int, reason, name, value string) {
		h := &Head{Method: method, Target: target, Status: status, Reason: reason, Fields: Fields{{"Host", "h"}, {name, value}, {"Last", "z"}}}
		b := AppendResponse(nil, h)
		got, n, err := DecodeResponse(append(b, "rest"...), Limits{Bytes: len(b) + 1})
		if err != nil || n != len(b) {
			t.Fatalf("response %q: took %d, error %v", b, n, err)
		}
		if got.Reason != CleanReason(reason) || got.Status < 100 || (status >= 100 && status <= 999 && got.Status != status) {
			t.Fatalf("response %q: %d %q", b, got.Status, got.Reason)
		}
		checkOneField(t, h.Fields, got.Fields)

		// Form of the target and framing fields are the caller's: look at the lines only.
		b = AppendRequest(nil, h)
		s := newScan(b, Limits{Bytes: len(b) + 1, Target: len(b)})
		if _, err = s.requestLine(); err == nil {
			err = s.fieldLines()
		}
		if err != nil || s.pos != len(b) {
			t.Fatalf("request %q: took %d, error %v", b, s.pos, err)
		}
		var again Head
		s.fill(&again)
		checkOneField(t, h.Fields, again.Fields)
	})
}

func checkOneField(t *testing.T, sent, got Fields) {
	t.Helper()
	want := 2
	if isToken(sent[1].Name) {
		want = 3
	}
	if len(got) != want || got[0] != sent[0] || got[want-1] != sent[2] || want == 3 && got[1].Name != sent[1].Name {
		t.Fatalf("sent %q, got %q", sent, got)
	}
}
