package front

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// drainBytes is how much of a body that the handler left is read to keep the connection, as net/http does; drainTime is
	// how long.
	drainBytes = 256 << 10
	drainTime  = 5 * time.Second
	// settle is how often a deadline that moves with progress is moved.
	settle = time.Second
)

// body is the body of one request, read from the connection as the handler reads it. Read and Close may be called from any
// goroutine, also after the handler returned.
type body struct {
	w *response

	mu        sync.Mutex
	kind      http1.FramingKind
	left      int64 // of kind Length
	chunks    http1.Chunks
	expecting bool // the peer asked for 100-continue
	owed      bool // and waits for it
	eof       bool // all of it was read
	closed    bool
	err       error // any other end
	moved     time.Time
	fixed     bool // the handler set a read deadline itself
}

// Read implements io.Reader. A body that breaks its framing gives an error around *http1.Error, one that ends early
// io.ErrUnexpectedEOF; neither ever gives io.EOF, so a handler that saw io.EOF has the whole body.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.owed && len(p) > 0 {
		b.owed = false
		b.w.writeContinue()
	}
	return b.readLocked(p)
}

// Close gives the rest up. What is left of it on the wire is dealt with when the answer's head leaves.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// cut closes the body when the handler has returned.
func (b *body) cut() {
	b.lock(true)
	defer b.mu.Unlock()
	b.closed = true
}

// lock takes the body. When the handler has returned, a read that is still under way in another goroutine is broken off.
func (b *body) lock(returned bool) {
	if b.mu.TryLock() {
		return
	}
	if returned {
		_ = b.w.c.net.SetReadDeadline(longAgo) // a dead connection has ended the read already
	}
	b.mu.Lock()
}

// continued notes that the handler sent the 100 itself.
func (b *body) continued() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed = false
}

// ended reports whether the whole body was read.
func (b *body) ended() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.eof
}

func (b *body) readLocked(p []byte) (n int, err error) {
	switch {
	case b.err != nil:
		return 0, b.err
	case b.eof:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case b.kind == http1.Chunked:
		n, err = b.readChunks(p)
	default:
		n, err = b.readLength(p)
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		b.err = err
	case b.eof:
		b.finished()
		err = io.EOF
	}
	return n, err
}

// finished starts to look whether the peer leaves: nothing more is to come of it before the answer.
func (b *body) finished() {
	_ = b.w.c.net.SetReadDeadline(time.Time{}) // as above
	b.w.startWatch()
}

func (b *body) readLength(p []byte) (int, error) {
	b.moveDeadline()
	n, err := b.w.c.in.read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.eof = b.left == 0
	if b.eof {
		return n, nil
	}
	return n, early(err)
}

// readChunks gives the next piece of data. The window that the decoder sees is no longer than p, so all of the data fits.
func (b *body) readChunks(p []byte) (int, error) {
	for {
		window := b.w.c.in.unread()
		window = window[:min(len(window), len(p))]
		data, used, err := b.chunks.Next(window)
		n := copy(p, data)
		b.w.c.in.skip(used)
		b.eof = b.chunks.Done()
		if n > 0 || err != nil || b.eof {
			return n, err
		}
		if used > 0 {
			continue
		}
		b.moveDeadline()
		if err := b.w.c.in.more(bufferBytes); err != nil {
			return 0, early(err)
		}
	}
}

func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// moveDeadline lets a body take as long as it likes while it goes on.
func (b *body) moveDeadline() {
	if b.fixed {
		return
	}
	if now := time.Now(); now.Sub(b.moved) >= min(settle, b.w.c.s.p.IdleTimeout/4) {
		b.moved = now
		_ = b.w.c.net.SetReadDeadline(now.Add(b.w.c.s.p.IdleTimeout)) // a dead connection says so at the read
	}
}

// setDeadline is the handler's own.
func (b *body) setDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fixed = true
	return b.w.c.net.SetReadDeadline(t)
}

// settle reads what the handler left, so that the next request can be found. It reports whether the connection can go on: not
// when too much is left, when it does not come in time, or when the peer asked for a 100-continue and has not sent all. Then a
// handler that has not returned may go on to read.
func (b *body) settle(returned bool) bool {
	b.lock(returned)
	defer b.mu.Unlock()
	if b.eof || b.err != nil || b.expecting || b.left >= drainBytes {
		return b.eof
	}
	fixed := b.fixed
	b.fixed = true
	_ = b.w.c.net.SetReadDeadline(time.Now().Add(drainTime)) // as above
	b.dropLocked(drainBytes + 1)
	b.fixed, b.moved = fixed, time.Time{}
	b.closed = b.eof
	return b.eof
}

// unsure reports whether the peer asked for a 100-continue and has not sent all: having read an answer instead it may go on with
// the body or with its next request.
func (b *body) unsure() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.expecting && !b.eof
}

func (b *body) dropLocked(most int) {
	scratch := getBuffer()
	defer putBuffer(scratch)
	for most > 0 {
		n, err := b.readLocked((*scratch)[:min(most, bufferBytes)])
		if err != nil {
			return
		}
		most -= n
	}
}

// timedOut reports whether an error is a deadline's.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
