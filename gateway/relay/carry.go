package relay

import (
	"context"
	"io"
	"net"
	"sync"
)

// through copies both ways until both directions have ended; ctx ends it early. An end of one side is passed on as an end,
// a loss as a loss. TCP pairs are spliced by the kernel: io.Copy sees to that.
func through(ctx context.Context, a, b net.Conn) {
	stop := context.AfterFunc(ctx, func() { reset(a); reset(b) })
	defer stop()
	var other sync.WaitGroup
	other.Go(func() { half(a, b) })
	half(b, a)
	other.Wait()
	_ = a.Close()
	_ = b.Close()
}

// half copies one direction and passes its end on.
func half(dst, src net.Conn) {
	if _, err := io.Copy(dst, src); err != nil {
		reset(src)
		reset(dst)
		return
	}
	if c, ok := dst.(interface{ CloseWrite() error }); !ok || c.CloseWrite() != nil {
		reset(dst)
	}
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
