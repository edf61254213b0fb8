package load

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"path"
	"strconv"
	"time"
)

// swallow reads a body of the service's pattern to its end and gives its length; every byte's place is checked as in the bulk cells.
func swallow(r io.Reader) (int64, error) {
	var check checker
	buf := make([]byte, Block)
	for {
		n, err := r.Read(buf)
		if damage := check.took(buf[:n]); damage != nil {
			return check.pos, damage
		}
		if err == io.EOF {
			return check.pos, nil
		}
		if err != nil {
			return check.pos, err
		}
	}
}

// pour writes so much of the pattern.
func pour(w io.Writer, size int64) error {
	for pos := int64(0); pos < size; pos += Block {
		if _, err := w.Write(at(pos, int(min(Block, size-pos)))); err != nil {
			return err
		}
	}
	return nil
}

// body is what a head announces, to be read as it comes.
func (h *head) body(br *bufio.Reader) io.Reader {
	if h.chunked {
		return chunked{httputil.NewChunkedReader(br), br}
	}
	return io.LimitReader(br, int64(max(0, h.length)))
}

// chunked takes the blank line behind the last chunk too, so that the next head can be read.
type chunked struct {
	io.Reader
	br *bufio.Reader
}

// Read implements io.Reader.
func (c chunked) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		_, _ = c.br.Discard(len("\r\n")) // what is missing there is missed by the next head
	}
	return n, err
}

// serveVolume answers GET .../volume/N with N bytes, and anything else there with the number of bytes that came.
func serveVolume(c net.Conn, br *bufio.Reader, h head) error {
	if h.get {
		size, err := strconv.ParseInt(path.Base(h.target), 10, 64)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size); err != nil {
			return err
		}
		return pour(c, size)
	}
	n, err := swallow(h.body(br))
	if err != nil {
		return err
	}
	text := strconv.FormatInt(n, 10)
	_, err = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	return err
}

// handleVolume is the same of a net/http application.
func handleVolume(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		n, err := swallow(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10)) // who has left is not told
		return
	}
	size, err := strconv.ParseInt(path.Base(r.URL.Path), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_ = pour(w, size) // as above
}

// mostVolume bounds the time of one volume.
const mostVolume = 2 * time.Minute

// Volume moves size bytes in one exchange, up or down, and gives how fast.
func Volume(web *Web, up bool, size int64) (Result, error) {
	c, err := web.Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(mostVolume)); err != nil {
		return nil, err
	}
	began := time.Now()
	method, lines := "GET", ""
	if up {
		method, lines = "PUT", fmt.Sprintf("Content-Length: %d\r\n", size)
	}
	target := web.at(volumePath + strconv.FormatInt(size, 10))
	if _, err := fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", method, target, web.Host, lines, web.Header); err != nil {
		return nil, err
	}
	if up {
		if err := pour(c, size); err != nil {
			return nil, fmt.Errorf("upload: %w", err)
		}
	}
	br := bufio.NewReaderSize(c, Block)
	h, err := readHead(br)
	if err != nil {
		return nil, fmt.Errorf("head of the answer: %w", err)
	}
	if h.status != "200 OK" {
		return nil, fmt.Errorf("the answer is %s", h.status)
	}
	if err := judge(h.body(br), up, size); err != nil {
		return nil, err
	}
	return Result{"mibps": float64(size) / (1 << 20) / time.Since(began).Seconds(), "bytes": float64(size)}, nil
}

// judge reads the answer: the bytes themselves, or how many arrived.
func judge(body io.Reader, up bool, size int64) error {
	var n int64
	var err error
	if up {
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(body, 32)); err == nil {
			n, err = strconv.ParseInt(string(text), 10, 64)
		}
	} else {
		n, err = swallow(body)
	}
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes arrived of %d", n, size)
	}
	return err
}
