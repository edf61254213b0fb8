package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// HandleLogger has errors that the sender does not see written to a log; the default is slog.Default, as it is when one happens. They are
// errors of methods that are no fault, panics with their stack, and answers that could not be written: each a record of level Error with
// the attributes operation, error, and stack for a panic. A request's content, its headers and its credentials are in none; the text of an
// error is the method's own. That a sender has gone away is no error: its context's end is not logged.
func HandleLogger(log *slog.Logger) HandlerOption { return func(h *Handler) { h.log = log } }

// HandleError is told of errors that the sender does not see, in place of the log of HandleLogger: those of methods that are no fault,
// panics (a *PanicError), and answers that could not be written. It is called by the goroutine of the request, at the same time for
// several; operation is "" when none was found.
func HandleError(told func(operation string, err error)) HandlerOption {
	return func(h *Handler) { h.told = told }
}

// PanicError is a panic of a method, which the sender is told of as of any internal error.
type PanicError struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine, as debug.Stack gives it
}

// Error names the value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap gives the value where it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// panicked makes an error of a recovered value. It must be called by the deferred function itself, where the stack still has the panic.
func panicked(value any) error { return &PanicError{Value: value, Stack: debug.Stack()} }

// failed tells an error that the sender does not see.
func (h *Handler) failed(ctx context.Context, operation string, err error) {
	if h.told != nil {
		h.told(operation, err)
		return
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return
	}
	log := h.log
	if log == nil {
		log = slog.Default()
	}
	attrs := []slog.Attr{slog.String("operation", operation), slog.Any("error", err)}
	if p, ok := errors.AsType[*PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	log.LogAttrs(ctx, slog.LevelError, "rpc: a request could not be served", attrs...)
}
