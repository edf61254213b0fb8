package standby_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/standby"
	"github.com/causeway-relay/causeway/internal/netx"
)

// TestWaiters: the newest first, as many as were granted, and none behind the end. Whoever is ready is told by who gives.
func TestWaiters(t *testing.T) {
	w := standby.Waiters{Most: 2}
	one, two, three := new(standby.Waiter), new(standby.Waiter), new(standby.Waiter)
	if !w.Add(one) || !w.Add(two) || w.Add(three) {
		t.Error("not two")
	}
	if o, over := w.Ready(one); o != nil || over {
		t.Error("ready before any offer:", o, over)
	}
	first, second := new(shape.Offer), new(shape.Offer)
	if got, ready := w.Give(first); got != two || ready {
		t.Error("the newest did not get it, or counts as ready")
	}
	if o, over := w.Ready(two); o != first || over {
		t.Error("the offer that came before it was ready:", o, over)
	}
	if !w.Add(three) || w.Drop(three) != nil || w.Drop(three) != nil || w.Drop(two) != first {
		t.Error("drop")
	}
	if got, ready := w.Give(second); got != one || !ready || w.Drop(one) != second {
		t.Error("the other did not get it")
	}
	if got, _ := w.Give(second); got != nil {
		t.Error("an offer for nobody")
	}
}

// TestEnd: the end of the channel ends the read of who is ready, tells who becomes ready, and nobody is given an offer or let in behind it.
func TestEnd(t *testing.T) {
	w := standby.Waiters{Most: 3}
	var conns [3]net.Conn
	var waiters [3]standby.Waiter
	for i := range waiters {
		peer, ours := netx.Loopback(t)
		if err := peer.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		conns[i], waiters[i].Conn = ours, ours
		if !w.Add(&waiters[i]) {
			t.Fatal("no room")
		}
	}
	ready, late, given := &waiters[0], &waiters[1], &waiters[2]
	w.Ready(ready)
	w.Ready(given)
	if got, _ := w.Give(new(shape.Offer)); got != given {
		t.Fatal("another was given the offer")
	}
	read := make(chan error, 1)
	go func() { _, err := conns[0].Read(make([]byte, 1)); read <- err }()
	w.End()
	w.End()
	select {
	case err := <-read:
		if !errors.Is(err, os.ErrDeadlineExceeded) || w.Drop(ready) != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the read goes on")
	}
	if o, over := w.Ready(late); o != nil || !over {
		t.Error("who becomes ready behind the end is not told")
	}
	if err := conns[2].SetReadDeadline(time.Time{}); err != nil || w.Drop(given) == nil {
		t.Error("the end took an offer away:", err)
	}
	if got, _ := w.Give(new(shape.Offer)); got != nil || w.Add(new(standby.Waiter)) {
		t.Error("it goes on behind the end")
	}
}

// TestTable: the latest channel of a listener is found, and the end of an earlier one changes nothing.
func TestTable(t *testing.T) {
	var table standby.Table[*int]
	key := standby.Key{ID: "a"}
	one, two := new(int), new(int)
	if table.Find(key) != nil {
		t.Error("found in an empty table")
	}
	table.Enter(key, one)
	table.Enter(key, two)
	table.Leave(key, one)
	if table.Find(key) != two || table.Find(standby.Key{ID: "b"}) != nil {
		t.Error("another channel")
	}
	table.Leave(key, two)
	if table.Find(key) != nil {
		t.Error("found behind Leave")
	}
}

// FuzzReadAnswer: one line is read, within its bound, and what is behind it is kept.
func FuzzReadAnswer(f *testing.F) {
	f.Add("200\nbytes", 3)
	f.Add("451 No way\n", 100)
	f.Add(strings.Repeat("2", 3000), 7)
	f.Add("", 1)
	f.Fuzz(func(t *testing.T, s string, size int) {
		near, far := netx.Pipe()
		defer near.Close()
		go func() {
			for rest := s; rest != ""; {
				n := min(max(size, 1), len(rest))
				if _, err := io.WriteString(far, rest[:n]); err != nil {
					break
				}
				rest = rest[n:]
			}
			_ = far.Close()
		}()
		begun := make([]byte, min(len(s), max(size, 0), 1024)) // what was read before
		if _, err := io.ReadFull(near, begun); err != nil {
			t.Fatal(err)
		}
		line, rest, err := standby.ReadAnswer(near, begun)
		want, _, whole := strings.Cut(s, "\n")
		if whole = whole && len(want) < 1024; whole != (err == nil) {
			t.Fatalf("%q: %v", s, err)
		}
		if whole && (line != want+"\n" || !strings.HasPrefix(s, line+string(rest))) {
			t.Errorf("%q gave %q and %q", s, line, rest)
		}
	})
}
