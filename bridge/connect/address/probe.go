package address

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// Bounds of the question whether a service is there: of all of it; of what one connection may take, before another one is asked, since Mono's
// service loses some (docs/clients.md); and of the service's end behind its answer.
const (
	probeTime = 5 * time.Second
	askTime   = time.Second
	endTime   = time.Second
)

// Probe asks a WCF service at a net.tcp address whether it is there, by a preamble: one that acknowledges is, and so is one
// that only wants another encoding or security. It opens a session and ends it, in order; no message is sent. An error says what is wrong.
func Probe(ctx context.Context, address string) error {
	t, err := Parse(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, ErrNoTime)
	defer cancel()
	first, over := context.WithTimeoutCause(ctx, askTime, ErrNoTime)
	err = ask(first, t, address)
	again := err != nil && first.Err() != nil && ctx.Err() == nil
	over()
	if again {
		err = ask(ctx, t, address)
	}
	return err
}

// ask is Probe on one connection.
func ask(ctx context.Context, t *Target, address string) error {
	conn, err := t.Dial(ctx)
	if err != nil {
		return fmt.Errorf("probe %s: %w", address, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	hello := framing.Preamble{Mode: framing.Duplex, Via: address, Encoding: framing.BinarySession}
	if _, err := conn.Write(hello.Append(nil)); err != nil {
		return fmt.Errorf("probe %s: %w", address, err)
	}
	return answer(conn, address)
}

// answer reads what the service says to a preamble.
func answer(conn net.Conn, address string) error {
	var d framing.Decoder
	var buf [64]byte
	for {
		n, err := conn.Read(buf[:])
		ev, _, short := d.Next(buf[:n])
		switch {
		case short == nil && ev.Kind == framing.PreambleAck:
			end(conn)
			return nil
		case short == nil && ev.Kind == framing.FaultRecord:
			return unavailable(ev.Data, address)
		case !errors.Is(short, framing.ErrShort) || short == nil:
			return fmt.Errorf("probe %s: what answers there does not speak net.tcp", address)
		case errors.Is(err, io.EOF) && d.Finish() == nil:
			return nil // a service that asks for security ends a session in the clear without a word
		case err != nil:
			return fmt.Errorf("probe %s: %w", address, err)
		}
	}
}

// end ends a session: our End, and then the service's, or the end of the connection. One that was left before that would be closed while the
// first sender's comes.
func end(conn net.Conn) {
	if _, err := conn.Write([]byte{byte(framing.End)}); err != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(endTime))
	_, _ = conn.Read(make([]byte, 1))
}

// unavailable is what a fault says about the endpoint; nil: it is there, and only the probe is not to its liking.
func unavailable(uri []byte, address string) error {
	f, _ := framing.ParseFault(uri)
	switch f {
	case framing.EndpointNotFound, framing.EndpointUnavailable, framing.EndpointPaused, framing.ServiceActivationFailed, framing.ServerTooBusy,
		framing.ConnectionDispatchFailed:
		return fmt.Errorf("probe %s: the service says %s", address, f)
	}
	return nil
}
