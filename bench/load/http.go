package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Web is where requests of HTTP/1.1 go.
type Web struct {
	Dial   Dialer // one connection, kept alive
	Host   string // field Host
	Path   string
	Header string // further header lines, each with its CRLF
}

// head is what is used of the head of a request or an answer.
type head struct {
	status  string // of an answer: the line behind the version
	get     bool   // of a request
	target  string // of a request that is for one of the service's own paths; empty: an echo
	length  int    // -1: none given
	chunked bool
	close   bool
	xml     bool // the body is SOAP
}

// readHead reads to the blank line. Lines longer than the reader's buffer are an error.
func readHead(br *bufio.Reader) (head, error) {
	h := head{length: -1}
	line, err := br.ReadSlice('\n')
	if err != nil {
		return h, err
	}
	if bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		h.status = status(bytes.TrimSpace(line[len("HTTP/1.1 "):]))
	} else {
		h.request(line)
	}
	for {
		if line, err = br.ReadSlice('\n'); err != nil {
			return h, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return h, nil
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
}

// request takes the first line of a request. What is an echo, as nearly all are, costs no string.
func (h *head) request(line []byte) {
	_, target, _ := bytes.Cut(line, []byte(" "))
	target, _, _ = bytes.Cut(target, []byte(" "))
	h.get = bytes.HasPrefix(line, []byte("GET "))
	if bytes.Contains(target, []byte(eventsPath)) || bytes.Contains(target, []byte(volumePath)) {
		h.target = string(target)
	}
}

// status spares the usual answer a string.
func status(b []byte) string {
	switch string(b) {
	case "200 OK":
		return "200 OK"
	case "200":
		return "200" // a reason is not needed
	}
	return string(b)
}

// field takes one line.
func (h *head) field(line []byte) (err error) {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found {
		return fmt.Errorf("no header field: %.80q", line)
	}
	switch value = bytes.TrimSpace(value); {
	case bytes.EqualFold(name, []byte("Content-Length")):
		h.length, err = strconv.Atoi(string(value))
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.chunked = bytes.EqualFold(value, []byte("chunked"))
	case bytes.EqualFold(name, []byte("Content-Type")):
		h.xml = bytes.HasPrefix(value, []byte("text/xml"))
	case bytes.EqualFold(name, []byte("Connection")):
		h.close = bytes.EqualFold(value, []byte("close"))
	}
	return err
}

// mostBody is the longest body that is taken.
const mostBody = 1 << 20

// readBody appends a body to dst.
func readBody(br *bufio.Reader, h head, dst []byte) ([]byte, error) {
	if !h.chunked {
		return readSome(br, dst, max(0, h.length))
	}
	for {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return dst, err
		}
		size, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(";"))
		n, err := strconv.ParseUint(string(size), 16, 31)
		if err != nil {
			return dst, fmt.Errorf("size of a chunk: %w", err)
		}
		if dst, err = readSome(br, dst, int(n)); err != nil {
			return dst, err
		}
		if _, err := br.Discard(2); err != nil || n == 0 { // no trailers are sent here
			return dst, err
		}
	}
}

func readSome(br *bufio.Reader, dst []byte, n int) ([]byte, error) {
	have := len(dst)
	if have+n > mostBody {
		return dst, errors.New("the body is longer than anything that was sent")
	}
	if cap(dst) < have+n {
		dst = append(make([]byte, 0, have+n), dst...)
	}
	dst = dst[:have+n]
	_, err := io.ReadFull(br, dst[have:])
	return dst, err
}

func newByte(b byte) io.Reader { return bytes.NewReader([]byte{b}) }

