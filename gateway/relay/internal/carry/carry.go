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

	"github.com/causeway-relay/causeway/internal/netend"
)

// crossing is a connection that is carried between two nodes: copies both ways, and nothing of a protocol.
type crossing struct {
	a, b  net.Conn
	quiet time.Duration // after the first direction ended, how long nothing may flow in the other
	ended atomic.Bool   // the end of one direction is on its way
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
		case err == nil && c.lost(src):
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

// lost reports that the end of a connection is none: it came without the goodbye of TLS (internal/leg, Secured), or the other half's
// write was told of a reset. Where this side was ended too, TCP cannot tell.
func (c *crossing) lost(src net.Conn) bool {
	if t, ok := src.(interface{ Truncated() bool }); ok && t.Truncated() {
		return true
	}
	return netend.Reset(src) && !c.ended.Load() // in this order: the other half may end meanwhile
}

// end passes the end of one direction on; the first one bounds the other.
func (c *crossing) end(dst net.Conn) {
	first := c.ended.CompareAndSwap(false, true)
	if h, ok := dst.(interface{ CloseWrite() error }); !ok || h.CloseWrite() != nil {
		c.cut()
		return
	}
	if first && dst.SetReadDeadline(time.Now().Add(c.quiet)) != nil {
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
