package standby_test

import (
	"io"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/standby"
	"github.com/causeway-relay/causeway/internal/netx"
)

// TestWaiters: the newest first, as many as were granted, and none behind the end.
func TestWaiters(t *testing.T) {
	w := standby.Waiters{Most: 2}
	one, two, three := standby.NewWaiter(), standby.NewWaiter(), standby.NewWaiter()
	if !w.Add(one) || !w.Add(two) || w.Add(three) {
		t.Error("not two")
	}
	first, second := &shape.Offer{}, &shape.Offer{}
	if !w.Give(first) || <-two.Offers != first || w.Drop(two) {
		t.Error("the newest did not get it")
	}
	if !w.Add(three) || !w.Drop(three) || w.Drop(three) {
		t.Error("drop")
	}
	if !w.Give(second) || <-one.Offers != second || w.Give(second) {
		t.Error("the other did not get it")
	}
	if !w.Add(one) {
		t.Error("no room")
	}
	w.End()
	<-one.Over
	if w.Add(two) || w.Give(first) || w.Drop(one) {
		t.Error("it goes on behind the end")
	}
	w.End()
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
		line, rest, err := standby.ReadAnswer(near)
		want, _, whole := strings.Cut(s, "\n")
		if whole = whole && len(want) < 1024; whole != (err == nil) {
			t.Fatalf("%q: %v", s, err)
		}
		if whole && (line != want+"\n" || !strings.HasPrefix(s, line+string(rest))) {
			t.Errorf("%q gave %q and %q", s, line, rest)
		}
	})
}
