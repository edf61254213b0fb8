package route_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

type drop struct{}

func (drop) Deliver(context.Context, *shape.Message) (int, error) { return 1, nil }

// TestAll: every listener of the entity whose path is a prefix, deaf ones too, those of other nodes as their nodes; one that came back once.
func TestAll(t *testing.T) {
	tab := route.NewTable(1, func(_ mesh.Num, h mesh.Holding) *route.Listener {
		l := &route.Listener{}
		if h.Shapes&mesh.Cast != 0 {
			l.Cast = drop{}
		}
		return l
	})
	add := func(id, path, ent string) *route.Listener {
		l := &route.Listener{ID: id, At: at(path), Cast: drop{}}
		l.GUID, _ = route.ParseGUID(id)
		if h, ok := tab.Add(l, at(ent), time.Time{}, 100); !ok || h.Shapes != mesh.Cast {
			t.Fatalf("%s: %+v", id, h)
		}
		return l
	}
	old := add(guid(1), "a", "a")
	fresh := add(guid(1), "a", "a") // it came back
	deaf := add("deaf", "a", "a")
	deaf.Mark(presence.Deaf, true)
	twin, other := add("twin", "a", "a"), add("twin", "a", "a") // no GUID: they may be two programs
	deep := add("deep", "a/b", "a")
	add("own", "a/b/own", "a/b/own")
	streams := &route.Listener{ID: "streams", At: at("a"), Stream: silent{}}
	tab.Add(streams, at("a"), time.Time{}, 100)
	tab.Apply(mesh.Change{Node: 2, Added: []mesh.Holding{
		{At: at("a"), Entity: at("a"), ID: "r1", Channel: 1, Shapes: mesh.Cast},
		{At: at("a"), Entity: at("a"), ID: "r2", Channel: 2, Shapes: mesh.Cast | mesh.Stream},
		{At: at("a"), Entity: at("a"), ID: "r3", Channel: 3, Shapes: mesh.Stream},
	}})
	tab.Apply(mesh.Change{Node: 3, Added: []mesh.Holding{{At: at("a/b/c"), Entity: at("a"), ID: "r4", Channel: 1, Shapes: mesh.Cast}}})

	q := &route.Query{At: at("a/b"), Entity: at("a"), Shape: mesh.Cast}
	here, there := tab.All(nil, nil, q)
	for _, l := range []*route.Listener{fresh, deaf, twin, other, deep} {
		if !slices.Contains(here, l) {
			t.Errorf("%s is not among them", l.ID)
		}
	}
	if len(here) != 5 || slices.Contains(here, old) || !slices.Equal(there, []mesh.Num{2}) {
		t.Errorf("%d here, there %v", len(here), there)
	}
	if two, three := tab.CountAt(2, q), tab.CountAt(3, q); two != 2 || three != 0 {
		t.Errorf("%d at node 2, %d at node 3", two, three)
	}
	q.Hints = route.Hints{Limited: true, Allowed: []route.GUID{id(1)}}
	if here, there = tab.All(here[:0], there[:0], q); len(here) != 1 || here[0] != fresh || len(there) != 0 {
		t.Errorf("with hints: %v and %v", here, there)
	}
}
