package exchange

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Saw is told of what is read of a body: a piece, or its end, or a whole body at once. Bodies in memory may be told of more than once. It
// must not keep the piece nor change it.
type Saw func(piece []byte, end error)

// held is a body in the relay's hands: counted, and closed once whoever asks for it.
type held struct {
	x      *Life
	inner  shape.Body // nil: there is none
	whole  bool       // complete in memory: its reads never wait
	saw    Saw        // nil: nobody looks
	count  atomic.Int64
	closed atomic.Bool
}

func (h *held) hold(x *Life, b shape.Body) {
	h.x, h.inner = x, b
	_, h.whole = b.(shape.Whole)
}

// Size implements shape.Body.
func (h *held) Size() int64 { return h.inner.Size() }

// Buffered is how much Read gives without waiting, as far as the body says so.
func (h *held) Buffered() int {
	if b, ok := h.inner.(interface{ Buffered() int }); ok {
		return b.Buffered()
	}
	return 0
}

// there reports whether all of the body has come already: no Read of it waits.
func (h *held) there() bool {
	size := h.inner.Size()
	return size >= 0 && int64(h.Buffered()) >= size
}

// bytes are those of a body that is complete.
func (h *held) bytes() []byte {
	b := h.inner.(shape.Whole).Bytes() // hold has looked
	h.count.Store(int64(len(b)))
	if h.saw != nil {
		h.saw(b, io.EOF)
	}
	return b
}

// close closes the body, if there is one and nobody did.
func (h *held) close() {
	if h.inner != nil && h.closed.CompareAndSwap(false, true) {
		_ = h.inner.Close() // what it could say, its last Read has said
	}
}

// wake ends a Read that waits. A body in memory has none, and may be in use.
func (h *held) wake() {
	if !h.whole {
		h.close()
	}
}

// ended gives an error of a read its reason: what ended the exchange, if something did.
func (h *held) ended(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if cause := context.Cause(&h.x.ctx); cause != nil {
		return Reason(cause)
	}
	return fail.Of(err)
}

// upBody is the body of a request, as Exchangers see it.
type upBody struct {
	held

	pulled  atomic.Bool
	waiting atomic.Bool  // a Read waits for the sender
	moved   atomic.Int64 // when the last data came, since the begin
}

// body is what Exchangers are given: Whole if the sender's is.
func (b *upBody) body() shape.Body {
	if b.whole {
		return wholeUp{b}
	}
	return b
}

// Read implements shape.Body.
func (b *upBody) Read(p []byte) (int, error) {
	if !b.pulled.Load() {
		b.pulled.Store(true)
		b.x.owner.Pulled()
	}
	b.waiting.Store(true)
	n, err := b.inner.Read(p)
	b.waiting.Store(false)
	if n > 0 {
		b.count.Add(int64(n))
		b.moved.Store(int64(b.x.since()))
	}
	if b.saw != nil {
		b.saw(p[:n], err)
	}
	return n, b.ended(err)
}

// Close implements shape.Body.
func (b *upBody) Close() error {
	b.close()
	return nil
}

type wholeUp struct{ *upBody }

// Bytes implements shape.Whole. It is no pull: the same bytes can go to another listener.
func (w wholeUp) Bytes() []byte { return w.bytes() }

// downBody is the body of a response, as the entry sees it. Its Close is the end of the exchange.
type downBody struct {
	held

	came  time.Duration         // when the head did, since the begin
	begun atomic.Int64          // when the first data came, since the begin
	end   atomic.Pointer[error] // of the last Read
}

// body is what the entry is given: Whole if the listener's is.
func (b *downBody) body() shape.Body {
	if b.whole {
		return wholeDown{b}
	}
	return b
}

// Read implements shape.Body.
func (b *downBody) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	if n > 0 {
		b.count.Add(int64(n))
		if b.begun.Load() == 0 {
			b.first(b.x.since())
		}
	}
	if b.saw != nil {
		b.saw(p[:n], err)
	}
	if err != nil {
		err = b.ended(err)
		b.over(err)
	}
	return n, err
}

// first notes when data came for the first time.
func (b *downBody) first(at time.Duration) { b.begun.CompareAndSwap(0, max(1, int64(at))) }

// eof is the usual end of a body. It is never written.
var eof = io.EOF

// over notes how the body ended.
func (b *downBody) over(err error) {
	if err == io.EOF { //nolint:errorlint // the very value: what wraps it is kept as it is
		b.end.Store(&eof)
		return
	}
	other := err // escapes instead of err: the usual end allocates nothing
	b.end.Store(&other)
}

// Close implements shape.Body.
func (b *downBody) Close() error {
	b.x.end(b.verdict())
	return nil
}

// verdict is how the exchange ended.
func (b *downBody) verdict() (why fail.Code, side string, cause error) {
	end := b.end.Load()
	switch {
	case end != nil && errors.Is(*end, io.EOF):
		return fail.PeerClosed, "listener", nil
	case b.x.ctx.Err() != nil:
		no := Reason(context.Cause(&b.x.ctx))
		if no.Code == fail.SenderGone {
			return no.Code, "sender", no
		}
		return no.Code, "gateway", no
	case end != nil:
		no := fail.Of(*end)
		if no.Code.Info().Fault == fail.Gateway {
			return no.Code, "gateway", no
		}
		return no.Code, "listener", no
	default:
		return fail.SenderGone, "sender", nil
	}
}

type wholeDown struct{ *downBody }

// Bytes implements shape.Whole. They came with the head.
func (w wholeDown) Bytes() []byte {
	b := w.bytes()
	w.first(w.came)
	w.over(io.EOF)
	return b
}
