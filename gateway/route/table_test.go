package route_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

type silent struct{}

func (silent) Offer(context.Context, *shape.Offer) error { return nil }

func at(path string) entity.Address { return entity.Address{Path: path} }

func guid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

func id(n int) route.GUID {
	g, ok := route.ParseGUID(guid(n))
	if !ok {
		panic("no GUID")
	}
	return g
}

// table is the table of node 1; listeners of other nodes carry what was announced.
func table() *route.Table {
	return route.NewTable(1, func(_ mesh.Num, h mesh.Holding) *route.Listener {
		l := &route.Listener{}
		if h.Shapes&mesh.Stream != 0 {
			l.Stream = silent{}
		}
		return l
	})
}

// listener makes one with the n'th GUID.
func listener(n int, path string) *route.Listener {
	return &route.Listener{ID: guid(n), GUID: id(n), At: at(path), Stream: silent{}}
}

// add enters listeners at paths, for the entity; their GUIDs count from 1.
func add(t testing.TB, tab *route.Table, ent string, paths ...string) []*route.Listener {
	t.Helper()
	list := make([]*route.Listener, 0, len(paths))
	for i, p := range paths {
		l := listener(i+1, p)
		if _, ok := tab.Add(l, at(ent), time.Unix(int64(i), 0), 100); !ok {
			t.Fatalf("listener %d at %s was refused", i, p)
		}
		list = append(list, l)
	}
	return list
}

func ids(list []route.Candidate) []string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.ID
	}
	return all
}

func find(tab *route.Table, q route.Query) []string {
	found, _ := tab.Find(make([]route.Candidate, 0, route.MaxCandidates), &q)
	return ids(found)
}

// TestFindPrefixes: who listens at a prefix of the address, by segments, never below the entity; the longest path first.
func TestFindPrefixes(t *testing.T) {
	tab := table()
	add(t, tab, "a", "a", "a/b", "a/b/c", "a/bc")
	add(t, tab, "a/x", "a/x")
	rows := []struct {
		at, ent string
		spread  bool
		want    []string
	}{
		{"a", "a", false, []string{guid(1)}},
		{"a/b", "a", false, []string{guid(2), guid(1)}},
		{"a/b/c/d", "a", false, []string{guid(3), guid(2), guid(1)}},
		{"a/bc", "a", false, []string{guid(4), guid(1)}},
		{"a/bcd", "a", false, []string{guid(1)}},
		{"a/x/y", "a/x", false, []string{guid(1)}}, // the one at a is of another entity, and above this one
		{"a/x", "a", false, []string{guid(1)}},     // the one at a/x is of the entity a/x
		{"b", "b", false, nil},
		{"a/b/c", "a/b", false, nil}, // all listen for the entity a
		{"a/b/c", "a", true, []string{guid(1), guid(2), guid(3)}},
	}
	for _, row := range rows {
		got := find(tab, route.Query{At: at(row.at), Entity: at(row.ent), Shape: mesh.Stream, Spread: row.spread})
		if row.spread {
			slices.Sort(got)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s in %s: found %v, want %v", row.at, row.ent, got, row.want)
		}
	}
	other := route.Query{At: entity.Address{Namespace: "n", Path: "a"}, Entity: entity.Address{Namespace: "n", Path: "a"}, Shape: mesh.Stream}
	if got := find(tab, other); len(got) != 0 {
		t.Errorf("another namespace found %v", got)
	}
}

// TestFindShape: a listener that cannot carry the shape is not there.
func TestFindShape(t *testing.T) {
	tab := table()
	l := listener(1, "a")
	l.Stream = nil
	if h, _ := tab.Add(l, at("a"), time.Time{}, 1); h.Shapes != 0 {
		t.Errorf("announced with shapes %b", h.Shapes)
	}
	if found, some := tab.Find(nil, &route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream}); len(found) != 0 || some {
		t.Errorf("found %v, some %v", found, some)
	}
}

