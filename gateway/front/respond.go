package front

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
		_, err = io.WriteString(w.out, http1.LastChunk)
	}
	if err == nil {
		err = w.out.Flush()
	}
	w.stopWatch()
	settled := w.last || !w.full || w.body.settle()
	w.body.cut()
	if w.req.MultipartForm != nil {
		_ = w.req.MultipartForm.RemoveAll() // temporary files: the system clears what is left
	}
	short := w.length > w.written && w.req.Method != http.MethodHead && bodyAllowed(w.status)
	return err == nil && settled && !w.last && !short
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
	_, err := io.WriteString(w.out, "\r\n")
	return err
}

// begin decides the framing, now that p, the first bytes of the body, is known, and writes the head. When the handler has
// returned, p is the whole body.
func (w *response) begin(p []byte) error {
	w.begun = true
	headOnly, old := w.req.Method == http.MethodHead, w.head.Minor == 0
	allowed := bodyAllowed(w.status)
	if w.complete && allowed && w.length < 0 && (!headOnly || len(p) > 0) {
		w.length = int64(len(p))
	}
	extra := make(http1.Fields, 0, 5)
	known := headOnly || w.length >= 0 || !allowed
	switch {
	case old && http1.KeepAlive(w.head) && known:
		if w.sent.Get("Connection") == "" {
			extra.Add("Connection", "keep-alive")
		}
	case old || !http1.KeepAlive(w.head):
		w.last = true
	}
	w.chunked = !known && !old
	w.last = w.last || !known && old || w.c.s.crowd.draining.Load() || hasClose(w.sent)
	w.settleBody()
	if w.sent.Get("Date") == "" {
		extra.Add("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if allowed && len(p) > 0 && w.sent["Content-Type"] == nil && w.sent.Get("Content-Encoding") == "" {
		extra.Add("Content-Type", http.DetectContentType(p))
	}
	switch {
	case w.chunked:
		extra.Add("Transfer-Encoding", "chunked")
	case w.length >= 0 && allowed:
		extra.Add("Content-Length", strconv.FormatInt(w.length, 10))
	}
	switching := w.status == http.StatusSwitchingProtocols
	if w.last && !switching && !old && !hasClose(w.sent) {
		extra.Add("Connection", "close")
	}
	return w.writeHead(w.status, func(name string) bool {
		switch name {
		case "Content-Length", "Transfer-Encoding", "Trailer":
			return false
		case "Connection":
			return !w.last || switching || hasClose(w.sent)
		case "Content-Type":
			return w.status != http.StatusNotModified
		}
		return !strings.HasPrefix(name, http.TrailerPrefix)
	}, w.sent, extra)
}

// settleBody reads what is left of the request before the answer begins: many clients send all of it before they read. A
// connection on which that does not work out ends with the answer.
func (w *response) settleBody() {
	if !w.last && !w.full && !w.body.settle() {
		w.last = true
	}
}

// writeHead writes a head from the fields that pass, by name, and the extra ones.
func (w *response) writeHead(status int, pass func(string) bool, header http.Header, extra http1.Fields) error {
	fields := make(http1.Fields, 0, len(header)+len(extra))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !pass(name) {
			continue
		}
		for _, value := range header[name] {
			fields.Add(name, strings.Trim(value, " \t\r\n"))
		}
	}
	h := http1.Head{Status: status, Reason: reason(status), Fields: append(fields, extra...)}
	_, err := w.out.Write(http1.AppendResponse(w.out.AvailableBuffer(), &h))
	return err
}

// inform sends a 1xx at once.
func (w *response) inform(status int) {
	if status == http.StatusContinue {
		w.body.continued()
	}
	w.contMu.Lock()
	defer w.contMu.Unlock()
	bare := func(name string) bool { return name != "Content-Length" && name != "Transfer-Encoding" }
	if w.writeHead(status, bare, w.header, nil) == nil {
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
	if _, err := io.WriteString(w.out, "HTTP/1.1 100 Continue\r\n\r\n"); err == nil {
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

func hasClose(h http.Header) bool {
	for _, value := range h["Connection"] {
		for member := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(member, " \t"), "close") {
				return true
			}
		}
	}
	return false
}
