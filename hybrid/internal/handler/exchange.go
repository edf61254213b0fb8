package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Exchanger answers exchanges by a handler.
type Exchanger struct {
	Handler http.Handler
	// Prefix is cut off the path of each request, and put in front of a Location that is a path; "" for none. It is raw and
	// begins with "/".
	Prefix string
	// Reason makes the reason phrase of an answer that no handler gave, out of a text and the tracking id; nil: the text alone.
	Reason func(text, tracking string) string
	// Panicked is told of a handler's panic; not of http.ErrAbortHandler.
	Panicked func(tracking string, err error)
}

// maxStack bounds what is kept of the stack of a panic: net/http's 64 KiB.
const maxStack = 64 << 10

// Exchange implements shape.Exchanger.
func (x *Exchanger) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := newRequest(ctx, r, x.Prefix)
	if err != nil {
		cancel(nil)
		return nil, fail.Wrap(fail.BadRequest, "read request", err)
	}
	w := newWriter(r, x.Prefix, x.Reason)
	w.cancel = cancel
	stop := context.AfterFunc(ctx, w.abandon)
	go func() { // the body's Close waits for it
		defer close(w.over)
		defer stop()
		w.finish(x.serve(w, request, r.Tracking))
	}()
	response, err := w.response()
	if err != nil {
		<-w.over
		cancel(nil)
	}
	return response, err
}

// serve runs the handler; the error is of one that panicked.
func (x *Exchanger) serve(w http.ResponseWriter, r *http.Request, tracking string) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			err = http.ErrAbortHandler
		default:
			stack := make([]byte, maxStack)
			err = fmt.Errorf("the handler panicked: %v\n%s", p, stack[:runtime.Stack(stack, false)])
			x.Panicked(tracking, err)
		}
	}()
	x.Handler.ServeHTTP(w, r)
	return nil
}

// broken is the answer to a request whose handler gave up before anything had left. Its reason says where and how to find it again, and
// nothing of the handler's own words (reference section 5).
func (w *writer) broken() *shape.Response {
	status := http.StatusInternalServerError
	if errors.Is(w.err, http.ErrAbortHandler) {
		status = http.StatusBadGateway
	}
	reason := "The listener's handler failed. See its log for details."
	if w.reason != nil {
		reason = w.reason(reason, w.request.Tracking)
	}
	return &shape.Response{Status: status, Reason: reason}
}