// TestHints: lists of GUIDs choose among the listeners, and none left is told from none there.
func TestHints(t *testing.T) {
	tab := table()
	add(t, tab, "a", "a", "a", "a")
	plain := &route.Listener{ID: "no guid", At: at("a"), Stream: silent{}}
	tab.Add(plain, at("a"), time.Time{}, 100)
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{
		{At: at("a"), Entity: at("a"), ID: guid(9) + "_G2", Channel: 1, Shapes: mesh.Stream},
	}})
	all := []string{guid(1), guid(2), guid(3), guid(9) + "_G2", "no guid"}
	rows := []struct {
		name  string
		hints route.Hints
		want  []string
	}{
		{"none", route.Hints{}, all},
		{"allowed", route.Hints{Limited: true, Allowed: []route.GUID{id(2), id(7)}}, []string{guid(2)}},
		{"allowed at another node", route.Hints{Limited: true, Allowed: []route.GUID{id(9)}}, []string{guid(9) + "_G2"}},
		{"allowed without a GUID", route.Hints{Limited: true}, nil},
		{"disallowed", route.Hints{Disallowed: []route.GUID{id(1), id(3), id(9)}}, []string{guid(2), "no guid"}},
		{"disallowed wins", route.Hints{Limited: true, Allowed: []route.GUID{id(1), id(2)}, Disallowed: []route.GUID{id(1)}}, []string{guid(2)}},
		{"nobody", route.Hints{Limited: true, Allowed: []route.GUID{id(7)}}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			q := route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream, Hints: row.hints, Spread: true}
			found, some := tab.Find(make([]route.Candidate, 0, route.MaxCandidates), &q)
			got := ids(found)
			slices.Sort(got)
			if !slices.Equal(got, row.want) || !some {
				t.Errorf("found %v (some %v), want %v", got, some, row.want)
			}
		})
	}
}

// TestLimit: as many as allowed, on all nodes together; a GUID that is there already may come back, whatever its spelling.
func TestLimit(t *testing.T) {
	tab := table()
	add(t, tab, "a", "a", "a/b")
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{{At: at("a"), Entity: at("a"), ID: guid(20), Channel: 1, Shapes: mesh.Stream}}})
	rows := []struct {
		name string
		l    *route.Listener
		in   bool
	}{
		{"a new one", listener(4, "a"), false},
		{"an id without GUID that is there", &route.Listener{ID: "x", At: at("a")}, false},
		{"the GUID at another path", listener(1, "a/b"), false},
		{"the GUID", listener(1, "a"), true},
		{"the GUID of another node", listener(20, "a"), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if _, in := tab.Add(row.l, at("a"), time.Time{}, 3); in != row.in {
				t.Errorf("let in: %v", in)
			}
			if tab.Remove(row.l) != row.in {
				t.Error("what was let in, and nothing else, is there to be removed")
			}
		})
	}
	if _, in := tab.Add(listener(5, "b"), at("b"), time.Time{}, 1); !in {
		t.Error("another entity's limit counts")
	}
}