// serveHTTP answers each request with its own body, in its own type where that is SOAP. It is cheap, so that the cores are left to what
// is measured.
func serveHTTP(c net.Conn, br *bufio.Reader) {
	var body, answer []byte
	for {
		h, err := readHead(br)
		if err != nil {
			return
		}
		if h.target != "" {
			if serveOwn(c, br, h) != nil {
				return
			}
			continue
		}
		if body, err = readBody(br, h, body[:0]); err != nil {
			return
		}
		kind := "application/octet-stream"
		if h.xml {
			kind = soapType
		}
		answer = append(append(answer[:0], "HTTP/1.1 200 OK\r\nContent-Type: "...), kind...)
		answer = append(answer, "\r\nContent-Length: "...)
		answer = strconv.AppendInt(answer, int64(len(body)), 10)
		if h.close {
			answer = append(answer, "\r\nConnection: close"...)
		}
		answer = append(answer, "\r\n\r\n"...)
		both := net.Buffers{answer, body}
		if _, err := both.WriteTo(c); err != nil || h.close {
			return
		}
	}
}

// requester is one keep-alive connection.
type requester struct {
	web  *Web
	conn net.Conn
	br   *bufio.Reader
	out  []byte // request and body
	in   []byte // room for the answer's body
	size int

	holds []byte // what the answer has to hold; nil: it is to be what was sent
}

func newRequester(w *Web, size, place int) *requester {
	return newRequesterOf(w, "Content-Type: application/octet-stream\r\n", at(int64(place)*997, size))
}

// newRequesterOf posts a body with header lines of its own.
func newRequesterOf(w *Web, lines string, body []byte) *requester {
	r := &requester{web: w, size: len(body), in: make([]byte, 0, len(body))}
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\n%s%sContent-Length: %d\r\n\r\n", w.Path, w.Host, lines, w.Header, len(body))
	r.out = append([]byte(b.String()), body...)
	return r
}

// turn is a request and its answer, which has to be the same bytes unless holds says otherwise. It dials where nothing is kept alive.
func (r *requester) turn(until time.Time) error {
	if r.conn == nil {
		c, err := r.web.Dial()
		if err != nil {
			return err
		}
		r.conn, r.br = c, bufio.NewReaderSize(c, 16<<10)
	}
	if err := r.conn.SetDeadline(until); err != nil {
		return err
	}
	if _, err := r.conn.Write(r.out); err != nil {
		return err
	}
	h, err := readHead(r.br)
	if err != nil {
		return fmt.Errorf("head of the answer: %w", err)
	}
	if !strings.HasPrefix(h.status, "200") {
		return errors.New("the answer is " + h.status)
	}
	if r.in, err = readBody(r.br, h, r.in[:0]); err != nil {
		return fmt.Errorf("body of the answer: %w", err)
	}
	if !r.returned() {
		return fmt.Errorf("%d bytes came back that are not the %d sent", len(r.in), r.size)
	}
	if h.close {
		r.close()
	}
	return nil
}

// returned reports whether the answer is what it has to be.
func (r *requester) returned() bool {
	if r.holds != nil {
		return bytes.Contains(r.in, r.holds)
	}
	return bytes.Equal(r.in, r.out[len(r.out)-r.size:])
}

func (r *requester) close() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

// Try shows that one request is answered.
func (w *Web) Try() error {
	r := newRequester(w, 1, 0)
	defer r.close()
	return r.turn(time.Now().Add(grace))
}

// HTTP posts size bytes, at most a block, and wants them back, on n connections at once that are kept alive.
func HTTP(web *Web, n, size int, dur time.Duration, w Window) (Result, error) {
	return posts(n, func(i int) *requester { return newRequester(web, size, i) }, dur, dur/5, w)
}

// posts has n requesters make one request after the other.
func posts(n int, requesters func(i int) *requester, dur, warm time.Duration, w Window) (Result, error) {
	until := time.Now().Add(warm + dur + grace)
	all, turns := make([]*requester, n), make([]func() error, n)
	defer func() {
		for _, r := range all {
			r.close()
		}
	}()
	for i := range all {
		r := requesters(i)
		all[i], turns[i] = r, func() error { return r.turn(until) }
	}
	return repeat("rps", turns, dur, warm, w)
}
