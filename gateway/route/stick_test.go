package route_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/route"
)

// stuck is the order that a source's senders ask in.
func stuck(tab *route.Table, source, room int) []string {
	q := route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream, Spread: true}
	q.Stick = route.StickTo(netip.AddrFrom4([4]byte{10, 0, byte(source >> 8), byte(source)}))
	found, _ := tab.Find(make([]route.Candidate, 0, room), &q)
	return ids(found)
}

// TestStick: the same source asks in the same order, sources are spread evenly, and a listener that leaves moves only its own.
func TestStick(t *testing.T) {
	const listeners, sources = 5, 1000
	tab := table()
	all := map[string]*route.Listener{}
	index := map[string]int{}
	for i := range listeners {
		l := listener(i+1, "a")
		all[l.ID], index[l.ID] = l, i
		tab.Add(l, at("a"), time.Time{}, listeners)
	}
	first := make([]string, sources)
	counts := make([]int, listeners)
	for s := range sources {
		order := stuck(tab, s, route.MaxCandidates)
		if again := stuck(tab, s, route.MaxCandidates); fmt.Sprint(again) != fmt.Sprint(order) || len(order) != listeners {
			t.Fatalf("source %d asks %v, then %v", s, order, again)
		}
		for room := 1; room < listeners; room++ {
			if few := stuck(tab, s, room); fmt.Sprint(few) != fmt.Sprint(order[:room]) {
				t.Fatalf("source %d with room for %d asks %v of %v", s, room, few, order)
			}
		}
		first[s] = order[0]
		counts[index[order[0]]]++
	}
	if chi := chiSquare(counts); chi > 48.5 {
		t.Errorf("chi square %.1f: %v", chi, counts)
	}
	gone := first[0]
	tab.Remove(all[gone])
	for s := range sources {
		now := stuck(tab, s, route.MaxCandidates)[0]
		if moved := now != first[s]; moved != (first[s] == gone) {
			t.Fatalf("source %d went from %s to %s when %s left", s, first[s], now, gone)
		}
	}
}

// TestStickTo: one address in two spellings is one source, and no source is none.
func TestStickTo(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("::ffff:192.0.2.7")
	if route.StickTo(four) != route.StickTo(six) || route.StickTo(netip.Addr{}) == 0 || route.StickTo(four) == route.StickTo(four.Next()) {
		t.Error("not the sources that they are")
	}
}

// TestStickAllocatesNothing: the order is part of the hot path.
func TestStickAllocatesNothing(t *testing.T) {
	tab := table()
	for i := range 40 {
		tab.Add(listener(i+1, "a"), at("a"), time.Time{}, 40)
	}
	q := route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream, Stick: 7}
	var room [route.MaxCandidates]route.Candidate
	if got := testing.AllocsPerRun(200, func() { tab.Find(room[:0], &q) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
