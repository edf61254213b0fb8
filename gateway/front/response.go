package front

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// holdBytes of a body are held back: an answer that fits gets a Content-Length without the handler's help, as with net/http.
	holdBytes = 2 << 10
	outBytes  = 4 << 10
)

var (
	holds   = sync.Pool{New: func() any { b := make([]byte, 0, holdBytes); return &b }}
	outputs = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, outBytes) }}
)

// response is the http.ResponseWriter of one request. As with net/http, its methods are for one goroutine at a time, and reading
// the body beside writing is allowed.
type response struct {
	c     *conn
	head  *http1.Head
	req   *http.Request
	body  body
	watch watch
	wire  wire
	out   *bufio.Writer // over wire; nil after release
	hold  *[]byte       // body bytes that are not in out yet

	header   http.Header  // the handler's
	sent     http1.Fields // of it, as it was at WriteHeader
	typed    bool         // Content-Type was in it, maybe without a value
	status   int          // 0 before WriteHeader
	length   int64        // declared or known length of the body, -1 not known
	written  int64        // bytes of body taken
	begun    bool         // the head is in out
	chunked  bool
	last     bool // the connection ends with this answer
	full     bool // the body may be read while the answer is written
	complete bool // the handler has returned

	taken atomic.Bool // hijacked

	contMu sync.Mutex
	noCont bool // it is too late for a 100-continue
}

// wire writes to the connection under a deadline that moves with progress.
type wire struct {
	conn    net.Conn
	timeout time.Duration
	moved   time.Time
	fixed   bool // the handler set a write deadline itself
	sent    int64
	failed  bool
}

// Write implements io.Writer.
func (w *wire) Write(p []byte) (int, error) {
	if now := time.Now(); !w.fixed && now.Sub(w.moved) >= min(settle, w.timeout/4) {
		w.moved = now
		_ = w.conn.SetWriteDeadline(now.Add(w.timeout)) // a dead connection says so at the write
	}
	n, err := w.conn.Write(p)
	w.sent += int64(n)
	w.failed = w.failed || err != nil
	return n, err
}

// open gets everything ready for the handler. gone is called when the peer leaves.
func (w *response) open(gone context.CancelCauseFunc) {
	w.header = make(http.Header)
	w.wire.conn, w.wire.timeout = w.c.net, w.c.s.p.WriteTimeout
	w.hold, w.out = holds.Get().(*[]byte), outputs.Get().(*bufio.Writer)
	w.out.Reset(&w.wire)
	w.watch.conn, w.watch.gone, w.watch.done = w.c.net, gone, w.c.h.done
	if w.body.eof {
		w.startWatch()
	}
}

// startWatch begins to look whether the peer leaves, when all of the request was read.
func (w *response) startWatch() {
	if len(w.c.in.unread()) > 0 {
		return // the next request is here already: there is nothing to read that would tell
	}
	w.c.in.release()
	w.watch.start()
}

// release gives the buffers back, which lie unused between two requests.
func (w *response) release() {
	if w.out == nil {
		return
	}
	w.out.Reset(nil)
	outputs.Put(w.out)
	*w.hold = (*w.hold)[:0]
	holds.Put(w.hold)
	w.out, w.hold = nil, nil
}

