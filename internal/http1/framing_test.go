package http1

import (
	"errors"
	"testing"
)

func TestRequestFraming(t *testing.T) {
	cl, te := func(v string) Field { return Field{"content-length", v} }, func(v string) Field { return Field{"Transfer-Encoding", v} }
	for _, test := range []struct {
		fields Fields
		want   Framing
		kind   Kind
		ok     bool
	}{
		{nil, Framing{}, 0, true},
		{Fields{cl("0")}, Framing{Length, 0}, 0, true},
		{Fields{cl("0005")}, Framing{Length, 5}, 0, true},
		{Fields{cl("9223372036854775807")}, Framing{Length, 1<<63 - 1}, 0, true},
		{Fields{cl("9223372036854775808")}, Framing{}, Bad, false},
		{Fields{cl("18446744073709551621")}, Framing{}, Bad, false},
		{Fields{cl("-1")}, Framing{}, Bad, false},
		{Fields{cl("")}, Framing{}, Bad, false},
		{Fields{cl("5"), cl("5")}, Framing{}, Bad, false},
		{Fields{te("chunked")}, Framing{Chunked, 0}, 0, true},
		{Fields{te("CHUNKED")}, Framing{Chunked, 0}, 0, true},
		{Fields{te("gzip")}, Framing{}, NotImplemented, false},
		{Fields{te("gzip , chunked")}, Framing{}, NotImplemented, false},
		{Fields{te("chunked, gzip")}, Framing{}, Bad, false},
		{Fields{te("chunked, chunked")}, Framing{}, Bad, false},
		{Fields{te("chunked;x=1")}, Framing{}, Bad, false},
		{Fields{te("")}, Framing{}, Bad, false},
		{Fields{te("chunked"), te("chunked")}, Framing{}, Bad, false},
		{Fields{te("chunked"), cl("5")}, Framing{}, Bad, false},
	} {
		h := &Head{Method: "POST", Minor: 1, Fields: test.fields}
		got, err := RequestFraming(h)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%v: %v, error %v, want %v", test.fields, got, err, test.want)
		}
		if fault, ok := errors.AsType[*Error](err); ok && fault.Kind != test.kind {
			t.Errorf("%v: kind %d, want %d", test.fields, fault.Kind, test.kind)
		}
		if h.Minor = 0; test.want.Kind == Chunked {
			if _, err := RequestFraming(h); err == nil {
				t.Errorf("%v: taken in HTTP/1.0", test.fields)
			}
		}
	}
}

func TestResponseFraming(t *testing.T) {
	both := Fields{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}
	five, coded := both[:1], both[1:]
	for _, test := range []struct {
		method string
		status int
		fields Fields
		want   Framing
		ok     bool
	}{
		{"GET", 200, nil, Framing{UntilClose, 0}, true},
		{"GET", 200, five, Framing{Length, 5}, true},
		{"GET", 200, coded, Framing{Chunked, 0}, true},
		{"GET", 200, both, Framing{}, false},
		{"GET", 500, Fields{{"Content-Length", "x"}}, Framing{}, false},
		{"HEAD", 200, both, Framing{}, true},
		{"head", 200, five, Framing{Length, 5}, true}, // methods have case
		{"GET", 100, five, Framing{}, true},
		{"GET", 101, coded, Framing{}, true},
		{"GET", 199, nil, Framing{}, true},
		{"GET", 204, five, Framing{}, true},
		{"GET", 205, five, Framing{Length, 5}, true},
		{"GET", 304, five, Framing{}, true},
		{"CONNECT", 200, coded, Framing{}, true},
		{"CONNECT", 299, nil, Framing{}, true},
		{"CONNECT", 407, five, Framing{Length, 5}, true},
		{"GET", 999, nil, Framing{UntilClose, 0}, true},
	} {
		got, err := ResponseFraming(&Head{Status: test.status, Minor: 1, Fields: test.fields}, test.method)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%s %d %v: %v, error %v, want %v", test.method, test.status, test.fields, got, err, test.want)
		}
	}
}

// What Apply writes, RequestFraming reads, whatever stood there before.
func TestApply(t *testing.T) {
	for _, f := range []Framing{{None, 0}, {Length, 0}, {Length, 1<<63 - 1}, {Chunked, 0}, {UntilClose, 0}} {
		h := &Head{Status: 200, Minor: 1, Fields: Fields{{"content-length", "x"}, {"A", "b"}, {"Transfer-Encoding", "gzip"}, {"Content-Length", "7"}}}
		f.Apply(h)
		got, err := ResponseFraming(h, "GET")
		if f.Kind == None {
			f.Kind = UntilClose // a response says nothing when it has no body: the status does
		}
		if err != nil || got != f || h.Fields[0] != (Field{"A", "b"}) {
			t.Errorf("%v: read back as %v, error %v", f, got, err)
		}
	}
}

func TestKeepAlive(t *testing.T) {
	for _, test := range []struct {
		minor int
		lines []string
		want  bool
	}{
		{1, nil, true},
		{1, []string{"close"}, false},
		{1, []string{"Upgrade, Close"}, false},
		{1, []string{"keep-alive", "close"}, false},
		{1, []string{"closed"}, true},
		{1, []string{"\"close\""}, true},
		{0, nil, false},
		{0, []string{"Keep-Alive"}, true},
		{0, []string{"keep-alive, close"}, false},
		{0, []string{"x"}, false},
	} {
		h := &Head{Minor: test.minor}
		for _, v := range test.lines {
			h.Fields.Add("connection", v)
		}
		if got := KeepAlive(h); got != test.want {
			t.Errorf("HTTP/1.%d %q: %v", test.minor, test.lines, got)
		}
	}
}
