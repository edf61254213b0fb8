package flow

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Wired is optional on a Leg: bare TCP. Two wired legs are spliced by the kernel while they are busy: a third of the CPU
// of a copy (performance.md, point 1).
type Wired interface {
	// Wire gives the connection; nil when the leg's bytes are not the connection's own (TLS). It is asked from both
	// directions. Behind a Read that has returned, and before the next, the leg holds nothing of its own back.
	Wire() *net.TCPConn
}

const (
	// busyBatches of at least busyBytes in a row turn splicing on; a goroutine that waits in splice holds a pipe, so an
	// idle stream waits in Read instead (point 2).
	busyBatches = 2
	busyBytes   = 2000
	spliceWait  = 50 * time.Millisecond // without data until the stream counts as idle again
	spliceMost  = 8 << 20               // per call: how late a tap or a count may be
)

// wires are the two connections of a direction, when both legs have one.
func wires(from, to shape.Leg) (src, dst *net.TCPConn) {
	a, ok := from.(Wired)
	if !ok {
		return nil, nil
	}
	b, ok := to.(Wired)
	if !ok {
		return nil, nil
	}
	return a.Wire(), b.Wire()
}

// splice lets the kernel move the bytes until the direction is idle, a tap wants to see them, or it ends. It returns the
// end, or nil when the pump is to go on by itself.
func (p *pair) splice(dir uint8, src, dst *net.TCPConn) *shape.End {
	for p.live.tap.Load() == nil {
		now := time.Now()
		if err := errors.Join(src.SetReadDeadline(now.Add(spliceWait)), dst.SetWriteDeadline(now.Add(spliceWrite))); err != nil {
			return &shape.End{Why: fail.Aborted, Cause: err}
		}
		n, err := dst.ReadFrom(&io.LimitedReader{R: src, N: spliceMost})
		p.live.moved(dir, n)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Since(now) >= spliceWrite:
			return &shape.End{Why: fail.WriteTimeout, Cause: err}
		case errors.Is(err, os.ErrDeadlineExceeded) && n > 0, err == nil && n == spliceMost:
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
			return p.idle(src) // quiet, or the end of the direction: Read finds it again
		default:
			return &shape.End{Why: fail.Aborted, Cause: err}
		}
	}
	return p.idle(src)
}

// spliceWrite bounds how long the far side may take nothing, as a leg's own write is bounded.
const spliceWrite = time.Minute

func (p *pair) idle(src *net.TCPConn) *shape.End {
	if err := src.SetReadDeadline(time.Time{}); err != nil {
		return &shape.End{Why: fail.Aborted, Cause: err}
	}
	return nil
}
