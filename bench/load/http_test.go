package load

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

// TestReadHead and the body behind it, as gateways frame them.
func TestReadHead(t *testing.T) {
	for _, row := range []struct {
		text, status, body string
		bad                bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "200 OK", "abc", false},
		{"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "404 Not Found", "", false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n", "200 OK", "abc", false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "200 OK", "", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "", "", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", "", "", true},
		{"HTTP/1.1 200 OK\r\nno field\r\n\r\n", "", "", true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "", "", true},
		{"HTTP/1.1 200 OK\r\n", "", "", true},
	} {
		br := bufio.NewReader(strings.NewReader(row.text))
		h, err := readHead(br)
		var body []byte
		if err == nil {
			body, err = readBody(br, h, nil)
		}
		if row.bad != (err != nil) || !row.bad && (h.status != row.status || string(body) != row.body) {
			t.Errorf("%q: %+v %q %v", row.text, h, body, err)
		}
	}
}

// TestHTTPRefusals: another status, and a connection that closes behind each answer, which is dialled again.
func TestHTTPRefusals(t *testing.T) {
	answers := func(answer string) Dialer {
		return func() (net.Conn, error) {
			near, far := net.Pipe()
			go func() { // ends with the pipe
				br := bufio.NewReader(far)
				for {
					h, err := readHead(br)
					if err != nil {
						return
					}
					if _, err := readBody(br, h, nil); err != nil {
						return
					}
					if _, err := far.Write([]byte(answer)); err != nil {
						return
					}
				}
			}()
			return near, nil
		}
	}
	if _, err := HTTP(&Web{Dial: answers("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), Path: "/"}, 1, 1, 10*time.Millisecond, quiet); err == nil || !strings.Contains(err.Error(), "503 No") {
		t.Errorf("refused: %v", err)
	}
	own := string(at(0, 1))
	dialled := 0
	dial := func() (net.Conn, error) {
		dialled++
		return answers("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n" + own)()
	}
	if r, err := HTTP(&Web{Dial: dial, Path: "/"}, 1, 1, 10*time.Millisecond, quiet); err != nil || dialled < 2 {
		t.Errorf("closed each time: %v %v, dialled %d times", r, err, dialled)
	}
}
