package framed

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// Dialer makes a connection to a service.
type Dialer func(ctx context.Context) (net.Conn, error)

// ackTimes bound the wait for the acknowledgement of a preamble, one connection after another. Mono's service loses a connection that
// arrives while it closes the one before, for good (docs/clients.md): it accepts it, and then says nothing. Nothing of a message has
// been sent by then, so that the same is asked on a fresh one, which it takes. The last has the time that is left, since a service may be slow.
var ackTimes = []time.Duration{time.Second, 4 * time.Second, 0}

// Open begins a session at a service: the mode is duplex, the encoding a session's. It gives a connection on which the service has
// acknowledged, with nothing of what stands behind that read. A service that says nothing is asked on another connection, twice at most.
// An error of dial is given as it is. ctx bounds all, and nothing of what is given; the caller closes the connection.
func Open(ctx context.Context, dial Dialer, via string) (net.Conn, error) {
	w, err := begin(ctx, dial, via, 0, 1) // not a byte more than the acknowledgement
	if err != nil {
		return nil, err
	}
	w.free()
	if ctx.Err() != nil {
		_ = w.conn.Close()
		return nil, context.Cause(ctx)
	}
	return w.conn, nil
}

// begin is Open, and gives what a session goes on with: ctx is bound to it.
func begin(ctx context.Context, dial Dialer, via string, most, room int) (*wire, error) {
	for try := 0; ; try++ {
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		w := newWire(conn, most, room)
		if err = w.open(ctx, via, false, ackTimes[try]); err == nil {
			return w, nil
		}
		_ = conn.Close()
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case !errors.Is(err, os.ErrDeadlineExceeded) || try == len(ackTimes)-1:
			return nil, err
		}
	}
}

// open begins a session on the connection: it says the preamble, unless that was said already, and waits for its acknowledgement, for most
// as long as limit, 0: as ctx allows. ctx is bound to the connection from then on, unless there is an error.
func (w *wire) open(ctx context.Context, via string, said bool, limit time.Duration) (err error) {
	w.bind(ctx)
	if !said {
		err = w.write(ctx, w.hello(via))
	}
	if err == nil {
		err = w.acknowledged(ctx, limit)
	}
	if err != nil {
		w.free()
	}
	return err
}

// hello is the preamble of a session that begins.
func (w *wire) hello(via string) []byte {
	w.d = framing.Decoder{Limits: w.d.Limits}
	hello := framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}
	return hello.Append(nil)
}

// acknowledged waits for what the service says to it.
func (w *wire) acknowledged(ctx context.Context, limit time.Duration) error {
	if limit > 0 {
		_ = w.conn.SetReadDeadline(time.Now().Add(limit))
		if ctx.Err() != nil { // what its end did may have been undone by that
			return ctx.Err()
		}
	}
	ev, err := w.next()
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the service closed the connection instead of taking the session: it may want transport security, which cannot be given here; use security mode None at this endpoint")
	case isNot(err):
		return errStranger
	case err != nil:
		return err
	case ev.Kind == framing.FaultRecord:
		f, _ := framing.ParseFault(ev.Data)
		return &FaultError{f}
	case ev.Kind != framing.PreambleAck:
		return errStranger
	}
	_ = w.conn.SetReadDeadline(time.Time{})
	return ctx.Err() // whose end may have been undone by that
}

// errStranger is a peer of another protocol.
var errStranger = errors.New("what answers there does not speak net.tcp")

// isNot reports whether an error says that no record came where one had to.
func isNot(err error) bool {
	_, is := errors.AsType[*framing.Error](err)
	return is
}