// TestSame: who is replaced is the one that came before under the same id, on whatever node; who came later is not, or two
// that come at once would end each other.
func TestSame(t *testing.T) {
	tab := table()
	first := listener(1, "a")
	tab.Add(first, at("a"), time.Time{}, 100)
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{{At: at("a"), Entity: at("a"), ID: guid(1) + "_G2", Channel: 7, Shapes: mesh.Stream}}})
	second := listener(1, "a")
	second.ID = "00000000-0000-4000-8000-00000000000" + "1_G9"
	tab.Add(second, at("a"), time.Time{}, 100)
	tab.Add(listener(1, "a/b"), at("a"), time.Time{}, 100)
	tab.Add(listener(2, "a"), at("a"), time.Time{}, 100)

	same := tab.Same(second)
	if len(same) != 2 || same[0].Node != 2 || same[0].Channel != 7 || same[1].Listener != first {
		t.Errorf("the second replaces %v", same)
	}
	if same := tab.Same(first); len(same) != 0 {
		t.Errorf("the first replaces those that came after it: %v", same)
	}

	a, b := &route.Listener{ID: "plain", At: at("p")}, &route.Listener{ID: "plain", At: at("p")}
	tab.Add(a, at("p"), time.Time{}, 100)
	tab.Add(&route.Listener{ID: "Plain", At: at("p")}, at("p"), time.Time{}, 100)
	tab.Add(b, at("p"), time.Time{}, 100)
	if same := tab.Same(b); len(same) != 1 || same[0].Listener != a {
		t.Errorf("an id that is no GUID is compared by its text: %v", same)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestRemove: a listener leaves once, and those who wait for it learn it.
func TestRemove(t *testing.T) {
	tab := table()
	l := add(t, tab, "a", "a")[0]
	if isClosed(l.Gone()) || tab.Local(l.Channel) != l || tab.Count(at("a")) != 1 {
		t.Fatal("not there")
	}
	if !tab.Remove(l) || tab.Remove(l) || tab.Remove(&route.Listener{}) {
		t.Error("the first removal takes it out, no other")
	}
	if !isClosed(l.Gone()) || tab.Local(l.Channel) != nil || tab.Count(at("a")) != 0 || tab.Total() != 0 {
		t.Error("still there")
	}
}

// TestApply: announcements may come again, removals too, and the end of a node takes all of its own and nothing else.
func TestApply(t *testing.T) {
	tab := table()
	local := add(t, tab, "a", "a")[0]
	holding := func(n int) mesh.Holding {
		return mesh.Holding{At: at("a"), Entity: at("a"), ID: guid(n), Channel: uint64(n), Shapes: mesh.Stream}
	}
	all := func() []route.Candidate {
		found, _ := tab.Find(make([]route.Candidate, 0, route.MaxCandidates), &route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream})
		slices.SortFunc(found, func(a, b route.Candidate) int {
			return int(a.Node)*100 + int(a.Channel) - int(b.Node)*100 - int(b.Channel)
		})
		return found
	}
	for range 2 {
		tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{holding(1), holding(2)}})
	}
	tab.Apply(mesh.Change{Node: 3, Up: true})
	tab.Apply(mesh.Change{Node: 3, Added: []mesh.Holding{holding(1)}})
	before := all()
	if len(before) != 4 || tab.Total() != 4 || tab.Count(at("a")) != 4 {
		t.Fatalf("%d found, total %d, count %d", len(before), tab.Total(), tab.Count(at("a")))
	}
	if c := before[1]; c.Node != 2 || c.ID != guid(1) || c.GUID != id(1) || c.Entity != at("a") {
		t.Errorf("the remote one is %+v", c)
	}
	for range 2 {
		tab.Apply(mesh.Change{Node: 2, Removed: []mesh.Holding{holding(1)}})
	}
	if len(all()) != 3 || !isClosed(before[1].Gone()) || isClosed(before[2].Gone()) {
		t.Errorf("after the removal: %v", all())
	}
	for range 2 {
		tab.Apply(mesh.Change{Node: 2, Down: true})
	}
	after := all()
	if len(after) != 2 || after[0].Listener != local || after[1].Node != 3 || !isClosed(before[2].Gone()) || isClosed(before[3].Gone()) {
		t.Errorf("after the node's end: %v", after)
	}
}

// TestLocals: this node's own, in the order of their coming.
func TestLocals(t *testing.T) {
	tab := table()
	list := add(t, tab, "a", "a", "a/b")
	list = append(list, add(t, tab, "b", "b")...)
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{{At: at("a"), Entity: at("a"), ID: "r", Channel: 1}}})
	if got := tab.Locals(at("a"), false); !slices.Equal(got, list[:2]) {
		t.Errorf("of a: %v", got)
	}
	if got := tab.Locals(entity.Address{}, true); !slices.Equal(got, list) {
		t.Errorf("all: %v", got)
	}
}

// TestParseGUID: the usual form only, with what each hop appends.
func TestParseGUID(t *testing.T) {
	good := []string{guid(1), "00000000-0000-4000-8000-00000000000A", guid(3) + "_G17_G30"}
	for _, s := range good {
		if _, ok := route.ParseGUID(s); !ok {
			t.Errorf("%q is one", s)
		}
	}
	bad := []string{
		"", "_", "listener", guid(1)[1:], guid(1) + "0", "{" + guid(1) + "}", "00000000-0000-0000-0000-000000000000",
		"0000000000000-4000-8000-000000000001", "g0000000-0000-4000-8000-000000000001", "00000000_0000-4000-8000-000000000001",
		"00000000-0000-4000-8000-0000000000é",
	}
	for _, s := range bad {
		if g, ok := route.ParseGUID(s); ok || g != (route.GUID{}) {
			t.Errorf("%q gives %x", s, g)
		}
	}
}

// TestGone: who asked before a listener leaves is told when it does, and who asks later at once.
func TestGone(t *testing.T) {
	tab := route.NewTable(1, nil)
	early, late := &route.Listener{At: at("a")}, &route.Listener{At: at("b")}
	for _, l := range []*route.Listener{early, late} {
		if _, ok := tab.Add(l, l.At, time.Now(), 1); !ok {
			t.Fatal("not added")
		}
	}
	before := early.Gone()
	if isClosed(before) || early.Gone() != before {
		t.Error("closed before it left, or another each time")
	}
	tab.Remove(early)
	tab.Remove(late)
	if !isClosed(before) || !isClosed(early.Gone()) || !isClosed(late.Gone()) {
		t.Error("not told")
	}
}
