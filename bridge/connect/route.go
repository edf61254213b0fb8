package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/web"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/internal/leg"
)

const (
	// writeTime bounds one write to a peer that takes nothing. The gateway's own bound (timeouts.write) is shorter by default, so
	// that it, and not a connector, is what an operator sets.
	writeTime = 10 * time.Minute
	// quietTime is the same for a stream of which one direction has ended; the gateway's bound is timeouts.idle.
	quietTime = 24 * time.Hour

	// streamField is a header field of a forwarding connector's handshake: what it sends is bytes. A listening connector in front of a
	// web server leads it there as bytes, and not as a WebSocket (docs/connectors.md).
	streamField, streamBytes = "Causeway-Stream", "bytes"
)

// route is a connector in force. Connections hang on its context.
type route struct {
	c      Connector
	b      *Bridge
	target *address.Target        // of a listening connector
	server *web.Server            // of a target of http
	calls  *framed.Client         // of a target of net.tcp to which messages are converted; nil: none are
	conv   *conversion.Conversion // between senders and target; nil: bytes pass
	casts  *conversion.Conversion // the same for messages of one-way and event relays
	dials  []hybrid.DialOption    // of a forwarding one
	life   context.Context
	cut    context.CancelCauseFunc
}

func newRoute(b *Bridge, c Connector) (*route, error) {
	r := &route{c: c, b: b}
	var conv *convert.Converter
	if c.Listen != "" {
		var err error
		if r.target, err = address.Parse(c.Target); err != nil {
			return nil, err
		}
		var flaw *Flaw
		if conv, flaw = c.converter(); flaw != nil {
			return nil, flaw
		}
		if r.target.Web != nil {
			if r.server, err = r.newServer(); err != nil {
				return nil, err
			}
		}
	} else {
		options, err := b.options(&c)
		if err != nil {
			return nil, err
		}
		for _, o := range options {
			r.dials = append(r.dials, o)
		}
		if c.PortName == "" { // a preamble goes in messages
			r.dials = append(r.dials, hybrid.WithBytes(), hybrid.WithHeader(http.Header{streamField: {streamBytes}}))
		}
	}
	r.life, r.cut = context.WithCancelCause(b.life)
	if conv != nil {
		r.conv, r.casts = r.conversion(conv), r.casting(conv)
	}
	return r, nil
}

// retire gives the route's connections time to end.
func (r *route) retire(grace time.Duration) {
	if r.server != nil {
		r.server.Close()
	}
	if r.calls != nil {
		r.calls.Close()
	}
	if grace > 0 {
		time.AfterFunc(grace, func() { r.cut(errStopped) }) // wakes whoever is left; the bridge waits for them
	}
}

// keep gives the routes in force: those of fresh, but what is the same as before stays as it is. Those that fell out retire.
func keep(before, fresh []*route, grace time.Duration) []*route {
	now := slices.Clone(fresh)
	for _, old := range before {
		at := slices.IndexFunc(now, old.same)
		if at < 0 {
			old.retire(grace)
			continue
		}
		now[at].cut(nil)
		now[at] = old
	}
	return now
}

// missed fills in why a target was not reached.
func (e *Event) missed(t *address.Target, err error) {
	var timeout net.Error
	switch {
	case nobodyThere(err):
		e.Reason, e.Text, e.Do = TargetRefused, "nothing listens at the target "+t.Text, "start the service there, or mend the target"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		e.Reason, e.Text = TargetTimeout, fmt.Sprintf("the target %s did not answer within %v", t.Text, address.DialTime)
		e.Do = "look whether the service hangs, or a firewall drops what goes to it"
	case noFiles(err):
		e.Reason, e.Text, e.Do = TargetFailed, "no file descriptor is left", "raise the limit of open files (ulimit -n)"
	default:
		e.Reason, e.Text, e.Do = TargetFailed, "the target "+t.Text+": "+err.Error(), "mend the target's address"
	}
}

// far is a connection through the relay as the carrier of a leg of bytes.
type far struct{ *hybrid.Conn }

// NetConn is what a leg closes for a loss: the peer is to see one, and not an end.
func (f far) NetConn() net.Conn { return severed(f) }

// severed is a far connection whose Close is a loss.
type severed struct{ *hybrid.Conn }

// Close implements net.Conn.
func (s severed) Close() error {
	s.Abort()
	return nil
}

// join pumps a stream until it is over, tells of it, and gives what it told. read is what was read of the sender already.
func (r *route) join(e *Event, sender, target net.Conn, read []byte, near string, nearFrom uint8) *Event {
	return r.pump(e, leg.NewTCP(sender, read, writeTime), leg.NewTCP(target, nil, writeTime), near, nearFrom)
}

// joinBehind is join for a target of which something was read already.
func (r *route) joinBehind(e *Event, sender, target net.Conn, read []byte, near string, nearFrom uint8) {
	r.pump(e, leg.NewTCP(sender, nil, writeTime), leg.NewTCP(target, read, writeTime), near, nearFrom)
}

func (r *route) pump(e *Event, sender, target shape.Leg, near string, nearFrom uint8) *Event {
	opened := *e
	opened.Kind = Opened
	r.b.tell(&opened)
	began := time.Now()
	var live flow.Live
	report := flow.Join(r.life, sender, target, flow.Limits{Quiet: quietTime}, &live)
	closed := *e
	closed.Kind, closed.Time, closed.Duration = Closed, time.Time{}, time.Since(began)
	closed.ended(&report, near, nearFrom, e.tracking)
	r.b.tell(&closed)
	return &closed
}

// reset closes a connection so that its peer sees a loss.
func reset(conn net.Conn) {
	if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = conn.Close()
}

// same reports whether two routes lead to the same place in the same way.
func (r *route) same(o *route) bool { return reflect.DeepEqual(r.c, o.c) }
