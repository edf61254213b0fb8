package handler

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

// Upgrade runs the handler for a request that asks for a WebSocket. conn answers the sender, see hybrid/internal/upgrade; it is the
// hijacker's, or gets the handler's answer if nobody hijacks. It returns when the handler has; when ctx ends, conn is ended, too.
func (x *Exchanger) Upgrade(ctx context.Context, r *shape.Request, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &upgradeWriter{conn: conn, header: http.Header{}}
	request, err := newRequest(ctx, r, x.Prefix)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		w.answer()
		return
	}
	defer context.AfterFunc(ctx, w.cut)()
	err = x.serve(w, request, r.Tracking)
	switch {
	case w.taken.Load():
		return
	case errors.Is(err, http.ErrAbortHandler):
		w.status = http.StatusBadGateway
	case err != nil:
		w.status = http.StatusInternalServerError
	}
	w.answer()
}

// upgradeWriter is the http.ResponseWriter of a request that may be hijacked.
type upgradeWriter struct {
	conn   net.Conn
	header http.Header
	status int
	taken  atomic.Bool // hijacked
}

// Header implements http.ResponseWriter.
func (w *upgradeWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *upgradeWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
}

// Write implements io.Writer. The protocol has no place for the body of a refusal.
func (w *upgradeWriter) Write(p []byte) (int, error) {
	if w.taken.Load() {
		return 0, http.ErrHijacked
	}
	w.WriteHeader(http.StatusOK)
	return len(p), nil
}

// Hijack implements http.Hijacker.
func (w *upgradeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.taken.Swap(true) {
		return nil, nil, http.ErrHijacked
	}
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}

// answer turns the sender away with the handler's status.
func (w *upgradeWriter) answer() {
	w.WriteHeader(http.StatusOK)
	_, _ = w.conn.Write(http1.AppendResponse(nil, &http1.Head{Status: w.status, Reason: http.StatusText(w.status)}))
	_ = w.conn.Close()
}

// cut ends a connection whose handler was asked to return.
func (w *upgradeWriter) cut() {
	if a, ok := w.conn.(interface{ Abort() }); ok {
		a.Abort()
	}
}
