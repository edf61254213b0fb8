// Package framed owns the two ends of a framing session that a conversion needs: Call is the client of a net.tcp service for one
// message and its answer, Serve the service of a net.tcp client, message by message. Open is Call's beginning, for a session of another end.
// A Client is who makes many calls of one service: it ends their sessions behind the answers, and keeps their connections for the next.
//
// It does not own records (bindings/framing), what is in an envelope (bridge/convert), nor where a service is: Call and Open are given a
// dialer, Serve a connection, which it does not close. Upgrades are refused: what is inside them could not be converted. One goroutine runs
// a session, and ctx ends it; what a Client does behind an answer it does on goroutines that its owner runs and waits for.
//
// Sources: [MC-NMF]; WCF wire reference sections 1, 7.6 and 16.3.
package framed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// writeTime bounds one write to a peer that takes nothing, preambleTime the wait for a preamble (WCF wire reference section 1.6).
const (
	writeTime    = time.Minute
	preambleTime = 30 * time.Second
	endTime      = 10 * time.Second // for the peer's End behind ours, where it is the only answer
	closeTime    = time.Second      // the same behind an answer
)

// FaultError is a fault record of the other end.
type FaultError struct{ Fault framing.Fault }

// Error names the fault.
func (e *FaultError) Error() string { return "the service says " + string(e.Fault) }

// wire reads records of a connection and writes to it.
type wire struct {
	conn net.Conn
	d    framing.Decoder
	buf  []byte // room
	left []byte // of it: read, and not looked at
	most int    // of an envelope

	ahead chan fetched // what is being read while a message is answered; nil: nothing is
	free  func()       // takes ctx off the connection; of bind

	via  string    // of a Client's: what its sessions are for
	born time.Time // when it was dialled
	kept chan bool // while nobody uses it: gives, once it is taken, whether it is as it was left. Of capacity 1
}

// fetched is what a read gave.
type fetched struct {
	n   int
	err error
}

// newWire reads at most room bytes at once.
func newWire(conn net.Conn, most, room int) *wire {
	w := &wire{conn: conn, buf: make([]byte, room), most: most}
	w.d.Limits.Envelope = most
	return w
}

// readRoom is how much is read at once.
const readRoom = 4096

// bind has the end of ctx end what waits on the connection, until free is called; behind that nothing of ctx touches it any more.
func (w *wire) bind(ctx context.Context) {
	var mu sync.Mutex
	over := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			_ = w.conn.SetDeadline(time.Unix(1, 0))
		}
	})
	w.free = func() {
		if stop() {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}

// next reads one event.
func (w *wire) next() (framing.Event, error) {
	for {
		ev, n, err := w.d.Next(w.left)
		w.left = w.left[n:]
		if !errors.Is(err, framing.ErrShort) {
			return ev, err
		}
		n, err = w.fetch()
		w.left = w.buf[:n]
		if n == 0 && err != nil {
			return ev, err
		}
	}
}

// fetch reads on, or takes what was read ahead.
func (w *wire) fetch() (int, error) {
	if w.ahead == nil {
		return w.conn.Read(w.buf)
	}
	r := <-w.ahead
	w.ahead = nil
	return r.n, r.err
}

// message is what a session brings: an envelope, or its end.
type message struct {
	body []byte
	end  bool
}

// read reads the next envelope whole, or the end.
func (w *wire) read() (message, error) {
	var m message
	for {
		ev, err := w.next()
		switch {
		case err != nil:
			return m, err
		case ev.Kind == framing.End:
			m.end = true
			return m, nil
		case ev.Kind == framing.FaultRecord:
			f, _ := framing.ParseFault(ev.Data)
			return m, &FaultError{f}
		case ev.Kind != framing.SizedEnvelope && ev.Kind != framing.UnsizedEnvelope:
			return m, fmt.Errorf("a record %v in the place of a message", ev.Kind)
		}
		if m.body = append(m.body, ev.Data...); len(m.body) > w.most {
			return m, &framing.Error{Fault: framing.MaxMessageSizeExceeded, Text: "message too large"}
		}
		if ev.Last {
			return m, nil
		}
	}
}

// write writes a whole piece.
func (w *wire) write(ctx context.Context, b []byte) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_ = w.conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := w.conn.Write(b)
	return err
}

