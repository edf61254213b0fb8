package nodedoor

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// incoming is the body of a request at the server. With its last byte the watcher takes the connection over.
type incoming struct {
	t   *turn
	rmu sync.Mutex // held during a Read; taken before mu

	mu      sync.Mutex
	reading bool
	broken  bool // a Read was broken off: the connection's read deadline is over
	closed  bool
	done    bool // all of it was read
}

var longAgo = time.Unix(1, 0)

// Size implements shape.Body.
func (b *incoming) Size() int64 { return b.t.in.Size() }

// Buffered is how much Read gives without waiting.
func (b *incoming) Buffered() int {
	if !b.rmu.TryLock() {
		return 0
	}
	defer b.rmu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done || b.closed {
		return 0
	}
	return b.t.in.Buffered()
}

// Read implements shape.Body.
func (b *incoming) Read(p []byte) (int, error) {
	b.rmu.Lock()
	defer b.rmu.Unlock()
	if err := b.enter(); err != nil {
		return 0, err
	}
	n, err := b.t.in.Read(p)
	switch {
	case b.leave(errors.Is(err, io.EOF)):
		b.t.arm()
		return n, io.EOF
	case err == nil:
		return n, nil
	}
	no := fail.Wrap(fail.SenderGone, "read a request of another node", err)
	if !b.isClosed() {
		b.t.left(no) // nobody else watches the connection yet
	}
	return n, no
}

// enter begins a read, unless there is nothing to be read.
func (b *incoming) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.done:
		return io.EOF
	case b.closed:
		return fail.New(fail.SenderGone, "The request's body was given up.")
	}
	b.reading = true
	return nil
}

// leave ends a read; with the body's end it reports true. A deadline that was to break the read off strikes nobody else.
func (b *incoming) leave(eof bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = false
	if b.broken {
		b.t.SetReadDeadline(time.Time{})
	}
	b.done = b.done || eof
	return eof
}

func (b *incoming) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// Close implements shape.Body. A Read that waits is broken off; what is left on the connection is dealt with behind the answer.
func (b *incoming) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed = true; b.reading && !b.broken {
		b.broken = true
		b.t.SetReadDeadline(longAgo)
	}
	return nil
}

// drain reads what nobody wanted, so that the next request can be found. The sender's node stops sending, or closes the connection,
// once it has the answer. It reports whether the connection can go on.
func (b *incoming) drain() bool {
	_ = b.Close()
	b.rmu.Lock()
	defer b.rmu.Unlock()
	if b.done {
		return true
	}
	buf := buffers.Get().(*[writeBytes]byte)
	defer buffers.Put(buf)
	for {
		b.t.SetReadDeadline(time.Now().Add(serverIdle))
		switch _, err := b.t.in.Read(buf[:]); {
		case errors.Is(err, io.EOF):
			b.t.arm()
			return true
		case err != nil:
			return false
		}
	}
}
