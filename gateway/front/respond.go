package front

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
)

// finish sends the rest of the answer and reports whether another request may follow.
func (w *response) finish() bool {
	w.complete = true
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	err := w.flushHold()
	if err == nil && w.chunked {
		_, err = w.out.WriteString(http1.LastChunk)
	}
	if err == nil {
		err = w.out.Flush()
	}
	w.stopWatch()
	settled := w.last || !w.full || w.body.settle(true)
	w.body.cut()
	if w.req.MultipartForm != nil {
		_ = w.req.MultipartForm.RemoveAll() // temporary files: the system clears what is left
	}
	other := w.length >= 0 && w.length != w.written && w.req.Method != http.MethodHead && bodyAllowed(w.status)
	return err == nil && settled && !w.last && !other
}

// flushHold moves the bytes held back into out, behind the head.
func (w *response) flushHold() error {
	err := w.emit(*w.hold)
	*w.hold = (*w.hold)[:0]
	return err
}

// emit writes p, which may be empty, as the next part of the answer.
func (w *response) emit(p []byte) error {
	if !w.begun {
		if err := w.begin(p); err != nil {
			return err
		}
	}
	if len(p) == 0 || w.req.Method == http.MethodHead {
		return nil
	}
	if !w.chunked {
		_, err := w.out.Write(p)
		return err
	}
	var line [24]byte
	if _, err := w.out.Write(http1.AppendChunkHeader(line[:0], int64(len(p)))); err != nil {
		return err
	}
	if _, err := w.out.Write(p); err != nil {
		return err
	}
	_, err := w.out.WriteString("\r\n")
	return err
}

// begin decides the framing, now that p, the first bytes of the body, is known, and writes the head. When the handler has
// returned, p is the whole body.
func (w *response) begin(p []byte) error {
	w.begun = true
	headOnly, old := w.req.Method == http.MethodHead, w.head.Minor == 0
	allowed := bodyAllowed(w.status)
	coded := w.sent.Get("Transfer-Encoding") != "" // the handler wants to stream, whatever it named
	if w.complete && allowed && w.length < 0 && !coded && (!headOnly || len(p) > 0) {
		w.length = int64(len(p))
	}
	asked, closing := w.sent.Get("Connection"), w.sent.HasToken("Connection", "close")
	known := headOnly || w.length >= 0 || !allowed
	kept := old && known && http1.KeepAlive(w.head)
	w.chunked = !known && !old
	w.last = closing || w.c.s.crowd.draining.Load() || old && !kept || !old && !http1.KeepAlive(w.head)
	w.settleBody()

	w.sent = w.keepFields()
	if w.sent.Get("Date") == "" {
		w.sent.Add("Date", httpDate(time.Now()))
	}
	if allowed && len(p) > 0 && !w.typed && !coded && w.sent.Get("Content-Encoding") == "" {
		w.sent.Add("Content-Type", http.DetectContentType(p))
	}
	switch {
	case w.chunked:
		w.sent.Add("Transfer-Encoding", "chunked")
	case w.length >= 0 && allowed:
		w.sent.Add("Content-Length", strconv.FormatInt(w.length, 10))
	}
	switch {
	case w.last && !closing && w.status != http.StatusSwitchingProtocols:
		w.sent.Set("Connection", "close")
	case kept && asked == "":
		w.sent.Add("Connection", "keep-alive")
	}
	w.c.h.fields = w.sent[:0] // it may have grown
	return w.writeHead(w.status, w.sent)
}

// keepFields leaves out what the server decides and what the status forbids (RFC 9110 section 15.4.5).
func (w *response) keepFields() http1.Fields {
	return slices.DeleteFunc(w.sent, func(f http1.Field) bool {
		switch f.Name {
		case "Content-Length", "Transfer-Encoding", "Trailer":
			return true
		case "Content-Type":
			return w.status == http.StatusNotModified
		}
		return strings.HasPrefix(f.Name, http.TrailerPrefix)
	})
}

// settleBody reads what is left of the request before the answer begins: many clients send all of it before they read. A
// connection on which that does not work out ends with the answer.
func (w *response) settleBody() {
	switch {
	case w.last:
	case w.full:
		w.last = w.body.unsure()
	default:
		w.last = !w.body.settle(w.complete)
	}
}

// snapshot lists the fields by name, in room that the requests of a connection share.
func (h *handling) snapshot(header http.Header) http1.Fields {
	h.names = slices.AppendSeq(h.names[:0], maps.Keys(header))
	slices.Sort(h.names)
	h.fields = h.fields[:0]
	for _, name := range h.names {
		for _, value := range header[name] {
			h.fields.Add(name, strings.Trim(value, " \t\r\n"))
		}
	}
	return h.fields
}

func (w *response) writeHead(status int, fields http1.Fields) error {
	h := http1.Head{Status: status, Reason: reason(status), Fields: fields}
	_, err := w.out.Write(http1.AppendResponse(w.out.AvailableBuffer(), &h))
	return err
}

// inform sends a 1xx at once, where the client understands it (RFC 9110 section 15.2).
func (w *response) inform(status int) {
	if status == http.StatusContinue {
		w.body.continued()
	}
	if w.head.Minor == 0 {
		return
	}
	w.contMu.Lock()
	defer w.contMu.Unlock()
	fields := w.c.h.snapshot(w.header)
	fields.Del("Content-Length")
	fields.Del("Transfer-Encoding")
	if w.writeHead(status, fields) == nil {
		_ = w.out.Flush() // the next write says what is wrong
	}
}

// writeContinue tells the peer to send its body. It is called by the body's reader, maybe in another goroutine.
func (w *response) writeContinue() {
	w.contMu.Lock()
	defer w.contMu.Unlock()
	if w.noCont {
		return
	}
	w.noCont = true
	if _, err := w.out.WriteString("HTTP/1.1 100 Continue\r\n\r\n"); err == nil {
		_ = w.out.Flush() // the read that follows, or the next write, says what is wrong
	}
}

// tooLateToContinue is called when a final status is set.
func (w *response) tooLateToContinue() {
	w.contMu.Lock()
	defer w.contMu.Unlock()
	w.noCont = true
}

func reason(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "status code " + strconv.Itoa(status)
}

// bodyAllowed reports whether an answer of the status can have a body (RFC 9110 section 6.4.1).
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// dated is the Date field of one second.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated]

// httpDate is the Date field's value, made once a second.
func httpDate(now time.Time) string {
	second := now.Unix()
	if d := lastDate.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &dated{second, now.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}
