package picture

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestBooks: what has ended and what runs are summed by entity, and a deleted one stays in the sum alone.
func TestBooks(t *testing.T) {
	a, b := entity.Address{Path: "a"}, entity.Address{Path: "b"}
	var books Books
	if got := books.Running().Loads(); len(got) != 0 {
		t.Errorf("empty books have %v", got)
	}
	books.Add(b, 1, 2)
	books.Add(a, 10, 20)
	books.Add(a, 100, 200)
	running := books.Running()
	running.Add(a, 1000, 2000)
	want := []Load{{Path: "a", Streams: 1, In: 1110, Out: 2220}, {Path: "b", In: 1, Out: 2}}
	if diff := cmp.Diff(want, running.Loads()); diff != "" {
		t.Error(diff)
	}
	books.Forget(a)
	if diff := cmp.Diff(want[1:], books.Running().Loads()); diff != "" {
		t.Errorf("what runs has changed the books: %s", diff)
	}
	if books.In != 111 || books.Out != 222 {
		t.Errorf("sum %d %d", books.In, books.Out)
	}
}

// TestBooksBound: more entities than the bound count in the sum, and those that are known go on.
func TestBooksBound(t *testing.T) {
	var books Books
	for i := range maxEntities + 5 {
		books.Add(entity.Address{Path: strconv.Itoa(i)}, 1, 0)
	}
	books.Add(entity.Address{Path: "0"}, 1, 0)
	if books.In != maxEntities+6 || len(books.loads) != maxEntities || books.loads[entity.Address{Path: "0"}].In != 2 {
		t.Errorf("%d bytes, %d entities", books.In, len(books.loads))
	}
}

// TestTraffic joins two nodes' pictures and cuts them to the busiest.
func TestTraffic(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	all := Traffic{
		Loads:     []Load{{Path: "a", Streams: 1, In: 1}, {Path: "c", In: 3}},
		Streams:   []Stream{{Tracking: "slow", In: 1}},
		Listeners: []Listener{{ID: "late", Entity: "b", Since: at(2)}},
	}
	all.Add(&Traffic{
		Loads:     []Load{{Path: "a", Streams: 2, Out: 1}, {Path: "b"}},
		Streams:   []Stream{{Tracking: "busy", Out: 9}, {Tracking: "middling", In: 5}},
		Listeners: []Listener{{ID: "first", Entity: "a"}, {ID: "early", Entity: "b", Since: at(1)}},
	})
	if diff := cmp.Diff([]Load{{Path: "a", Streams: 3, In: 1, Out: 1}, {Path: "b"}, {Path: "c", In: 3}}, all.Loads); diff != "" {
		t.Error(diff)
	}
	all.Cut(2)
	if len(all.Streams) != 2 || all.Streams[0].Tracking != "busy" || all.Streams[1].Tracking != "middling" {
		t.Errorf("%+v", all.Streams)
	}
	if len(all.Listeners) != 2 || all.Listeners[0].ID != "first" || all.Listeners[1].ID != "early" {
		t.Errorf("%+v", all.Listeners)
	}
}
