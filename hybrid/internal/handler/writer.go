package handler

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

const (
	// window is how much of an answer is kept: an answer that fits is sent whole, one that does not waits for its reader.
	window = 64 << 10
	// burst is how much is gathered before it leaves without a Flush, as much as a net/http server gathers.
	burst = 4 << 10
	// sniffBytes is how many bytes the content type is told by.
	sniffBytes = 512
)

// writer is the http.ResponseWriter of one exchange and, once the answer flows, its body. The handler writes, the exchange reads.
type writer struct {
	request *shape.Request
	prefix  string
	reason  func(text, tracking string) string // may be nil
	cancel  context.CancelCauseFunc
	over    chan struct{} // closed when the handler has returned
	header  http.Header

	mu      sync.Mutex
	change  sync.Cond
	status  int          // 0: WriteHeader was not called
	fields  shape.Fields // as they were when it was
	length  int64        // that the handler declared; -1 none
	written int64
	buf     []byte
	ready   int   // so much of buf may leave
	flows   bool  // the answer is sent while it is made
	done    bool  // the handler has returned
	err     error // it gave up
	gone    bool  // nobody reads any more
	due     deadline
}

func newWriter(r *shape.Request, prefix string, reason func(text, tracking string) string) *writer {
	w := &writer{request: r, prefix: prefix, reason: reason, over: make(chan struct{}), header: http.Header{}, length: -1}
	w.change.L = &w.mu
	w.due.fire = func() {
		w.mu.Lock()
		w.change.Broadcast()
		w.mu.Unlock()
	}
	return w
}

// Header implements http.ResponseWriter.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. A status of 1xx is dropped: the protocol has one answer a request.
func (w *writer) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic("invalid WriteHeader code " + strconv.Itoa(status)) //nolint:forbidigo // a handler's mistake, which net/http answers so
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.length = n
	}
	w.fields = w.snapshot()
}

// snapshot takes the fields in the order of their names.
func (w *writer) snapshot() shape.Fields {
	trailers := shape.Fields{{Name: "Trailer", Value: strings.Join(w.header["Trailer"], ",")}}
	names := make([]string, 0, len(w.header))
	for name := range w.header {
		if !strings.HasPrefix(name, http.TrailerPrefix) && !trailers.HasToken("Trailer", name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	fields := make(shape.Fields, 0, len(names)+1)
	for _, name := range names {
		for _, value := range w.header[name] {
			if name == "Location" && strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") {
				value = w.prefix + value
			}
			fields.Add(name, clean(value))
		}
	}
	length := fields.Get("Content-Length")
	fields.DelHop()
	if length != "" { // what is left of it is the gateway's to say
		fields.Add("Content-Length", length)
	}
	return fields
}

// breaks are what would part a field line.
var breaks = strings.NewReplacer("\r", " ", "\n", " ")

// clean makes a value one line, as net/http does.
func clean(value string) string { return strings.TrimSpace(breaks.Replace(value)) }

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if !w.begun() {
		w.WriteHeader(http.StatusOK)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.bodied():
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	case w.request.Method == http.MethodHead: // kept as far as it tells the content type
		w.buf = append(w.buf, p[:min(len(p), sniffBytes-min(sniffBytes, len(w.buf)))]...)
		w.written += int64(len(p))
		return len(p), nil
	}
	return w.put(p)
}

// put keeps p, and waits while there is no room for it. The caller holds mu.
func (w *writer) put(p []byte) (n int, err error) {
	for {
		switch {
		case w.gone:
			return n, fail.New(fail.SenderGone, "")
		case w.flows && w.due.passed():
			return n, os.ErrDeadlineExceeded
		}
		m := min(len(p)-n, window-len(w.buf))
		w.buf = append(w.buf, p[n:n+m]...)
		n += m
		w.written += int64(m)
		if n == len(p) {
			break
		}
		w.flows, w.ready = true, len(w.buf)
		w.change.Broadcast()
		for len(w.buf) == window && !w.gone && !w.due.passed() {
			w.change.Wait()
		}
	}
	if w.flows && len(w.buf) >= burst {
		w.ready = len(w.buf)
		w.change.Broadcast()
	}
	return n, nil
}

// begun reports whether the status is set.
func (w *writer) begun() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status != 0
}

// bodied reports whether an answer of the status may have a body (RFC 9110 sections 15.3.5 and 15.4.5).
func (w *writer) bodied() bool {
	return w.status != http.StatusNoContent && w.status != http.StatusNotModified
}

// sniff sets the content type by the first bytes, as a net/http server does. The caller holds mu.
func (w *writer) sniff() {
	_, typed := w.header["Content-Type"] // also when set to nothing: the handler wants none
	if len(w.buf) == 0 || typed || w.fields.Get("Content-Encoding") != "" || len(w.header["Transfer-Encoding"]) > 0 {
		return
	}
	w.fields.Add("Content-Type", http.DetectContentType(w.buf[:min(len(w.buf), sniffBytes)]))
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is Flush for an http.ResponseController.
func (w *writer) FlushError() error {
	if !w.begun() {
		w.WriteHeader(http.StatusOK)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flows, w.ready = true, len(w.buf)
	w.change.Broadcast()
	if w.gone {
		return fail.New(fail.SenderGone, "")
	}
	return nil
}

// EnableFullDuplex is for an http.ResponseController: reading and writing never wait for each other here.
func (w *writer) EnableFullDuplex() error { return nil }

// SetWriteDeadline is for an http.ResponseController. It bounds a Write that waits for its reader.
func (w *writer) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due.set(t)
	w.change.Broadcast()
	return nil
}

// SetReadDeadline is for an http.ResponseController. A body that came with its request is there already.
func (w *writer) SetReadDeadline(t time.Time) error {
	if b, ok := w.request.Body.(interface{ SetReadDeadline(t time.Time) error }); ok {
		return b.SetReadDeadline(t)
	}
	return nil
}

// finish notes how the handler ended.
func (w *writer) finish(err error) {
	if err == nil && !w.begun() {
		w.WriteHeader(http.StatusOK)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && w.length >= 0 && w.written < w.length && w.bodied() && w.request.Method != http.MethodHead {
		err = io.ErrUnexpectedEOF // fewer bytes than were declared
	}
	w.done, w.err, w.ready = true, err, len(w.buf)
	w.due.stop()
	w.change.Broadcast()
}

// abandon ends the answer from the reader's side: writes fail from now on.
func (w *writer) abandon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
	w.change.Broadcast()
}

// response waits until the answer flows, is whole, or nobody wants it any more.
func (w *writer) response() (*shape.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.done && !w.flows && !w.gone {
		w.change.Wait()
	}
	switch {
	case w.done && !w.flows && w.err != nil:
		w.cancel(w.err)
		return w.broken(), nil
	case w.gone && !w.done && !w.flows:
		return nil, fail.New(fail.SenderGone, "")
	}
	w.sniff()
	if w.request.Method == http.MethodHead && w.done && !w.flows && w.length < 0 && w.written > 0 {
		w.fields.Add("Content-Length", strconv.FormatInt(w.written, 10))
	}
	r := &shape.Response{Status: w.status, Reason: http.StatusText(w.status), Fields: w.fields, Body: &flow{w}}
	if w.done && !w.flows {
		r.Body = &complete{flow{w}, int64(len(w.buf))}
	}
	return r, nil
}
