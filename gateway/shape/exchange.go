package shape

import (
	"context"
	"io"
)

// Body is the payload of a request or a response. Whoever sends it on pulls it, so a slow reader is what slows the writer
// down. Close before io.EOF says that the rest is abandoned; Close is called exactly once, from any goroutine, and wakes a
// Read that waits. A Read that fails for a reason other than io.EOF says why with a *fail.Error.
type Body interface {
	io.ReadCloser
	Size() int64 // bytes; -1 unknown
}

// Whole is optional on a Body that is complete in memory: its head and body can leave in one write. Bytes is valid until Close, may
// be asked for more than once, and stands for all reads. Read works beside it.
type Whole interface {
	Bytes() []byte
}

// Request is one exchange as its sender began it.
type Request struct {
	Hello
	Method string
	Body   Body // nil: none
}

// Response is the listener's answer. Its Fields are the listener's own, those of one connection left out.
type Response struct {
	Status int
	Reason string // as the listener chose it, "" if it gave none
	Fields Fields
	Body   Body // nil: none
}

// Exchanger carries an exchange to whoever answers it: a listener of any kind, one at another node, a conversion. It works like
// http.RoundTripper: the error is a *fail.Error, or there is a response whose Body the caller must close. It returns once the
// head of the response is there; the request's body may be pulled until the response's body has been closed. The context ends
// the whole exchange, response body included.
type Exchanger interface {
	Exchange(context.Context, *Request) (*Response, error)
}

// Untaken marks an error of an Exchanger: the listener has seen nothing of the request, so another one may be asked, unless the
// body was pulled from. Without the mark the request counts as handed over, and is never sent twice.
type Untaken struct{ Err error }

// Error gives the text of what was marked.
func (e *Untaken) Error() string { return e.Err.Error() }

// Unwrap gives what was marked, with its *fail.Error.
func (e *Untaken) Unwrap() error { return e.Err }

// Middleware stands around an Exchanger: policies, taps, conversions.
type Middleware func(Exchanger) Exchanger
