// Package line owns how bytes leave for a listener's control channel, and come from it: one message after the other, few writes for many.
//
// It does not own what messages say (hybrid/wire), nor who reads them (gorilla, for hybrid/entry). A Line is written by any goroutine and
// read by one. Source: Hybrid Connections reference section 6.
package line

import (
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/nowait"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Line is the connection of a control channel. Messages leave by Tell, control frames by gorilla; each is whole, one at a time.
// It swallows the 101 that gorilla writes, because ours has left already and takes every key (reference section 3), and gives
// back what was read behind the handshake.
type Line struct {
	net.Conn
	in   leg.Lazy
	bare bool // the connection is the kernel's, which gathers what is written
	read []byte
	said bool          // of whoever upgrades
	turn chan struct{} // holds a token while nobody writes

	mu   sync.Mutex
	due  time.Time // of gorilla's next write
	next *batch    // messages may still be added to it; nil: there is none
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

// New makes the line of a connection whose handshake is through. read is what came behind it already.
func New(conn net.Conn, read []byte) *Line {
	l := &Line{Conn: conn, read: read, turn: make(chan struct{}, 1)}
	l.in.Init(conn)
	_, l.bare = conn.(syscall.Conn)
	l.turn <- struct{}{}
	return l
}

// SetWriteDeadline is gorilla's: it is for its next write and does not touch a message that is under way.
func (l *Line) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due = t
	return nil
}

// Write is gorilla's: a control frame.
func (l *Line) Write(b []byte) (int, error) {
	if !l.said {
		l.said = true
		return len(b), nil
	}
	l.mu.Lock()
	due := l.due
	l.mu.Unlock()
	return l.send(b, due)
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
	defer func() { l.turn <- struct{}{} }()
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

// send writes whole frames when nobody else writes, by the deadline.
func (l *Line) send(frames []byte, deadline time.Time) (int, error) {
	if err := l.take(deadline); err != nil {
		return 0, err
	}
	return l.put(frames, deadline)
}

// take waits for the turn to write.
func (l *Line) take(deadline time.Time) error {
	select {
	case <-l.turn:
		return nil
	default:
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-l.turn:
		return nil
	case <-timer.C:
		return os.ErrDeadlineExceeded
	}
}

// put writes, and gives the turn on.
func (l *Line) put(frames []byte, deadline time.Time) (int, error) {
	defer func() { l.turn <- struct{}{} }()
	if err := l.Conn.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	return l.Conn.Write(frames)
}

// CloseWrite ends our direction, as the connection can.
func (l *Line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// Read implements net.Conn.
func (l *Line) Read(b []byte) (int, error) {
	if len(l.read) > 0 {
		n := copy(b, l.read)
		l.read = l.read[n:]
		return n, nil
	}
	for {
		n, err := l.in.Read(b)
		if n > 0 || err == nil || !l.in.Calm(err) {
			return n, err
		}
	}
}

// Await returns nil when a Read would not wait, and shape.ErrLull when nothing has come for a while and nobody has set a read deadline:
// then Park may follow. It is called between two messages, by who reads.
func (l *Line) Await() error {
	if len(l.read) > 0 {
		return nil
	}
	return l.in.Await()
}

// Park waits behind a lull: ready is called once, on a goroutine of its own, when there is something to read, the connection was closed or
// a read deadline set. It reports false where that cannot be.
func (l *Line) Park(ready func()) bool { return l.in.Park(ready) }

// SetReadDeadline implements net.Conn, for whoever wants the reader to end.
func (l *Line) SetReadDeadline(t time.Time) error {
	l.in.Bound()
	return l.Conn.SetReadDeadline(t)
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
