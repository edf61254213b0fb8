// Package carry copies a whole connection to another one, both ways, and passes on how each direction ended. It knows no protocol.
// Through runs on its caller's goroutine and one more.
package carry

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// crossing is a connection that is carried between two nodes: copies both ways, and nothing of a protocol.
type crossing struct {
	a, b  net.Conn
	quiet time.Duration // after the first direction ended, how long nothing may flow in the other
	ended atomic.Bool
}

// Through copies both ways until both directions have ended; ctx ends it early. An end of one side is passed on as an end,
// a loss as a loss. A peer that keeps its side open after the other has ended is cut off when it is quiet for too long.
// Plain TCP pairs are spliced by the kernel: io.Copy sees to that.
func Through(ctx context.Context, a, b net.Conn, quiet time.Duration) {
	c := &crossing{a: a, b: b, quiet: quiet}
	stop := context.AfterFunc(ctx, c.cut)
	defer stop()
	var other sync.WaitGroup
	other.Go(func() { c.half(a, b) })
	c.half(b, a)
	other.Wait()
	_ = a.Close()
	_ = b.Close()
}

// half copies one direction and passes its end on.
func (c *crossing) half(dst, src net.Conn) {
	for {
		n, err := io.Copy(dst, src)
		switch {
		case err == nil && truncated(src):
			c.cut()
			return
		case err == nil:
			c.end(dst)
			return
		case n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) || src.SetReadDeadline(time.Now().Add(c.quiet)) != nil:
			c.cut()
			return
		}
	}
}

// truncated reports that the end of a connection came without the goodbye of TLS, so that it is a loss (internal/leg, Secured).
func truncated(conn net.Conn) bool {
	t, ok := conn.(interface{ Truncated() bool })
	return ok && t.Truncated()
}

// end passes the end of one direction on; the first one bounds the other.
func (c *crossing) end(dst net.Conn) {
	if h, ok := dst.(interface{ CloseWrite() error }); !ok || h.CloseWrite() != nil {
		c.cut()
		return
	}
	if c.ended.CompareAndSwap(false, true) && dst.SetReadDeadline(time.Now().Add(c.quiet)) != nil {
		c.cut()
	}
}

// cut lets both peers see a loss.
func (c *crossing) cut() {
	reset(c.a)
	reset(c.b)
}

// reset closes a connection so that its peer sees a loss.
func reset(c net.Conn) {
	conn := c
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = conn.Close()
}
