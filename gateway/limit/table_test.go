package limit

import (
	"net/netip"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestTableIsBounded floods a small table and looks at its size and at who is remembered.
func TestTableIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	tb := newTable(100)
	busy := tb.key(netip.MustParseAddr("192.0.2.1"), entity.Address{})
	for i := range 10_000 {
		if i%20 == 0 {
			tb.add(busy, now, time.Hour, 1e9)
		}
		tb.add(tb.key(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), entity.Address{}), now, time.Hour, 1e9)
		if n := tb.size(); n > 100 {
			t.Fatalf("%d marks after %d sources", n, i+1)
		}
	}
	if got := tb.level(busy, now, time.Hour); got != 500 {
		t.Errorf("the mark that was touched all the time is at %v, want 500", got)
	}
	first := tb.key(netip.AddrFrom4([4]byte{10, 1, 0, 0}), entity.Address{})
	if got := tb.level(first, now, time.Hour); got != 0 {
		t.Errorf("the first of 10,000 is still at %v", got)
	}
}

// TestSmallestTable: a table for one mark, or none, still works.
func TestSmallestTable(t *testing.T) {
	for _, marks := range []int{-1, 0, 1, 2, 3} {
		tb := newTable(marks)
		for i := range 10 {
			if got := tb.add(uint64(i), time.Unix(0, 0), time.Second, 5); got != 1 {
				t.Errorf("a new mark in a table for %d is at %v", marks, got)
			}
		}
		if n := tb.size(); n > max(2, marks) {
			t.Errorf("%d marks in a table for %d", n, marks)
		}
	}
}
