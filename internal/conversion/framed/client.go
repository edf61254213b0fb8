package framed

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// What a Client does with connections, in numbers. WCF's own clients keep one for 2 minutes, for 5 in all, and 10 of them (WCF wire
// reference section 1.4); their services wait 2 minutes for the next session.
const (
	maxIdle    = 10
	idleTime   = 30 * time.Second       // shorter than any service's own: the one that gives up first knows of it
	leaseTime  = 5 * time.Minute        // from the dial: behind a balancer the services of today get their share
	maxEnding  = 64                     // sessions that end behind their answers; what is more is closed without a wait for the service's End
	endingTime = 2 * time.Second        // for the end of one
	calmTime   = 5 * time.Millisecond   // behind a slow close in the place of an End: Mono's service loses a third of what comes within 1 ms of it
	giveWay    = 300 * time.Millisecond // for a call to wait for the end of another's session: six times what Mono's service takes
)

// Client is who makes the calls of one service. Each is a session of its own, whose answer is given as soon as it is there: the session ends
// behind it. A connection whose session both ends have ended in order is kept for the next one of the same Via, as WCF's clients do: a
// session begins with a preamble, and nothing of one before it is left on the connection ([MC-NMF] 3.1). One that turns out to be of no more
// use before the service has acknowledged that preamble is thrown away for a fresh one, since the message has not been sent by then; behind
// that nothing is sent twice.
//
// A call for which no connection is kept waits for a session that is just ending, if there is one for it: one call for each, no longer than
// 300 ms. It gets that connection; and a service that loses sessions which come while it closes one, as Mono's does (docs/clients.md), gets
// them one by one, with a moment between them.
//
// Its methods may be called from any goroutine. Both fields are needed.
type Client struct {
	// Go runs what goes on behind an answer. Whoever gave it waits for that when no call can come any more, behind Close: it takes two
	// seconds at most, and no longer than Life.
	Go   func(f func())
	Life context.Context //nolint:containedctx // ends what goes on behind answers, which no caller waits for

	mu      sync.Mutex
	closed  bool
	ending  int     // sessions that end behind their answers
	waiting []*turn // calls that wait for the end of one, the first first
	idle    []*wire // kept, the one that was used last at the end
}

// turn is a call that waits for the end of a session.
type turn struct {
	via string
	got chan *wire // of capacity 1: a connection that is good for it, or nil: it is to dial
}

// Call sends one message to the service, in a session of its own, and gives the answer, as soon as that is there. message is of a session's
// encoding, with its string table. Without an answer to wait for it returns when the service has ended the session, or has had time to.
// dial makes a connection where none is kept (Open): its error is given as it is, and means that nothing was sent. via and dial may differ
// from call to call, as long as dial leads to the same service. most bounds an answer, in bytes.
func (c *Client) Call(ctx context.Context, dial Dialer, via string, envelope []byte, oneWay bool, most int) ([]byte, error) {
	return (&Ahead{c: c, via: via}).Call(ctx, dial, envelope, oneWay, most)
}

