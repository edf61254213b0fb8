// Package line owns how bytes leave for a listener's control channel, and come from it: one message after the other, few writes for many;
// frame by frame on the way back, without a buffer while nothing comes.
//
// It does not own what messages say (hybrid/wire), nor what a control frame does (hybrid/entry). A Line is written by any goroutine and
// read by one. Source: Hybrid Connections reference section 6, RFC 6455 section 5.
package line

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/nowait"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Line is the connection of a control channel. Messages leave by Tell, control frames by Control; each is whole, one at a time. The zero
// value is one whose handshake is not through: Stands waits for Init or Never. All else comes behind Init.
type Line struct {
	net.Conn
	in   leg.Lazy
	seq  wsframe.Sequence
	bare bool   // the connection is the kernel's, which gathers what is written
	read []byte // came behind the handshake
	head [wsframe.MaxHeader]byte

	over atomic.Bool // Init or Never has been called

	mu      sync.Mutex
	begin   chan struct{} // closed when over is set; nil: nobody waited for it
	next    *batch        // messages may still be added to it; nil: there is none
	writing bool          // somebody has the turn
	waiting int           // for the turn, without whom it was given to
	turn    chan struct{} // gives the turn to one who waits; nil: nobody ever did
	closed  bool          // a Close has left; of who has the turn
}

// batch is what leaves in one write: the messages of those who wanted to speak at the same time. A listener of many exchanges is told
// of them by few system calls, and reads them by few. The one who began it writes it; it is sealed, no longer Line.next, by then.
type batch struct {
	frames *[]byte       // a parcel
	until  time.Time     // the deadline of who began
	done   chan struct{} // closed when it was written; nil: nobody joined
	n      int           // how much of it left
	err    error
}

const (
	// batchMost is the longest batch that more is added to.
	batchMost = 64 << 10
	// longBody is the shortest body that is not copied into a batch, where the kernel can take it from its own place.
	longBody = 16 << 10
)

// Init gives the line the connection, whose handshake is through. read is what came behind it already; most bounds what a message may be
// long. Nothing is expected to come soon.
func (l *Line) Init(conn net.Conn, read []byte, most int64) {
	l.Conn, l.read, l.seq.MaxMessage = conn, read, most
	l.in.Init(conn)
	l.in.Quiet()
	_, l.bare = conn.(syscall.Conn)
	l.decide()
}

// Never says that Init will not be called, unless it was.
func (l *Line) Never() { l.decide() }

func (l *Line) decide() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over.Swap(true) && l.begin != nil {
		close(l.begin)
	}
}

