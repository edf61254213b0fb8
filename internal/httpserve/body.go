package httpserve

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// drainBytes is how much of a body that nobody wanted is read to keep the connection, as net/http does; drainTime is how
	// long.
	drainBytes = 256 << 10
	drainTime  = 5 * time.Second
	// settleTime is how often a deadline that moves with progress is moved.
	settleTime = time.Second
)

// longAgo makes a read return at once.
var longAgo = time.Unix(1, 0)

// continued is the answer to an expectation (RFC 9110 section 15.2.1).
const continued = "HTTP/1.1 100 Continue\r\n\r\n"

// body is the body of one request, read of the connection as it is pulled. It implements shape.Body. An error other than io.EOF
// is a *fail.Error: BadRequest, SlowBody or SenderGone.
type body struct {
	x     *exchange
	kind  http1.FramingKind
	size  int64
	early []byte // read of the connection and not used yet: behind the body it is the next request's

	rmu    sync.Mutex // one reader
	left   int64      // of kind Length
	chunks http1.Chunks
	eof    bool
	err    error // any other end

	mu     sync.Mutex // taken inside rmu
	closed bool
	owed   bool      // the sender waits for a 100-continue
	told   bool      // the answer's head has left: it is too late for a 100
	moved  time.Time // when the read deadline was moved
}

// init makes the body of a head whose framing is known to be good.
func (b *body) init(x *exchange, early []byte) {
	framing, err := http1.RequestFraming(x.head)
	if err != nil { // cannot be: the decoder has checked
		b.err = fail.Wrap(fail.BadRequest, "read body", err)
	}
	b.x, b.early, b.kind, b.size, b.left = x, early, framing.Kind, framing.Length, framing.Length
	switch {
	case b.kind == http1.Length && b.size == 0:
		b.kind = http1.None
	case b.kind == http1.Chunked:
		b.size = -1
	}
	b.eof = b.kind == http1.None
}

// Size implements shape.Body.
func (b *body) Size() int64 { return b.size }

// done reports whether all of the body was read.
func (b *body) done() bool { return b.eof }

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.rmu.Lock()
	defer b.rmu.Unlock()
	if !b.eof && b.isClosed() {
		return 0, errAbandoned
	}
	return b.readLocked(p)
}

// Close implements io.Closer: the rest is given up, and a Read that waits is woken.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed && !b.eofNow() {
		_ = b.x.conn.SetReadDeadline(longAgo) // a dead connection has ended the read already
	}
	b.closed = true
	return nil
}

// eofNow looks at eof without waiting for a reader: while somebody reads the body has not ended.
func (b *body) eofNow() bool {
	if !b.rmu.TryLock() {
		return false
	}
	defer b.rmu.Unlock()
	return b.eof
}

func (b *body) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// readLocked reads; the caller holds rmu.
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
	if err != nil {
		b.err = b.fault(err)
		return n, b.err
	}
	if b.eof {
		b.x.ended()
		return n, io.EOF
	}
	return n, nil
}

func (b *body) readLength(p []byte) (int, error) {
	n, err := b.receive(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.eof = b.left == 0
	return n, err
}

// readChunks reads raw bytes into p and takes the framing out of them there: the data is never longer than what it came in.
func (b *body) readChunks(p []byte) (n int, err error) {
	for n == 0 && !b.eof {
		raw, err := b.receive(p)
		if err != nil {
			return 0, err
		}
		rest := p[:raw]
		for len(rest) > 0 && !b.eof {
			data, used, err := b.chunks.Next(rest)
			n += copy(p[n:], data)
			rest = rest[used:]
			b.eof = b.chunks.Done()
			if err != nil {
				return n, err
			}
		}
		if len(rest) > 0 { // of the next request
			b.early = append(append([]byte(nil), rest...), b.early...)
		}
	}
	return n, nil
}

// receive gives what was read early, or reads the connection.
func (b *body) receive(p []byte) (int, error) {
	if len(b.early) > 0 {
		n := copy(p, b.early)
		b.early = b.early[n:]
		return n, nil
	}
	if err := b.ready(); err != nil {
		return 0, err
	}
	n, err := b.x.conn.Read(p)
	if n > 0 {
		return n, nil // an error comes again
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return 0, err
}

// ready moves the deadline and tells a sender that waits to go on.
func (b *body) ready() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.owed && b.told {
		return errAbandoned
	}
	if b.owed {
		b.owed = false
		_ = b.x.conn.SetWriteDeadline(time.Now().Add(b.x.p.Write)) // as in Close
		if _, err := b.x.conn.Write([]byte(continued)); err != nil {
			return err
		}
	}
	if now := time.Now(); now.Sub(b.moved) >= min(settleTime, b.x.p.Idle/4) {
		b.moved = now
		return b.x.conn.SetReadDeadline(now.Add(b.x.p.Idle))
	}
	return nil
}

// answering notes that the answer's head leaves, and reports whether the sender still waits for a 100: what he does then with
// the body nobody can know.
func (b *body) answering() (unsure bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = true
	return b.owed
}

// fault says why the body ended early.
func (b *body) fault(err error) error {
	switch {
	case errors.Is(err, errAbandoned) || b.isClosed():
		return errAbandoned
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail.Wrap(fail.SlowBody, "read body", err)
	}
	if breach, ok := errors.AsType[*http1.Error](err); ok {
		return &fail.Error{Code: fail.BadRequest, Op: "read body", Text: sentence(breach.Text), Cause: err}
	}
	gone := fail.Wrap(fail.SenderGone, "read body", err)
	b.x.leave(gone)
	return gone
}

// ended is called when all of the request was read.
func (x *exchange) ended() {
	_ = x.conn.SetReadDeadline(time.Time{}) // a dead connection says so to the watch
	x.startWatch()
}

// settle ends the body for good, and reports whether all of it was read, if need be now.
func (b *body) settle(worth bool) bool {
	_ = b.Close()
	b.rmu.Lock() // a read that was under way has returned
	defer b.rmu.Unlock()
	if b.eof || !worth || b.left > drainBytes || b.err != nil && !errors.Is(b.err, errAbandoned) {
		return b.eof
	}
	if b.mu.Lock(); b.owed {
		b.mu.Unlock()
		return false
	}
	b.closed, b.err = false, nil
	b.mu.Unlock()
	b.drainLocked()
	return b.eof
}

func (b *body) drainLocked() {
	b.moved = time.Now().Add(drainTime) // the deadline stays
	_ = b.x.conn.SetReadDeadline(b.moved)
	sink := getBuffer()
	defer putBuffer(sink)
	for total := 0; total <= drainBytes && !b.eof; {
		n, err := b.readLocked(sink[:])
		if total += n; err != nil {
			return
		}
	}
}

// sentence starts the codec's text as one.
func sentence(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' {
		return string(text[0]-'a'+'A') + text[1:] + "."
	}
	return text
}
