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

// Waiter is one connection that waits. Make one with NewWaiter.
type Waiter struct {
	Offers chan *shape.Offer // gets the one offer
	Over   chan struct{}     // closed when the control channel has gone and no offer will come
}

// NewWaiter makes a waiter.
func NewWaiter() *Waiter {
	return &Waiter{Offers: make(chan *shape.Offer, 1), Over: make(chan struct{})}
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

// Give hands the offer to a connection that waits. It reports false when there is none.
func (w *Waiters) Give(o *shape.Offer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.list)
	if n == 0 {
		return false
	}
	w.list[n-1].Offers <- o // it has room for the only one
	w.list = w.list[:n-1]
	return true
}

// Drop takes a connection out. It reports false when it was given an offer, or told that it is over, before.
func (w *Waiters) Drop(one *Waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.list, one)
	if i < 0 {
		return false
	}
	w.list = slices.Delete(w.list, i, i+1)
	return true
}

// End lets nobody wait any more.
func (w *Waiters) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for _, one := range w.list {
		close(one.Over)
	}
	w.list = nil
}

// ReadAnswer reads an agent's answer line, and what came behind it; then it takes the connection's deadlines away.
func ReadAnswer(conn net.Conn) (line string, rest []byte, err error) {
	buf := make([]byte, 0, wire.MaxAnswer)
	for {
		n, err := conn.Read(buf[len(buf):cap(buf)])
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
