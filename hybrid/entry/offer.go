package entry

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/casts"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/line"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Offer implements shape.Offerer: a connection that stands by gets it, or an accept message tells the listener.
func (c *control) Offer(ctx context.Context, o *shape.Offer) error {
	if err := c.stands(ctx); err != nil {
		return err
	}
	one, ready := c.waiters.Give(o)
	if one == nil {
		return c.tell(o)
	}
	if ready {
		c.ask(one.Conn, o)
	}
	return nil
}

// tell writes an accept message to the listener.
func (c *control) tell(o *shape.Offer) error { return c.tellBy((*line.Line).Tell, o) }

// tellAlone is tell for an offer that goes to many listeners: there are others to be told, and nobody speaks along to this one.
func (c *control) tellAlone(o *shape.Offer) error { return c.tellBy((*line.Line).TellAlone, o) }

// way is how something is told.
type way func(l *line.Line, text, body []byte, deadline time.Time) (int, error)

func (c *control) tellBy(how way, o *shape.Offer) error {
	buf := bodies.GetParcel()
	defer bodies.PutParcel(buf)
	message := c.acceptMessage(o)
	var err error
	if *buf, err = message.Append(*buf); err != nil {
		return badMessage(err)
	}
	return c.sendBy(how, *buf, nil, o.Deadline)
}

// stands waits until the channel has its 101.
func (c *control) stands(ctx context.Context) error {
	up, err := c.line.Stands(ctx)
	if err == nil && !up {
		err = fail.New(fail.ListenerLost, "")
	}
	return err
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
		Fields: keyed(o.Hello.Fields), Remote: o.Hello.Remote,
	}
}

// keyed adds the key of a WebSocket to the fields of a sender that has none, such as one of a TCP door: the SDKs for Node end their process
// without it (reference section 6.1). The version is not added: by it our connectors tell WebSockets from bytes.
func keyed(fields shape.Fields) shape.Fields {
	const name = "Sec-WebSocket-Key"
	if fields.Has(name) {
		return fields
	}
	return append(slices.Clip(fields), shape.Field{Name: name, Value: casts.Key})
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

// hostOf cuts the port off an authority that is known to be good, and the brackets of an IPv6 address.
func hostOf(authority string) string {
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		authority = authority[:i]
	}
	return strings.Trim(authority, "[]")
}

// send writes a text message and, unless it is nil, the binary one that it announces: one unit (reference section 6.2). The deadline may be zero:
// controlWrite bounds it anyway. A unit that has not left whole ends the channel.
func (c *control) send(text, body []byte, deadline time.Time) error {
	return c.sendBy((*line.Line).Tell, text, body, deadline)
}

func (c *control) sendBy(how way, text, body []byte, deadline time.Time) error {
	if latest := time.Now().Add(controlWrite); deadline.IsZero() || deadline.After(latest) {
		deadline = latest
	}
	n, err := how(&c.line, text, body, deadline)
	if err == nil {
		return nil
	}
	_ = c.line.Close()
	err = fail.Wrap(fail.ListenerLost, "tell the listener", err)
	if n == 0 {
		err = &shape.Untaken{Err: err}
	}
	return err
}
