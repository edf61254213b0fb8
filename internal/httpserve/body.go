package httpserve

import (
	"bufio"
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
	// readBytes is the buffer that framing is read in; what is longer goes past it.
	readBytes = 4 << 10
)

// longAgo makes a read return at once.
var longAgo = time.Unix(1, 0)

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBytes) }}

// body is the body of one request, read of the connection as it is pulled. It implements shape.Body. An error other than io.EOF
// is a *fail.Error: BadRequest, SlowBody or SenderGone.
type body struct {
	x     *exchange
	early []byte // read of the connection and not used yet; behind the body it is the next request's

	rmu sync.Mutex // one reader
	all []byte     // the body, where all of it came with its head: what of it is still to be read
	src *bufio.Reader
	in  http1.BodyReader
	eof bool
	err error // any other end

	mu     sync.Mutex // taken inside rmu
	closed bool
	owed   bool      // the sender waits for a 100-continue
	told   bool      // the answer's head has left: it is too late for a 100
	moved  time.Time // when the read deadline was moved
}

// init makes the body of a head whose framing is known to be good.
func (b *body) init(x *exchange, early []byte) {
	b.x, b.early = x, early
	framing, err := http1.RequestFraming(x.head)
	if err != nil { // cannot be: the decoder has checked
		b.err = fail.Wrap(fail.BadRequest, "read body", err)
	}
	if b.eof = framing.Kind == http1.None || framing.Kind == http1.Length && framing.Length == 0; b.eof {
		return
	}
	b.owed = http1.ExpectsContinue(x.head)
	if n := framing.Length; n > 0 && n <= int64(len(early)) {
		b.all, b.early = early[:n], early[n:]
	} else {
		b.src = readers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool holds nothing else
		b.src.Reset((*source)(b))
	}
	b.in.Reset(b.src, framing)
}

// Size implements shape.Body.
func (b *body) Size() int64 { return b.in.Size() }

// Buffered is how much Read gives without waiting, of a body of a known length.
func (b *body) Buffered() int {
	if !b.rmu.TryLock() {
		return 0 // somebody reads: he may be waiting
	}
	defer b.rmu.Unlock()
	switch {
	case b.Size() < 0 || b.owed:
		return 0
	case b.src == nil:
		return len(b.all)
	}
	return b.src.Buffered() + len(b.early)
}

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
func (b *body) readLocked(p []byte) (int, error) {
	switch {
	case b.eof:
		return 0, io.EOF
	case b.err != nil:
		return 0, b.err
	}
	n, err := b.read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		b.eof = true
		b.x.ended()
		return n, io.EOF
	}
	b.err = b.fault(err)
	return n, b.err
}

// read reads of what came with the head, or of the connection.
func (b *body) read(p []byte) (n int, err error) {
	if b.all == nil {
		return b.in.Read(p)
	}
	n = copy(p, b.all)
	if b.all = b.all[n:]; len(b.all) == 0 {
		err = io.EOF
	}
	return n, err
}

// fault says why the body ended early.
func (b *body) fault(err error) error {
	if errors.Is(err, errAbandoned) || b.isClosed() {
		return errAbandoned
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fail.Wrap(fail.SlowBody, "read body", err)
	}
	if breach, ok := errors.AsType[*http1.Error](err); ok {
		return &fail.Error{Code: fail.BadRequest, Op: "read body", Text: sentence(breach.Text), Cause: err}
	}
	gone := fail.Wrap(fail.SenderGone, "read body", err)
	b.x.leave(gone)
	return gone
}

// source is what the body's framing is read of: what was read early, then the connection under a deadline that moves.
type source body

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if len(s.early) > 0 {
		n := copy(p, s.early)
		s.early = s.early[n:]
		return n, nil
	}
	if err := s.ready(); err != nil {
		return 0, err
	}
	return s.x.conn.Read(p)
}

// ready moves the deadline and tells a sender that waits to go on.
func (s *source) ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.owed && s.told {
		return errAbandoned
	}
	if s.owed {
		s.owed = false
		s.x.readyToWrite()
		if _, err := io.WriteString(s.x.conn, http1.Continue); err != nil {
			return err
		}
	}
	if now := time.Now(); now.Sub(s.moved) >= min(settleTime, s.x.p.Idle/4) {
		s.moved = now
		return s.x.conn.SetReadDeadline(now.Add(s.x.p.Idle))
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

// broken reports whether the body can never be read to its end.
func (b *body) broken() bool {
	if !b.rmu.TryLock() {
		return false // somebody reads: it is not
	}
	defer b.rmu.Unlock()
	return b.err != nil && !errors.Is(b.err, errAbandoned)
}

// lost reports whether the rest of the body was given up and is too long to be read for the connection's sake, so that the answer can say
// that it is the last.
func (b *body) lost() bool {
	if !b.isClosed() || !b.rmu.TryLock() {
		return false // who reads may still come to its end
	}
	defer b.rmu.Unlock()
	return !b.eof && b.in.Size() > drainBytes
}

// settle ends the body for good, and reports whether all of it was read: now, if that is worth it.
func (b *body) settle(worth bool) bool {
	_ = b.Close() // gives nil
	b.rmu.Lock()  // a read that was under way has returned
	defer b.rmu.Unlock()
	if !b.eof && worth && b.in.Size() <= drainBytes && (b.err == nil || errors.Is(b.err, errAbandoned)) {
		b.drainLocked()
	}
	return b.eof
}

// drainLocked reads what is left, if it is little and comes soon.
func (b *body) drainLocked() {
	if !b.reopen() {
		return
	}
	sink := getBuffer()
	defer putBuffer(sink)
	for total := 0; total <= drainBytes && !b.eof; {
		n, err := b.readLocked(sink[:])
		if total += n; err != nil {
			return
		}
	}
}

// reopen makes a closed body readable for a while. It reports false when the sender will not send it.
func (b *body) reopen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.owed {
		return false
	}
	b.closed, b.err = false, nil
	b.moved = time.Now().Add(drainTime) // the deadline stays
	return b.x.conn.SetReadDeadline(b.moved) == nil
}

// rest gives what was read behind the body, and the buffer back.
func (b *body) rest() []byte {
	if b.src == nil {
		return b.early
	}
	there, _ := b.src.Peek(b.src.Buffered())
	rest := append(append([]byte(nil), there...), b.early...)
	b.in = http1.BodyReader{}
	b.src.Reset(nil)
	readers.Put(b.src)
	b.src = nil
	return rest
}

// ahead reports whether something behind the body was read already.
func (b *body) ahead() bool { return len(b.early) > 0 || b.src != nil && b.src.Buffered() > 0 }

// sentence starts the codec's text as one.
func sentence(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' {
		return string(text[0]-'a'+'A') + text[1:] + "."
	}
	return text
}
