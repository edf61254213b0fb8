package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
)

// conn is a connection to the server.
type conn struct {
	net.Conn

	in    *bufio.Reader
	since time.Time    // it is kept
	watch *leg.Watcher // while it is kept
}

// rest begins to wait for the next exchange: whatever comes meanwhile ends the connection.
func (c *conn) rest() {
	c.watch = leg.Watch(c.Conn, false, func(error) { _ = c.Close() })
}

// wake ends the wait. It reports whether the connection is good.
func (c *conn) wake() bool {
	_, err := c.watch.Stop()
	heard := c.watch.Heard()
	c.watch = nil
	return err == nil && !heard && time.Since(c.since) <= idleTime
}

// drop gives up a connection that is kept or was woken.
func (c *conn) drop() {
	_ = c.Close()
	if c.watch != nil {
		_, _ = c.watch.Stop()
	}
}

// buffers are those of uploads.
var buffers = sync.Pool{New: func() any { return new([writeBytes]byte) }}

// send writes a request with a body.
func (c *conn) send(head *http1.Head, f http1.Framing, body shape.Body) error {
	buf := buffers.Get().(*[writeBytes]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	var w http1.BodyWriter
	w.Reset(c.Conn, f, http1.AppendRequest(buf[:0], head))
	_, err := w.Copy(body)
	if _, broken := errors.AsType[*http1.SourceError](err); broken {
		_ = c.Close() // half a request is none
	}
	return err
}

// answer reads the head of an answer.
func (c *conn) answer() (*http1.Head, error) {
	if _, err := c.in.Peek(1); err != nil {
		if errors.Is(err, io.EOF) || isReset(err) {
			err = fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		return nil, err
	}
	return http1.ReadResponse(c.in, http1.Limits{})
}

// isReset reports whether the connection itself ended, rather than the wait for it.
func isReset(err error) bool {
	var timeout net.Error
	return !(errors.As(err, &timeout) && timeout.Timeout()) && !errors.Is(err, context.Canceled)
}
