package either

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// conn knows whether it was closed.
type conn struct {
	net.Conn
	closed bool
}

func (c *conn) Close() error {
	c.closed = true
	return nil
}

// way is how an authority answers a dial.
type way struct {
	after time.Duration // below zero: never
	err   error
}

var errRefused, errOther = errors.New("refused"), errors.New("other")

// net2 is a network of two authorities.
type net2 struct {
	mu     sync.Mutex
	ways   map[string]way
	dialed []string
	conns  []*conn
}

func (n *net2) open(ctx context.Context, authority string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, authority)
	w := n.ways[authority]
	n.mu.Unlock()
	after := w.after
	if after < 0 {
		after = time.Hour
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		if w.err != errOther {
			return nil, context.Cause(ctx)
		}
		<-timer.C // does not hear of it: opens all the same
		return n.made(), nil
	}
	if w.err != nil {
		return nil, w.err
	}
	return n.made(), nil
}

func (n *net2) made() net.Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := &conn{}
	n.conns = append(n.conns, c)
	return c
}

// TestDial: who is tried, when, and who wins.
func TestDial(t *testing.T) {
	for _, row := range []struct {
		name     string
		far, own way
		want     string // authority, or the error
		took     time.Duration
		dialed   string
		again    string // what the next Dial dials first
	}{
		{"the node opens", way{after: 900 * time.Millisecond}, way{}, "far", 900 * time.Millisecond, "far", "far"},
		{"it refuses", way{err: errRefused}, way{}, "own", 0, "far own", "own"},
		{"it is dropped", way{after: -1}, way{after: 100 * time.Millisecond}, "own", 1100 * time.Millisecond, "far own", "own"},
		{"it is slow and wins", way{after: 1050 * time.Millisecond}, way{after: 100 * time.Millisecond}, "far", 1050 * time.Millisecond, "far own", "far"},
		{"both refuse", way{err: errRefused}, way{err: errors.New("no")}, "refused", 0, "far own", "far"},
		{"both refuse, the node last", way{after: 2 * time.Second, err: errRefused}, way{err: errors.New("no")}, "refused", 2 * time.Second, "far own", "far"},
		{"nobody answers", way{after: -1}, way{after: -1}, "context deadline exceeded", 10 * time.Second, "far own", "far"},
		{"both open", way{after: 1200 * time.Millisecond, err: errOther}, way{after: 100 * time.Millisecond}, "own", 1200 * time.Millisecond, "far own", "own"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &net2{ways: map[string]way{"far": row.far, "own": row.own}}
				w := &Ways{Open: n.open}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				began := time.Now()
				c, authority, err := w.Dial(ctx, "far", "own")
				got := authority
				if err != nil {
					got = err.Error()
				}
				if took := time.Since(began); got != row.want || took != row.took || strings.Join(n.dialed, " ") != row.dialed || (c == nil) != (err != nil) {
					t.Errorf("%s after %v by %v", got, took, n.dialed)
				}
				for _, made := range n.conns {
					if made.closed == (made == c) {
						t.Error("not exactly the connection that was given is open")
					}
				}
				n.ways, n.dialed = nil, nil
				_, _, _ = w.Dial(t.Context(), "far", "own")
				if n.dialed[0] != row.again {
					t.Errorf("then %s is dialled first", n.dialed[0])
				}
			})
		})
	}
}

// TestMemory: a way that did not open is asked last for a time, still asked when it is the only one, and not remembered for ever.
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &net2{ways: map[string]way{"far": {err: errRefused}}}
		w := &Ways{Open: n.open}
		dial := func(first, second string) string {
			n.dialed = nil
			_, _, _ = w.Dial(t.Context(), first, second)
			return strings.Join(n.dialed, " ")
		}
		if got := dial("OWN", "own"); got != "OWN" {
			t.Errorf("the same authority: %s", got)
		}
		dial("far", "own")
		n.ways["far"], n.ways["own"] = way{}, way{err: errRefused}
		if got := dial("far", "own"); got != "own far" {
			t.Errorf("remembered, and the other is down: %s", got)
		}
		n.ways = nil
		<-time.After(Memory) // the bubble's clock
		if got := dial("far", "own"); got != "far" {
			t.Errorf("after its time: %s", got)
		}
		for i := range 10 * most {
			w.remember(strings.Repeat("x", i))
		}
		if len(w.shut) > most {
			t.Errorf("%d are remembered", len(w.shut))
		}
	})
}
