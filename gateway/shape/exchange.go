package shape

import (
	"bytes"
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

// Memory makes a body of bytes that lie in memory. They are not copied.
func Memory(b []byte) Body { return &memory{*bytes.NewReader(b), b} }

// memory is such a body. Its Close does nothing: there is nothing to be given back.
type memory struct {
	bytes.Reader

	all []byte
}

// Size implements Body.
func (m *memory) Size() int64 { return int64(len(m.all)) }

// Bytes implements Whole.
func (m *memory) Bytes() []byte { return m.all }

// Close implements Body.
func (*memory) Close() error { return nil }

// Ender is a context that is one exchange's alone: whoever carries the exchange ends it by End, and needs no context of his own for that.
type Ender interface {
	context.Context

	// End ends the context, with a cause; behind the first call it does nothing.
	End(cause error)
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

// Opener is optional on the Exchanger that a Middleware stands around: it opens a stream to a listener of the entity, on behalf of the
// sender of the exchange, for a middleware that answers over one. Listeners are looked for as for any stream; the exchange has the
// account. The caller ends the leg. The response timeout of the exchange begins with the first Open. ctx is the exchange's, or hangs on it.
type Opener interface {
	Open(ctx context.Context) (Leg, error)
}

// Endpoint ends a stream of a sender at the sender's node, in the place of a listener: a conversion between what is said in it and the
// exchanges that listeners answer. It serves one stream until that is over, from the caller's goroutine, and says how it ended; the leg is
// closed by the caller. When ctx ends the leg has been aborted. listeners carries requests of the sender, who has been let in: each needs
// a tracking id of its own, has an account of its own, and may run beside others.
type Endpoint func(ctx context.Context, sender Leg, h *Hello, listeners Exchanger) *End
