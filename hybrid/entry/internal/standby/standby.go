// Package standby owns who waits: the connections that listeners hold ready at a node, by listener, and the line by which one answers.
//
// It does not own the handshake, the right to stand by, or what becomes of an offer (hybrid/entry). Its methods may be called from any
// goroutine, and never wait; ReadAnswer reads from its connection.
//
// Source: docs/agent.md (standby connections).
package standby

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Key names a listener: its id at its address.
type Key struct {
	At entity.Address
	ID string
}

// Table finds the control channels whose listeners were granted standby connections.
type Table[C comparable] struct {
	mu   sync.Mutex
	here map[Key]C
}

// Enter lets connections find a channel; a later one of the same listener takes its place.
func (t *Table[C]) Enter(k Key, channel C) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.here == nil {
		t.here = map[Key]C{}
	}
	t.here[k] = channel
}

// Leave takes a channel out, if it is still the listener's.
func (t *Table[C]) Leave(k Key, channel C) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.here[k] == channel {
		delete(t.here, k)
	}
}

// Find gives the listener's channel, the zero value if there is none.
func (t *Table[C]) Find(k Key) C {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.here[k]
}

// Waiter is one connection that waits.
type Waiter struct {
	Conn net.Conn

	// Guarded by the mutex of its Waiters.
	offer *shape.Offer // the one that it got
	ready bool         // it can be told of an offer, or that there will be none
	over  bool         // the control channel went before
}

// Waiters are the connections of one control channel. The newest is used first: it is the likeliest to be alive.
type Waiters struct {
	Most int // that were granted; set before the first Add

	mu   sync.Mutex
	list []*Waiter
	over bool
}

// Add lets a connection wait. It reports false when as many do as may, or the channel has gone.
func (w *Waiters) Add(one *Waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || len(w.list) >= w.Most {
		return false
	}
	w.list = append(w.list, one)
	return true
}

// Give hands the offer to a connection that waits; nil: there is none. Whoever gives tells its peer, if it is ready; else the connection's
// owner does, who learns of the offer from Ready.
func (w *Waiters) Give(o *shape.Offer) (one *Waiter, ready bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.list)
	if n == 0 {
		return nil, false
	}
	one = w.list[n-1]
	w.list[n-1] = nil
	w.list = w.list[:n-1]
	one.offer = o
	return one, one.ready
}

// Ready says that the connection can be told of an offer. It gives the one that it got before, or that it is over.
func (w *Waiters) Ready(one *Waiter) (o *shape.Offer, over bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.ready = true
	return one.offer, one.over
}

// Drop lets a connection wait no longer. It gives the offer that it got; nil: none, and it will get none.
func (w *Waiters) Drop(one *Waiter) *shape.Offer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.list, one); i >= 0 {
		w.list = slices.Delete(w.list, i, i+1)
	}
	return one.offer
}

// End lets nobody wait any more: it ends the reads of connections that are ready, and the owners of others learn it from Ready.
func (w *Waiters) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for _, one := range w.list {
		if one.over = true; one.ready {
			_ = one.Conn.SetReadDeadline(longAgo) // one that is closed has ended already
		}
	}
	w.list = nil
}

// longAgo makes a read return at once.
var longAgo = time.Unix(1, 0)

// ReadAnswer reads an agent's answer line, and what came behind it; then it takes the connection's deadlines away. begun is what was read
// of it already, at most wire.MaxAnswer bytes.
func ReadAnswer(conn net.Conn, begun []byte) (line string, rest []byte, err error) {
	buf := append(make([]byte, 0, wire.MaxAnswer), begun...)
	for first := len(begun) > 0; ; first = false {
		n, err := 0, error(nil)
		if !first {
			n, err = conn.Read(buf[len(buf):cap(buf)])
		}
		buf = buf[:len(buf)+n]
		if i := bytes.IndexByte(buf, '\n'); i >= 0 {
			return string(buf[:i+1]), bytes.Clone(buf[i+1:]), conn.SetDeadline(time.Time{})
		}
		switch {
		case len(buf) == cap(buf):
			return "", nil, errors.New("the answer line is too long")
		case err != nil:
			return "", nil, fmt.Errorf("read the answer line: %w", err)
		}
	}
}
