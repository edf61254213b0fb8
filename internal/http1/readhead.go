package http1

import (
	"bufio"
	"errors"
	"io"
)

// Continue is the interim response that a client waits for that sent Expect: 100-continue (RFC 9110 section 10.1.1).
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"

// maxInterim is how many interim responses may come before the real one (RFC 9110 section 15.2 sets no number).
const maxInterim = 16

// ExpectsContinue reports whether the sender of a request waits for [Continue] before it sends the body. A request without a body
// waits for nothing, and HTTP/1.0 does not know it (RFC 9110 section 10.1.1).
func ExpectsContinue(h *Head) bool {
	if h.Minor == 0 || !h.Fields.HasToken("Expect", "100-continue") {
		return false
	}
	f, err := RequestFraming(h)
	return err == nil && (f.Kind == Chunked || f.Length > 0)
}

// ReadRequest reads one request head from src; the body follows there. The errors are those of [DecodeRequest], io.EOF when src ended
// before the first byte, io.ErrUnexpectedEOF when it ended later, or src's own. A head may be longer than the buffer of src.
func ReadRequest(src *bufio.Reader, lim Limits) (*Head, error) {
	return readHead(src, lim, DecodeRequest)
}

// ReadResponse reads one response head from src as ReadRequest does. Interim responses (1xx but 101) before it are skipped.
func ReadResponse(src *bufio.Reader, lim Limits) (*Head, error) {
	for range maxInterim {
		h, err := readHead(src, lim, DecodeResponse)
		if err != nil || h.Status >= 200 || h.Status == 101 {
			return h, err
		}
	}
	return nil, bad(-1, "too many interim responses")
}

type decodeFunc func(b []byte, lim Limits) (*Head, int, error)

// readHead decodes from the buffer of src while the head fits there; a longer one is gathered beside it.
func readHead(src *bufio.Reader, lim Limits, decode decodeFunc) (*Head, error) {
	var long []byte
	for {
		window, _ := src.Peek(src.Buffered())
		before := len(long)
		b := window
		if long != nil {
			long = append(long, window...)
			b = long
		}
		h, n, err := decode(b, lim)
		if err != nil {
			return nil, err
		}
		if h != nil {
			_, _ = src.Discard(n - before) // it is buffered
			return h, nil
		}
		switch {
		case long != nil:
			_, _ = src.Discard(len(window))
		case len(window) == src.Size():
			long = append(make([]byte, 0, 2*len(window)), window...)
			_, _ = src.Discard(len(window))
		}
		if err := fill(src, len(b) > 0); err != nil {
			return nil, err
		}
	}
}

// fill waits for more than src has buffered.
func fill(src *bufio.Reader, begun bool) error {
	_, err := src.Peek(src.Buffered() + 1)
	if begun && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
