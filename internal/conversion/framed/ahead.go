package framed

import (
	"context"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// Ahead is a call whose message is not made yet: where a connection is kept, its session has begun, and the service acknowledges that
// meanwhile. Either Call or Leave ends it, once.
type Ahead struct {
	c   *Client
	via string
	w   *wire // has said the preamble; nil: nothing was said
}

// Ahead begins the next session for via on a connection that is kept, if there is one. It dials nothing, and waits for a
// second at most, where a connection does not take as much as a preamble. A message that is not made in the end costs the service a
// session in which nothing is said.
func (c *Client) Ahead(via string) *Ahead {
	a := &Ahead{c: c, via: via}
	w, found := c.find(via)
	if !found {
		c.mu.Unlock()
		return a
	}
	_ = w.conn.SetWriteDeadline(time.Now().Add(ackTimes[0]))
	if _, err := w.conn.Write(w.hello(via)); err != nil {
		_ = w.conn.Close()
		return a
	}
	a.w = w
	return a
}

// Call is Client.Call of that session.
func (a *Ahead) Call(ctx context.Context, dial Dialer, envelope []byte, oneWay bool, most int) ([]byte, error) {
	w, err := a.c.begin(ctx, dial, a.via, most, a.w)
	if err != nil {
		return nil, err
	}
	answer, at, err := w.call(ctx, envelope, oneWay)
	if err == nil {
		a.c.behind(w, at)
	}
	return answer, err
}

// Leave ends a session to which nothing was said, behind the caller, and keeps its connection.
func (a *Ahead) Leave() {
	switch {
	case a.w == nil:
	case a.c.enter():
		a.c.Go(func() {
			_ = a.w.conn.SetDeadline(time.Now().Add(endingTime))
			a.w.bind(a.c.Life)
			at := over
			if ev, err := a.w.next(); err == nil && ev.Kind == framing.PreambleAck {
				at = a.w.end()
			} else {
				_ = a.w.conn.Close()
			}
			a.w.free()
			a.c.rest(a.w, at == ended)
		})
	default:
		_ = a.w.conn.Close()
	}
}
