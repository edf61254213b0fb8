package http1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestReadHead: heads of every length are read through buffers of every size, one behind the other, and what follows stays.
func TestReadHead(t *testing.T) {
	long := "POST /long HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n"
	short := "GET /short HTTP/1.1\r\nHost: h\r\n\r\n"
	for _, size := range []int{16, 64, 4096, len(long), 8192} {
		for how, wrap := range readers {
			src := bufio.NewReaderSize(wrap(strings.NewReader(long+short+long+"rest")), size)
			for i, want := range []string{"/long", "/short", "/long"} {
				h, err := ReadRequest(src, Limits{})
				if err != nil || h.Target != want {
					t.Fatalf("buffer %d, %s: head %d is %+v, %v", size, how, i, h, err)
				}
			}
			if rest, err := io.ReadAll(src); string(rest) != "rest" || err != nil {
				t.Errorf("buffer %d, %s: %q follows, %v", size, how, rest, err)
			}
		}
	}
}

// TestReadHeadEnds: no head at all, a cut one and a broken one are told apart, as is an error of the connection.
func TestReadHeadEnds(t *testing.T) {
	if _, err := ReadRequest(bufio.NewReader(strings.NewReader("")), Limits{}); !errors.Is(err, io.EOF) {
		t.Errorf("nothing: %v", err)
	}
	const head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	for n := 1; n < len(head); n++ {
		if _, err := ReadRequest(bufio.NewReaderSize(strings.NewReader(head[:n]), 16), Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	var fault *Error
	if _, err := ReadRequest(bufio.NewReader(strings.NewReader("GET  / HTTP/1.1\r\n")), Limits{}); !errors.As(err, &fault) || fault.Kind != Bad {
		t.Errorf("broken: %v", err)
	}
	endlessHead := io.MultiReader(strings.NewReader("GET / HTTP/1.1\r\n"), endless{[]byte("A: b\r\n")})
	if _, err := ReadRequest(bufio.NewReaderSize(endlessHead, 64), Limits{Fields: 1 << 20}); !errors.As(err, &fault) || fault.Kind != TooLarge {
		t.Errorf("endless: %v", err)
	}
	slow := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(head)))
	if _, err := ReadRequest(bufio.NewReader(slow), Limits{}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a deadline: %v", err)
	}
}

// TestReadResponse skips interim responses, within a bound, and not the switch of protocols.
func TestReadResponse(t *testing.T) {
	interim := func(n int) string { return strings.Repeat(Continue, n) }
	for _, row := range []struct {
		in     string
		status int
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", 200},
		{interim(1) + "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\n\r\n", 404},
		{"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101},
		{interim(maxInterim-1) + "HTTP/1.1 204 \r\n\r\n", 204},
		{interim(maxInterim) + "HTTP/1.1 204 \r\n\r\n", 0},
	} {
		h, err := ReadResponse(bufio.NewReader(strings.NewReader(row.in)), Limits{})
		if row.status == 0 {
			if err == nil {
				t.Errorf("%d interim responses were taken", maxInterim)
			}
			continue
		}
		if err != nil || h.Status != row.status {
			t.Errorf("%.40q: %+v, %v", row.in, h, err)
		}
	}
}

// TestExpectsContinue: only a request that has a body to wait with.
func TestExpectsContinue(t *testing.T) {
	for _, row := range []struct {
		minor  int
		fields string
		want   bool
	}{
		{1, "Expect: 100-continue\r\nContent-Length: 1\r\n", true},
		{1, "expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n", true},
		{1, "Expect: 100-continue\r\nContent-Length: 0\r\n", false},
		{1, "Expect: 100-continue\r\n", false},
		{1, "Content-Length: 1\r\n", false},
		{1, "Expect: other\r\nContent-Length: 1\r\n", false},
		{0, "Expect: 100-continue\r\nContent-Length: 1\r\n", false},
	} {
		h := decodeOrFail(t, DecodeRequest, fmt.Appendf(nil, "POST / HTTP/1.%d\r\nHost: h\r\n%s\r\n", row.minor, row.fields))
		if got := ExpectsContinue(h); got != row.want {
			t.Errorf("1.%d %q: %v", row.minor, row.fields, got)
		}
	}
}