// begin begins a session, on a kept connection if one is good. One that has said the preamble already is greeted.
func (c *Client) begin(ctx context.Context, dial Dialer, via string, most int, greeted *wire) (*wire, error) {
	w := greeted
	if w == nil {
		w = c.take(ctx, via)
	}
	if w != nil {
		w.most, w.d.Limits.Envelope = most, most
		if w.open(ctx, via, w == greeted, ackTimes[0]) == nil {
			return w, nil
		}
		_ = w.conn.Close()
		c.drop(false) // what became of this one has become of the others too, most likely
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	w, err := begin(ctx, dial, via, most, readRoom)
	if err != nil {
		return nil, err
	}
	w.via, w.born = via, time.Now()
	return w, nil
}

// take gives a kept connection, of this call alone from then on; nil: there is none. It waits for the end of a session that is for it.
func (c *Client) take(ctx context.Context, via string) *wire {
	w, found := c.find(via)
	if !found {
		return c.wait(ctx, via)
	}
	return w
}

// find is take without a wait. Without one that is kept the list stays locked, and found is false.
func (c *Client) find(via string) (w *wire, found bool) {
	for {
		c.mu.Lock()
		at := len(c.idle) - 1
		for at >= 0 && c.idle[at].via != via {
			at--
		}
		if at < 0 {
			return nil, false
		}
		w := c.idle[at]
		c.idle = slices.Delete(c.idle, at, at+1)
		c.mu.Unlock()
		if w.wake() {
			return w, true
		}
		_ = w.conn.Close()
	}
}

// wait is for a call that found nothing. The caller has locked, and wait unlocks.
func (c *Client) wait(ctx context.Context, via string) *wire {
	if c.ending <= len(c.waiting) { // each that ends is waited for already
		c.mu.Unlock()
		return nil
	}
	t := &turn{via, make(chan *wire, 1)}
	c.waiting = append(c.waiting, t)
	c.mu.Unlock()
	timer := time.NewTimer(giveWay)
	defer timer.Stop()
	select {
	case w := <-t.got:
		return w
	case <-timer.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	at := slices.Index(c.waiting, t)
	if at >= 0 {
		c.waiting = slices.Delete(c.waiting, at, at+1)
	}
	c.mu.Unlock()
	if at < 0 {
		return <-t.got // it was given meanwhile
	}
	return nil
}

// behind is what is left to be done of a session whose answer is there.
func (c *Client) behind(w *wire, at stage) {
	switch {
	case at == over:
	case c.enter():
		c.Go(func() {
			if at == answered {
				began := time.Now()
				_ = w.conn.SetDeadline(began.Add(endingTime))
				w.bind(c.Life)
				at = w.end()
				w.free()
				if at == over {
					c.calm(time.Since(began) / 10)
				}
			}
			c.rest(w, at == ended)
		})
	default:
		_ = w.conn.SetDeadline(time.Now().Add(endingTime))
		if at == answered {
			_, _ = w.conn.Write([]byte{byte(framing.End)})
		}
		_ = w.conn.Close()
	}
}

// calm is a pause behind a connection that the service has closed, which the next call waits for too: who was slow to close is not done yet.
func (c *Client) calm(pause time.Duration) {
	if pause < calmTime/10 {
		return
	}
	timer := time.NewTimer(min(pause, calmTime))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.Life.Done():
	}
}

// enter counts a session that ends behind its answer; false: there are too many.
func (c *Client) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending >= maxEnding {
		return false
	}
	c.ending++
	return true
}

// rest has a connection whose session is over wait for the next call, if it is good; one that is not is closed already.
func (c *Client) rest(w *wire, good bool) {
	if good {
		w.kept = make(chan bool, 1)
		_ = w.conn.SetDeadline(time.Time{})
		_ = w.conn.SetReadDeadline(time.Now().Add(idleTime))
	}
	if !c.place(w, good) {
		return
	}
	n, err := w.conn.Read(w.buf[:1]) // what comes is no session's: the service closes, or breaks the protocol
	if c.forget(w) {
		_ = w.conn.Close()
		return
	}
	w.kept <- n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// place gives a connection to the call that waits for the end of its session, or keeps it. kept: it waits to be taken.
func (c *Client) place(w *wire, good bool) (kept bool) {
	var out *wire // is closed
	defer func() {
		if out != nil {
			_ = out.conn.Close()
		}
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending--
	var next *turn
	if len(c.waiting) > 0 {
		next = c.waiting[0]
		c.waiting = slices.Delete(c.waiting, 0, 1)
	}
	switch {
	case !good:
	case c.closed, time.Since(w.born) >= leaseTime:
		out = w
	case next != nil && next.via == w.via:
		next.got <- w
		return false
	default:
		kept = true
		c.idle = append(c.idle, w)
		if len(c.idle) > maxIdle {
			out = c.idle[0]
			c.idle = slices.Delete(c.idle, 0, 1)
		}
	}
	if next != nil {
		next.got <- nil
	}
	return kept
}

// forget takes a kept connection off the list; false: somebody has.
func (c *Client) forget(w *wire) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.Index(c.idle, w)
	if at >= 0 {
		c.idle = slices.Delete(c.idle, at, at+1)
	}
	return at >= 0
}

// wake ends the wait of a kept connection that was taken off the list. It reports whether it is as it was left.
func (w *wire) wake() bool {
	_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	return <-w.kept && w.conn.SetReadDeadline(time.Time{}) == nil
}

// Close gives up the connections that are kept, and keeps no more. Calls, and what goes on behind their answers, come to their end.
func (c *Client) Close() { c.drop(true) }

// drop closes what is kept.
func (c *Client) drop(forGood bool) {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, c.closed || forGood
	c.mu.Unlock()
	for _, w := range idle {
		_ = w.conn.Close()
	}
}
