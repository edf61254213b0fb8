package connect

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect/address"
)

// named has what the sender sends name the service's own address, where the target does: WCF's listeners find the endpoint by
// the Via. The rest passes as it is, an upgrade and all behind it too, and a next session on the same connection likewise.
func (r *route) named(sender far) net.Conn {
	at := r.target.Service()
	if at == nil {
		return sender
	}
	relay := strings.Trim(r.c.Listen, "/")
	return &renamed{far: sender, in: newRenamer(sender, func(via string) string { return moveVia(via, relay, at) })}
}

// moveVia gives the service's address in the place of the relay's: what the Via has behind the relay's name stays behind it,
// its query too. A Via of another form goes on as it is.
func moveVia(via, relay string, at *url.URL) string {
	u, err := url.Parse(via)
	if err != nil || !strings.EqualFold(u.Scheme, address.NetTCP) {
		return via
	}
	path := strings.TrimPrefix(u.EscapedPath(), "/")
	prefix := strings.TrimPrefix((&url.URL{Path: "/" + relay}).EscapedPath(), "/")
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) || len(path) > len(prefix) && path[len(prefix)] != '/' {
		return via
	}
	moved := address.NetTCP + "://" + at.Host + strings.TrimSuffix(at.EscapedPath(), "/") + path[len(prefix):]
	if u.RawQuery != "" {
		moved += "?" + u.RawQuery
	}
	return moved
}

// renamed is a sender whose Vias are others. One goroutine reads it.
type renamed struct {
	far
	in *renamer
}

// Read implements net.Conn.
func (c *renamed) Read(p []byte) (int, error) { return c.in.Read(p) }

// renamer reads what a sender sends, with other Vias in it. One goroutine uses it.
type renamer struct {
	from io.Reader
	vias framing.Rewriter
	out  []byte // to be given
	room []byte // what out is a part of
	err  error  // the end of what comes, behind out
}

func newRenamer(from io.Reader, to func(via string) string) *renamer {
	return &renamer{from: from, vias: framing.Rewriter{To: to}}
}

// Read implements io.Reader. What it gives may be more than came with one read, and comes in parts then. An end or a loss comes again
// at each call. A deadline that passed does not: a busy leg sets short ones, and reads on when nothing has come by then.
func (r *renamer) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := r.from.Read(p)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err // nothing is lost: what is held back waits for its rest
		}
		out, breach := r.vias.Append(r.room[:0], p[:n])
		switch {
		case breach != nil:
			err = breach // the service could only say the same
		case errors.Is(err, io.EOF):
			out = append(out, r.vias.Rest()...)
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = nil // the next read says it again, if it still is so
		}
		r.room, r.out, r.err = out[:0], out, err
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// probeEvery is how often a WCF service is asked whether it is there.
const probeEvery = time.Minute

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
		if r == nil || r.target.Service() == nil {
			continue
		}
		err := ProbeNetTCP(ctx, r.target.Text)
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
func ProbeNetTCP(ctx context.Context, at string) error { return address.Probe(ctx, at) }