// Stands waits until it is known whether the line will do, and reports it; ctx's cause is the error when it ends first.
func (l *Line) Stands(ctx context.Context) (bool, error) {
	if l.over.Load() { // nearly always
		return l.Conn != nil, nil
	}
	l.mu.Lock()
	if l.begin == nil {
		l.begin = make(chan struct{})
		if l.over.Load() {
			close(l.begin)
		}
	}
	begin := l.begin
	l.mu.Unlock()
	select {
	case <-begin:
		return l.Conn != nil, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// Tell writes a text message and, unless it is nil, the binary one that it announces: one unit (reference section 6.2). It returns
// when the unit has left or cannot leave any more, and how many of its bytes left.
func (l *Line) Tell(text, body []byte, deadline time.Time) (int, error) {
	if l.bare && len(body) >= longBody {
		return l.tellLong(text, body, deadline)
	}
	l.mu.Lock()
	if b := l.next; b != nil && !deadline.Before(b.until) && len(*b.frames)+len(text)+len(body) <= batchMost {
		from := len(*b.frames)
		if b.done == nil {
			b.done = make(chan struct{})
			*b.frames = slices.Grow(*b.frames, batchMost+2*wsframe.MaxHeader-from) // at once: more will come along
		}
		b.add(text, body)
		to := len(*b.frames)
		l.mu.Unlock()
		<-b.done
		return b.share(from, to)
	}
	b := &batch{frames: bodies.GetParcel(), until: deadline}
	b.add(text, body)
	to := len(*b.frames)
	if l.next == nil {
		l.next = b
	}
	l.mu.Unlock()
	runtime.Gosched() // who is about to speak too may come along; when nobody is, this takes no time
	b.n, b.err = l.sendBatch(b)
	if b.done != nil {
		close(b.done)
	}
	bodies.PutParcel(b.frames)
	return b.share(0, to)
}

// TellAlone is Tell for a text message of one who does not wait whether others are about to speak too.
func (l *Line) TellAlone(text, _ []byte, deadline time.Time) (int, error) {
	if err := l.take(deadline); err != nil {
		return 0, err
	}
	frames := bodies.GetParcel()
	defer bodies.PutParcel(frames)
	*frames = appendMessage(*frames, wsframe.Text, text)
	return l.put(*frames, deadline)
}

// tellLong is tell for a body that stays where it is: its pieces leave between their headers in one gathered write.
func (l *Line) tellLong(text, body []byte, deadline time.Time) (int, error) {
	parcel := bodies.GetParcel()
	defer bodies.PutParcel(parcel)
	heads := appendMessage(*parcel, wsframe.Text, text)
	heads = slices.Grow(heads, wsframe.MaxHeader*(len(body)/bodies.MaxPiece+1)) // stays in one place from here on
	*parcel = heads
	frames := make(net.Buffers, 0, 8)
	from := 0
	for op := wsframe.Binary; len(body) > 0; op = wsframe.Cont {
		n := min(len(body), bodies.MaxPiece)
		heads = wsframe.Append(heads, wsframe.Header{Fin: n == len(body), Op: op, Len: int64(n)})
		frames = append(frames, heads[from:], body[:n])
		from, body = len(heads), body[n:]
	}
	if err := l.take(deadline); err != nil {
		return 0, err
	}
	defer l.give()
	if err := l.Conn.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	n, err := nowait.Gather(l.Conn, &frames)
	return int(n), err
}

// add appends a unit.
func (b *batch) add(text, body []byte) {
	*b.frames = appendMessage(*b.frames, wsframe.Text, text)
	if body != nil {
		*b.frames = appendMessage(*b.frames, wsframe.Binary, body)
	}
}

// share is what became of a unit of the batch.
func (b *batch) share(from, to int) (int, error) {
	if b.n >= to {
		return to - from, nil
	}
	return max(b.n-from, 0), b.err
}

// sendBatch writes a batch when nobody else writes, and seals it.
func (l *Line) sendBatch(b *batch) (int, error) {
	err := l.take(b.until)
	l.mu.Lock()
	if l.next == b {
		l.next = nil
	}
	l.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return l.put(*b.frames, b.until)
}

// ErrClosed is Control's behind a Close.
var ErrClosed = errors.New("a Close has left already")

// Control writes a control frame, by the deadline. Behind a Close there is none.
func (l *Line) Control(op wsframe.Op, payload []byte, deadline time.Time) error {
	if err := l.take(deadline); err != nil {
		return err
	}
	if l.closed {
		l.give()
		return ErrClosed
	}
	l.closed = op == wsframe.Close
	frame := bodies.GetParcel()
	defer bodies.PutParcel(frame)
	*frame = wsframe.AppendFrame(*frame, wsframe.Header{Fin: true, Op: op}, payload)
	_, err := l.put(*frame, deadline)
	return err
}

// take waits for the turn to write.
func (l *Line) take(deadline time.Time) error {
	l.mu.Lock()
	if !l.writing {
		l.writing = true
		l.mu.Unlock()
		return nil
	}
	if l.turn == nil {
		l.turn = make(chan struct{}, 1)
	}
	l.waiting++
	l.mu.Unlock()
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-l.turn:
		return nil
	case <-timer.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.turn: // it was given to one of those who wait at this very moment
		return nil
	default:
		l.waiting--
		return os.ErrDeadlineExceeded
	}
}

// give gives the turn on.
func (l *Line) give() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == 0 {
		l.writing = false
		return
	}
	l.waiting--
	l.turn <- struct{}{} // has room: it was empty since whoever gives it has it
}

// put writes, and gives the turn on. What the kernel has room for needs no deadline: it cannot be late.
func (l *Line) put(frames []byte, deadline time.Time) (int, error) {
	defer l.give()
	return nowait.WriteReady(l.Conn, frames, func() error { return l.Conn.SetWriteDeadline(deadline) })
}

// CloseWrite ends our direction, as the connection can.
func (l *Line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// appendMessage appends a message in frames that every listener takes (reference section 6.3).
func appendMessage(dst []byte, op wsframe.Op, payload []byte) []byte {
	for first := true; first || len(payload) > 0; first = false {
		n := min(len(payload), bodies.MaxPiece)
		h := wsframe.Header{Fin: n == len(payload), Op: op}
		if !first {
			h.Op = wsframe.Cont
		}
		dst = wsframe.AppendFrame(dst, h, payload[:n])
		payload = payload[n:]
	}
	return dst
}
