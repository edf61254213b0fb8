package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// netTCP is the scheme of WCF's addresses over TCP, in targets and in the Vias of clients.
const netTCP = "net.tcp"

// service is the address of a WCF service that a target names: net.tcp with a path. nil for every other target; one of net.tcp
// without a path is a place for bytes, and clients' Vias go there as they come.
func (t *target) service() *url.URL {
	u, err := url.Parse(t.text)
	if err != nil || !strings.EqualFold(u.Scheme, netTCP) || strings.Trim(u.Path, "/") == "" {
		return nil
	}
	return u
}

// named has what the sender sends name the service's own address, where the target does: WCF's listeners find the endpoint by
// the Via. The rest passes as it is, an upgrade and all behind it too, and a next session on the same connection likewise.
func (r *route) named(sender far) net.Conn {
	at := r.target.service()
	if at == nil {
		return sender
	}
	relay := strings.Trim(r.c.Listen, "/")
	return &renamed{far: sender, vias: framing.Rewriter{To: func(via string) string { return moveVia(via, relay, at) }}}
}

// moveVia gives the service's address in the place of the relay's: what the Via has behind the relay's name stays behind it,
// its query too. A Via of another form goes on as it is.
func moveVia(via, relay string, at *url.URL) string {
	u, err := url.Parse(via)
	if err != nil || !strings.EqualFold(u.Scheme, netTCP) {
		return via
	}
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	prefix := strings.TrimPrefix((&url.URL{Path: "/" + relay}).EscapedPath(), "/")
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) || len(path) > len(prefix) && path[len(prefix)] != '/' {
		return via
	}
	moved := netTCP + "://" + at.Host + strings.TrimSuffix(at.EscapedPath(), "/") + path[len(prefix):]
	if u.RawQuery != "" {
		moved += "?" + u.RawQuery
	}
	return moved
}

// renamed is a sender whose Vias are others. One goroutine reads it.
type renamed struct {
	far
	vias framing.Rewriter
	out  []byte // to be given
	room []byte // what out is a part of
	err  error
}

// Read implements net.Conn.
func (c *renamed) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		n, err := c.far.Read(p)
		out, breach := c.vias.Append(c.room[:0], p[:n])
		if breach != nil {
			err = breach // the service could only say the same
		} else if errors.Is(err, io.EOF) {
			out = append(out, c.vias.Rest()...)
		}
		c.room, c.out, c.err = out[:0], out, err
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// probeTime bounds the question whether a service is there, probeEvery is how often it is asked.
const (
	probeTime  = 5 * time.Second
	probeEvery = time.Minute
)

// probe asks a WCF service again and again whether it is there, and tells when that changes.
func (l *listening) probe(ctx context.Context) {
	down := false
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			timer.Reset(probeEvery)
		case <-ctx.Done():
			return
		}
		r := l.plain()
		if r == nil || r.target.service() == nil {
			continue
		}
		err := ProbeNetTCP(ctx, r.target.text)
		if ctx.Err() != nil || (err != nil) == down {
			continue
		}
		e := Event{Kind: TargetUp, Entity: l.entity}
		if down = err != nil; down {
			e.Kind = TargetDown
			e.missed(r.target, err)
			if e.Reason == TargetFailed {
				e.Text, e.Do = err.Error(), "start the service at this address, path and all, or mend the target"
			}
		}
		l.b.tell(&e)
	}
}

// ProbeNetTCP asks a WCF service at a net.tcp address whether it is there, by a preamble: one that acknowledges is, and so is one
// that only wants another encoding or security. It opens a session and ends it; no message is sent. An error says what is wrong.
func ProbeNetTCP(ctx context.Context, address string) error {
	t, err := parseTarget(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, errNoTime)
	defer cancel()
	conn, err := t.dial(ctx)
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
			_, _ = conn.Write([]byte{byte(framing.End)})
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
