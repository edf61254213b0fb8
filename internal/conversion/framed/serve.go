package framed

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// Handler answers one message of a session. answer is nil where nothing is to be said. An error ends the session.
type Handler func(ctx context.Context, envelope []byte) (answer []byte, err error)

// Opener begins a session: it is given the address that the client names and the content type of its messages, and gives the
// session's handler, or an error that a fault is made of.
type Opener func(via, contentType string) (Handler, error)

// Serve is a service on a connection, whose sessions follow one another until the client ends it. Messages of a session are answered
// one at a time in their order, which is what a session promises of one-way messages. An error tells why it did not end in order.
func Serve(ctx context.Context, conn net.Conn, most int, open Opener) error {
	w := newWire(conn, most, readRoom)
	w.bind(ctx)
	defer w.free()
	defer w.settle()
	for {
		more, err := w.session(ctx, open)
		if err != nil {
			if fault := framing.FaultOf(err); fault != "" {
				w.fault(ctx, fault)
			}
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return err
		}
		if !more {
			return nil
		}
		w.d = framing.Decoder{Limits: w.d.Limits}
	}
}

// fault says what is wrong, and reads what the client still sends: closing with bytes unread would lose the fault (section 1.5).
func (w *wire) fault(ctx context.Context, f framing.Fault) {
	if w.write(ctx, framing.AppendFault(nil, f)) != nil {
		return
	}
	if half, ok := w.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = w.conn.SetReadDeadline(time.Now().Add(time.Second))
	if w.ahead != nil {
		if _, err := w.fetch(); err != nil {
			return
		}
	}
	_, _ = io.CopyN(io.Discard, w.conn, 64<<10)
}

// errLeft says that the client ended its connection while a message of it was being answered.
var errLeft = fail.New(fail.SenderGone, "The sender left before its answer.")

// answer has a message answered, and looks meanwhile whether the client is still there: nobody else would. What it sends on its own is
// kept. A client that has left ends the handler's context.
func (w *wire) answer(ctx context.Context, handle Handler, envelope []byte) ([]byte, error) {
	ctx, gone := context.WithCancelCause(ctx)
	defer gone(nil)
	if len(w.left) == 0 && w.ahead == nil {
		ahead := make(chan fetched, 1)
		w.ahead = ahead
		go func() { // settle waits for it, or the next read
			n, err := w.conn.Read(w.buf)
			if n == 0 && err != nil {
				gone(errLeft)
			}
			ahead <- fetched{n, err}
		}()
	}
	return handle(ctx, envelope)
}

// settle ends a read that nobody waits for any more.
func (w *wire) settle() {
	if w.ahead != nil {
		_ = w.conn.SetReadDeadline(time.Unix(1, 0))
		_, _ = w.fetch()
	}
}

// session is one session. more is false when there was none any more.
func (w *wire) session(ctx context.Context, open Opener) (more bool, err error) {
	p, err := w.preamble()
	if p == nil || err != nil {
		return false, err
	}
	handle, err := open(p.Via, p.MediaType())
	if err != nil {
		return false, err
	}
	if err := w.write(ctx, []byte{byte(framing.PreambleAck)}); err != nil {
		return false, err
	}
	for {
		m, err := w.read()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil // Mono's clients leave so
			}
			return false, err
		}
		if m.end {
			return true, w.write(ctx, []byte{byte(framing.End)})
		}
		answer, err := w.answer(ctx, handle, m.body)
		if err != nil {
			return false, err
		}
		if answer == nil {
			continue
		}
		if err := w.write(ctx, reply(p.Mode, answer)); err != nil {
			return false, err
		}
	}
}

// reply is the record of an answer, in the mode of the session.
func reply(mode framing.Mode, answer []byte) []byte {
	if mode == framing.SingletonUnsized {
		return append(framing.AppendChunk([]byte{byte(framing.UnsizedEnvelope)}, answer), 0)
	}
	return framing.AppendSized(make([]byte, 0, len(answer)+8), answer)
}

// preamble reads what a client says first; nil: it has gone.
func (w *wire) preamble() (*framing.Preamble, error) {
	_ = w.conn.SetReadDeadline(time.Now().Add(preambleTime))
	p := &framing.Preamble{}
	for first := true; ; first = false {
		ev, err := w.next()
		if err != nil {
			if first && errors.Is(err, io.EOF) {
				return nil, nil //nolint:nilnil // nobody is what there is
			}
			return nil, err
		}
		switch ev.Kind {
		case framing.Version:
			if ev.Data[0] != 1 {
				return nil, &framing.Error{Fault: framing.UnsupportedVersion, Text: "another version"}
			}
		case framing.ModeRecord:
			if p.Mode = framing.Mode(ev.Data[0]); p.Mode != framing.Duplex && p.Mode != framing.SingletonUnsized {
				return nil, &framing.Error{Fault: framing.UnsupportedMode, Text: "a mode without answers"}
			}
		case framing.Via:
			p.Via = string(ev.Data)
		case framing.KnownEncoding:
			p.Encoding = framing.Encoding(ev.Data[0])
		case framing.ExtensibleEncoding:
			p.ContentType = string(ev.Data)
		case framing.UpgradeRequest:
			return nil, &framing.Error{Fault: framing.UpgradeInvalid, Text: "transport security cannot be converted"}
		case framing.PreambleEnd:
			if p.Mode == 0 || p.Via == "" {
				return nil, &framing.Error{Text: "a preamble without its parts"}
			}
			_ = w.conn.SetReadDeadline(time.Time{})
			return p, nil
		default:
			return nil, &framing.Error{Text: "a record in the wrong place"}
		}
	}
}
