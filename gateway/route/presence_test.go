package route_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/route"
)

// TestDeafIsAskedLast: whoever is deaf or in doubt comes behind all others, at whatever path, and is never left out.
func TestDeafIsAskedLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := table()
		late := map[string]bool{}
		n := rapid.IntRange(1, 25).Draw(t, "listeners")
		for i := range n {
			l := listener(i+1, rapid.SampledFrom([]string{"a", "a/b", "a/b/c"}).Draw(t, "path"))
			tab.Add(l, at("a"), time.Time{}, 100)
			if rapid.Bool().Draw(t, "last") {
				l.Mark(presence.Deaf, true)
				late[l.ID] = true
			}
		}
		q := route.Query{At: at("a/b/c"), Entity: at("a"), Shape: mesh.Stream, Spread: rapid.Bool().Draw(t, "spread")}
		found, _ := tab.Find(make([]route.Candidate, 0, route.MaxCandidates), &q)
		if len(found) != n {
			t.Fatalf("%d of %d found", len(found), n)
		}
		for i, c := range found {
			if late[c.ID] != (i >= n-len(late)) {
				t.Fatalf("listener %d of %d is late: %v, %d are", i, n, late[c.ID], len(late))
			}
			if i > 0 && !q.Spread && late[c.ID] == late[found[i-1].ID] && len(c.At.Path) > len(found[i-1].At.Path) {
				t.Fatal("not the longest path first")
			}
		}
	})
}

// TestDeafTakeNoRoom: one that answers is found among more deaf ones than a caller has room for.
func TestDeafTakeNoRoom(t *testing.T) {
	tab := table()
	for i := range 100 {
		l := listener(i+1, "a")
		tab.Add(l, at("a"), time.Time{}, 200)
		l.Mark(presence.Deaf, i != 50)
	}
	q := route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream, Spread: true}
	var room [route.MaxCandidates]route.Candidate
	for range 100 {
		found, _ := tab.Find(room[:0], &q)
		if len(found) != route.MaxCandidates || found[0].ID != guid(51) {
			t.Fatalf("%d found, the first %s", len(found), found[0].ID)
		}
	}
	if n := testing.AllocsPerRun(100, func() { tab.Find(room[:0], &q) }); n != 0 {
		t.Errorf("%v allocations a lookup with deaf ones", n)
	}
}

// TestMarks: what another node says of its listener counts here, whether it comes before or behind the announcement, and ends
// with the listener.
func TestMarks(t *testing.T) {
	tab := table()
	holding := mesh.Holding{At: at("a"), Entity: at("a"), ID: "far", Channel: 7, Shapes: mesh.Stream}
	near := add(t, tab, "a", "a")[0]
	states := func() (all []string) {
		tab.Survey(func(l *route.Listener, local bool) {
			all = append(all, fmt.Sprint(l.ID == "far", local, l.State(), l.Last()))
		})
		slices.Sort(all)
		return all
	}
	tab.Mark(2, 7, presence.Deaf, true)
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{holding}})
	if got := states(); !slices.Equal(got, []string{"false true online false", "true false deaf true"}) {
		t.Errorf("marked before the announcement: %v", got)
	}
	tab.Mark(2, 7, presence.Slow, false)
	near.Mark(presence.Gone, true)
	if got := states(); !slices.Equal(got, []string{"false true gone true", "true false slow false"}) {
		t.Errorf("marked again: %v", got)
	}
	tab.Apply(mesh.Change{Node: 2, Removed: []mesh.Holding{holding}})
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{holding}})
	tab.Mark(2, 8, presence.Deaf, true)
	tab.Mark(3, 8, presence.Deaf, true)
	lost := tab.Apply(mesh.Change{Node: 2, Down: true})
	if len(lost) != 1 || lost[0].ID != "far" || lost[0].State() != presence.Online {
		t.Errorf("lost with the node: %v", lost)
	}
	for node := mesh.Num(2); node <= 3; node++ {
		holding.Channel = 8
		tab.Apply(mesh.Change{Node: node, Added: []mesh.Holding{holding}})
	}
	if got := states(); !slices.Equal(got, []string{"false true gone true", "true false deaf true", "true false online true"}) { // node 2's is the older one of its id
		t.Errorf("a dead node's words count: %v", got)
	}
}

// TestComesBackAtTheLimit: an id that is there already is let in at the limit; of ids that are no GUIDs up to twice as many.
func TestComesBackAtTheLimit(t *testing.T) {
	tab := table()
	alive := func(is bool) {
		for _, l := range tab.Locals(at("a"), false) {
			l.Mark(presence.Online, !is)
		}
	}
	name := func() *route.Listener { return &route.Listener{ID: "meter", At: at("a"), Stream: silent{}} }
	for i := range 3 {
		if _, in := tab.Add(listener(i+1, "a"), at("a"), time.Time{}, 4); !in {
			t.Fatal("below the limit")
		}
	}
	for i := range 10 {
		alive(true)
		if _, in := tab.Add(name(), at("a"), time.Time{}, 4); in != (i < 5) {
			t.Errorf("%d of the name came, in: %v", i, in)
		}
	}
	alive(false)
	if _, in := tab.Add(name(), at("a"), time.Time{}, 4); !in {
		t.Error("those of the name that are in doubt take places")
	}
	if _, in := tab.Add(&route.Listener{ID: "meter", At: at("a/b"), Stream: silent{}}, at("a"), time.Time{}, 4); in {
		t.Error("the name at another path is another listener")
	}
	if _, in := tab.Add(listener(1, "a"), at("a"), time.Time{}, 4); !in {
		t.Error("a GUID that replaces itself is kept out")
	}
}