// Header implements http.ResponseWriter. Changes after WriteHeader have no effect.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. 1xx other than 101 is sent at once and may come several times; of the others the
// first counts.
func (w *response) WriteHeader(status int) {
	if w.hijacked() || w.status != 0 {
		return
	}
	if status < 100 || status > 999 {
		status = http.StatusInternalServerError
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.inform(status)
		return
	}
	w.tooLateToContinue()
	w.status = status
	w.sent = w.c.h.snapshot(w.header)
	_, w.typed = w.header["Content-Type"]
	if declared := w.header.Get("Content-Length"); declared != "" {
		if n, err := strconv.ParseInt(declared, 10, 64); err == nil && n >= 0 {
			w.length = n
		}
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	if err := w.take(len(p)); err != nil || len(p) == 0 {
		return 0, err
	}
	rest := p
	if hold := *w.hold; len(hold)+len(p) > cap(hold) && len(hold) > 0 { // full first: what the body looks like is seen from it
		room := cap(hold) - len(hold)
		*w.hold, rest = append(hold, p[:room]...), p[room:]
		if err := w.flushHold(); err != nil {
			return 0, err
		}
	}
	if len(rest) <= cap(*w.hold) {
		*w.hold = append(*w.hold, rest...)
		return len(p), nil
	}
	if err := w.emit(rest); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (w *response) WriteString(s string) (int, error) {
	if hold := *w.hold; len(hold)+len(s) > cap(hold) {
		p := []byte(s)
		return w.Write(p)
	}
	if err := w.take(len(s)); err != nil || s == "" {
		return 0, err
	}
	*w.hold = append(*w.hold, s...)
	return len(s), nil
}

// take checks and counts n bytes of body.
func (w *response) take(n int) error {
	if err := w.usable(); err != nil {
		return err
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if n == 0 {
		return nil
	}
	if !bodyAllowed(w.status) {
		return http.ErrBodyNotAllowed
	}
	w.written += int64(n)
	if w.length >= 0 && w.written > w.length {
		return http.ErrContentLength
	}
	return nil
}

// usable reports what stops a handler from writing: it gave the connection away, or it has returned.
func (w *response) usable() error {
	switch {
	case w.hijacked():
		return http.ErrHijacked
	case w.complete:
		return errLate
	}
	return nil
}

// errLate is for handlers that write after they returned.
var errLate = errors.New("front: the handler has returned")

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends what was written so far; http.ResponseController calls it.
func (w *response) FlushError() error {
	if err := w.usable(); err != nil {
		return err
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if err := w.flushHold(); err != nil {
		return err
	}
	return w.out.Flush()
}

// SetReadDeadline is for http.ResponseController: it replaces the deadline that moves with progress.
func (w *response) SetReadDeadline(t time.Time) error { return w.body.setDeadline(t) }

// SetWriteDeadline is for http.ResponseController: it replaces the deadline that moves with progress.
func (w *response) SetWriteDeadline(t time.Time) error {
	w.wire.fixed = true
	return w.c.net.SetWriteDeadline(t)
}

// EnableFullDuplex is for http.ResponseController: the body stays readable after the answer has begun.
func (w *response) EnableFullDuplex() error {
	w.full = true
	return nil
}

// Hijack implements http.Hijacker. The reader holds the bytes that were read behind the request, and none when there were none:
// gorilla/websocket takes any for a client that talks too early. Deadlines are cleared. The connection's place in the limit is
// given back when it is closed.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.complete || !w.taken.CompareAndSwap(false, true) {
		return nil, nil, http.ErrHijacked
	}
	w.tooLateToContinue()
	w.stopWatch()
	w.body.cut()
	if w.begun {
		if err := w.out.Flush(); err != nil {
			return nil, nil, err
		}
	}
	w.release()
	c := w.c
	ahead := c.in.unread()
	r := bufio.NewReaderSize(&behind{rest: append([]byte(nil), ahead...), conn: c.net}, max(outBytes, len(ahead)))
	if _, err := r.Peek(len(ahead)); err != nil {
		return nil, nil, err
	}
	c.in.drop()
	if err := c.net.SetDeadline(time.Time{}); err != nil {
		return nil, nil, err
	}
	c.given = true
	return c.net, bufio.NewReadWriter(r, bufio.NewWriter(c.net)), nil
}

// behind gives bytes read ahead, then the connection's.
type behind struct {
	rest []byte
	conn net.Conn
}

// Read implements io.Reader.
func (r *behind) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return r.conn.Read(p)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (w *response) hijacked() bool { return w.taken.Load() }

// stopWatch takes the connection's read side back from the watch.
func (w *response) stopWatch() {
	if b, got := w.watch.stop(); got {
		w.c.in.push(b)
	}
}

// abandon ends the answer where it is.
func (w *response) abandon() {
	w.complete = true
	w.stopWatch()
	w.body.cut()
}
