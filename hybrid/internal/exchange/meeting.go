package exchange

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsconn"
)

const (
	// writeTime bounds a write to a rendezvous: the gateway gives a sender that takes nothing up after a minute (reference
	// section 7), so after two it is gone itself.
	writeTime = 2 * time.Minute
	// lastTime bounds the wait for the gateway's Close behind an answer. It is long, because all of the answer may stand in the
	// buffers of the way before a slow sender; a gateway that is gone is noticed by TCP.
	lastTime = 15 * time.Minute
)

// meeting is a rendezvous of a request. One goroutine writes; what is read is the request's body, then nothing but the end.
type meeting struct {
	conn   *wsconn.Conn
	cancel context.CancelCauseFunc
	taken  bool          // whoever runs the exchange speaks or reads here
	unhook func() bool   // nil: it was not taken
	over   chan struct{} // closed when attend has seen the end
	due    time.Time     // of writes
	ending atomic.Bool   // the last of the answer is on its way: the gateway may end the rendezvous

	mu        sync.Mutex
	attending bool // the deadline of reads is nobody's to set
}

// newMeeting makes a meeting. cancel is called when the gateway ends it.
func newMeeting(conn *wsconn.Conn, cancel context.CancelCauseFunc) *meeting {
	return &meeting{conn: conn, cancel: cancel, over: make(chan struct{})}
}

// take has the meeting end, as a loss, with ctx: nothing that reads or writes there outlives it. The first call counts.
func (m *meeting) take(ctx context.Context) {
	if !m.taken {
		m.taken, m.unhook = true, context.AfterFunc(ctx, m.conn.Abort)
	}
}

// part ends the meeting of an exchange that is over; one of nil is none. err is how the exchange went.
func (m *meeting) part(ctx context.Context, err error) {
	switch {
	case m == nil:
	case err == nil && m.taken:
		m.finish(ctx)
	default:
		m.abort()
	}
}

// request reads the request that the pointer stood for.
func (m *meeting) request() (*wire.Offer, shape.Body, error) {
	session := wire.Session{Rendezvous: true, Expect: wire.KindRequest}
	text, r, err := m.conn.NextReader()
	if err != nil {
		return nil, nil, err
	}
	message, err := io.ReadAll(io.LimitReader(r, wire.MaxText+1))
	if err != nil {
		return nil, nil, err
	}
	event, err := session.Fragment(text, true, message)
	if err != nil {
		return nil, nil, err
	}
	o := event.Message.Offer
	if o.Pointer {
		return nil, nil, errors.New("it is another pointer")
	}
	if !o.Body {
		m.attend()
		return o, nil, nil
	}
	return o, &upload{meeting: m}, nil
}

// attend reads until the gateway ends the rendezvous, and drops what still comes: of a body that nobody wants. The end is that
// of the exchange.
func (m *meeting) attend() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.attending {
		return
	}
	m.attending = true
	_ = m.conn.SetReadDeadline(time.Time{})
	go func() { // abort and finish wait for it
		defer close(m.over)
		_, err := io.Copy(io.Discard, readerOnly{m.conn})
		if !m.ending.Load() {
			m.cancel(fail.Wrap(fail.SenderGone, "answer", err))
		}
	}()
}

// deadline bounds the reads of a request's body.
func (m *meeting) deadline(t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.attending {
		return nil
	}
	return m.conn.SetReadDeadline(t)
}

// readerOnly hides what io.Copy would take for a shortcut.
type readerOnly struct{ io.Reader }

// head sends the text message of an answer; last tells that no body follows.
func (m *meeting) head(message []byte, last bool) error {
	m.ending.Store(last)
	if err := m.limit(); err != nil {
		return err
	}
	return m.conn.WriteMessage(true, message)
}

// piece sends a piece of the answer's body.
func (m *meeting) piece(p []byte, last bool) error {
	m.ending.Store(last)
	if err := m.limit(); err != nil {
		return err
	}
	return m.conn.WritePiece(p, last)
}

// limit moves the deadline of writes, now and then.
func (m *meeting) limit() error {
	now := time.Now()
	if now.Before(m.due) {
		return nil
	}
	m.due = now.Add(writeTime / 4)
	return m.conn.SetWriteDeadline(now.Add(writeTime))
}

// finish ends a rendezvous whose answer is complete: a Close like the .NET library's, and the gateway's own. If TCP ended before,
// a reset could take from the gateway what it has not read yet.
func (m *meeting) finish(ctx context.Context) {
	m.attend()
	if m.limit() == nil && m.conn.CloseWriteCode(closeNormal, "NormalClosure") == nil {
		ctx, cancel := context.WithTimeout(ctx, lastTime)
		select {
		case <-m.over:
		case <-ctx.Done():
		}
		cancel()
	}
	m.unhook()
	_ = m.conn.Close()
	<-m.over
}

// closeNormal is the code of an end in order (RFC 6455 section 7.4.1).
const closeNormal = 1000

// abort ends a rendezvous whose answer is not complete: the gateway sees a loss.
func (m *meeting) abort() {
	if m.unhook != nil {
		m.unhook()
	}
	m.conn.Abort()
	m.attend()
	<-m.over
}

// upload is the body of a request at a rendezvous.
type upload struct {
	meeting *meeting
	mu      sync.Mutex // Read and Close
	r       io.Reader
	end     error
}

// Size implements shape.Body: nothing tells it (reference section 8.3).
func (u *upload) Size() int64 { return -1 }

// Read implements shape.Body. An upload that breaks off is a *fail.Error.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.end != nil {
		return 0, u.end
	}
	conn := u.meeting.conn
	if u.r == nil {
		var err error
		if _, u.r, err = conn.NextReader(); err != nil {
			u.r = nil
			return 0, u.broken(err)
		}
	}
	n, err := u.r.Read(p)
	if err == nil {
		return n, nil
	}
	_, _, closed := conn.PeerClose()
	if !errors.Is(err, io.EOF) || closed { // a Close ends the stream, not the message
		return n, u.broken(err)
	}
	u.end = io.EOF
	u.meeting.attend()
	return n, io.EOF
}

// broken is the error of an upload that was not complete. A deadline of the reader's own changes nothing.
func (u *upload) broken(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	u.end = fail.Wrap(fail.SenderGone, "read request", err)
	u.meeting.cancel(u.end)
	return u.end
}

// Close implements shape.Body: what still comes is dropped.
func (u *upload) Close() error {
	_ = u.meeting.deadline(time.Unix(1, 0)) // wakes a Read
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.end == nil {
		u.end = os.ErrClosed
	}
	u.meeting.attend()
	return nil
}

// SetReadDeadline bounds the reads to come.
func (u *upload) SetReadDeadline(t time.Time) error { return u.meeting.deadline(t) }
