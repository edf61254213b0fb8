package exchange

import (
	"context"
	"sync"
)

// Debts count, by listener, the exchanges whose response's head is still owed. The zero value has none.
type Debts struct {
	mu    sync.Mutex
	owed  map[uint64]int
	quiet map[uint64]chan struct{} // closed when the listener owes nothing any more
}

// Owe notes that the listener of a channel was given a request.
func (d *Debts) Owe(channel uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owed == nil {
		d.owed = make(map[uint64]int)
	}
	d.owed[channel]++
}

// Paid notes that it has answered, or never will.
func (d *Debts) Paid(channel uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owed[channel]--; d.owed[channel] > 0 {
		return
	}
	delete(d.owed, channel)
	if quiet, ok := d.quiet[channel]; ok {
		close(quiet)
		delete(d.quiet, channel)
	}
}

// Settled waits until the listener owes nothing, or ctx ends. One goroutine waits for a listener.
func (d *Debts) Settled(ctx context.Context, channel uint64) {
	quiet := d.wait(channel)
	if quiet == nil {
		return
	}
	select {
	case <-quiet:
	case <-ctx.Done():
	}
}

func (d *Debts) wait(channel uint64) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owed[channel] == 0 {
		return nil
	}
	if d.quiet == nil {
		d.quiet = make(map[uint64]chan struct{})
	}
	quiet := make(chan struct{})
	d.quiet[channel] = quiet
	return quiet
}