// Call sends one message to a service, in a session of its own (Open), and gives the answer. message is of a session's encoding, with its
// string table. It returns when the service has ended the session, or has had time to, and keeps nothing.
func Call(ctx context.Context, dial Dialer, via string, envelope []byte, oneWay bool, most int) ([]byte, error) {
	answer, end, err := Ask(ctx, dial, via, envelope, oneWay, most)
	if end != nil {
		end(ctx)
	}
	return answer, err
}

// Ask is Call that gives the answer before the service has ended the session. end does the rest, and has to be called once: it waits for the
// service, for a second at most and as long as ctx, and closes the connection. It reports whether the service said the record End, as WCF's
// do; others only close. end is nil where the session is over already.
func Ask(ctx context.Context, dial Dialer, via string, envelope []byte, oneWay bool, most int) (answer []byte, end func(context.Context) bool, err error) {
	w, err := begin(ctx, dial, via, most, readRoom)
	if err != nil {
		return nil, nil, err
	}
	answer, at, err := w.call(ctx, envelope, oneWay)
	if err != nil || at == over {
		return answer, nil, err
	}
	_ = w.conn.SetDeadline(time.Now().Add(closeTime))
	if at == answered && !w.close() {
		_ = w.conn.Close()
		return answer, nil, nil
	}
	half, ok := w.conn.(interface{ CloseWrite() error })
	whole := ok && half.CloseWrite() == nil
	if at == ended {
		_ = w.conn.Close()
		return answer, nil, nil
	}
	return answer, func(ctx context.Context) bool {
		_ = w.conn.SetDeadline(time.Now().Add(closeTime))
		w.bind(ctx)
		defer w.conn.Close()
		defer w.free()
		ev, err := w.next()
		if whole { // a connection that is closed before its peer is done comes back to it as a reset
			_, _ = io.CopyN(io.Discard, w.conn, readRoom)
		}
		return err == nil && ev.Kind == framing.End
	}, nil
}

// stage is where a session stands when its message was brought.
type stage byte

const (
	answered stage = iota // neither end is through
	ended                 // both are, and nothing else came: the connection is good for another session
	over                  // so is the connection
)

// call brings a message and gives the answer. Without an answer to wait for it returns when the service has ended the session, or has had
// time to. ctx is off the connection then; a session that is over, or failed, has left it closed.
func (w *wire) call(ctx context.Context, envelope []byte, oneWay bool) (answer []byte, at stage, err error) {
	if oneWay {
		answer, at, err = w.tell(ctx, envelope)
	} else {
		answer, at, err = w.ask(ctx, envelope)
	}
	w.free()
	if at == over {
		_ = w.conn.Close()
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return answer, at, err
}

// tell is call for a message without an answer: that and our End leave in one piece.
func (w *wire) tell(ctx context.Context, envelope []byte) ([]byte, stage, error) {
	if err := w.write(ctx, append(sized(envelope), byte(framing.End))); err != nil {
		return nil, over, err
	}
	_ = w.conn.SetReadDeadline(time.Now().Add(endTime))
	m, err := w.read()
	if _, ok := errors.AsType[*FaultError](err); ok {
		return nil, over, err
	}
	if err == nil && m.end && len(w.left) == 0 {
		return nil, ended, nil
	}
	return m.body, over, nil // a peer that only closes has taken it
}

// ask is call for a message with an answer.
func (w *wire) ask(ctx context.Context, envelope []byte) ([]byte, stage, error) {
	if err := w.write(ctx, sized(envelope)); err != nil {
		return nil, over, err
	}
	m, err := w.read()
	switch {
	case errors.Is(err, io.EOF), err == nil && m.end:
		return nil, over, errors.New("the service ended the session without an answer")
	case err != nil:
		return nil, over, err
	}
	return m.body, answered, nil
}

// sized is the record of a message, with room for one more byte.
func sized(envelope []byte) []byte {
	return framing.AppendSized(make([]byte, 0, len(envelope)+8), envelope)
}

// close says our End.
func (w *wire) close() bool {
	_, err := w.conn.Write([]byte{byte(framing.End)})
	return err == nil
}

// end ends a session whose answer is there: our End, then the service's. The connection's deadline bounds all of it. A connection that is
// good for no other session behind that is closed: both directions, one behind the other, so that what the service still says, its End above
// all, does not come back to it as a reset.
func (w *wire) end() stage {
	if w.close() {
		ev, err := w.next()
		if err == nil && ev.Kind == framing.End && len(w.left) == 0 {
			return ended
		}
		if half, ok := w.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			_, _ = io.CopyN(io.Discard, w.conn, readRoom)
		}
	}
	_ = w.conn.Close()
	return over
}
