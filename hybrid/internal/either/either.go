// Package either opens one of two ways to a gateway: the node that an address names, or the node that the listener knows already.
//
// It owns which of them is tried when, and what is remembered of it. A firewall may let a listener reach the one port that it was
// given; a rendezvous that comes to a node which is not the sender's is carried to it (contracts section 1), so that port is enough.
// Package hybrid calls it, from any goroutine.
package either

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// HeadStart is how long the first way has for itself. Who drops packets gives no answer to wait for.
	HeadStart = time.Second
	// Memory is how long a first way that did not open is asked last.
	Memory = 5 * time.Minute
	// most is how many ways are remembered; one more forgets all of them.
	most = 64
)

// Ways opens connections. Open is set before the first Dial; it closes what it has begun when its context ends.
type Ways struct {
	Open func(ctx context.Context, authority string) (net.Conn, error)

	mu   sync.Mutex
	shut map[string]time.Time // until when a way is asked last
}

// opened is what came of one way.
type opened struct {
	conn      net.Conn
	authority string
	err       error
}

// Dial opens first, or second where first gives an error or nothing within HeadStart. It says which it was. The error is that of
// first, since that is where the connection belongs.
func (w *Ways) Dial(ctx context.Context, first, second string) (net.Conn, string, error) {
	if strings.EqualFold(first, second) {
		conn, err := w.Open(ctx, first)
		return conn, first, err
	}
	order := [2]string{first, second}
	if w.isShut(first) {
		order = [2]string{second, first}
	}
	won := w.race(ctx, order, first)
	if won.err == nil && won.authority == second && order[0] == first {
		w.remember(first)
	}
	return won.conn, won.authority, won.err
}

// race opens the two in order and gives the one that opens first, else the error of told, or the only one. Both have ended when it
// returns.
func (w *Ways) race(ctx context.Context, order [2]string, told string) opened {
	ctx, cancel := context.WithCancel(ctx)
	results := make(chan opened, len(order))
	open := func(authority string) {
		conn, err := w.Open(ctx, authority)
		results <- opened{conn, authority, err}
	}
	go open(order[0])
	timer := time.NewTimer(HeadStart)
	defer timer.Stop()
	var won opened
	for running, next := 1, order[1]; running > 0; {
		var start bool
		select {
		case <-timer.C:
			start = true
		case r := <-results:
			running--
			switch {
			case r.err == nil && won.conn == nil:
				won = r
				cancel()
			case r.err == nil:
				r.conn.Close() // too late
			case won.conn == nil && (won.err == nil || r.authority == told):
				won = r
			}
			start = ctx.Err() == nil
		}
		if start && next != "" && won.conn == nil {
			running++
			go open(next)
			next = ""
		}
	}
	cancel()
	return won
}

func (w *Ways) isShut(authority string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Before(w.shut[authority])
}

func (w *Ways) remember(authority string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shut == nil || len(w.shut) >= most {
		w.shut = make(map[string]time.Time)
	}
	w.shut[authority] = time.Now().Add(Memory)
}
