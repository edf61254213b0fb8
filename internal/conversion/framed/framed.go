// Package framed owns the two ends of a framing session that a conversion needs: Call is the client of a net.tcp service for one
// message and its answer, Serve the service of a net.tcp client, message by message. Open is Call's beginning, for a session of another end.
//
// It does not own records (bindings/framing), what is in an envelope (bridge/convert), nor where a service is: Call and Open are given a
// dialer, Serve a connection, which it does not close. Upgrades are refused: what is inside them could not be converted. One goroutine runs a session; ctx ends it.
//
// Sources: [MC-NMF]; WCF wire reference sections 1, 7.6 and 16.3.
package framed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// writeTime bounds one write to a peer that takes nothing, preambleTime the wait for a preamble (WCF wire reference section 1.6).
const (
	writeTime    = time.Minute
	preambleTime = 30 * time.Second
	endTime      = 10 * time.Second // for the peer's End behind ours, where it is the only answer
	closeTime    = time.Second      // the same behind an answer, which waits for it
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
}

// fetched is what a read gave.
type fetched struct {
	n   int
	err error
}

func newWire(ctx context.Context, conn net.Conn, most int) (w *wire, stop func() bool) {
	w = &wire{conn: conn, buf: make([]byte, 4096), most: most}
	w.d.Limits.Envelope = most
	return w, context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
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
// string table. Without an answer to wait for it returns nil when the service has ended the session, or has had time to.
func Call(ctx context.Context, dial Dialer, via string, envelope []byte, oneWay bool, most int) ([]byte, error) {
	conn, err := Open(ctx, dial, via)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	w, stop := newWire(ctx, conn, most)
	defer stop()
	answer, err := w.call(ctx, envelope, oneWay)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return answer, err
}

func (w *wire) call(ctx context.Context, envelope []byte, oneWay bool) ([]byte, error) {
	out := framing.AppendSized(make([]byte, 0, len(envelope)+8), envelope)
	if oneWay {
		if err := w.write(ctx, append(out, byte(framing.End))); err != nil {
			return nil, err
		}
		_ = w.conn.SetReadDeadline(time.Now().Add(endTime))
		m, err := w.read()
		if _, ok := errors.AsType[*FaultError](err); ok {
			return nil, err
		}
		return m.body, nil // a peer that only closes has taken it
	}
	if err := w.write(ctx, out); err != nil {
		return nil, err
	}
	m, err := w.read()
	switch {
	case errors.Is(err, io.EOF), err == nil && m.end:
		return nil, errors.New("the service ended the session without an answer")
	case err != nil:
		return nil, err
	}
	if w.write(ctx, []byte{byte(framing.End)}) == nil {
		w.leave()
	}
	return m.body, nil
}

// leave ends a connection in order: both directions, one behind the other, so that a service's End does not come back as a reset.
func (w *wire) leave() {
	_ = w.conn.SetReadDeadline(time.Now().Add(closeTime))
	half, ok := w.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_, _ = w.next() // no more than its End will come
		return
	}
	_, _ = io.CopyN(io.Discard, w.conn, int64(len(w.buf)))
}
