package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// acceptPause is how long the loop waits after an Accept that failed for want of something (file descriptors).
const acceptPause = 50 * time.Millisecond

// accept takes arrivals until the listener closes.
func (l *Link) accept(ctx context.Context) {
	for ctx.Err() == nil {
		c, err := l.p.Listener.Accept()
		switch {
		case err == nil:
			l.arrive(ctx, nowait.Wrap(c))
		case errors.Is(err, net.ErrClosed):
			return
		default:
			l.refused(fmt.Errorf("accept: %w", err))
			pause(ctx, acceptPause)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// arrive starts the handshake of one arrival, or closes it when the house is full.
func (l *Link) arrive(ctx context.Context, c net.Conn) {
	l.mu.Lock()
	closed, full := l.closed, len(l.pending) >= maxPending
	if !closed && !full {
		l.pending[c] = struct{}{}
		l.wg.Go(func() { l.handshake(ctx, c) })
	}
	l.mu.Unlock()
	if closed || full {
		c.Close()
	}
	if full {
		l.refused(fmt.Errorf("carried connection of %s: %d handshakes are open", c.RemoteAddr(), maxPending))
	}
}

// handshake reads the preface and gives the connection on, to a goroutine that is not the Link's any more.
func (l *Link) handshake(ctx context.Context, raw net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, l.p.Timeout)
	defer cancel()
	release := bound(ctx, raw)
	c, p, err := l.receive(ctx, raw)
	var f func(net.Conn, shape.Preface)
	if err == nil {
		f, err = l.server(ctx)
	}
	if !release() {
		err = context.Cause(ctx) // the read or write that it broke says less
	}
	l.mu.Lock()
	delete(l.pending, raw)
	l.mu.Unlock()
	if err != nil {
		raw.Close()
		l.refused(fmt.Errorf("carried connection of %s: %w", raw.RemoteAddr(), err))
		return
	}
	go f(&Conn{Conn: c, replay: p.Replay}, p)
}

// receive reads length, text and replay, each bounded before it is allocated.
func (l *Link) receive(ctx context.Context, raw net.Conn) (net.Conn, shape.Preface, error) {
	c, err := l.wrap(ctx, raw, false)
	if err != nil {
		return nil, shape.Preface{}, err
	}
	p, err := readPreface(c)
	if err != nil {
		return nil, p, err
	}
	if l.p.Door != nil && !l.p.Door(p.Door) {
		return nil, p, fmt.Errorf("%w: door %q is not served here", ErrPreface, p.Door)
	}
	return c, p, nil
}

func readPreface(r io.Reader) (p shape.Preface, err error) {
	var length [lengthBytes]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return p, fmt.Errorf("read preface: %w", err)
	}
	size, err := decodeLength(length[:])
	if err != nil {
		return p, err
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return p, fmt.Errorf("read preface: %w", err)
	}
	p, replay, err := decodeText(text)
	if err != nil || replay == 0 {
		return p, err
	}
	p.Replay = make([]byte, replay)
	if _, err := io.ReadFull(r, p.Replay); err != nil {
		return p, fmt.Errorf("read replay: %w", err)
	}
	return p, nil
}

// server waits for Serve: the first arrivals of a node that starts may come before it.
func (l *Link) server(ctx context.Context) (func(net.Conn, shape.Preface), error) {
	select {
	case f := <-l.serve:
		l.serve <- f
		return f, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *Link) refused(err error) {
	if l.p.Refused != nil {
		l.p.Refused(err)
	}
}
