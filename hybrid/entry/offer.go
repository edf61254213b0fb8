package entry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// messages are buffers for accept messages; most need less than a kilobyte.
var messages = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// maxKept is the longest buffer that goes back into the pool.
const maxKept = 16 << 10

// Offer implements shape.Offerer: it writes an accept message to the listener.
func (c *control) Offer(ctx context.Context, o *shape.Offer) error {
	select {
	case <-c.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.conn == nil {
		return fail.New(fail.ListenerLost, "")
	}
	buf := messages.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer func() {
		if cap(*buf) <= maxKept {
			messages.Put(buf)
		}
	}()
	message := c.acceptMessage(o)
	b, err := message.Append((*buf)[:0])
	*buf = b[:0]
	if err != nil {
		return badMessage(err)
	}
	if err := c.send(b, o.Deadline); err != nil {
		_ = c.conn.Close() // half a message may be out: the channel is of no more use
		return fail.Wrap(fail.ListenerLost, "offer", err)
	}
	return nil
}

// badMessage says why a sender's head cannot be told to a listener.
func badMessage(err error) error {
	code := fail.BadRequest
	if errors.Is(err, wire.ErrTooLarge) {
		code = fail.HeadTooLarge
	}
	if w, ok := errors.AsType[*wire.Error](err); ok {
		return fail.New(code, w.Text)
	}
	return fail.Wrap(code, "offer", err)
}

// acceptMessage is the accept message of an offer.
func (c *control) acceptMessage(o *shape.Offer) wire.Accept {
	path, query, _ := strings.Cut(o.Hello.Target, "?")
	plain, authority := c.address(o.Dial)
	return wire.Accept{
		At: wire.Rendezvous{
			Plain: plain, Authority: authority, Path: path, Query: query, Action: wire.ActionAccept, Ticket: o.Ticket,
		},
		Fields: o.Hello.Fields, Remote: o.Hello.Remote,
	}
}

// address is where the listener dials: for a ticket of its own node the authority that it dialled itself, else that of
// the ticket's node; a node that advertises no host has the listener's (contracts section 1).
func (c *control) address(dial map[string]string) (plain bool, authority string) {
	if dial == nil {
		return c.plain, c.hello.Host
	}
	doors := [...]string{"https", "http"}
	if c.plain {
		doors = [...]string{"http", "https"}
	}
	for _, door := range doors {
		at, ok := dial[door]
		if !ok {
			continue
		}
		if host, port, err := net.SplitHostPort(at); err == nil && host == "" {
			at = net.JoinHostPort(hostOf(c.hello.Host), port)
		}
		return door == "http", at
	}
	return c.plain, c.hello.Host
}

// hostOf cuts the port off an authority, and the brackets of an IPv6 address.
func hostOf(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.Trim(authority, "[]")
}

// send writes one text message in frames of the write buffer's size, which is below every listener's limit.
func (c *control) send(b []byte, deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if latest := time.Now().Add(controlWrite); deadline.After(latest) {
		deadline = latest
	}
	if err := c.conn.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("write deadline: %w", err)
	}
	w, err := c.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	for len(b) > 0 { // gorilla makes one frame of a long write, whatever its buffer
		n, err := w.Write(b[:min(len(b), controlBuffer)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return w.Close()
}
